#!/usr/bin/python3
"""A relay gateway that echoes each text back to its chat. See README.md."""

import asyncio
import logging
import os
import signal
import sys
from typing import Any, Optional

import config
import events
import frames
import routes
from agent import MODES, Agent, status_fields
from actions import Actions
from driver import Driver, InvalidParams, take
from relay import Identity, Relay

NAME, VERSION = "python-echo", "1.0.0"

log = logging.getLogger("gateway")


class Gateway:
    def __init__(self, settings: config.Config) -> None:
        self._settings = settings
        self._identity = Identity(settings.gateway_id, settings.secret)
        self._driver = Driver(settings.driver_url, NAME, VERSION)
        # With a driver it is for the suite to say when the gateway speaks.
        mode = "silent" if settings.driver_url else "echo"
        self._agent = Agent(settings, self._driver.notify, mode)
        self._relay = Relay(settings, self._identity, self._agent)
        self._agent.actions = Actions(self._relay)
        self._stop = asyncio.Event()
        self._stopped = asyncio.Event()
        self._driver.methods = {
            "gateway/send": self._send,
            "gateway/edit": self._edit,
            "gateway/typing": self._typing,
            "gateway/follow_up": self._follow_up,
            "gateway/chat_info": self._chat_info,
            "gateway/interrupt": self._interrupt,
            "gateway/shutdown": self._shutdown,
            "gateway/status": self._status,
            "gateway/capabilities": self._capabilities,
            "gateway/session_key": self._session_key,
            "handler/set": self._set_handler,
            "handler/release": self._release_handler,
        }

    async def run(self) -> None:
        """Serve until SIGTERM, SIGINT or the driver ends it, and shut down in order."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop.set)
        boot = asyncio.create_task(self._boot())
        await self._stop.wait()
        boot.cancel()
        await asyncio.wait({boot})
        await self._relay.stop()
        self._stopped.set()
        await self._driver.stop()

    async def _boot(self) -> None:
        await self._driver.start()
        if not self._settings.relay_url:
            log.warning("GATEWAY_RELAY_URL is not set, so the relay is off")
            self._relay.switch_off()
            return
        await routes.prepare(self._settings, self._identity)
        self._relay.start()

    # --- what the driver can ask for

    async def _send(self, params: dict) -> Any:
        fields = take(params, chat_id="string", content="string", reply_to="string?", metadata="object?")
        return await self._agent.actions.send(**fields)

    async def _edit(self, params: dict) -> Any:
        fields = take(params, chat_id="string", message_id="string", content="string", metadata="object?")
        return await self._agent.actions.edit(**fields)

    async def _typing(self, params: dict) -> Any:
        return await self._agent.actions.typing(
            **take(params, chat_id="string", content="string?", metadata="object?")
        )

    async def _follow_up(self, params: dict) -> Any:
        fields = take(params, session_key="string", kind="string", content="string", metadata="object?")
        return await self._agent.actions.follow_up(**fields)

    async def _chat_info(self, params: dict) -> Any:
        return await self._agent.actions.chat_info(**take(params, chat_id="string"))

    async def _interrupt(self, params: dict) -> Any:
        fields = take(params, session_key="string", reason="string?")
        return await self._relay.interrupt(fields["session_key"], fields.get("reason"))

    async def _shutdown(self, params: dict) -> Any:
        take(params)
        self._stop.set()
        await self._stopped.wait()
        return {}

    async def _status(self, params: dict) -> Any:
        take(params)
        return status_fields(self._relay.status)

    async def _capabilities(self, params: dict) -> Any:
        fields = take(params, chat_id="string?", text="string?")
        descriptor = self._relay.descriptor
        if descriptor is None:
            raise RuntimeError("no descriptor is in force")
        capabilities = {**vars(descriptor), "code_blocks": descriptor.supports_code_blocks}
        if "text" in fields:
            capabilities["message_length"] = descriptor.length(fields["text"])
        return capabilities

    async def _session_key(self, params: dict) -> Any:
        try:
            source = events.read_source(take(params, source="object")["source"])
        except frames.BadFrame as error:
            raise InvalidParams(f"source: {error}") from None
        return {"session_key": self._agent.session_key(source)}

    async def _set_handler(self, params: dict) -> Any:
        fields = take(params, mode="string", at="string?")
        if fields["mode"] not in MODES:
            raise InvalidParams(f"mode: expected one of {', '.join(MODES)}")
        if fields.get("at", "turn") not in ("accept", "turn"):
            raise InvalidParams("at: expected accept or turn")
        self._agent.set_mode(fields["mode"], fields.get("at", "turn"))
        return {}

    async def _release_handler(self, params: dict) -> Any:
        take(params)
        self._agent.release()
        return {}


def main() -> Optional[str]:
    # The libraries stay at WARNING whatever is asked for: their debug logs show the token.
    logging.basicConfig(format="%(asctime)s %(name)s %(levelname)s %(message)s", level=logging.WARNING)
    level = os.environ.get("LOG_LEVEL", "info").upper()
    for name in ("gateway", "relay", "agent", "routes", "driver"):
        logging.getLogger(name).setLevel(level if level in ("DEBUG", "INFO", "WARNING", "ERROR") else "INFO")
    try:
        settings = config.load()
    except config.ConfigError as error:
        return str(error)
    asyncio.run(Gateway(settings).run())
    return None


if __name__ == "__main__":
    sys.exit(main())
