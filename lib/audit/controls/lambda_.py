"""Controls of Lambda."""

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
"""Runtimes that AWS no longer supports."""
SECRET = re.compile(r"\b(AKIA|ASIA)[0-9A-Z]{16}\b|-----BEGIN [A-Z ]*PRIVATE KEY-----|\bgh[opsu]_\w{36}|\bxox[abp]-")
"""AWS access keys, private keys, and GitHub and Slack tokens."""
SECRET_NAME = re.compile(r"(SECRET|PASSWORD|PASSWD|TOKEN|API_?KEY|PRIVATE_?KEY|ACCESS_?KEY)$", re.IGNORECASE)


def _has_no_secret_variables(function: Resource, secrets: Sequence[Resource]) -> bool:
    variables = function.get("environment.variables", {})
    # Check names first: they are known in a preview even if a value is not.
    secret_names = filter(SECRET_NAME.search, variables)
    if not all(_refers_to_secret(function, f"environment.variables.{name}", secrets) for name in secret_names):
        return False
    return not any(map(SECRET.search, variables.values()))


def _refers_to_secret(function: Resource, path: str, secrets: Sequence[Resource]) -> bool:
    """Return whether a variable contains the name or the ARN of a secret instead of the secret."""
    # An unknown value can be the name of a secret only if the variables contain an output of a secret.
    value = function.get(path) if secrets else function.if_known(path)
    return value in {secret.get("name") for secret in secrets} - {None} or str(value).startswith("arn:")


def _has_dead_letter_target(function: Resource, configs: Sequence[Resource]) -> bool:
    return function.is_set("deadLetterConfig.targetArn") or any(
        config.is_set("destinationConfig.onFailure.destination") for config in configs
    )


def _is_not_public(permission: Resource, _: Sequence[Resource]) -> bool:
    is_restricted = any(map(permission.is_set, ("sourceArn", "sourceAccount", "principalOrgId")))
    return permission.get("principal") != "*" or is_restricted


def _restricts_source(permission: Resource, _: Sequence[Resource]) -> bool:
    # A principal with a region ends with the partition's DNS suffix, e.g. `logs.cn-north-1.amazonaws.com.cn`.
    is_aws_service = ".amazonaws." in str(permission.get("principal", ""))
    return not is_aws_service or permission.is_set("sourceArn") or permission.is_set("sourceAccount")


def _has_multiple_subnets(function: Resource, _: Sequence[Resource]) -> bool:
    return len(function.get("vpcConfig.subnetIds", ())) != 1


CONTROLS = (
    Control(
        ids=("Lambda.1", "CKV_AWS_301", "SEC03-BP07"),
        title="Lambda function policies should prohibit public access",
        severity="critical",
        kinds=PERMISSION,
        is_compliant=_is_not_public,
        remediation="Set `principal` of the `lambda.Permission` to the caller, or set `sourceArn`.",
    ),
    Control(
        ids=("CKV_AWS_258",),
        title="Lambda function URLs should require IAM authorization",
        severity="high",
        kinds=("lambda.FunctionUrl",),
        is_compliant=lambda url, _: url.get("authorizationType") == "AWS_IAM",
        remediation="Set `authorizationType` of the `lambda.FunctionUrl` to AWS_IAM.",
    ),
    Control(
        ids=("CKV_AWS_364", "SEC03-BP02"),
        title="Lambda permissions of AWS services should be restricted to a source",
        severity="medium",
        kinds=PERMISSION,
        is_compliant=_restricts_source,
        remediation="Set `sourceArn` of the `lambda.Permission`.",
    ),
    Control(
        ids=("Lambda.2", "CKV_AWS_363", "SEC06-BP01"),
        title="Lambda functions should use supported runtimes",
        severity="medium",
        kinds=FUNCTION,
        is_compliant=lambda function, _: not DEPRECATED.match(function.get("runtime", "")),
        remediation="Set `lambda_runtime` to python3.13.",
        other_remediation="Set `runtime` of the `lambda.Function` to a supported runtime, such as python3.13.",
    ),
    Control(
        ids=("Lambda.3", "CKV_AWS_117", "SEC05-BP01"),
        title="Lambda functions should be in a VPC",
        severity="low",
        kinds=FUNCTION,
        is_compliant=lambda function, _: function.is_set("vpcConfig.subnetIds"),
        remediation="Set `network_vpc`.",
        other_remediation="Set `vpcConfig` of the `lambda.Function`.",
    ),
    Control(
        ids=("Lambda.5", "REL10-BP01"),
        title="VPC Lambda functions should operate in multiple Availability Zones",
        severity="medium",
        kinds=FUNCTION,
        is_compliant=_has_multiple_subnets,
        remediation="Set `network_private_subnet_ids` to subnets in at least two Availability Zones.",
        other_remediation="Set `subnetIds` in the `vpcConfig` of the `lambda.Function` to subnets in at least "
        "two Availability Zones.",
    ),
    Control(
        ids=("Lambda.7", "CKV_AWS_50"),
        title="Lambda functions should have AWS X-Ray active tracing enabled",
        severity="low",
        kinds=FUNCTION,
        is_compliant=lambda function, _: function.get("tracingConfig.mode") == "Active",
        remediation="Enable `tracing`.",
        other_remediation="Set `mode` in the `tracingConfig` of the `lambda.Function` to Active.",
    ),
    Control(
        ids=("CKV_AWS_115", "REL05-BP02"),
        title="Lambda functions should have reserved concurrency",
        severity="low",
        kinds=FUNCTION,
        is_compliant=lambda function, _: function.get("reservedConcurrentExecutions", -1) >= 0,
        remediation="Set `lambda_reserved_concurrency`.",
        other_remediation="Set `reservedConcurrentExecutions` of the `lambda.Function`.",
    ),
    Control(
        ids=("CKV_AWS_116",),
        title="Lambda functions should have a dead-letter queue or an on-failure destination",
        severity="medium",
        kinds=FUNCTION,
        related=Link(kind="lambda.FunctionEventInvokeConfig", property="functionName"),
        is_compliant=_has_dead_letter_target,
        remediation="Set `dead_letters` in the service definition to a queue.",
        other_remediation="Set `deadLetterConfig` of the `lambda.Function`.",
    ),
    Control(
        ids=("CKV_AWS_173", "SEC08-BP02"),
        title="Lambda environment variables should be encrypted with a customer managed key",
        severity="low",
        kinds=FUNCTION,
        is_compliant=lambda function, _: function.is_set("kmsKeyArn") or not function.is_set("environment.variables"),
        remediation="Set `encryption_key`.",
        other_remediation="Set `kmsKeyArn` of the `lambda.Function`.",
    ),
    Control(
        ids=("CKV_AWS_45", "SEC02-BP03"),
        title="Lambda environment variables should not contain secrets",
        severity="high",
        kinds=FUNCTION,
        related=Uses(kinds=("secretsmanager.Secret", "ssm.Parameter"), property="environment"),
        is_compliant=_has_no_secret_variables,
        remediation="Store the secret in Secrets Manager or Parameter Store, and set the variable to its name or ARN.",
    ),
    Control(
        ids=("CKV_AWS_272",),
        title="Lambda functions should have code signing enabled",
        severity="low",
        kinds=FUNCTION,
        is_compliant=lambda function, _: function.is_set("codeSigningConfigArn"),
        remediation="Set `codeSigningConfigArn` of the functions with a transform.",
    ),
)
