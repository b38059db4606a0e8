"""A Lambda function, the log group it writes to, and the alias it is called by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pulumi
import pulumi_aws as aws

from ...assets.lambda_archive import HANDLER
from ...documents import iam
from ...settings import FunctionSettings, merge
from ...settings.environments import BASIS
from ..derived import derive
from .code_archive import code_archive

DEFAULT_ALIAS = "live"


@dataclass(frozen=True, kw_only=True)
class FunctionArgs:
    """What a `Function` is made from."""

    name: str
    """The function's name in AWS."""
    role_arn: pulumi.Input[str]
    role_name: pulumi.Input[str] | None = None
    """Name of the same role, which gets permission to write to the function's log group. Default (None): the role
    already has that permission, such as from `iam.BASIC_EXECUTION`."""
    log_actions: Sequence[str] = iam.LOG_ACTIONS["write"]
    """Actions on the log group that `role_name` is allowed."""
    files: Mapping[str, str]
    """The archive: path to text."""
    layers: Sequence[pulumi.Input[str]] = ()
    """ARNs of versions of layers."""
    handler: str = HANDLER
    environment: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    dead_letter_arn: pulumi.Input[str] | None = None
    """The queue that gets calls nobody waits for and that failed for good; the role must be allowed to send to it."""
    kms_key_arn: pulumi.Input[str] | None = None
    """The key that encrypts its variables and its log; None: Lambda's own and CloudWatch's own."""
    subnet_ids: Sequence[pulumi.Input[str]] = ()
    """Subnets of a VPC in which it runs; its role must allow `iam.allow_vpc_access`. Empty: no VPC."""
    security_group_ids: Sequence[pulumi.Input[str]] = ()
    alias: str = ""
    """Of the version that is called; empty: the newest code is.  One is there, too, where executions are kept started
    or workers begin from a snapshot, which only versions can."""
    shifted: bool = False
    """Somebody else moves the alias to a new version: this leaves it where it is."""
    settings: FunctionSettings = field(default_factory=FunctionSettings)
    """What is not said here is as in `dev`."""
    tags: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    depends_on: Sequence[pulumi.Resource] = ()
    """What must stand before the function is called, such as its role's permissions."""


class Function(pulumi.ComponentResource):
    """A Python Lambda function whose every change is published as a version."""

    def __init__(self, name: str, args: FunctionArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tap:aws:Function", name, None, opts)
        self.settings = merge(BASIS.function, args.settings)
        # Made first: a function that logs before its group stands makes one that never forgets.
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
        self.alias = self._alias(name, args) if args.alias or self._started() else None
        self.provisioned = self._provisioned(name, self.alias) if self.alias else None
        self.physical_name = args.name
        self.name = self.resource.name
        self.arn = self.resource.arn
        called = self.alias or self.resource
        self.called_arn = called.arn
        self.called_as = self.alias.arn if self.alias else self.name
        self.invoke_arn = called.invoke_arn
        self.qualifier = self.alias.name if self.alias else None
        self.register_outputs({"name": self.name, "arn": self.arn, "log_group_name": self.log_group.name})

    def _log_policy(self, name: str, args: FunctionArgs, role_name: pulumi.Input[str]) -> aws.iam.RolePolicy:
        statement = derive(iam.allow_log_actions, self.log_group.arn, args.log_actions)
        return aws.iam.RolePolicy(
            f"{name}-log-policy",
            name="logs",
            role=role_name,
            policy=pulumi.Output.json_dumps(statement.apply(lambda found: iam.policy_document([found]))),
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _started(self) -> bool:
        return bool(self.settings.provisioned_concurrency or self.settings.snap_start)

    def _alias(self, name: str, args: FunctionArgs) -> aws.lambda_.Alias:
        return aws.lambda_.Alias(
            f"{name}-alias",
            name=args.alias or DEFAULT_ALIAS,
            function_name=self.resource.name,
            function_version=self.resource.version,
            opts=pulumi.ResourceOptions(
                parent=self, ignore_changes=["functionVersion", "routingConfig"] if args.shifted else None
            ),
        )

    def _provisioned(self, name: str, alias: aws.lambda_.Alias) -> aws.lambda_.ProvisionedConcurrencyConfig | None:
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
            handler=args.handler,
            code=code_archive(args.files),
            layers=args.layers or None,
            memory_size=settings.memory_mb,
            timeout=settings.timeout_seconds,
            reserved_concurrent_executions=settings.reserved_concurrency,
            snap_start={"apply_on": "PublishedVersions"} if settings.snap_start else None,
            tracing_config={"mode": "Active" if settings.tracing else "PassThrough"},
            environment={"variables": args.environment} if args.environment else None,
            # Lambda forgets it where there is nothing to encrypt, and it would be set again with every deployment.
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
