"""Events (sections 9 and 14) and the session keys that are computed from them (section 10)."""

import base64
import binascii
import json
from dataclasses import dataclass
from typing import Any, Optional

import frames

KNOWN_PLATFORMS = frozenset(
    "local telegram discord whatsapp whatsapp_cloud slack signal mattermost matrix homeassistant email sms"
    " dingtalk api_server webhook msgraph_webhook feishu wecom wecom_callback weixin bluebubbles qqbot"
    " yuanbao relay".split()
)
MESSAGE_TYPES = frozenset("text location photo video audio voice document sticker command".split())


@dataclass(frozen=True)
class Source:
    platform: str
    chat_id: str
    chat_type: str
    user_id: Optional[str] = None
    user_id_alt: Optional[str] = None
    thread_id: Optional[str] = None
    guild_id: Optional[str] = None  # the scope of the baseline


@dataclass(frozen=True)
class Event:
    text: str
    message_type: str
    source: Source
    message_id: Optional[str]
    wire: dict[str, Any]  # as it came, with every field that this gateway does not read


def read_source(fields: dict[str, Any]) -> Source:
    platform = frames.always(fields, "platform", "relay")
    return Source(
        # An unknown platform is handled as `relay`, which keeps one typing error of a connector
        # from making a second conversation out of the first.
        platform=platform if platform in KNOWN_PLATFORMS else "relay",
        chat_id=frames.required(fields, "chat_id", str),
        chat_type=frames.always(fields, "chat_type", "dm"),
        user_id=frames.optional(fields, "user_id"),
        user_id_alt=frames.optional(fields, "user_id_alt"),
        thread_id=frames.optional(fields, "thread_id"),
        guild_id=frames.optional(fields, "guild_id"),
    )


def read_event(fields: dict[str, Any]) -> Event:
    """The event of an `inbound` frame; raises BadFrame for one that is unmappable or malformed."""
    source = frames.required(fields, "source", dict)
    message_type = frames.always(fields, "message_type", "text")
    return Event(
        text=frames.always(fields, "text", ""),
        message_type=message_type if message_type in MESSAGE_TYPES else "text",
        source=read_source(source),
        message_id=frames.optional(fields, "message_id") or frames.optional(source, "message_id"),
        wire=fields,
    )


def read_forward(forward: dict[str, Any]) -> Optional[Event]:
    """The event that a forwarded request becomes, or None when it is no interaction.

    Raises BadFrame when the forward is malformed.
    """
    platform = frames.required(forward, "platform", str)
    for field in ("botId", "method", "path"):
        frames.required(forward, field, str)
    for pair in frames.required(forward, "headers", list):
        if not (isinstance(pair, list) and len(pair) == 2 and all(isinstance(part, str) for part in pair)):
            raise frames.BadFrame("headers: expected pairs of texts")
    try:
        body = base64.b64decode(frames.required(forward, "bodyB64", str), validate=True)
    except (binascii.Error, ValueError):
        raise frames.BadFrame("bodyB64: expected base64 with padding") from None
    if platform != "discord":
        return None
    try:
        interaction = json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError):
        return None
    return _read_interaction(interaction) if isinstance(interaction, dict) else None


def _read_interaction(interaction: dict[str, Any]) -> Event:
    data = _object(interaction, "data")
    kind = interaction.get("type")
    text = ""
    if kind == 2:
        text = frames.optional(data, "name") or ""
    elif kind == 3:
        text = frames.optional(data, "custom_id") or ""
    author = _object(_object(interaction, "member"), "user") or _object(interaction, "user")
    guild_id = frames.optional(interaction, "guild_id")
    message_id = frames.optional(interaction, "id")
    source = {
        "platform": "relay",
        "chat_id": interaction.get("channel_id"),
        "chat_type": "channel" if guild_id else "dm",
        "chat_name": None,
        "user_id": frames.optional(author, "id"),
        "user_name": frames.optional(author, "username"),
        "thread_id": None,
        "chat_topic": None,
    }
    if guild_id:
        source["guild_id"] = guild_id
    event: dict[str, Any] = {"text": text, "message_type": "text", "source": source}
    if message_id:
        source["message_id"] = event["message_id"] = message_id
    return read_event(event)


def _object(holder: dict[str, Any], field: str) -> dict[str, Any]:
    value = holder.get(field)
    return value if isinstance(value, dict) else {}


def session_key(source: Source, per_user_groups: bool = True, per_user_threads: bool = False) -> str:
    """The name of the conversation. The connector computes it too, so every character counts."""
    chat_id = source.chat_id
    participant = source.user_id_alt or source.user_id or ""
    if source.platform in ("whatsapp", "whatsapp_cloud"):
        participant = _bare_whatsapp_id(participant)
        if source.chat_type == "dm":
            chat_id = _bare_whatsapp_id(chat_id)

    parts = ["agent:main", source.platform, source.chat_type]
    if source.chat_type == "dm":
        parts += [chat_id or participant, source.thread_id or ""]
    else:
        parts += [chat_id, source.thread_id or ""]
        if per_user_groups and (per_user_threads or not source.thread_id):
            parts.append(participant)
    return ":".join(part for part in parts if part)


def _bare_whatsapp_id(identifier: str) -> str:
    """The number alone, so that all devices of a person are one: +1555:12@s.whatsapp.net is 1555."""
    return identifier.removeprefix("+").partition("@")[0].partition(":")[0]
