"""Parts that REST APIs and HTTP APIs share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pulumi
import pulumi_aws as aws

from ...documents import iam
from ...model import Route
from ..compute.function import Function
from ..derived import concat, derive
from .domain import Domain


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
    return aws.lambda_.Permission(
        f"{prefix}-permission",
        action="lambda:InvokeFunction",
        function=function.name,
        qualifier=function.qualifier,
        principal="apigateway.amazonaws.com",
        source_arn=source_arn,
        opts=opts,
    )


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
