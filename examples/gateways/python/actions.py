"""What the agent can do in a chat (sections 11 to 13): the gateway's own API for its callers."""

from typing import Any, Optional

import events
from relay import Relay, failure


class Actions:
    def __init__(self, relay: Relay) -> None:
        self._relay = relay
        self._scopes: dict[str, str] = {}  # chat_id: the scope of the last event that had one

    def remember_scope(self, source: events.Source) -> None:
        """The connector finds an action's tenant by its scope, and only events tell it."""
        if source.guild_id:
            self._scopes[source.chat_id] = source.guild_id

    async def send(
        self, chat_id: str, content: str, reply_to: Optional[str] = None, metadata: Optional[dict] = None
    ) -> dict[str, Any]:
        """Send a text, in several messages if it is longer than the platform allows.

        Returns the result of the last message, or of the first that failed.
        """
        descriptor = self._relay.descriptor
        result = failure("there is no session with the connector")
        for piece in descriptor.split(content) if descriptor else [content]:
            action: dict[str, Any] = {"op": "send", "chat_id": chat_id, "content": piece}
            if reply_to is not None:
                action["reply_to"] = reply_to
                reply_to = None  # one message answers, the others follow it
            result = _outcome(await self._relay.request(self._scoped(action, metadata)))
            if not result["success"]:
                break
        return result

    async def edit(
        self, chat_id: str, message_id: str, content: str, metadata: Optional[dict] = None
    ) -> dict[str, Any]:
        """Give a message a new text. One that is too long is a failure: an edit cannot be split."""
        descriptor = self._relay.descriptor
        if descriptor and descriptor.length(content) > descriptor.max_message_length:
            return failure(
                f"the text has {descriptor.length(content)} {descriptor.len_unit},"
                f" and the platform takes {descriptor.max_message_length}"
            )
        action = {"op": "edit", "chat_id": chat_id, "message_id": message_id, "content": content}
        return _outcome(await self._relay.request(self._scoped(action, metadata)))

    async def typing(
        self, chat_id: str, content: Optional[str] = None, metadata: Optional[dict] = None
    ) -> dict[str, Any]:
        action = {"op": "typing", "chat_id": chat_id}
        if content is not None:
            action["content"] = content
        return _outcome(await self._relay.request(self._scoped(action, metadata)))

    async def follow_up(
        self, session_key: str, kind: str, content: str, metadata: Optional[dict] = None
    ) -> dict[str, Any]:
        """Answer with a credential that the connector keeps. Never repeated: it can be good for one use."""
        action: dict[str, Any] = {"op": "follow_up", "session_key": session_key, "kind": kind, "content": content}
        if metadata:
            action["metadata"] = metadata
        return _outcome(await self._relay.request(action))

    async def chat_info(self, chat_id: str) -> dict[str, Any]:
        """A chat's name and type, with defaults for what the connector does not say."""
        result = await self._relay.request({"op": "get_chat_info", "chat_id": chat_id})
        told = result.get("chat_info")
        told = told if isinstance(told, dict) else result
        name, kind = told.get("name"), told.get("type")
        answer: dict[str, Any] = {
            # This op alone can leave `success` out.
            "success": result.get("success", True) is not False,
            "chat_info": {
                "name": name if isinstance(name, str) else chat_id,
                "type": kind if isinstance(kind, str) else "dm",
            },
        }
        if not answer["success"]:
            answer["error"] = _outcome(result)["error"]
        return answer

    def _scoped(self, action: dict[str, Any], metadata: Optional[dict]) -> dict[str, Any]:
        metadata = dict(metadata or {})
        scope = self._scopes.get(action["chat_id"])
        if scope is not None and "guild_id" not in metadata:  # the caller knows better
            metadata["guild_id"] = scope
        if metadata:
            action["metadata"] = metadata
        return action


def _outcome(result: dict[str, Any]) -> dict[str, Any]:
    """A result as callers get it: a failure unless it says true."""
    outcome: dict[str, Any] = {"success": result.get("success") is True}
    for field in ("message_id", "error"):
        if isinstance(result.get(field), str):
            outcome[field] = result[field]
    if not outcome["success"]:
        outcome.setdefault("error", "the connector named no reason")
    return outcome
