#!/usr/bin/env python3
"""Recomputes every cryptographic value of the vectors, apart from the Go generator.

usage: recompute.py [--out DIR] VECTORS_DIR

Reads the vector files, computes every token, signature, signing string and verdict of the
ops below anew, from the inputs alone and with nothing but the standard library, and
compares. With --out it writes the files again with its own values, so that they can be
compared byte by byte. Exit code 0: all agree.
"""
import base64, hashlib, hmac, json, pathlib, re, sys

ALPHABET = re.compile(r"[A-Za-z0-9_-]*")
INTEGER = re.compile(r"0|[1-9][0-9]*")
HEX64 = re.compile(r"[0-9a-f]{64}")


def sign(text: bytes, key: str) -> str:
    return hmac.new(key.encode(), text, hashlib.sha256).hexdigest()


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


class Refused(Exception):
    pass


def parse(token: str):
    if not ALPHABET.fullmatch(token) or len(token) % 4 == 1:
        raise Refused("malformed")
    raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    if b64(raw) != token:  # stray bits
        raise Refused("malformed")
    try:
        parts = raw.decode().rsplit(":", 2)
    except UnicodeDecodeError:
        raise Refused("malformed")
    if len(parts) < 3 or not INTEGER.fullmatch(parts[1]) or not HEX64.fullmatch(parts[2]):
        raise Refused("malformed")
    return parts[0], int(parts[1]), parts[2]


def mint(i, now):
    text = f"{i['payload']}:{i.get('exp', (now or 0) + 300)}"
    return text, b64(f"{text}:{sign(text.encode(), i['secret'])}".encode())


def verify(i, now):
    payload, exp, signature = parse(i["token"])
    text = f"{payload}:{exp}"
    if not any(s and sign(text.encode(), s) == signature for s in i["secrets"]):
        raise Refused("bad-signature")
    if exp and now > exp:
        raise Refused("expired")
    return text, payload


def body(i) -> bytes:
    return bytes.fromhex(i["body"]["hex"]) if "hex" in i["body"] else i["body"]["text"].encode()


def delivery(i, now):
    timestamp, signature = i["timestamp"] or "", i["signature"] or ""
    if not INTEGER.fullmatch(timestamp) or not HEX64.fullmatch(signature):
        raise Refused("malformed")
    text = timestamp.encode() + b"." + body(i)
    if not any(k and sign(text, k) == signature for k in i["keys"]):
        raise Refused("bad-signature")
    if abs(int(timestamp) - now) > 300:
        raise Refused("skew")
    return True


def status(i, now):
    try:
        delivery(i, now)
    except Refused:
        return 401
    try:
        message = json.loads(body(i).decode())
    except ValueError:
        return 400
    if not isinstance(message, dict) or i["route"] == "/" and not isinstance(message.get("event"), dict):
        return 400
    return 200


def compute(op, i, now):
    """The signing string, or None where the op does not tell it, and the value."""
    if op == "token/mint":
        return mint(i, now)
    if op == "token/verify":
        return verify(i, now)
    if op == "token/sign":
        return None, sign(i["text"].encode(), i["secret"])
    if op == "token/peek":
        payload, exp, _ = parse(i["token"])
        return None, {"exp": exp, "payload": payload}
    if op == "delivery/sign":
        return None, sign(str(i["timestamp"]).encode() + b"." + body(i), i["key"])
    if op == "delivery/verify":
        return None, delivery(i, now)
    if op == "delivery/status":
        return None, status(i, now)
    raise KeyError(op)


def check(case):
    """An error text, or None; None as well for an op without cryptography."""
    try:
        signing, value = compute(case["op"], case["input"], case.get("now"))
    except KeyError:
        return False, None
    except Refused as e:
        signing, got = None, ("error", str(e))
    else:
        got = ("expected", value)
    want = ("error", case["error"]) if "error" in case else ("expected", case["expected"])
    if got != want:
        return True, f"expected {want}, computed {got}"
    if signing is not None and case.get("signing_string") != signing:
        return True, f"signing string: expected {case.get('signing_string')!r}, computed {signing!r}"
    case[got[0]] = got[1]  # what --out writes is our own
    return True, None


def render(file) -> str:
    """The generator's layout: one member of a case per line."""
    dump = lambda v: json.dumps(v, separators=(",", ":")).replace("\x7f", "\\u007f")
    lines = [f"  {dump(k)}: {dump(file[k])}," for k in ("$schema", "group", "version", "description")]
    flags = ",".join(f"\n    {dump(k)}: {dump(v)}" for k, v in file["flags"].items())
    cases = ",".join("\n    {" + ",".join(f"\n      {dump(k)}: {dump(v)}" for k, v in c.items()) + "\n    }" for c in file["cases"])
    return "{\n" + "\n".join(lines) + '\n  "flags": {' + flags + ("\n  " if flags else "") + '},\n  "cases": [' + cases + "\n  ]\n}\n"


def main(argv):
    out = None
    if argv[:1] == ["--out"]:
        out, argv = pathlib.Path(argv[1]), argv[2:]
    total, bad = 0, 0
    for path in sorted(pathlib.Path(argv[0]).glob("*.json")):
        file = json.loads(path.read_bytes())
        count = 0
        for case in file["cases"]:
            ours, problem = check(case)
            count += ours
            if problem:
                bad += 1
                print(f"{path.name}: {case['id']}: {problem}")
        if count:
            print(f"{path.name}: {count} of {len(file['cases'])} vectors recomputed")
        total += count
        if out:
            (out / path.name).write_text(render(file), encoding="ascii")
    print(f"{total} values recomputed, {bad} differ")
    return 1 if bad or not total else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
