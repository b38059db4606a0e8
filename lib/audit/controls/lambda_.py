"""Lambda."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..control import Control
from ..graph import Link, Resource, Uses

FUNCTION = ("lambda.Function",)
PERMISSION = ("lambda.Permission",)
DEPRECATED = re.compile(
    r"python(2|3\.[6-9]$)|nodejs($|4|6|8|10|12|14|16|18)|ruby(2|3\.2)|java8$|go1|dotnetcore|dotnet[567]|provided$"
)
"""Runtimes that AWS no longer patches."""
SECRET = re.compile(r"\b(AKIA|ASIA)[0-9A-Z]{16}\b|-----BEGIN [A-Z ]*PRIVATE KEY-----|\bgh[opsu]_\w{36}|\bxox[abp]-")
"""What keys of AWS, private keys, and tokens of GitHub and Slack look like."""
SECRET_NAME = re.compile(r"(SECRET|PASSWORD|PASSWD|TOKEN|API_?KEY|PRIVATE_?KEY|ACCESS_?KEY)$", re.IGNORECASE)


def _holds_no_secret(function: Resource, secrets: Sequence[Resource]) -> bool:
    variables = function.get("environment.variables", {})
    # Names first: they are known even if a value is not.
    suspicious = filter(SECRET_NAME.search, variables)
    if not all(_refers_to_secret(function, f"environment.variables.{name}", secrets) for name in suspicious):
        return False
    return not any(map(SECRET.search, variables.values()))


def _refers_to_secret(function: Resource, path: str, secrets: Sequence[Resource]) -> bool:
    """Return whether a variable contains the name or the ARN of a secret, and not its value."""
    # An unknown value can be the name of a secret only if the variables contain outputs of one.
    value = function.get(path) if secrets else function.if_known(path)
    return value in {secret.get("name") for secret in secrets} - {None} or str(value).startswith("arn:")


def _leaves_what_fails(function: Resource, configs: Sequence[Resource]) -> bool:
    return function.given("deadLetterConfig.targetArn") or any(
        config.given("destinationConfig.onFailure.destination") for config in configs
    )


def _for_a_few(permission: Resource, _: Sequence[Resource]) -> bool:
    narrowed = any(map(permission.given, ("sourceArn", "sourceAccount", "principalOrgId")))
    return permission.get("principal") != "*" or narrowed


def _of_one_caller(permission: Resource, _: Sequence[Resource]) -> bool:
    # A principal with a region ends with the partition's DNS suffix, e.g. `logs.cn-north-1.amazonaws.com.cn`.
    service = ".amazonaws." in str(permission.get("principal", ""))
    return not service or permission.given("sourceArn") or permission.given("sourceAccount")


def _in_two_zones(function: Resource, _: Sequence[Resource]) -> bool:
    return len(function.get("vpcConfig.subnetIds", ())) != 1


CONTROLS = (
    Control(
        ids=("Lambda.1", "CKV_AWS_301", "SEC03-BP07"),
        title="A function is not public",
        severity="critical",
        kinds=PERMISSION,
        holds=_for_a_few,
        remedy="Name who may call in the `lambda.Permission`.",
    ),
    Control(
        ids=("CKV_AWS_258",),
        title="A function's URL asks who calls",
        severity="high",
        kinds=("lambda.FunctionUrl",),
        holds=lambda url, _: url.get("authorizationType") == "AWS_IAM",
        remedy="Set `authorizationType` of the `lambda.FunctionUrl` to AWS_IAM.",
    ),
    Control(
        ids=("CKV_AWS_364", "SEC03-BP02"),
        title="A service of AWS may call a function for one caller only",
        severity="medium",
        kinds=PERMISSION,
        holds=_of_one_caller,
        remedy="Set `sourceArn` of `lambda.Permission`.",
    ),
    Control(
        ids=("Lambda.2", "CKV_AWS_363", "SEC06-BP01"),
        title="AWS still patches a function's runtime",
        severity="medium",
        kinds=FUNCTION,
        holds=lambda function, _: not DEPRECATED.match(function.get("runtime", "")),
        remedy="Set `lambda_runtime` to python3.13.",
    ),
    Control(
        ids=("Lambda.3", "CKV_AWS_117", "SEC05-BP01"),
        title="A function is in a VPC",
        severity="low",
        kinds=FUNCTION,
        holds=lambda function, _: function.given("vpcConfig.subnetIds"),
        remedy="Set `network_vpc`.",
    ),
    Control(
        ids=("Lambda.5", "REL10-BP01"),
        title="A function in a VPC is in two zones of it",
        severity="medium",
        kinds=FUNCTION,
        holds=_in_two_zones,
        remedy="Set `network_private_subnet_ids` to subnets in two zones.",
    ),
    Control(
        ids=("Lambda.7", "CKV_AWS_50"),
        title="A function is traced",
        severity="low",
        kinds=FUNCTION,
        holds=lambda function, _: function.get("tracingConfig.mode") == "Active",
        remedy="Set `tracing`.",
    ),
    Control(
        ids=("CKV_AWS_115", "REL05-BP02"),
        title="A function has executions of its own, and no more",
        severity="low",
        kinds=FUNCTION,
        holds=lambda function, _: function.get("reservedConcurrentExecutions", -1) >= 0,
        remedy="Set `lambda_reserved_concurrency`.",
    ),
    Control(
        ids=("CKV_AWS_116",),
        title="What a function fails to do is left in a queue",
        severity="medium",
        kinds=FUNCTION,
        beside=Link(kind="lambda.FunctionEventInvokeConfig", property="functionName"),
        holds=_leaves_what_fails,
        remedy="Name a queue in `dead_letters` of the service.",
    ),
    Control(
        ids=("CKV_AWS_173", "SEC08-BP02"),
        title="A customer managed key encrypts a function's environment variables",
        severity="low",
        kinds=FUNCTION,
        holds=lambda function, _: function.given("kmsKeyArn") or not function.given("environment.variables"),
        remedy="Set `encryption_key`.",
    ),
    Control(
        ids=("CKV_AWS_45", "SEC02-BP03"),
        title="No secret is among a function's variables",
        severity="high",
        kinds=FUNCTION,
        beside=Uses(kinds=("secretsmanager.Secret", "ssm.Parameter"), property="environment"),
        holds=_holds_no_secret,
        remedy="Store it in Secrets Manager or Parameter Store, and pass the function its name or ARN.",
    ),
    Control(
        ids=("CKV_AWS_272",),
        title="Only signed code becomes a function",
        severity="low",
        kinds=FUNCTION,
        holds=lambda function, _: function.given("codeSigningConfigArn"),
        remedy="Set `codeSigningConfigArn` of the functions by a transform.",
    ),
)
