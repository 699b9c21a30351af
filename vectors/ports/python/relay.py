"""The pure functions of the relay connector contract: tokens, deliveries, URLs, lines,
session keys and text lengths. Standard library only."""

import base64
import hashlib
import hmac
import re

WHITE = " \t\r\n"
KNOWN_PLATFORMS = frozenset(
    "local telegram discord whatsapp whatsapp_cloud slack signal mattermost matrix homeassistant email sms dingtalk "
    "api_server webhook msgraph_webhook feishu wecom wecom_callback weixin bluebubbles qqbot yuanbao relay".split()
)
_BASE64URL = re.compile(r"[A-Za-z0-9_-]*")
_INTEGER = re.compile(r"0|[1-9][0-9]*")
_HEX64 = re.compile(r"[0-9a-f]{64}")


class Refused(Exception):
    """A refusal; its text is the contract's stable code."""


def sign(text, secret):
    """The lower-case hex HMAC-SHA256 of a text or bytes under a secret."""
    data = text if isinstance(text, bytes) else text.encode()
    return hmac.new(secret.encode(), data, hashlib.sha256).hexdigest()


def mint(payload, secret, exp):
    """An upgrade token; exp is in unix seconds, 0 for never."""
    text = f"{payload}:{exp}"
    return base64.urlsafe_b64encode(f"{text}:{sign(text, secret)}".encode()).decode().rstrip("=")


def peek(token):
    """Payload and exp of a token, without verifying it."""
    text, exp, _ = _parse(token)
    return text.rsplit(":", 1)[0], exp


def verify(token, secrets, now):
    """The payload of a good token; raises Refused."""
    text, exp, signature = _parse(token)
    if not _signed(text, signature, secrets):
        raise Refused("bad-signature")
    if exp and now > exp:
        raise Refused("expired")
    return text.rsplit(":", 1)[0]


def _parse(token):
    if not _BASE64URL.fullmatch(token) or len(token) % 4 == 1:
        raise Refused("malformed")
    raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    if base64.urlsafe_b64encode(raw).decode().rstrip("=") != token:  # stray bits
        raise Refused("malformed")
    try:
        parts = raw.decode().rsplit(":", 2)
    except UnicodeDecodeError:
        raise Refused("malformed") from None
    if len(parts) != 3 or not _INTEGER.fullmatch(parts[1]) or not _HEX64.fullmatch(parts[2]):
        raise Refused("malformed")
    return f"{parts[0]}:{parts[1]}", int(parts[1]), parts[2]


def _signed(text, signature, secrets):
    # Every secret is tried, so that time does not tell which one matched.
    return any([bool(s) and hmac.compare_digest(sign(text, s), signature) for s in secrets])


def sign_delivery(timestamp, body, key):
    return sign(f"{timestamp}.".encode() + body, key)


def verify_delivery(timestamp, signature, body, keys, now):
    """Raises Refused unless the headers belong to exactly these bytes, now."""
    if not _INTEGER.fullmatch(timestamp or "") or not _HEX64.fullmatch(signature or ""):
        raise Refused("malformed")
    if not _signed(timestamp.encode() + b"." + body, signature, keys):
        raise Refused("bad-signature")
    if abs(int(timestamp) - now) > 300:
        raise Refused("skew")


def configured_url(base):
    return base.strip(WHITE).rstrip("/")


def dial_url(base):
    url = _scheme(base.strip(WHITE), ("https://", "wss://"), ("http://", "ws://")).rstrip("/")
    return url if url.endswith("/relay") else url + "/relay"


def http_base(base):
    url = _scheme(base.strip(WHITE), ("wss://", "https://"), ("ws://", "http://"))
    return url.rstrip("/").removesuffix("/relay")


def _scheme(url, *pairs):
    for old, new in pairs:
        if url.startswith(old):
            return new + url[len(old):]
    return url


class Splitter:
    """Cuts the payloads of WebSocket messages into lines; one per socket and direction."""

    def __init__(self):
        self._rest = b""

    def write(self, payload):
        *lines, self._rest = (self._rest + payload).split(b"\n")
        for line in lines:
            line = line.removesuffix(b"\r")
            if line.strip(b" \t\r"):
                yield line


def session_key(source, revision, profile="", group_sessions_per_user=True, thread_sessions_per_user=False):
    get = lambda name: source.get(name) or ""
    platform = get("platform") if get("platform") in KNOWN_PLATFORMS else "relay"
    person = _whatsapp_id if platform in ("whatsapp", "whatsapp_cloud") else lambda i: i
    namespace = f"agent:{profile}" if profile not in ("", "default") else "agent:main"
    participant = person(get("user_id_alt") or get("user_id"))
    kind, slot, thread = get("chat_type"), get("chat_type"), get("thread_id")
    if not thread and get("prospective_thread_id") and revision >= "2026-08":
        slot, thread = "thread", get("prospective_thread_id")
    scope = get("scope_id") if platform == "slack" and revision >= "2026-07" else ""
    if kind == "dm":
        parts = [person(get("chat_id")) or participant, thread]
    else:
        alone = group_sessions_per_user and (not thread or thread_sessions_per_user)
        parts = [get("chat_id"), thread, participant if alone else ""]
    return ":".join(p for p in (namespace, platform, slot, scope, *parts) if p)


def _whatsapp_id(identifier):
    return identifier.split("@")[0].split(":")[0].removeprefix("+")


def text_length(text, unit):
    return len(text.encode("utf-16-le")) // 2 if unit == "utf16" else len(text)
