"""Signatures of webhooks. Each function raises `Unauthorized` unless the signature of a request is valid."""

from __future__ import annotations

import base64
import hmac
import time
from collections.abc import Callable, Iterable

from tap_stack.runtime.errors import Unauthorized
from tap_stack.runtime.event_handler import Request
from tap_stack.runtime.secrets import Secret

TOLERANCE_SECONDS = 300
"""Maximum age of a request of Stripe. It limits the time in which a recorded request can be sent again."""


def verify_stripe(request: Request, secret: Secret) -> None:
    """Verify the header `Stripe-Signature: t=<epoch seconds>,v1=<signature>`. While a secret is rolled, it has two."""
    pairs = [part.partition("=")[::2] for part in request.headers.get("stripe-signature", "").split(",")]
    timestamp = dict(pairs).get("t", "")
    message = timestamp.encode() + b"." + request.raw_body
    _verify([value for name, value in pairs if name == "v1"], secret, message)
    if abs(time.time() - int(timestamp)) > TOLERANCE_SECONDS:
        raise Unauthorized("The signature has expired.", scheme="Signature")


def verify_github(request: Request, secret: Secret) -> None:
    """Verify the header `X-Hub-Signature-256: sha256=<signature>`."""
    header = request.headers.get("x-hub-signature-256", "")
    _verify([header.partition("sha256=")[2]], secret, request.raw_body)


def verify_twilio(request: Request, secret: Secret) -> None:
    """Verify the header `X-Twilio-Signature`, which covers the URL and the sorted fields of the form."""
    fields = [name + value for name in sorted(request.form) for value in sorted({*request.form.getlist(name)})]
    message = "".join([request.url, *fields]).encode()
    _verify([request.headers.get("x-twilio-signature", "")], secret, message, "sha1", _to_base64)


def _verify(
    signatures: Iterable[str],
    secret: Secret,
    message: bytes,
    algorithm: str = "sha256",
    encode: Callable[[bytes], str] = bytes.hex,
) -> None:
    expected = encode(hmac.digest(secret.value().encode(), message, algorithm)).encode()
    # Compare bytes: `compare_digest` raises an error for strings that are not ASCII.
    if not any(hmac.compare_digest(signature.encode(), expected) for signature in signatures):
        secret.invalidate()  # The secret might have been rotated: the next delivery uses the new value.
        raise Unauthorized("The signature does not match the request.", scheme="Signature")


def _to_base64(digest: bytes) -> str:
    return base64.b64encode(digest).decode()
