"""Configuration (section 20): the environment goes before the config file, which is JSON."""

import json
import os
import re
import socket
from dataclasses import dataclass
from typing import Any, Mapping


class ConfigError(Exception):
    """The configuration cannot be meant; the text says what to change."""


@dataclass(frozen=True)
class Timing:
    """Bounds in seconds, with the contract's defaults (section 22)."""

    descriptor: float = 30.0  # from `hello` to a readable descriptor
    result: float = 30.0  # from `outbound` to its `outbound_result`
    idle_ack: float = 10.0  # from `going_idle` to `going_idle_ack`
    redial_base: float = 1.0  # the first rung of the ladder
    redial_cap: float = 30.0  # the last rung of the ladder
    shutdown: float = 15.0  # from the start of a shutdown to its end, the idle ack wait included


@dataclass(frozen=True)
class Policy:
    require_address: bool = False
    free_response_scopes: tuple[str, ...] = ()
    allow_other_bots: bool = False


@dataclass(frozen=True)
class Config:
    relay_url: str  # empty: the relay is off
    gateway_id: str
    secret: str  # empty: none is pinned
    platform: str
    bot_id: str
    endpoint: str
    route_keys: tuple[str, ...]
    instance_id: str
    wake_url: str
    enroll_token: str
    identity_token: str
    driver_url: str
    group_sessions_per_user: bool
    thread_sessions_per_user: bool
    policy: Policy
    timing: Timing


def dial_url(base: str) -> str:
    """The URL to dial (rule connect/dial-path)."""
    url = base.strip()
    for prefix, becomes in (("https://", "wss://"), ("http://", "ws://")):
        if url.startswith(prefix):
            url = becomes + url[len(prefix) :]
            break
    url = url.rstrip("/")
    return url if url.endswith("/relay") else url + "/relay"


def route_url(base: str, path: str) -> str:
    """The URL of an HTTP route such as /relay/provision (rule connect/route-url)."""
    url = base.strip()
    for prefix, becomes in (("wss://", "https://"), ("ws://", "http://")):
        if url.startswith(prefix):
            url = becomes + url[len(prefix) :]
            break
    return url.rstrip("/").removesuffix("/relay") + path


def load(environ: Mapping[str, str] = os.environ) -> Config:
    """Read the whole configuration once, at boot."""
    file = _read_file(environ.get("GATEWAY_CONFIG", "").strip())
    section = _section(file, "gateway")

    def value(variable: str, key: str = "") -> str:
        # An empty variable counts as one that is not set: that is how shells and
        # container tools leave one out.
        text = environ.get(variable, "").strip()
        if not text and isinstance(section.get(key), (str, int)):
            text = str(section[key]).strip()
        return text

    platform = value("GATEWAY_RELAY_PLATFORM") or "relay"
    return Config(
        relay_url=value("GATEWAY_RELAY_URL", "relay_url").rstrip("/"),
        gateway_id=value("GATEWAY_RELAY_ID", "relay_id") or "gw-" + socket.gethostname(),
        secret=value("GATEWAY_RELAY_SECRET", "relay_secret"),
        platform=platform,
        bot_id=value("GATEWAY_RELAY_BOT_ID"),
        endpoint=value("GATEWAY_RELAY_ENDPOINT", "relay_endpoint").rstrip("/"),
        route_keys=_items(value("GATEWAY_RELAY_ROUTE_KEYS") or section.get("relay_route_keys")),
        instance_id=value("GATEWAY_RELAY_INSTANCE_ID", "relay_instance_id"),
        wake_url=value("GATEWAY_RELAY_WAKE_URL", "relay_wake_url").rstrip("/"),
        enroll_token=value("GATEWAY_RELAY_ENROLL_TOKEN"),
        # The contract says that this comes from the environment, and leaves its name open.
        identity_token=value("GATEWAY_RELAY_IDENTITY_TOKEN"),
        driver_url=value("RELAY_DRIVER_URL"),
        group_sessions_per_user=section.get("group_sessions_per_user", True) is not False,
        thread_sessions_per_user=section.get("thread_sessions_per_user", False) is True,
        policy=_policy(platform, environ, _section(file, platform)),
        timing=_timing(environ),
    )


def _read_file(path: str) -> dict[str, Any]:
    explicit = bool(path)
    try:
        with open(path or "gateway.json", encoding="utf-8") as file:
            content = json.load(file)
    except FileNotFoundError:
        if explicit:
            raise ConfigError(f"GATEWAY_CONFIG names {path}, and there is no such file") from None
        return {}
    except ValueError as error:
        raise ConfigError(f"the config file {path or 'gateway.json'} is not JSON: {error}") from None
    return content if isinstance(content, dict) else {}


def _section(file: dict[str, Any], name: str) -> dict[str, Any]:
    section = file.get(name)
    return section if isinstance(section, dict) else {}


def _items(value: Any) -> tuple[str, ...]:
    """A list, or a text with commas: trimmed, and without empty entries."""
    if isinstance(value, str):
        value = value.split(",")
    if not isinstance(value, list):
        return ()
    entries = (str(entry).strip() for entry in value if isinstance(entry, (str, int)))
    return tuple(entry for entry in entries if entry)


def _policy(platform: str, environ: Mapping[str, str], section: dict[str, Any]) -> Policy:
    allow_bots = environ.get(platform.upper() + "_ALLOW_BOTS", "").strip()
    return Policy(
        require_address=section.get("require_mention") is True,
        free_response_scopes=_items(section.get("free_response_channels")),
        allow_other_bots=allow_bots in ("mentions", "all"),
    )


def _timing(environ: Mapping[str, str]) -> Timing:
    def bound(variable: str, default: float) -> float:
        text = environ.get(variable, "").strip()
        return _seconds(variable, text) if text else default

    return Timing(
        descriptor=bound("GATEWAY_DESCRIPTOR_TIMEOUT", Timing.descriptor),
        result=bound("GATEWAY_RESULT_TIMEOUT", Timing.result),
        idle_ack=bound("GATEWAY_IDLE_ACK_TIMEOUT", Timing.idle_ack),
        redial_base=bound("GATEWAY_REDIAL_BASE", Timing.redial_base),
        redial_cap=bound("GATEWAY_REDIAL_CAP", Timing.redial_cap),
        shutdown=bound("GATEWAY_SHUTDOWN_TIMEOUT", Timing.shutdown),
    )


def _seconds(variable: str, text: str) -> float:
    """`1.5`, `1.5s`, `100ms` and `1m30s` alike."""
    units = {"ms": 0.001, "s": 1.0, "m": 60.0, "": 1.0}
    if not re.fullmatch(r"(\d+(\.\d+)?(ms|s|m))+|\d+(\.\d+)?", text):
        raise ConfigError(f"{variable} is {text!r}; expected seconds, or a duration such as 1.5s or 100ms")
    return sum(float(number) * units[unit] for number, _, unit in re.findall(r"(\d+(\.\d+)?)(ms|s|m)?", text))
