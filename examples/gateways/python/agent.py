"""Turns: what is done about an event once it was accepted (sections 9 and 15).

Every conversation runs its turns one after the other, and all conversations run side by side.
"""

import asyncio
import logging
from collections import OrderedDict, deque
from typing import Any, Callable, Optional

import config
import events
from actions import Actions
from relay import Status

log = logging.getLogger("agent")

REMEMBERED = 10_000  # accepted entries of a buffer that are known again when they are repeated
MODES = ("echo", "silent", "fail", "hold")

Notify = Callable[[str, dict[str, Any]], None]


class Session:
    """One conversation."""

    def __init__(self) -> None:
        self.running: Optional[asyncio.Task[None]] = None
        # Each with the release that would end its hold: one that was there when it was received.
        self.waiting: deque[tuple[events.Event, asyncio.Event]] = deque()


class Agent:
    """Implements relay.Handler."""

    def __init__(self, settings: config.Config, notify: Notify, mode: str) -> None:
        self._settings = settings
        self._notify = notify
        self.actions: Actions  # set once there is a relay
        self._sessions: dict[str, Session] = {}
        self._accepted: OrderedDict[tuple, None] = OrderedDict()
        self._mode = mode
        self._at = "turn"
        self._release = asyncio.Event()
        self._held: list[tuple[str, Callable[[], None]]] = []  # session key, and what accepts the event

    def session_key(self, source: events.Source) -> str:
        settings = self._settings
        return events.session_key(source, settings.group_sessions_per_user, settings.thread_sessions_per_user)

    # --- relay.Handler

    def inbound(self, event: events.Event, buffer_id: Optional[str], ack: Callable[[], None]) -> None:
        self._offer(event, buffer_id, ack, "event/inbound", {})

    def passthrough(
        self, forward: dict, event: Optional[events.Event], buffer_id: Optional[str], ack: Callable[[], None]
    ) -> None:
        if event is None:
            self._notify("event/passthrough", {"forward": forward})
            # It was read and there is nothing to do: unacknowledged it would come again for ever.
            ack()
        else:
            self._offer(event, buffer_id, ack, "event/passthrough", {"forward": forward})

    def interrupt(self, session_key: str, chat_id: str) -> None:
        self._notify("event/interrupt", {"session_key": session_key, "chat_id": chat_id})
        session = self._sessions.get(session_key)
        if session and session.running:
            session.running.cancel()
        self._accept_held(session_key)

    def status(self, status: Status) -> None:
        log.info("relay: %s", status.state)
        self._notify("event/status", status_fields(status))

    async def finish(self, timeout: float) -> None:
        running = {session.running for session in self._sessions.values() if session.running}
        if running:
            await asyncio.wait(running, timeout=timeout)

    # --- accepting

    def _offer(
        self,
        event: events.Event,
        buffer_id: Optional[str],
        ack: Callable[[], None],
        notification: str,
        fields: dict[str, Any],
    ) -> None:
        self.actions.remember_scope(event.source)
        names = _names(event, buffer_id)
        if any(name in self._accepted for name in names):
            ack()  # the first acknowledgement was lost; a second turn would answer twice
            return
        key = self.session_key(event.source)
        self._notify(notification, {**fields, "event": event.wire, "session_key": key})
        if self._at == "accept" and self._mode == "fail":
            raise RuntimeError("the accept step was told to fail")
        if self._at == "accept" and self._mode == "hold":
            self._held.append((key, lambda: self._accept(key, event, names, ack)))
        else:
            self._accept(key, event, names, ack)

    def _accept(self, key: str, event: events.Event, names: list[tuple], ack: Callable[[], None]) -> None:
        session = self._sessions.setdefault(key, Session())
        session.waiting.append((event, self._release))
        for name in names:
            self._accepted[name] = None
        while len(self._accepted) > REMEMBERED:
            self._accepted.popitem(last=False)
        ack()
        if session.running is None:
            self._next_turn(key, session)

    def _accept_held(self, session_key: Optional[str] = None) -> None:
        """Accept what the accept step held: of one session, or of all."""
        held, self._held = self._held, []
        for key, accept in held:
            if session_key in (None, key):
                accept()
            else:
                self._held.append((key, accept))

    # --- turns

    def _next_turn(self, key: str, session: Session) -> None:
        if not session.waiting:
            self._sessions.pop(key, None)
            return
        session.running = asyncio.create_task(self._turn(*session.waiting.popleft()))
        # A callback and no `finally`: a turn that is cancelled before its first step ends as well.
        session.running.add_done_callback(lambda turn: self._turn_ended(key, session, turn))

    def _turn_ended(self, key: str, session: Session, turn: "asyncio.Task[None]") -> None:
        if turn.cancelled():
            outcome = "interrupted"
        elif turn.exception() is not None:
            outcome = "failed"
            log.warning("a turn failed: %s", turn.exception())
        else:
            outcome = "done"
        self._notify("event/turn", {"session_key": key, "outcome": outcome})
        session.running = None
        self._next_turn(key, session)

    async def _turn(self, event: events.Event, release: asyncio.Event) -> None:
        mode = self._mode if self._at == "turn" else "silent"
        if mode == "fail":
            raise RuntimeError("the turn was told to fail")
        if mode == "hold":
            await release.wait()
        if mode == "echo":
            result = await self.actions.send(event.source.chat_id, event.text, event.message_id)
            if not result["success"]:
                raise RuntimeError(f"the reply was not delivered: {result['error']}")

    # --- for the driver

    def set_mode(self, mode: str, at: str) -> None:
        self._mode, self._at = mode, at

    def release(self) -> None:
        """Let go of every event that was received so far; what comes later is held anew."""
        self._accept_held()  # before the release, so that these are let go of in their turns as well
        self._release.set()
        self._release = asyncio.Event()


def _names(event: events.Event, buffer_id: Optional[str]) -> list[tuple]:
    """By what a buffered event is known again. A live one is not: only the buffer repeats itself."""
    if not buffer_id:
        return []
    names: list[tuple] = [("buffer", buffer_id)]
    if event.message_id:
        # Platforms count their messages in each chat, so the chat belongs to the name.
        names.append(("message", event.source.platform, event.source.chat_id, event.message_id))
    return names


def status_fields(status: Status) -> dict[str, Any]:
    fields = {
        "state": status.state,
        "code": status.code or None,
        "close_code": status.close_code,
        "retryable": status.retryable,
        "message": status.message or None,
    }
    return {name: value for name, value in fields.items() if value is not None}
