"""The capability descriptor (section 8): what the connector's platform can do."""

from dataclasses import dataclass
from typing import Any

import frames

DEFAULT_LENGTH = 4096


@dataclass(frozen=True)
class Descriptor:
    platform: str
    label: str
    max_message_length: int
    len_unit: str
    supports_draft_streaming: bool
    supports_edit: bool
    supports_threads: bool
    markdown_dialect: str
    emoji: str
    platform_hint: str
    pii_safe: bool

    @property
    def supports_code_blocks(self) -> bool:
        return self.markdown_dialect not in ("", "plain")

    def length(self, text: str) -> int:
        """How long a text is for this platform. Python counts code points by itself."""
        if self.len_unit == "utf16":
            return len(text) + sum(1 for character in text if ord(character) > 0xFFFF)
        return len(text)

    def split(self, text: str) -> list[str]:
        """The text in pieces that the platform takes; joined, they are the text again."""
        pieces, start, used = [], 0, 0
        for index, character in enumerate(text):
            width = self.length(character)
            # A piece takes one character at least, however absurd the limit is.
            if used + width > self.max_message_length and index > start:
                pieces.append(text[start:index])
                start, used = index, 0
            used += width
        return pieces + [text[start:]]


def read(frame: dict[str, Any]) -> Descriptor:
    """The descriptor of a `descriptor` frame; raises BadFrame when a required field is not there."""
    fields = frames.required(frame, "descriptor", dict)
    frames.required_int(fields, "contract_version")
    length = frames.required_int(fields, "max_message_length")
    unit = frames.required(fields, "len_unit", str)
    return Descriptor(
        platform=frames.required(fields, "platform", str),
        label=frames.required(fields, "label", str),
        max_message_length=length if length > 0 else DEFAULT_LENGTH,
        len_unit=unit if unit == "utf16" else "chars",
        supports_draft_streaming=frames.required(fields, "supports_draft_streaming", bool),
        supports_edit=frames.required(fields, "supports_edit", bool),
        supports_threads=frames.required(fields, "supports_threads", bool),
        markdown_dialect=frames.required(fields, "markdown_dialect", str),
        emoji=frames.optional(fields, "emoji") or "\U0001f50c",
        platform_hint=frames.optional(fields, "platform_hint") or "",
        pii_safe=fields.get("pii_safe") is True,
    )
