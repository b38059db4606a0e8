"""Who may call."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from .layer import Layer, matching, one_of, setting, several


@dataclass(frozen=True, kw_only=True)
class AuthorizationSettings(Layer):
    """How callers of the API show who they are."""

    type: Literal["NONE", "API_KEY", "AWS_IAM", "COGNITO_USER_POOLS"] | None = setting(
        one_of("NONE", "API_KEY", "AWS_IAM", "COGNITO_USER_POOLS"), key="authorization"
    )
    """By nothing but where a route always asks for a key; by a key in `x-api-key`, which a usage plan counts; by AWS's
    signature; or by a token of a user pool with the scope of the route."""
    user_pool: str | None = setting(
        matching(
            r"made|arn:[a-z-]+:cognito-idp:[a-z0-9-]+:\d{12}:userpool/\S+", "give made, or the ARN of a user pool"
        ),
        key="user_pool",
    )
    """`made` makes one with a sign-in page, scopes and an app client; an ARN is a pool that stands already, whose
    resource server has the API's scopes."""
    mfa: Literal["OFF", "OPTIONAL", "ON"] | None = setting(one_of("OFF", "OPTIONAL", "ON"), key="user_pool_mfa")
    """Whether users of a pool that is made sign in with a second factor."""
    callback_urls: tuple[str, ...] | None = setting(
        several(r"https://\S+|http://localhost(:\d+)?/\S*", "give different addresses that begin with https://"),
        key="callback_urls",
    )
    """Where the sign-in page may lead back to, besides the service's own pages."""

    WHERE: ClassVar[str] = "authorization"
