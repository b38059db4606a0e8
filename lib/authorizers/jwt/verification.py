"""Verification of a JSON Web Token (JWT)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

import jwt

from ...runtime.errors import Unauthorized
from .keys import Keys


class Expected(NamedTuple):
    """Requirements on a token."""

    issuer: str
    audience: Collection[str]
    algorithms: Sequence[str]
    leeway_seconds: float = 60


def verify(token: str, keys: Keys, expected: Expected) -> dict[str, Any]:
    """Return the claims of a token. Raise `Unauthorized` unless it is valid, and `KeysUnavailable` if the keys of the
    issuer are not known.

    The signature must be of an expected algorithm, `iss` the issuer, and `exp` in the future. `aud`, or `client_id` of
    a token without `aud`, must contain an expected audience.
    """
    try:
        header = jwt.get_unverified_header(token)
        algorithm, key_id = header.get("alg"), header.get("kid")
        if algorithm not in expected.algorithms:
            raise Unauthorized(f"The token must be signed with {', '.join(expected.algorithms)}.")
        key = keys.find(key_id)
        if key.get("alg", algorithm) != algorithm:
            raise Unauthorized("The token must be signed with the algorithm of its key.")
        claims: dict[str, Any] = jwt.decode(
            token,
            jwt.PyJWK({**key}, algorithm).key,
            algorithms=[algorithm],
            issuer=expected.issuer,
            leeway=expected.leeway_seconds,
            options={"require": ["exp", "iss"], "verify_aud": False},
        )
        audience = _audience(claims)
    except (jwt.PyJWTError, ArithmeticError, ValueError, TypeError, RecursionError) as exc:
        raise Unauthorized(f"The token is not valid: {exc}.") from exc
    if not audience & {*expected.audience}:
        raise Unauthorized("The token is for another audience.")
    return claims


def _audience(claims: Mapping[str, Any]) -> set[str]:
    """Return the audience of a token. Access tokens of Cognito have `client_id` instead of `aud`."""
    audience = claims["aud"] if "aud" in claims else claims.get("client_id", ())
    return {audience} if isinstance(audience, str) else {str(value) for value in audience}
