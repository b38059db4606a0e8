"""A Lambda function with its log group and alias."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pulumi
import pulumi_aws as aws

from ...assets.lambda_archive import HANDLER
from ...documents import iam
from ...settings import FunctionSettings, merge
from ...settings.environments import BASIS
from ..derived import derive
from .code_archive import code_archive
from .function_target import FunctionTarget

DEFAULT_ALIAS = "live"


@dataclass(frozen=True, kw_only=True)
class FunctionArgs:
    """Arguments for `Function`."""

    name: str
    """Physical name of the function."""
    role_arn: pulumi.Input[str]
    role_name: pulumi.Input[str] | None = None
    """Name of the role. If set, a policy that allows writing to the function's log group is added to the role. Default
    (None): the role already allows it, e.g. with `iam.BASIC_EXECUTION`."""
    log_actions: Sequence[str] = iam.LOG_ACTIONS["write"]
    """Actions on the log group that the role is allowed to perform."""
    files: Mapping[str, str]
    """Content of each text file of the archive, by path."""
    paths: Mapping[str, Path] = field(default_factory=dict)
    """Files and folders on this machine that the archive contains, by path in the archive."""
    layers: Sequence[pulumi.Input[str]] = ()
    """ARNs of layer versions."""
    handler: str = HANDLER
    environment: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    dead_letter_arn: pulumi.Input[str] | None = None
    """Queue for asynchronous invocations that failed after all retries. The role must allow the function to send
    messages to it."""
    kms_key_arn: pulumi.Input[str] | None = None
    """KMS key that encrypts the environment variables and the log group. Default (None): AWS managed encryption."""
    subnet_ids: Sequence[pulumi.Input[str]] = ()
    """VPC subnets of the function. Its role requires the statement `iam.allow_vpc_access`. Default (empty): no VPC."""
    security_group_ids: Sequence[pulumi.Input[str]] = ()
    alias: str = ""
    """Name of the alias that callers invoke. Default (empty): `live` with provisioned concurrency or SnapStart, which
    require a version; otherwise no alias, and callers invoke `$LATEST`."""
    alias_managed_by_codedeploy: bool = False
    """Whether CodeDeploy manages the alias. If True, Pulumi ignores changes to the alias version."""
    settings: FunctionSettings = field(default_factory=FunctionSettings)
    """Unset fields use the `dev` defaults."""
    tags: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    depends_on: Sequence[pulumi.Resource] = ()
    """Resources that must exist before the function is created, such as the permissions of its role."""


class Function(pulumi.ComponentResource):
    """A Python Lambda function. Every change is published as a version."""

    def target(self) -> FunctionTarget:
        """Return the function, or its alias, as the target of an AWS service."""
        return FunctionTarget(name=self.name, arn=self.target_arn, alias=self.qualifier)

    def __init__(self, name: str, args: FunctionArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tap:aws:Function", name, None, opts)
        self.settings = merge(BASIS.function, args.settings)
        # Create the log group first. Otherwise Lambda creates one without a retention period on the first invocation.
        self.log_group = aws.cloudwatch.LogGroup(
            f"{name}-logs",
            name=f"/aws/lambda/{args.name}",
            retention_in_days=self.settings.log_retention_days,
            kms_key_id=args.kms_key_arn,
            tags=args.tags,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.log_policy = None if args.role_name is None else self._log_policy(name, args, args.role_name)
        self.resource = self._function(name, args)
        self.alias = self._alias(name, args) if args.alias or self._requires_version() else None
        self.provisioned_concurrency = self._provisioned_concurrency(name, self.alias) if self.alias else None
        self.physical_name = args.name
        self.name = self.resource.name
        self.arn = self.resource.arn
        target = self.alias or self.resource
        self.target_arn = target.arn
        self.target_name = self.alias.arn if self.alias else self.name
        """ARN of the alias, or name of the function."""
        self.invoke_arn = target.invoke_arn
        self.qualifier = self.alias.name if self.alias else None
        self.register_outputs({"name": self.name, "arn": self.arn, "log_group_name": self.log_group.name})

    def _log_policy(self, name: str, args: FunctionArgs, role_name: pulumi.Input[str]) -> aws.iam.RolePolicy:
        statement = derive(iam.allow_log_actions, self.log_group.arn, args.log_actions)
        return aws.iam.RolePolicy(
            f"{name}-log-policy",
            name="logs",
            role=role_name,
            policy=pulumi.Output.json_dumps(statement.apply(lambda allowed: iam.policy_document([allowed]))),
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _requires_version(self) -> bool:
        return bool(self.settings.provisioned_concurrency or self.settings.snap_start)

    def _alias(self, name: str, args: FunctionArgs) -> aws.lambda_.Alias:
        codedeploy_properties = ["functionVersion", "routingConfig"]
        return aws.lambda_.Alias(
            f"{name}-alias",
            name=args.alias or DEFAULT_ALIAS,
            function_name=self.resource.name,
            function_version=self.resource.version,
            opts=pulumi.ResourceOptions(
                parent=self, ignore_changes=codedeploy_properties if args.alias_managed_by_codedeploy else None
            ),
        )

    def _provisioned_concurrency(
        self, name: str, alias: aws.lambda_.Alias
    ) -> aws.lambda_.ProvisionedConcurrencyConfig | None:
        if not self.settings.provisioned_concurrency:
            return None
        return aws.lambda_.ProvisionedConcurrencyConfig(
            f"{name}-started",
            function_name=self.resource.name,
            qualifier=alias.name,
            provisioned_concurrent_executions=self.settings.provisioned_concurrency,
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _function(self, name: str, args: FunctionArgs) -> aws.lambda_.Function:
        settings = self.settings
        logging: list[pulumi.Resource] = [self.log_group, *([self.log_policy] if self.log_policy else [])]
        return aws.lambda_.Function(
            f"{name}-function",
            name=args.name,
            role=args.role_arn,
            runtime=settings.runtime,
            architectures=[settings.architecture or ""],
            handler=args.handler,
            code=code_archive(args.files, args.paths),
            layers=args.layers or None,
            memory_size=settings.memory_mb,
            ephemeral_storage={"size": settings.ephemeral_storage_mb},
            timeout=settings.timeout_seconds,
            reserved_concurrent_executions=settings.reserved_concurrency,
            snap_start={"apply_on": "PublishedVersions"} if settings.snap_start else None,
            tracing_config={"mode": "Active" if settings.tracing else "PassThrough"},
            environment={"variables": args.environment} if args.environment else None,
            # Lambda stores no key for a function without variables, so every deployment would set the key again.
            kms_key_arn=args.kms_key_arn if args.environment else None,
            dead_letter_config={"target_arn": args.dead_letter_arn} if args.dead_letter_arn else None,
            vpc_config=_vpc_config(args),
            publish=True,
            tags=args.tags,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[*logging, *args.depends_on]),
        )


def _vpc_config(args: FunctionArgs) -> aws.lambda_.FunctionVpcConfigArgsDict | None:
    if not args.subnet_ids:
        return None
    return {"subnet_ids": args.subnet_ids, "security_group_ids": args.security_group_ids}
