"""Parts that REST APIs and HTTP APIs share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import pulumi
import pulumi_aws as aws

from ...documents import iam
from ...model import LambdaAuthorizer, Route
from ...settings import USER_POOL, ApiSettings, AuthorizationSettings, invalid_value, merge
from ...settings.environments import BASIS
from ...settings.origins import SITE
from ..compute.function import Function
from ..derived import concat, derive
from .domain import Domain
from .user_pool import UserPool


def check_routes(
    routes: Iterable[tuple[Route, Function]],
    authorizers: Iterable[tuple[LambdaAuthorizer, Function]],
    settings: ApiSettings,
) -> None:
    """Raise `ValueError` for a route with an unknown authorizer, or with a throttle above that of the API."""
    names = [authorizer.name for authorizer, _ in authorizers]
    for route, _ in routes:
        if route.throttle:
            route.throttle.within(merge(BASIS.api, settings))
        if route.authorizer and route.authorizer not in names:
            remedy = "Pass it in authorizers."
            raise invalid_value("route authorizer", route.authorizer, "the name of an authorizer", remedy)


def check_callers(
    authorization: AuthorizationSettings,
    user_pool: UserPool | None,
    settings: ApiSettings,
    cors_origins: Sequence[pulumi.Input[str]] | None,
) -> None:
    """Raise `ValueError` for a missing user pool or a missing URL of the site."""
    if authorization.type == USER_POOL and not user_pool:
        remedy = "Pass the user pool that issues the tokens."
        raise invalid_value("user_pool", user_pool, f"a UserPool with authorization {USER_POOL}", remedy)
    if cors_origins is None and SITE in settings.cors_origins():
        remedy = "Only TapStack replaces 'site': pass cors_origins with the URL of the site."
        raise invalid_value("settings.cors_origin", settings.cors_origin, "URLs if cors_origins is unset", remedy)


def allow_invocations(
    prefix: str, functions: Mapping[str, Function], execution_arn: pulumi.Input[str], opts: pulumi.ResourceOptions
) -> list[aws.lambda_.Permission]:
    """Allow an API to invoke functions, by physical name."""
    source_arn = concat(execution_arn, "/*")
    return [allow_invocation(f"{prefix}-{name}", function, source_arn, opts) for name, function in functions.items()]


def allow_invocation(
    prefix: str, function: Function, source_arn: pulumi.Input[str], opts: pulumi.ResourceOptions
) -> aws.lambda_.Permission:
    """Allow a part of an API to invoke a function."""
    return function.target().allow(f"{prefix}-permission", "apigateway", source_arn, opts)


def allow_calls(
    routes: Iterable[Route], scope: str, execution_arn: pulumi.Input[str], stage_name: pulumi.Input[str]
) -> pulumi.Output[iam.Statement]:
    """Return a statement that allows signed requests to the routes of a scope."""
    allowed = [(route.method, route.path) for route in routes if route.required_scope() == scope]
    return derive(lambda arn, stage: iam.allow_calls(arn, stage, allowed), execution_arn, stage_name)


def public_url(
    stage_url: pulumi.Output[str], domain: Domain | None, is_disabled: pulumi.Output[bool] | pulumi.Output[bool | None]
) -> pulumi.Output[str]:
    """Return the URL of a stage, or of the custom domain if the `execute-api` endpoint is disabled."""
    if not domain:
        return stage_url
    return derive(lambda disabled, domain_url, url: domain_url if disabled else url, is_disabled, domain.url, stage_url)
