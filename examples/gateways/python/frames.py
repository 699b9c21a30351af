"""Newline-delimited JSON (section 5), and how far a field can be relied on (section 3)."""

import json
from typing import Any, Iterator, Optional, Union


class BadFrame(Exception):
    """A frame with a missing or mistyped field: it is skipped, and the session goes on."""


class LineBuffer:
    """Cuts one socket's messages into lines; where a message ends means nothing.

    Bytes are kept, not text, because a binary message can end within a character. There is one
    buffer for each socket, so that an unfinished line ends with its socket.
    """

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, message: Union[str, bytes]) -> Iterator[bytes]:
        start = len(self._buffer)  # what is there already holds no newline
        self._buffer += message.encode() if isinstance(message, str) else message
        while (end := self._buffer.find(b"\n", start)) >= 0:
            line = bytes(self._buffer[:end]).strip()  # the carriage return goes with the white space
            del self._buffer[: end + 1]
            start = 0
            if line:
                yield line


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")  # Python's parser takes NaN and Infinity by default


def parse(line: bytes) -> dict[str, Any]:
    """The frame on a line. Raises BadFrame for whatever is no JSON object with a type."""
    try:
        value = json.loads(line.decode("utf-8"), parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:  # no UTF-8, no JSON, or nested too deep to be read
        raise BadFrame(f"the line is not JSON: {type(error).__name__}") from None
    if not isinstance(value, dict):
        raise BadFrame(f"the line is JSON, but no object: {type(value).__name__}")
    if not isinstance(value.get("type"), str):
        raise BadFrame("the object has no type")
    return value


def encode(frame: dict[str, Any]) -> str:
    """One line of ASCII, so that neither encodings nor newlines in texts can break it."""
    return json.dumps(frame, separators=(",", ":"), allow_nan=False) + "\n"


def required(holder: dict[str, Any], field: str, kind: type) -> Any:
    """A field whose presence is `required`: absent or mistyped, the whole frame is bad."""
    value = holder.get(field)
    if not isinstance(value, kind) or (kind is not bool and isinstance(value, bool)):
        raise BadFrame(f"{field}: expected {kind.__name__}, got {type(value).__name__}")
    return value


def required_int(holder: dict[str, Any], field: str) -> int:
    """An `int` of the contract is a number without a fraction, so 2000.0 is one as well."""
    value = holder.get(field)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return required(holder, field, int)


def always(holder: dict[str, Any], field: str, default: str) -> str:
    """A text whose presence is `always`: it has a default, but mistyped it makes the frame bad."""
    return required(holder, field, str) if field in holder else default


def optional(holder: dict[str, Any], field: str) -> Optional[str]:
    """A text whose presence is `optional` or `nullable`: null and mistyped values read as absent.

    An empty text reads as absent too, which is what the contract says wherever such a field
    decides something: bufferId, the parts of a session key, the scope.
    """
    value = holder.get(field)
    return value if isinstance(value, str) and value else None
