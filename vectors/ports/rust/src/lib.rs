//! The pure functions of the relay connector contract: tokens, deliveries, URLs, lines,
//! session keys and text lengths. The standard library only.

pub mod json;
pub mod port;
mod sha256;

use json::Json;

/// Why something was refused, in the contract's stable words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    Malformed,
    BadSignature,
    Expired,
    Skew,
}

impl Refused {
    pub fn code(self) -> &'static str {
        match self {
            Refused::Malformed => "malformed",
            Refused::BadSignature => "bad-signature",
            Refused::Expired => "expired",
            Refused::Skew => "skew",
        }
    }
}

/// Payload and exp of a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claims {
    pub payload: String,
    pub exp: i64,
}

/// The lower-case hex HMAC-SHA256 of a text under a secret.
pub fn sign(text: &[u8], secret: &str) -> String {
    sha256::hmac(text, secret.as_bytes()).iter().map(|b| format!("{b:02x}")).collect()
}

/// An upgrade token; exp is in unix seconds, 0 for never.
pub fn mint(payload: &str, secret: &str, exp: i64) -> String {
    let text = format!("{payload}:{exp}");
    let signature = sign(text.as_bytes(), secret);
    base64url(format!("{text}:{signature}").as_bytes())
}

/// Payload and exp of a token, without verifying it.
pub fn peek(token: &str) -> Result<Claims, Refused> {
    parse(token).map(|(claims, _, _)| claims)
}

/// The payload of a good token.
pub fn verify(token: &str, secrets: &[&str], now: i64) -> Result<String, Refused> {
    let (claims, text, signature) = parse(token)?;
    if !signed(text.as_bytes(), &signature, secrets) {
        return Err(Refused::BadSignature);
    }
    if claims.exp != 0 && now > claims.exp {
        return Err(Refused::Expired);
    }
    Ok(claims.payload)
}

fn parse(token: &str) -> Result<(Claims, String, String), Refused> {
    let raw = unbase64url(token).ok_or(Refused::Malformed)?;
    let text = String::from_utf8(raw).map_err(|_| Refused::Malformed)?;
    let (signing, signature) = text.rsplit_once(':').ok_or(Refused::Malformed)?;
    let (payload, exp) = signing.rsplit_once(':').ok_or(Refused::Malformed)?;
    let exp = integer(exp).ok_or(Refused::Malformed)?;
    if !is_hex64(signature) {
        return Err(Refused::Malformed);
    }
    Ok((Claims { payload: payload.to_string(), exp }, signing.to_string(), signature.to_string()))
}

fn signed(text: &[u8], signature: &str, secrets: &[&str]) -> bool {
    // Every secret is tried and every digit compared, so that time does not tell which.
    secrets.iter().filter(|s| !s.is_empty()).fold(false, |found, secret| {
        let difference = sign(text, secret).bytes().zip(signature.bytes()).fold(0, |d, (a, b)| d | (a ^ b));
        found | (difference == 0)
    })
}

/// `0` or `[1-9][0-9]*`; what does not fit is a time that never comes.
fn integer(text: &str) -> Option<i64> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    (digits && (text == "0" || !text.starts_with('0'))).then(|| text.parse().unwrap_or(i64::MAX))
}

fn is_hex64(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

fn base64url(data: &[u8]) -> String {
    let mut out = String::new();
    for chunk in data.chunks(3) {
        let bits = chunk.iter().fold(0u32, |bits, &b| bits << 8 | b as u32) << (8 * (3 - chunk.len()));
        for i in 0..=chunk.len() {
            out.push(ALPHABET[(bits >> (18 - 6 * i) & 63) as usize] as char);
        }
    }
    out
}

fn unbase64url(text: &str) -> Option<Vec<u8>> {
    let (mut out, mut bits, mut count) = (Vec::new(), 0u32, 0);
    for c in text.bytes() {
        bits = bits << 6 | ALPHABET.iter().position(|&a| a == c)? as u32;
        count += 6;
        if count >= 8 {
            count -= 8;
            out.push((bits >> count) as u8);
            bits &= (1 << count) - 1;
        }
    }
    (count < 6 && bits == 0).then_some(out) // no stray bits, no impossible length
}

fn delivery_text(timestamp: &str, body: &[u8]) -> Vec<u8> {
    [timestamp.as_bytes(), b".", body].concat()
}

pub fn sign_delivery(timestamp: i64, body: &[u8], key: &str) -> String {
    sign(&delivery_text(&timestamp.to_string(), body), key)
}

/// Whether the headers belong to exactly these bytes, now.
pub fn verify_delivery(timestamp: &str, signature: &str, body: &[u8], keys: &[&str], now: i64) -> Result<(), Refused> {
    let seconds = integer(timestamp).ok_or(Refused::Malformed)?;
    if !is_hex64(signature) {
        return Err(Refused::Malformed);
    }
    if !signed(&delivery_text(timestamp, body), signature, keys) {
        return Err(Refused::BadSignature);
    }
    if seconds.abs_diff(now) > 300 {
        return Err(Refused::Skew);
    }
    Ok(())
}

fn trim(base: &str) -> &str {
    base.trim_matches([' ', '\t', '\r', '\n'])
}

fn scheme(url: &str, pairs: [(&str, &str); 2]) -> String {
    for (old, new) in pairs {
        if let Some(rest) = url.strip_prefix(old) {
            return format!("{new}{rest}");
        }
    }
    url.to_string()
}

pub fn configured_url(base: &str) -> String {
    trim(base).trim_end_matches('/').to_string()
}

pub fn dial_url(base: &str) -> String {
    let url = scheme(trim(base), [("https://", "wss://"), ("http://", "ws://")]);
    let url = url.trim_end_matches('/');
    if url.ends_with("/relay") { url.to_string() } else { format!("{url}/relay") }
}

pub fn http_base(base: &str) -> String {
    let url = scheme(trim(base), [("wss://", "https://"), ("ws://", "http://")]);
    let url = url.trim_end_matches('/');
    url.strip_suffix("/relay").unwrap_or(url).to_string()
}

/// Cuts the payloads of WebSocket messages into lines; one per socket and direction.
#[derive(Default)]
pub struct Splitter {
    rest: Vec<u8>,
}

impl Splitter {
    pub fn write(&mut self, payload: &[u8]) -> Vec<Vec<u8>> {
        let mut lines = Vec::new();
        for &byte in payload {
            if byte != b'\n' {
                self.rest.push(byte);
                continue;
            }
            let mut line = std::mem::take(&mut self.rest);
            if line.last() == Some(&b'\r') {
                line.pop();
            }
            if line.iter().any(|b| !b" \t\r".contains(b)) {
                lines.push(line);
            }
        }
        lines
    }
}

const KNOWN_PLATFORMS: [&str; 24] = [
    "local", "telegram", "discord", "whatsapp", "whatsapp_cloud", "slack", "signal", "mattermost", "matrix", "homeassistant", "email", "sms",
    "dingtalk", "api_server", "webhook", "msgraph_webhook", "feishu", "wecom", "wecom_callback", "weixin", "bluebubbles", "qqbot", "yuanbao", "relay",
];

/// What a session key depends on besides its source.
pub struct KeyOptions<'a> {
    pub revision: &'a str,
    pub profile: &'a str,
    pub groups_per_user: bool,
    pub threads_per_user: bool,
}

pub fn session_key(source: &Json, o: &KeyOptions) -> String {
    let get = |name| source.get(name).text();
    let platform = KNOWN_PLATFORMS.iter().find(|&&p| p == get("platform")).unwrap_or(&"relay");
    let person = |id| if platform.starts_with("whatsapp") { whatsapp_id(id) } else { id };
    let participant = person(if get("user_id_alt").is_empty() { get("user_id") } else { get("user_id_alt") });
    let dm = get("chat_type") == "dm";
    let (mut slot, mut thread, mut chat) = (get("chat_type"), get("thread_id"), get("chat_id"));
    let next = get("prospective_thread_id");
    if thread.is_empty() && !next.is_empty() && o.revision >= "2026-08" {
        (slot, thread) = ("thread", next);
    }
    if dm {
        chat = person(chat);
        chat = if chat.is_empty() { participant } else { chat };
    }
    let alone = !dm && o.groups_per_user && (thread.is_empty() || o.threads_per_user);
    let scope = if *platform == "slack" && o.revision >= "2026-07" { get("scope_id") } else { "" };
    let name = if o.profile.is_empty() || o.profile == "default" { "main" } else { o.profile };
    let parts = ["agent", name, platform, slot, scope, chat, thread, if alone { participant } else { "" }];
    parts.into_iter().filter(|p| !p.is_empty()).collect::<Vec<_>>().join(":")
}

fn whatsapp_id(id: &str) -> &str {
    let id = &id[..id.find(['@', ':']).unwrap_or(id.len())];
    id.strip_prefix('+').unwrap_or(id)
}

pub fn text_length(text: &str, unit: &str) -> usize {
    if unit == "utf16" { text.encode_utf16().count() } else { text.chars().count() }
}
