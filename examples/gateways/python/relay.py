"""The socket to the connector: dialing, handshake, reading, requests, going idle (sections 4 to 17)."""

import asyncio
import logging
import random
import uuid
from dataclasses import dataclass
from typing import Any, Callable, Optional, Protocol

import websockets

import auth
import config
import descriptor
import events
import frames

log = logging.getLogger("relay")

REVOKED = 4401
DIAL_TIMEOUT = 20.0  # for TCP, TLS and the upgrade; the contract names no bound for it
# A message can hold many frames of almost 1 MiB each; the library's default of 1 MiB would end the
# session over one that the contract allows. The limit that is left keeps memory bounded.
MAX_MESSAGE = 16 << 20
CLOSE_TIMEOUT = 1.0  # for closing a socket before the next dial
LAST_CLOSE_TIMEOUT = 0.5  # for closing it in a shutdown that has used up its time


@dataclass
class Identity:
    """Who the gateway is on its next dial. Provisioning can change it."""

    gateway_id: str
    secret: str  # empty: dial without a token


@dataclass(frozen=True)
class Status:
    """Where the relay stands; the states are those of the driver channel."""

    state: str  # connecting, connected, reconnecting, disabled, stopped
    message: str = ""
    code: str = ""
    close_code: Optional[int] = None
    retryable: Optional[bool] = None


class Handler(Protocol):
    """What the relay hands on. Nothing in it may block: the reader is waiting."""

    def inbound(self, event: events.Event, buffer_id: Optional[str], ack: Callable[[], None]) -> None: ...

    def passthrough(
        self, forward: dict, event: Optional[events.Event], buffer_id: Optional[str], ack: Callable[[], None]
    ) -> None: ...

    def interrupt(self, session_key: str, chat_id: str) -> None: ...

    def status(self, status: Status) -> None: ...

    async def finish(self, timeout: float) -> None:
        """Wait for the turns that run, no longer than the timeout in seconds."""


class _Connect(websockets.connect):
    def handle_redirect(self, uri: str) -> None:
        # The library would follow, and show the token to whomever the redirect names.
        raise websockets.InvalidHandshake(f"the connector redirects the upgrade to {uri!r}")


class Link:
    """One socket, with everything that ends when it ends."""

    def __init__(self, socket: websockets.WebSocketClientProtocol) -> None:
        self.socket = socket
        self.lines = frames.LineBuffer()
        self.descriptor: Optional[descriptor.Descriptor] = None
        self.beyond_handshake = False  # it carried a frame besides hello and descriptor
        self.idle_acked = asyncio.Event()
        self.given_up: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.pending: dict[str, asyncio.Future[dict]] = {}
        # Frames go through a queue with a writer of its own, so that a connector that has stopped
        # reading never holds up the reader or a shutdown.
        self._queue: asyncio.Queue[tuple[str, asyncio.Future[bool]]] = asyncio.Queue()
        self._writer = asyncio.create_task(self._write())
        self.ended = False

    def write(self, frame: dict[str, Any]) -> "asyncio.Future[bool]":
        """Queue a frame; the future tells later whether it was written."""
        written: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        if self.ended:
            written.set_result(False)
        else:
            self.beyond_handshake = self.beyond_handshake or frame["type"] != "hello"
            self._queue.put_nowait((frames.encode(frame), written))
        return written

    async def _write(self) -> None:
        while True:
            line, written = await self._queue.get()
            try:
                await self.socket.send(line)
            except websockets.ConnectionClosed:
                # The reader sees the same end and reports it; here it only matters who waits.
                _resolve(written, False)
            else:
                _resolve(written, True)
            self._queue.task_done()

    def give_up(self, why: str) -> None:
        """End this socket from our side."""
        if not self.given_up.done():
            self.given_up.set_result(why)

    def fail_pending(self) -> None:
        """Tell everybody who waits on this socket that nothing will come."""
        self.ended = True
        for waiting in self.pending.values():
            _resolve(waiting, failure("the session ended before the result came"))
        self.pending.clear()

    async def close(self, code: int, reason: str, timeout: float) -> int:
        """Write what is queued and close, within the timeout whatever the other side does.

        Returns the close code that came, or 1006.
        """
        self.ended = True
        closing = asyncio.create_task(self._close_in_order(code, reason))
        try:
            await asyncio.wait({closing}, timeout=timeout)
        finally:
            if not closing.done():
                # The library would go on waiting for a while, and hold up the end of the process.
                self.socket.transport.abort()
            self._writer.cancel()
            while not self._queue.empty():
                _resolve(self._queue.get_nowait()[1], False)
                self._queue.task_done()
        await asyncio.wait({closing})  # with its transport gone it ends at once
        return self.socket.close_code or 1006

    async def _close_in_order(self, code: int, reason: str) -> None:
        await self._queue.join()
        await self.socket.close(code, reason)


def _resolve(future: "asyncio.Future[Any]", value: Any) -> None:
    if not future.done():
        future.set_result(value)


def failure(error: str) -> dict[str, Any]:
    return {"success": False, "error": error}


class Relay:
    def __init__(self, settings: config.Config, identity: Identity, handler: Handler) -> None:
        self._settings = settings
        self._identity = identity
        self._handler = handler
        self._link: Optional[Link] = None  # the socket there is, in force or not
        self._runner: Optional[asyncio.Task[None]] = None
        self._welcomed = False  # a handshake has succeeded in this process
        self._stopping = False
        self._close_timeout = CLOSE_TIMEOUT
        self.status = Status("connecting")

    # --- for callers

    @property
    def descriptor(self) -> Optional[descriptor.Descriptor]:
        """The descriptor in force, or None while there is no session."""
        link = self._live_link()
        return link.descriptor if link else None

    async def request(self, action: dict[str, Any]) -> dict[str, Any]:
        """Send an action and return its result as it came, or a failure. Waits for a bounded time."""
        link = self._live_link()
        if link is None:
            return failure("there is no session with the connector")
        request_id = uuid.uuid4().hex
        result: asyncio.Future[dict] = asyncio.get_running_loop().create_future()
        link.pending[request_id] = result
        try:
            link.write({"type": "outbound", "requestId": request_id, "action": action})
            return await asyncio.wait_for(result, self._settings.timing.result)
        except asyncio.TimeoutError:
            return failure(f"no result within {self._settings.timing.result:g} s")
        finally:
            link.pending.pop(request_id, None)

    async def interrupt(self, session_key: str, reason: Optional[str]) -> dict[str, Any]:
        """Ask the connector to stop a conversation's turn, wherever it runs."""
        link = self._live_link()
        if link is None:
            return failure("there is no session with the connector")
        frame = {"type": "interrupt", "session_key": session_key}
        if reason is not None:
            frame["reason"] = reason
        written = await link.write(frame)
        return {"success": True} if written else failure("the session ended before the interrupt was written")

    def _live_link(self) -> Optional[Link]:
        link = self._link
        return link if link and link.descriptor and not link.ended else None

    # --- the life of the relay

    def start(self) -> None:
        self._handler.status(self.status)
        self._runner = asyncio.create_task(self._run())

    def switch_off(self) -> None:
        """There is no connector to dial."""
        self._report(Status("stopped", "no relay URL is configured", retryable=False))

    async def stop(self) -> None:
        """Shut down in order: going idle, serving until that is acknowledged, closing. Bounded."""
        self._stopping = True
        timing = self._settings.timing
        now = asyncio.get_running_loop().time
        deadline = now() + timing.shutdown
        link = self._live_link()
        if link is not None:
            link.idle_acked.clear()  # one that nobody asked for answers nothing
            link.write({"type": "going_idle"})
            # Reading goes on meanwhile: what comes before the acknowledgement is still ours.
            acked = asyncio.create_task(link.idle_acked.wait())
            await asyncio.wait(
                {acked, self._runner}, timeout=timing.idle_ack, return_when=asyncio.FIRST_COMPLETED
            )
            acked.cancel()
            # A turn that was accepted is worth a moment, but not all that is left for closing.
            await self._handler.finish(max(0.0, deadline - now()) / 2)
            self._close_timeout = max(LAST_CLOSE_TIMEOUT, (deadline - now()) / 2)
            link.give_up("going idle")
            await asyncio.wait({self._runner}, timeout=self._close_timeout + LAST_CLOSE_TIMEOUT)
        if self._runner is not None:
            self._runner.cancel()  # a dial, a handshake or a wait that is under way
            await asyncio.wait({self._runner})
        if self.status.state != "disabled":
            self._report(Status("stopped", retryable=False))

    async def _run(self) -> None:
        """The only place that dials, so that there is never more than one dial under way."""
        rung = 0
        while not self._stopping:
            close_code, message, worked = await self._session()
            if self._stopping:
                return
            if close_code == REVOKED and self._welcomed:
                # What used to work was taken away; dialing on would be knocking at a locked door.
                log.error("relay_disabled: the connector revoked this gateway's credential (close code 4401)")
                self._report(
                    Status("disabled", "the connector revoked the credential", "relay_disabled", close_code, False)
                )
                return
            if worked:
                rung = 0
            timing = self._settings.timing
            # min() comes before the exponent gets out of hand after some days of trying.
            wait = min(timing.redial_base * 2 ** min(rung, 16), timing.redial_cap)
            # Up to a quarter is allowed either way. Less is drawn, to leave room for a late timer.
            wait *= random.uniform(0.85, 1.15)
            rung += 1
            log.info("%s; dialing again in %.2f s", message, wait)
            self._report(Status("reconnecting", message, "", close_code, True))
            await asyncio.sleep(wait)

    async def _session(self) -> tuple[Optional[int], str, bool]:
        """Dial and serve one socket to its end: its close code, a text about it, and whether it worked."""
        headers = {}
        if self._identity.secret:
            token = auth.mint_token(self._identity.gateway_id, self._identity.secret)
            headers["Authorization"] = f"Bearer {token}"
        try:
            socket = await _Connect(
                config.dial_url(self._settings.relay_url),
                extra_headers=headers,
                compression=None,
                open_timeout=DIAL_TIMEOUT,
                close_timeout=CLOSE_TIMEOUT,
                max_size=MAX_MESSAGE,
            )
        except Exception as error:  # whatever a dial dies of, the next one may not
            return None, f"the dial failed: {type(error).__name__}: {error}", False

        link = self._link = Link(socket)
        if self._stopping:
            # A cancellation that comes together with the end of the dial is lost in asyncio.wait_for.
            link.give_up("shutting down")
        else:
            link.write({"type": "hello", "platform": self._settings.platform, "botId": self._settings.bot_id})
        bound = asyncio.get_running_loop().call_later(
            self._settings.timing.descriptor, self._descriptor_is_late, link
        )
        reader = asyncio.create_task(self._read(link))
        try:
            await asyncio.wait({reader, link.given_up}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            bound.cancel()
            reader.cancel()
            link.fail_pending()
            reason = link.given_up.result() if link.given_up.done() else ""
            # The next dial waits for this, so that no earlier socket is ever left open.
            code = 1000 if self._stopping else 1002
            close_code = await link.close(code, reason[:100], self._close_timeout)
        return close_code, reason or f"the session ended with code {close_code}", link.beyond_handshake

    def _descriptor_is_late(self, link: Link) -> None:
        if link.descriptor is None:
            link.give_up("no descriptor came in time")

    async def _read(self, link: Link) -> None:
        while True:
            try:
                message = await link.socket.recv()
            except websockets.ConnectionClosed:
                return
            for line in link.lines.feed(message):
                try:
                    self._on_frame(link, frames.parse(line))
                except frames.BadFrame as error:
                    log.warning("skipped a frame: %s", error)
                except Exception:  # one event must not cost the session
                    log.exception("handling a frame failed")

    def _on_frame(self, link: Link, frame: dict[str, Any]) -> None:
        kind = frame["type"]
        if link.descriptor is None:
            if kind == "descriptor":
                self._on_descriptor(link, frame)
            return  # nothing else makes sense before it
        if kind == "descriptor":
            return  # a second one changes nothing
        link.beyond_handshake = True
        if kind == "inbound":
            fields = frames.required(frame, "event", dict)
            self._handler.inbound(events.read_event(fields), *self._acknowledger(link, frame))
        elif kind == "passthrough_forward":
            forward = frames.required(frame, "forward", dict)
            self._handler.passthrough(forward, events.read_forward(forward), *self._acknowledger(link, frame))
        elif kind == "outbound_result":
            waiting = link.pending.get(frames.required(frame, "requestId", str))
            result = frames.required(frame, "result", dict)
            if waiting is not None:
                _resolve(waiting, result)
        elif kind == "interrupt_inbound":
            session_key = frames.required(frame, "session_key", str)
            self._handler.interrupt(session_key, frames.required(frame, "chat_id", str))
        elif kind == "going_idle_ack":
            link.idle_acked.set()
        # Any other type is one of a later revision, or one that only a gateway sends.

    def _on_descriptor(self, link: Link, frame: dict[str, Any]) -> None:
        try:
            link.descriptor = descriptor.read(frame)
        except frames.BadFrame as error:
            link.give_up(f"unreadable descriptor: {error}")
            return
        self._welcomed = True
        self._report(Status("connected"))

    @staticmethod
    def _acknowledger(link: Link, frame: dict[str, Any]) -> tuple[Optional[str], Callable[[], None]]:
        """The frame's bufferId, if any, and what acknowledges it."""
        buffer_id = frames.optional(frame, "bufferId")

        def ack() -> None:
            if buffer_id:
                link.write({"type": "inbound_ack", "bufferId": buffer_id})

        return buffer_id, ack

    def _report(self, status: Status) -> None:
        if status.state != self.status.state:
            self.status = status
            self._handler.status(status)
