"""Authorizers that verify JSON Web Tokens (JWTs), with a function that this library provides."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from ..settings import Definition, FunctionSettings, between, invalid_value, is_output
from .authorizers import AUTHORIZATION_HEADER, LambdaAuthorizer
from .function import Function
from .validation import check_name

HANDLER = f"{__package__.rpartition('.')[0]}.authorizers.jwt.operations"
"""Module with the operation of the function. Its package requires PyJWT."""
USER_POOL_ISSUER = "user-pool"
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""Signature algorithms with a public key."""
URL = re.compile(r"(https://[^\s/?#]+|http://(localhost|127\.0\.0\.1)(:\d+)?)(/[^\s?#]*)?")
LEEWAY = between(0, 600, "seconds")
SETTINGS = FunctionSettings(memory_mb=512, timeout_seconds=10)
"""Default settings of the function. Its cold start loads a cryptography library, which needs CPU time."""


@dataclass(frozen=True, kw_only=True)
class JwtAuthorizer(Definition):
    """An authorizer that accepts the JWTs of one issuer, such as Auth0, Okta, Keycloak or a Cognito user pool.

    Its function verifies the signature with the public keys of the issuer, the issuer, the audience and the expiry.
    """

    name: str
    """Value of `Route.authorizer` for the routes that it authorizes. Its function is `<name>-authorizer`. A required
    and an optional authorizer that differ only in name and cache share the function of the first."""
    issuer: Any
    """Claim `iss` of the tokens: an HTTPS URL, exactly as in the tokens, or an Output of it. `user-pool` is the user
    pool of the stack, which requires `authorization` COGNITO_USER_POOLS."""
    audience: tuple[Any, ...] = ()
    """Accepted values of the claim `aud`, or of `client_id` if a token has no `aud`, as strings or Outputs. Required,
    except for the user pool of the stack: its default are the app clients of the stack."""
    jwks_url: str = ""
    """URL of the public keys. Default (empty): `jwks_uri` in `/.well-known/openid-configuration` of the issuer."""
    algorithms: tuple[str, ...] = ("RS256",)
    """Accepted signature algorithms."""
    leeway_seconds: int = 60
    """Accepted difference between the clocks of issuer and function, from 0 to 600."""
    cache_seconds: int = 300
    """Time for which API Gateway uses a result again for the same token, from 0 to 3600. A token is accepted for up to
    this time after it expires. An optional authorizer has no cache."""
    optional: bool = False
    """Whether requests without a token are allowed, as anonymous callers. An invalid token is still rejected."""
    settings: FunctionSettings = SETTINGS
    """Settings of its function, which the arguments of a `TapStack` override."""

    def __post_init__(self) -> None:
        check_name("authorizer", self.name)
        prefix = f"authorizer {self.name!r}"
        if not (self.uses_user_pool or is_output(self.issuer) or _is_url(self.issuer)):
            raise invalid_value(
                f"{prefix} issuer", self.issuer, f"an HTTPS URL, an Output of it, or {USER_POOL_ISSUER}"
            )
        if self.jwks_url and not _is_url(self.jwks_url):
            raise invalid_value(f"{prefix} jwks_url", self.jwks_url, "an HTTPS URL, or empty")
        if not _are_words(self.audience, or_outputs=True) or not (self.audience or self.uses_user_pool):
            expected = "a tuple of one or more strings without spaces, or Outputs"
            remedy = "Without an audience, the tokens for every other API of the issuer would be accepted."
            raise invalid_value(f"{prefix} audience", self.audience, expected, remedy)
        if not _are_words(self.algorithms) or not self.algorithms or not {*self.algorithms} <= {*ALGORITHMS}:
            raise invalid_value(f"{prefix} algorithms", self.algorithms, f"a tuple of {', '.join(ALGORITHMS)}")
        is_valid, expected = LEEWAY
        if not is_valid(self.leeway_seconds):
            raise invalid_value(f"{prefix} leeway_seconds", self.leeway_seconds, expected)
        self.function()

    @property
    def uses_user_pool(self) -> bool:
        """Whether the issuer is the user pool of the stack."""
        return bool(self.issuer == USER_POOL_ISSUER)

    @property
    def function_name(self) -> str:
        """Name of its function."""
        return f"{self.name}-authorizer"

    def unsupported_by_http_apis(self) -> dict[str, object]:
        """Return the fields, by name, whose values an HTTP API does not support."""
        fields = {
            "jwks_url": self.jwks_url if self.jwks_url else None,
            "algorithms": self.algorithms if any(not a.startswith("RS") for a in self.algorithms) else None,
        }
        return {name: value for name, value in fields.items() if value is not None}

    def function(self) -> Function:
        """Return its function."""
        issuer = "the user pool of the stack" if self.uses_user_pool else self.issuer
        origin = "" if is_output(issuer) else f" of {issuer}"
        has_known_audience = self.audience and _are_words(self.audience)
        authorizer = LambdaAuthorizer(
            name=self.name,
            operation="authorize",
            type="REQUEST" if self.optional else "TOKEN",
            identity_sources=(AUTHORIZATION_HEADER,),
            cache_seconds=0 if self.optional else self.cache_seconds,
            validation="" if self.optional else r"^([Bb]earer +)?[\w-]+\.[\w-]+\.[\w-]+$",
            optional=self.optional,
            description=f"JSON Web Token{origin}, as `Authorization: Bearer <token>`.",
        )
        known = {} if self.uses_user_pool else {"JWT_ISSUER": self.issuer}
        return Function(
            name=self.function_name,
            handler=HANDLER,
            requirements="requirements.txt",
            authorizers=(authorizer,),
            variables={
                **known,
                **({"JWT_AUDIENCE": " ".join(self.audience)} if has_known_audience else {}),
                **({"JWT_JWKS_URL": self.jwks_url} if self.jwks_url else {}),
                "JWT_ALGORITHMS": " ".join(self.algorithms),
                "JWT_LEEWAY_SECONDS": str(self.leeway_seconds),
            },
            settings=self.settings,
        )

    def verifies_as(self, other: JwtAuthorizer) -> bool:
        """Return whether the function of another authorizer verifies the same tokens with the same settings."""
        return replace(self, name=other.name, optional=other.optional, cache_seconds=other.cache_seconds) == other


def authorizer_functions(authorizers: Iterable[JwtAuthorizer]) -> list[Function]:
    """Return the functions of authorizers. A required and an optional one of the same tokens share that of the first,
    because their events have different types."""
    functions: list[tuple[JwtAuthorizer, Function]] = []
    for authorizer in authorizers:
        function = authorizer.function()
        types = {each.type for each in function.authorizers}
        for number, (first, other) in enumerate(functions):
            if authorizer.verifies_as(first) and not types & {each.type for each in other.authorizers}:
                shared = replace(other, authorizers=(*other.authorizers, *function.authorizers))
                functions[number] = first, shared
                break
        else:
            functions.append((authorizer, function))
    return [function for _, function in functions]


def _is_url(value: object) -> bool:
    return isinstance(value, str) and bool(URL.fullmatch(value))


def _are_words(values: object, *, or_outputs: bool = False) -> bool:
    """Return whether a value is a tuple of strings without whitespace, or of such strings and Outputs."""
    return isinstance(values, tuple) and all(
        (isinstance(v, str) and re.fullmatch(r"\S+", v)) or (or_outputs and is_output(v)) for v in values
    )
