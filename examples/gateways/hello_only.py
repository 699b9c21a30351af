#!/usr/bin/python3
"""The smallest gateway that can be judged: it dials, says hello, reads, and answers nothing."""

import asyncio
import base64
import hashlib
import hmac
import json
import os
import time

import websockets  # Debian: python3-websockets


def setting(name):
    return os.environ.get("GATEWAY_RELAY_" + name, "").strip()


def token():
    """A fresh proof of who we are, for one dial."""
    signed = f"{setting('ID')}:{int(time.time()) + 300}"
    signature = hmac.new(setting("SECRET").encode(), signed.encode(), hashlib.sha256).hexdigest()
    return base64.urlsafe_b64encode(f"{signed}:{signature}".encode()).rstrip(b"=").decode()


def url():
    base = setting("URL").replace("https://", "wss://", 1).replace("http://", "ws://", 1).rstrip("/")
    return base if base.endswith("/relay") else base + "/relay"


async def run(serve):
    wait = 1
    while setting("URL"):
        try:
            async with websockets.connect(url(), extra_headers={"Authorization": "Bearer " + token()}) as ws:
                await ws.send(json.dumps({"type": "hello", "platform": setting("PLATFORM"), "botId": setting("BOT_ID")}) + "\n")
                async for message in ws:
                    wait = 1  # the descriptor came: the next trouble begins from the first rung
                    await serve(ws, message)
        except (OSError, websockets.WebSocketException) as error:
            print("relay:", error)
        await asyncio.sleep(wait)
        wait = min(2 * wait, 30)


async def nothing(ws, message):
    pass


if __name__ == "__main__":
    asyncio.run(run(nothing))
