"""The driver channel: JSON-RPC 2.0 over a WebSocket, by which a test suite looks into the gateway.

It exists only when RELAY_DRIVER_URL is set, and a gateway in production never has it.
"""

import asyncio
import json
import logging
from typing import Any, Awaitable, Callable, Optional

import websockets

log = logging.getLogger("driver")

FIRST_WAIT = 5.0  # seconds after which the gateway goes on without its driver
REDIAL_WAIT = 0.5
CLOSE_TIMEOUT = 1.0

PARSE_ERROR, INVALID_REQUEST, METHOD_NOT_FOUND, INVALID_PARAMS = -32700, -32600, -32601, -32602
API_ERROR = -32000


class InvalidParams(Exception):
    """Parameters that the gateway's API does not take; answered with -32602."""


# A method takes its parameters as an object and returns its result.
Method = Callable[[dict[str, Any]], Awaitable[Any]]


class Driver:
    def __init__(self, url: str, name: str, version: str) -> None:
        self._url = url
        self._ready = {"name": name, "version": version}
        self.methods: dict[str, Method] = {}
        self._outgoing: Optional[asyncio.Queue[dict]] = None  # None while there is no channel
        self._connected = asyncio.Event()
        self._runner: Optional[asyncio.Task[None]] = None
        self._socket: Optional[websockets.WebSocketClientProtocol] = None
        self._answering: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Dial, and come back when the channel is there or has taken too long."""
        if not self._url:
            return
        self._runner = asyncio.create_task(self._run())
        try:
            await asyncio.wait_for(self._connected.wait(), FIRST_WAIT)
        except asyncio.TimeoutError:
            log.warning("no driver within %g s; going on without it", FIRST_WAIT)

    def notify(self, method: str, params: dict[str, Any]) -> None:
        """Tell the suite, in the order of the calls. Without a channel, nobody is there to be told."""
        if self._outgoing is not None:
            self._outgoing.put_nowait({"jsonrpc": "2.0", "method": method, "params": params})

    async def stop(self) -> None:
        """Send what is still to be sent, and close with 1000. Bounded."""
        if self._answering:
            await asyncio.wait(set(self._answering), timeout=CLOSE_TIMEOUT)
        if self._outgoing is not None:
            await asyncio.wait({asyncio.create_task(self._outgoing.join())}, timeout=CLOSE_TIMEOUT)
        if self._socket is not None:
            await asyncio.wait({asyncio.create_task(self._socket.close(1000))}, timeout=CLOSE_TIMEOUT)
        if self._runner is not None:
            self._runner.cancel()
            await asyncio.wait({self._runner}, timeout=CLOSE_TIMEOUT)

    async def _run(self) -> None:
        while True:
            try:
                async with websockets.connect(
                    self._url, compression=None, max_size=None, ping_interval=None, close_timeout=CLOSE_TIMEOUT
                ) as socket:
                    await self._serve(socket)
            except Exception as error:
                log.info("the driver channel failed: %s", type(error).__name__)
            await asyncio.sleep(REDIAL_WAIT)

    async def _serve(self, socket: websockets.WebSocketClientProtocol) -> None:
        self._socket, self._outgoing = socket, asyncio.Queue()
        self.notify("driver/ready", self._ready)
        writer = asyncio.create_task(self._write(socket, self._outgoing))
        self._connected.set()
        try:
            async for message in socket:
                # One task for each request, so that a slow one holds up no other. Tasks start in
                # order, so what does not wait for anything is done in order too.
                task = asyncio.create_task(self._answer(message))
                self._answering.add(task)
                task.add_done_callback(self._answering.discard)
        finally:
            writer.cancel()
            self._socket, self._outgoing = None, None

    async def _write(self, socket: websockets.WebSocketClientProtocol, outgoing: "asyncio.Queue[dict]") -> None:
        while True:
            message = await outgoing.get()
            try:
                await socket.send(json.dumps(message))
            except websockets.ConnectionClosed:
                pass  # _serve sees it as well
            except (ValueError, RecursionError) as error:
                log.warning("a message for the driver could not be written: %s", error)
            finally:
                outgoing.task_done()

    async def _answer(self, message: Any) -> None:
        response = await self._respond(message)
        if response is not None and self._outgoing is not None:
            self._outgoing.put_nowait({"jsonrpc": "2.0", **response})

    async def _respond(self, message: Any) -> Optional[dict[str, Any]]:
        try:
            request = json.loads(message)
        except (ValueError, RecursionError):
            return _error(None, PARSE_ERROR, "the message is not JSON")
        if not isinstance(request, dict) or not isinstance(request.get("method"), str):
            # An answer to us has no method; this gateway asks nothing, so there is none.
            return _error(None, INVALID_REQUEST, "expected a request object with a method")
        identifier = request.get("id")
        method = self.methods.get(request["method"])
        params = request.get("params", {})
        if method is None:
            response = _error(identifier, METHOD_NOT_FOUND, f"no method {request['method']}")
        elif not isinstance(params, dict):
            response = _error(identifier, INVALID_PARAMS, "expected params to be an object")
        else:
            try:
                response = {"id": identifier, "result": await method(params)}
            except InvalidParams as error:
                response = _error(identifier, INVALID_PARAMS, str(error))
            except Exception as error:
                log.exception("%s failed", request["method"])
                response = _error(identifier, API_ERROR, "the gateway's API failed")
                response["error"]["data"] = {"exception": f"{type(error).__name__}: {error}"}
        return response if "id" in request else None


def _error(identifier: Any, code: int, message: str) -> dict[str, Any]:
    return {"id": identifier, "error": {"code": code, "message": message}}


def take(params: dict[str, Any], **fields: str) -> dict[str, Any]:
    """The parameters that a method takes, checked: `chat_id="string"`, `metadata="object?"`.

    A field that is not named is refused, because a caller cannot set it, and dropping it in
    silence would let a test believe that it did.
    """
    kinds = {"string": str, "object": dict}
    unknown = sorted(set(params) - set(fields))
    if unknown:
        raise InvalidParams(f"cannot be set: {', '.join(unknown)}")
    taken = {}
    for name, kind in fields.items():
        value = params.get(name)
        if value is None and kind.endswith("?"):
            continue
        if not isinstance(value, kinds[kind.rstrip("?")]):
            raise InvalidParams(f"{name}: expected {kind.rstrip('?')}")
        taken[name] = value
    return taken
