"""The connector's HTTP routes that a gateway uses at boot (section 18). Whatever fails, the boot goes on."""

import asyncio
import json
import logging
import threading
import urllib.error
import urllib.request
from typing import Any

import auth
import frames
from config import Config, Policy, route_url
from relay import Identity

log = logging.getLogger("routes")

HTTP_TIMEOUT = 10.0  # seconds; the contract leaves it open
MAX_ANSWER = 1 << 20


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args: Any) -> None:
        return None  # a redirect would show the bearer to whomever it names


# Without proxies, because the WebSocket goes without them too: both find the connector, or neither.
_opener = urllib.request.build_opener(_NoRedirects, urllib.request.ProxyHandler({}))


async def prepare(config: Config, identity: Identity) -> None:
    """Get a secret if none is pinned, and declare the policy. Changes the identity in place."""
    if not config.secret and config.identity_token:
        if config.enroll_token:
            await _enroll(config, identity)
        await _provision(config, identity)
    await _declare_policy(config, identity)


async def _enroll(config: Config, identity: Identity) -> None:
    body = {"enrollmentToken": config.enroll_token, "gatewayId": config.gateway_id}
    try:
        answer = await _post(config, "/relay/enroll", config.identity_token, body)
        _adopt(json.loads(answer), identity)
    except Exception as error:
        log.warning("enrolment failed: %s", error)


async def _provision(config: Config, identity: Identity) -> None:
    body: dict[str, Any] = {
        "gatewayId": config.gateway_id,
        "platform": config.platform,
        "botId": config.bot_id,
        "gatewayEndpoint": config.endpoint,
        "routeKeys": list(config.route_keys),
    }
    if config.instance_id:
        body["instanceId"] = config.instance_id
    if config.wake_url:
        body["wakeUrl"] = config.wake_url
    try:
        answer = await _post(config, "/relay/provision", config.identity_token, body)
        _adopt(json.loads(answer), identity)
    except Exception as error:
        log.warning("provisioning failed: %s", error)


def _adopt(answer: Any, identity: Identity) -> None:
    """Take over the credential, in memory only. Raises BadFrame when the answer is not usable."""
    if not isinstance(answer, dict):
        raise frames.BadFrame("the answer is no JSON object")
    secret = frames.required(answer, "secret", str)
    gateway_id = frames.always(answer, "gatewayId", "")
    if not secret:
        raise frames.BadFrame("the answer has an empty secret")
    identity.secret = secret
    identity.gateway_id = gateway_id or identity.gateway_id


async def _declare_policy(config: Config, identity: Identity) -> None:
    policy = config.policy
    if not identity.secret or config.platform == "relay" or policy == Policy():
        return
    body = {
        "platform": config.platform,
        "requireAddress": policy.require_address,
        "freeResponseScopes": list(policy.free_response_scopes),
        "allowOtherBots": policy.allow_other_bots,
    }
    try:
        await _post(config, "/relay/policy", auth.mint_token(identity.gateway_id, identity.secret), body)
    except Exception as error:
        log.warning("declaring the policy failed: %s", error)


async def _post(config: Config, path: str, bearer: str, body: dict[str, Any]) -> bytes:
    """Post JSON and return the body of a 2xx answer.

    urllib blocks, so it gets a thread of its own: a daemon, because a shutdown must not wait for it.
    """
    request = urllib.request.Request(
        route_url(config.relay_url, path),
        data=json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {bearer}", "Content-Type": "application/json"},
        method="POST",
    )
    loop = asyncio.get_running_loop()
    done: asyncio.Future[bytes] = loop.create_future()

    def settle(answer: bytes, error: Any) -> None:
        if done.done():
            return
        if error is None:
            done.set_result(answer)
        else:
            done.set_exception(error)

    def exchange() -> None:
        answer, problem = b"", None
        try:
            with _opener.open(request, timeout=HTTP_TIMEOUT) as response:
                answer = response.read(MAX_ANSWER)
        except Exception as error:
            problem = error
        try:
            loop.call_soon_threadsafe(settle, answer, problem)
        except RuntimeError:
            pass  # the loop has ended meanwhile, and nobody waits

    threading.Thread(target=exchange, daemon=True).start()
    # urllib's timeout is for each read; a connector that drips bytes needs a bound on the whole.
    return await asyncio.wait_for(done, HTTP_TIMEOUT)
