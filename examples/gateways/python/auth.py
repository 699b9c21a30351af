"""Upgrade tokens (section 6 of the contract)."""

import base64
import hashlib
import hmac
import time

TOKEN_LIFE = 300  # seconds from minting to `exp`, section 22


def mint_token(gateway_id: str, secret: str) -> str:
    """A token that proves who the gateway is, for one request that is about to be made.

    A fresh one is minted for every dial: a token of the last session can be older than its life.
    """
    signed = f"{gateway_id}:{int(time.time()) + TOKEN_LIFE}"
    signature = hmac.new(secret.encode(), signed.encode(), hashlib.sha256).hexdigest()
    token = base64.urlsafe_b64encode(f"{signed}:{signature}".encode())
    return token.rstrip(b"=").decode()  # the canonical form has no padding
