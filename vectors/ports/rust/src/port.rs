//! What a question of a vector asks of this library.

use crate::json::{object, Json};
use crate::*;

pub const OPS: [&str; 13] = [
    "delivery/sign", "delivery/verify", "frames/split", "session-key/key", "text/length", "token/mint", "token/peek", "token/sign", "token/verify",
    "url/configured", "url/dial", "url/http-base", "url/route",
];

fn bytes(part: &Json) -> Vec<u8> {
    if !part.has("hex") {
        return part.get("text").text().repeat(part.get("times").integer().unwrap_or(1) as usize).into_bytes();
    }
    let hex = part.get("hex").text();
    (0..hex.len()).step_by(2).map(|i| u8::from_str_radix(&hex[i..i + 2], 16).expect("hex")).collect()
}

fn texts(list: &Json) -> Vec<&str> {
    list.list().iter().map(Json::text).collect()
}

fn switch(input: &Json, name: &str, default: bool) -> bool {
    match input.get(name) {
        Json::Bool(on) => *on,
        _ => default,
    }
}

fn call(op: &str, i: &Json, now: i64) -> Result<Json, Refused> {
    let text = |name| i.get(name).text();
    Ok(match op {
        "token/mint" => mint(text("payload"), text("secret"), i.get("exp").integer().unwrap_or(now + 300)).into(),
        "token/sign" => sign(text("text").as_bytes(), text("secret")).into(),
        "token/verify" => verify(text("token"), &texts(i.get("secrets")), now)?.into(),
        "token/peek" => {
            let claims = peek(text("token"))?;
            object([("payload", claims.payload.into()), ("exp", claims.exp.into())])
        }
        "delivery/sign" => sign_delivery(i.get("timestamp").integer().expect("timestamp"), &bytes(i.get("body")), text("key")).into(),
        "delivery/verify" => {
            verify_delivery(text("timestamp"), text("signature"), &bytes(i.get("body")), &texts(i.get("keys")), now)?;
            Json::Bool(true)
        }
        "url/configured" => configured_url(text("base")).into(),
        "url/dial" => dial_url(text("base")).into(),
        "url/http-base" => http_base(text("base")).into(),
        "url/route" => (http_base(text("base")) + text("route")).into(),
        "frames/split" => {
            let mut splitter = Splitter::default();
            let lines = i.get("messages").list().iter().flat_map(|m| splitter.write(&bytes(m)));
            Json::List(lines.map(|line| String::from_utf8(line).expect("UTF-8").into()).collect())
        }
        "session-key/key" => session_key(i.get("source"), &KeyOptions {
            revision: text("revision"),
            profile: text("profile"),
            groups_per_user: switch(i, "group_sessions_per_user", true),
            threads_per_user: switch(i, "thread_sessions_per_user", false),
        })
        .into(),
        "text/length" => (text_length(text("text"), text("unit")) as i64).into(),
        _ => unreachable!("{op} is in OPS"),
    })
}

/// The answer to a question: one member, `value`, `error` or `unsupported`.
pub fn answer(question: &Json) -> (&'static str, Json) {
    let op = question.get("op").text();
    if !OPS.contains(&op) {
        return ("unsupported", Json::Bool(true));
    }
    match call(op, question.get("input"), question.get("now").integer().unwrap_or(0)) {
        Ok(value) => ("value", value),
        Err(refused) => ("error", refused.code().into()),
    }
}
