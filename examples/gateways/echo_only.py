#!/usr/bin/python3
"""A gateway that echoes: hello_only.py, with each text acknowledged and sent back to its chat."""

import asyncio
import itertools
import json

from hello_only import run

numbers = itertools.count(1)


def answers(frame):
    """The frames that answer an inbound event."""
    if "bufferId" in frame:
        yield {"type": "inbound_ack", "bufferId": frame["bufferId"]}
    event, source = frame["event"], frame["event"]["source"]
    action = {"op": "send", "chat_id": source["chat_id"], "content": event["text"]}
    if source.get("guild_id"):
        action["metadata"] = {"guild_id": source["guild_id"]}  # the connector routes by it
    yield {"type": "outbound", "requestId": f"r{next(numbers)}", "action": action}


async def echo(ws, message):
    for line in message.split("\n"):  # a message may hold several frames
        try:
            frame = json.loads(line)
            if frame["type"] == "inbound":
                for answer in answers(frame):
                    await ws.send(json.dumps(answer) + "\n")
        except (ValueError, KeyError, TypeError) as error:
            if line:
                print("relay: not a frame that can be handled:", repr(error))


if __name__ == "__main__":
    asyncio.run(run(echo))
