"""Who may call."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final, Literal

from .base import SettingsGroup, invalid_value, matching, one_of, setting, unique_tuple

USER_POOL: Final = "COGNITO_USER_POOLS"


@dataclass(frozen=True, kw_only=True)
class AuthorizationSettings(SettingsGroup):
    """How callers of the API show who they are."""

    type: Literal["NONE", "API_KEY", "AWS_IAM", "COGNITO_USER_POOLS"] | None = setting(
        one_of("NONE", "API_KEY", "AWS_IAM", "COGNITO_USER_POOLS"), key="authorization"
    )
    """By nothing but where a route always asks for a key; by a key in `x-api-key`, which a usage plan counts; by AWS's
    signature; or by a token of a user pool with the scope of the route."""
    user_pool: str | None = setting(
        matching(
            r"create|arn:[a-z-]+:cognito-idp:[a-z0-9-]+:\d{12}:userpool/\S+", "either create or the ARN of a user pool"
        ),
        key="user_pool",
    )
    """`create` creates one with a sign-in page; an ARN selects an existing pool of the same region, which must have a
    domain. The scopes and app clients of the API are created in either."""
    user_group: str | None = setting(
        matching(
            r"[^\s,\[\]]{0,128}", "a group name of up to 128 characters without spaces, ',', '[' and ']', or empty"
        ),
        key="user_pool_group",
    )
    """Name of an existing group of an existing user pool: only its members can call the API. Default (empty): a group
    `<service>-<environment>` without members is created in an existing pool. A pool that this stack creates needs no
    group: every user of it can call the API."""
    mfa: Literal["OFF", "OPTIONAL", "ON"] | None = setting(one_of("OFF", "OPTIONAL", "ON"), key="user_pool_mfa")
    """Multi-factor authentication with an authenticator app: `ON` requires it of every user, `OPTIONAL` (default) of
    users who registered an app. An existing user pool keeps its own setting: with `ON` the deployment is rejected
    unless the pool requires it."""
    callback_urls: tuple[str, ...] | None = setting(
        unique_tuple(r"https://\S+|http://localhost(:\d+)?/\S*", "URLs that begin with https:// or http://localhost"),
        key="callback_urls",
    )
    """Where the sign-in page may lead back to, besides the service's own pages."""

    SECTION: ClassVar[str] = "authorization"


def check_authorization(authorization: AuthorizationSettings) -> None:
    """Raise ValueError for a setting of user pools that has no effect."""
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
