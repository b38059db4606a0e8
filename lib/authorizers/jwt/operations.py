"""The operation of the function of a `JwtAuthorizer`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cache
from typing import Any

from ...runtime.authorizers import Allow, AuthorizationRequest, Decision
from ...runtime.claims import ISSUER_CLAIMS, USER_POOL_CLAIMS
from ...runtime.errors import Forbidden, Unauthorized
from .keys import Keys
from .verification import Expected, verify

USER_POOLS = "https://cognito-idp."
"""Beginning of the issuers of Cognito user pools."""


def authorize(request: AuthorizationRequest) -> Decision:
    """Allow a request with a valid token. Its claims become the context."""
    claims = verify(request.token, issuer_keys(), expected_token())
    group = os.environ.get("JWT_GROUP")
    if group:
        _check_group(claims, group)
    names = ISSUER_CLAIMS if group is None else USER_POOL_CLAIMS
    principal = next(filter(None, map(claims.get, names)), None)
    if not principal:
        raise Unauthorized("The token has no subject.")
    return Allow(str(principal), claims)


@cache
def issuer_keys() -> Keys:
    """Return the keys of the issuer, which the execution environment shares."""
    return Keys(os.environ["JWT_ISSUER"], _local_url() or os.environ.get("JWT_JWKS_URL", ""))


def _local_url() -> str:
    """Return the URL of the keys of a user pool in the local emulator, whose issuer has the name of AWS."""
    endpoint, issuer = os.environ.get("AWS_ENDPOINT_URL", ""), os.environ["JWT_ISSUER"]
    pool = issuer.rpartition("/")[2]
    return f"{endpoint}/{pool}/.well-known/jwks.json" if endpoint and issuer.startswith(USER_POOLS) else ""


@cache
def expected_token() -> Expected:
    """Return the requirements on tokens."""
    return Expected(
        os.environ["JWT_ISSUER"],
        os.environ["JWT_AUDIENCE"].split(),
        os.environ["JWT_ALGORITHMS"].split(),
        float(os.environ["JWT_LEEWAY_SECONDS"]),
    )


def _check_group(claims: Mapping[str, Any], group: str) -> None:
    """Raise `Forbidden` for a user who is not a member of a group. Clients without a user need no membership."""
    if claims.get("sub") != claims.get("client_id", "") and group not in (claims.get("cognito:groups") or ()):
        raise Forbidden(f"The user must be a member of the group {group!r}.")
