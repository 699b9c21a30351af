#!/usr/bin/env node
// Answers vectors: JSON Lines in, JSON Lines out.

import { writeSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import * as relay from "./relay.js";

const bytes = (part) => (part.hex === undefined ? Buffer.from(part.text.repeat(part.times ?? 1)) : Buffer.from(part.hex, "hex"));

export const ops = {
  "token/mint": (i, now) => relay.mint(i.payload, i.secret, i.exp ?? now + 300),
  "token/sign": (i) => relay.sign(i.text, i.secret),
  "token/verify": (i, now) => relay.verify(i.token, i.secrets, now),
  "token/peek": (i) => relay.peek(i.token),
  "delivery/sign": (i) => relay.signDelivery(i.timestamp, bytes(i.body), i.key),
  "delivery/verify": (i, now) => {
    relay.verifyDelivery(i.timestamp, i.signature, bytes(i.body), i.keys, now);
    return true;
  },
  "url/configured": (i) => relay.configuredURL(i.base),
  "url/dial": (i) => relay.dialURL(i.base),
  "url/http-base": (i) => relay.httpBase(i.base),
  "url/route": (i) => relay.httpBase(i.base) + i.route,
  "frames/split": (i) => {
    const splitter = new relay.Splitter();
    return i.messages.flatMap((m) => splitter.write(bytes(m))).map((line) => line.toString());
  },
  "session-key/key": (i) =>
    relay.sessionKey(i.source, i.revision, {
      profile: i.profile,
      groupSessionsPerUser: i.group_sessions_per_user,
      threadSessionsPerUser: i.thread_sessions_per_user,
    }),
  "text/length": (i) => relay.textLength(i.text, i.unit),
};

export function answer({ op, input, now }) {
  if (!Object.hasOwn(ops, op)) return { unsupported: true };
  try {
    return { value: ops[op](input, now) };
  } catch (e) {
    if (e instanceof relay.Refused) return { error: e.code };
    throw e;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  // readline also ends lines at U+2028, which JSON.stringify of others may leave in:
  // the questions are ASCII, so it does not matter here.
  for await (const line of createInterface({ input: process.stdin })) {
    const question = JSON.parse(line);
    writeSync(1, JSON.stringify({ id: question.id, ...answer(question) }) + "\n");
  }
}
