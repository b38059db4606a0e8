"""Claims of the caller, from the token of a user pool or from the context of a Lambda authorizer."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from .errors import Forbidden

ANONYMOUS = "anonymous"
"""Actor of a request without an identity, and principal of an authorizer that allows a request without a token."""
USER_POOL_CLAIMS = ("username", "cognito:username", "sub", "client_id")
"""Claims that identify the caller in a token of a user pool, in order of precedence: `username` in access tokens,
`cognito:username` in ID tokens, `sub` in both, and `client_id` for clients without a user."""
ISSUER_CLAIMS = ("sub", "client_id", "azp")
"""Claims that identify the caller in a token of another issuer: a user, or a client without a user. Such an issuer can
let users choose their `username`."""
RESERVED = frozenset(("principalId", "integrationLatency", "claims"))
"""Members that API Gateway adds to the context of an authorizer, and that a user pool sets."""
SEPARATORS = re.compile(r"[,\s\[\]]+")
"""Separators of the scopes in a claim."""


def claims_of(event: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the claims of a user pool token, or the context of a Lambda authorizer. API Gateway passes all values as
    strings. Empty without a token."""
    authorizer = (event.get("requestContext") or {}).get("authorizer") or {}
    claims = authorizer.get("claims")
    if isinstance(claims, dict):
        return claims
    return {name: value for name, value in authorizer.items() if name not in RESERVED}


def principal_of(authorizer: Mapping[str, Any]) -> str:
    """Return the principal of a Lambda authorizer. Empty for an anonymous caller."""
    principal = str(authorizer.get("principalId") or "")
    return "" if principal == ANONYMOUS else principal


def check_scope(event: Mapping[str, Any], scope: str) -> None:
    """Raise `Forbidden` unless the claim `scope` or `scp` contains a scope."""
    claims = claims_of(event)
    granted = SEPARATORS.split(f"{claims.get('scope', '')} {claims.get('scp', '')}")
    if scope not in granted:
        raise Forbidden(f"The token must have the scope {scope!r} to call this route.")
