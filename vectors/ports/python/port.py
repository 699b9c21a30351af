#!/usr/bin/env python3
"""Answers vectors: JSON Lines in, JSON Lines out."""

import json
import sys

import relay


def body(i):
    return bytes.fromhex(i["body"]["hex"]) if "hex" in i["body"] else i["body"]["text"].encode()


def payloads(messages):
    for m in messages:
        yield bytes.fromhex(m["hex"]) if "hex" in m else m["text"].encode() * m.get("times", 1)


def split(i, now):
    splitter = relay.Splitter()
    return [line.decode() for payload in payloads(i["messages"]) for line in splitter.write(payload)]


def verify_delivery(i, now):
    relay.verify_delivery(i["timestamp"], i["signature"], body(i), i["keys"], now)
    return True


OPS = {
    "token/mint": lambda i, now: relay.mint(i["payload"], i["secret"], i["exp"] if "exp" in i else now + 300),
    "token/sign": lambda i, now: relay.sign(i["text"], i["secret"]),
    "token/verify": lambda i, now: relay.verify(i["token"], i["secrets"], now),
    "token/peek": lambda i, now: dict(zip(("payload", "exp"), relay.peek(i["token"]))),
    "delivery/sign": lambda i, now: relay.sign_delivery(i["timestamp"], body(i), i["key"]),
    "delivery/verify": verify_delivery,
    "url/configured": lambda i, now: relay.configured_url(i["base"]),
    "url/dial": lambda i, now: relay.dial_url(i["base"]),
    "url/http-base": lambda i, now: relay.http_base(i["base"]),
    "url/route": lambda i, now: relay.http_base(i["base"]) + i["route"],
    "frames/split": split,
    "session-key/key": lambda i, now: relay.session_key(**i),
    "text/length": lambda i, now: relay.text_length(i["text"], i["unit"]),
}


def answer(question):
    op = OPS.get(question["op"])
    if op is None:
        return {"unsupported": True}
    try:
        return {"value": op(question["input"], question.get("now"))}
    except relay.Refused as refusal:
        return {"error": str(refusal)}


def main():
    for line in sys.stdin:
        question = json.loads(line)
        print(json.dumps({"id": question["id"], **answer(question)}), flush=True)


if __name__ == "__main__":
    main()
