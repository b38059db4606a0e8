"""Authorization of callers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final, Literal

from .base import SettingsGroup, invalid_value, matching, one_of, setting, unique_tuple

USER_POOL: Final = "COGNITO_USER_POOLS"


@dataclass(frozen=True, kw_only=True)
class AuthorizationSettings(SettingsGroup):
    """Settings of the authorization of callers."""

    type: Literal["NONE", "API_KEY", "AWS_IAM", "COGNITO_USER_POOLS"] | None = setting(
        one_of("NONE", "API_KEY", "AWS_IAM", "COGNITO_USER_POOLS"), key="authorization"
    )
    """Authorization of requests: `NONE` (routes with `key_required` still require an API key), an API key in
    `x-api-key`, AWS Signature Version 4, or a user pool token with the scope of the route."""
    user_pool: str | None = setting(
        matching(
            r"create|arn:[a-z-]+:cognito-idp:[a-z0-9-]+:\d{12}:userpool/\S+", "either create or the ARN of a user pool"
        ),
        key="user_pool",
    )
    """User pool: `create` creates one with a sign-in page; an ARN selects an existing pool of the same region, which
    must have a domain. Both get the scopes and app clients of the API."""
    user_group: str | None = setting(
        matching(
            r"[^\s,\[\]]{0,128}", "a group name of up to 128 characters without spaces, ',', '[' and ']', or empty"
        ),
        key="user_pool_group",
    )
    """Name of a group of an existing user pool: only its members can call the API. If empty, the stack creates a group
    `<service>-<environment>` without members in an existing pool. All users of a created pool can call the API."""
    mfa: Literal["OFF", "OPTIONAL", "ON"] | None = setting(one_of("OFF", "OPTIONAL", "ON"), key="user_pool_mfa")
    """Multi-factor authentication with an authenticator app: `ON` requires it for every user, `OPTIONAL` for users who
    registered an app. An existing user pool keeps its own setting: with `ON` the deployment is rejected
    unless the pool requires it."""
    callback_urls: tuple[str, ...] | None = setting(
        unique_tuple(r"https://\S+|http://localhost(:\d+)?/\S*", "URLs that begin with https:// or http://localhost"),
        key="callback_urls",
    )
    """URLs to which the sign-in page can redirect, in addition to the site of the service."""

    SECTION: ClassVar[str] = "authorization"


def check_authorization(authorization: AuthorizationSettings) -> None:
    """Raise `ValueError` for a user pool setting without effect."""
    for name, default in {"user_pool": "create", "user_group": "", "mfa": "OPTIONAL", "callback_urls": ()}.items():
        value = getattr(authorization, name)
        if authorization.type != USER_POOL and value not in (None, default):
            remedy = f"Set type, or remove {name}."
            raise invalid_value(f"authorization.{name}", value, f"unset unless type is {USER_POOL}", remedy)
    is_created = authorization.user_pool in (None, "create")
    if is_created and authorization.user_group:
        expected, remedy = (
            "unset for a created user pool",
            "Set user_pool to the ARN of the pool, or remove user_group.",
        )
        raise invalid_value("authorization.user_group", authorization.user_group, expected, remedy)
    if not is_created and authorization.mfa == "OFF":
        expected = "ON or OPTIONAL for an existing user pool"
        raise invalid_value("authorization.mfa", "OFF", expected, "The stack does not change the MFA of that pool.")
