// The pure functions of the relay connector contract: tokens, deliveries, URLs, lines,
// session keys and text lengths. Node's standard library only; types are in relay.d.ts.

import { createHmac, timingSafeEqual } from "node:crypto";

const INTEGER = /^(?:0|[1-9][0-9]*)$/;
const HEX64 = /^[0-9a-f]{64}$/;
const KNOWN_PLATFORMS = new Set(
  ("local telegram discord whatsapp whatsapp_cloud slack signal mattermost matrix homeassistant email sms dingtalk " +
    "api_server webhook msgraph_webhook feishu wecom wecom_callback weixin bluebubbles qqbot yuanbao relay").split(" "),
);

/** A refusal; its code is the contract's. */
export class Refused extends Error {
  constructor(code) {
    super(code);
    this.code = code;
  }
}

export const sign = (text, secret) => createHmac("sha256", Buffer.from(secret)).update(text).digest("hex");

export function mint(payload, secret, exp) {
  const text = `${payload}:${exp}`;
  return Buffer.from(`${text}:${sign(text, secret)}`).toString("base64url");
}

function parse(token) {
  const raw = Buffer.from(token, "base64url");
  // Node skips what is no base64url; only the canonical form comes back as it was.
  if (raw.toString("base64url") !== token) throw new Refused("malformed");
  let text;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(raw);
  } catch {
    throw new Refused("malformed");
  }
  const parts = text.split(":");
  if (parts.length < 3) throw new Refused("malformed");
  const [exp, signature] = parts.slice(-2);
  // $ also matches before a final line feed in some languages, not in this one.
  if (!INTEGER.test(exp) || !HEX64.test(signature)) throw new Refused("malformed");
  const payload = parts.slice(0, -2).join(":");
  return { payload, exp: Number(exp), signature, text: `${payload}:${exp}` };
}

// Every secret is tried, so that time does not tell which one matched.
const signed = (text, signature, secrets) =>
  secrets
    .map((s) => s !== "" && timingSafeEqual(Buffer.from(sign(text, s)), Buffer.from(signature)))
    .some(Boolean);

export function peek(token) {
  const { payload, exp } = parse(token);
  return { payload, exp };
}

export function verify(token, secrets, now) {
  const { payload, exp, signature, text } = parse(token);
  if (!signed(text, signature, secrets)) throw new Refused("bad-signature");
  if (exp !== 0 && now > exp) throw new Refused("expired");
  return payload;
}

const deliveryText = (timestamp, body) => Buffer.concat([Buffer.from(`${timestamp}.`), body]);

export const signDelivery = (timestamp, body, key) => sign(deliveryText(timestamp, body), key);

export function verifyDelivery(timestamp, signature, body, keys, now) {
  if (!INTEGER.test(timestamp ?? "") || !HEX64.test(signature ?? "")) throw new Refused("malformed");
  if (!signed(deliveryText(timestamp, body), signature, keys)) throw new Refused("bad-signature");
  if (Math.abs(Number(timestamp) - now) > 300) throw new Refused("skew");
}

const trim = (base) => base.replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, "");
const withoutSlashes = (url) => url.replace(/\/+$/, "");

export const configuredURL = (base) => withoutSlashes(trim(base));

export function dialURL(base) {
  const url = withoutSlashes(trim(base).replace(/^https:\/\//, "wss://").replace(/^http:\/\//, "ws://"));
  return url.endsWith("/relay") ? url : `${url}/relay`;
}

export const httpBase = (base) =>
  withoutSlashes(trim(base).replace(/^wss:\/\//, "https://").replace(/^ws:\/\//, "http://")).replace(/\/relay$/, "");

/** Cuts the payloads of WebSocket messages into lines; one per socket and direction. */
export class Splitter {
  #rest = Buffer.alloc(0);

  write(payload) {
    let data = Buffer.concat([this.#rest, payload]);
    const lines = [];
    for (let end; (end = data.indexOf(10)) >= 0; data = data.subarray(end + 1)) {
      const line = data.subarray(0, end > 0 && data[end - 1] === 13 ? end - 1 : end);
      if (line.some((byte) => byte !== 32 && byte !== 9 && byte !== 13)) lines.push(line);
    }
    this.#rest = data;
    return lines;
  }
}

const whatsappID = (id) => id.split("@")[0].split(":")[0].replace(/^\+/, "");

export function sessionKey(source, revision, options = {}) {
  const { profile = "", groupSessionsPerUser = true, threadSessionsPerUser = false } = options;
  const get = (name) => source[name] ?? "";
  const platform = KNOWN_PLATFORMS.has(get("platform")) ? get("platform") : "relay";
  const person = platform === "whatsapp" || platform === "whatsapp_cloud" ? whatsappID : (id) => id;
  const participant = person(get("user_id_alt") || get("user_id"));
  const dm = get("chat_type") === "dm";
  let slot = get("chat_type");
  let thread = get("thread_id");
  if (!thread && get("prospective_thread_id") && revision >= "2026-08") {
    slot = "thread";
    thread = get("prospective_thread_id");
  }
  const alone = groupSessionsPerUser && (!thread || threadSessionsPerUser);
  return [
    profile && profile !== "default" ? `agent:${profile}` : "agent:main",
    platform,
    slot,
    platform === "slack" && revision >= "2026-07" ? get("scope_id") : "",
    dm ? person(get("chat_id")) || participant : get("chat_id"),
    thread,
    !dm && alone ? participant : "",
  ]
    .filter(Boolean)
    .join(":");
}

export const textLength = (text, unit) => (unit === "utf16" ? text.length : [...text].length);
