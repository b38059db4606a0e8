"""JSON Web Tokens (JWTs) with an HMAC-SHA-256 signature (HS256)."""

from __future__ import annotations

import base64
import binascii
import hmac
import json
import time
from typing import Any

from tap_stack.runtime.errors import Unauthorized
from tap_stack.runtime.secrets import Secret

KEY = Secret("TODO_SIGNING_KEY")
HEADER = {"alg": "HS256", "typ": "JWT"}
LIFETIME_SECONDS = 3600


def issue(claims: dict[str, Any], key: str) -> str:
    """Return a token that expires in an hour."""
    now = int(time.time())
    parts = [
        _encode(json.dumps(part).encode()) for part in (HEADER, {**claims, "iat": now, "exp": now + LIFETIME_SECONDS})
    ]
    message = ".".join(parts)
    return f"{message}.{_encode(_signature(message, key))}"


def verify(token: str, key: str) -> dict[str, Any]:
    """Return the claims of a token. Raise `Unauthorized` unless it is valid."""
    message, _, signature = token.rpartition(".")
    try:
        header, claims = (json.loads(_decode(part)) for part in message.split("."))
        is_genuine = hmac.compare_digest(_decode(signature), _signature(message, key))
        if header == HEADER and is_genuine and claims["exp"] > time.time():
            return dict(claims)
    except (ValueError, TypeError, KeyError, binascii.Error):
        pass
    raise Unauthorized("The token is not valid. Sign in again.")


def _signature(message: str, key: str) -> bytes:
    return hmac.digest(key.encode(), message.encode(), "sha256")


def _encode(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def _decode(value: str) -> bytes:
    return base64.urlsafe_b64decode(value + "=" * (-len(value) % 4))
