"""VPC flow logs of rejected connections."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pulumi
import pulumi_aws as aws

from ...documents import iam
from ...model.names import role_name_prefix, with_name_tag
from ...settings.environments import BASIS
from ..compute.role import Role, RoleArgs
from ..derived import derive


@dataclass(frozen=True, kw_only=True)
class FlowLogsArgs:
    """Arguments for `FlowLogs`."""

    name: str
    """`Name` tag of the flow log, and last part of the name of its log group."""
    vpc_id: pulumi.Input[str]
    account: pulumi.Input[str]
    """Account of the VPC."""
    log_retention_days: int | None = None
    """Retention of the log group. Default (None): the `dev` default."""
    kms_key_arn: pulumi.Input[str] | None = None
    """KMS key that encrypts the log group. Default (None): CloudWatch Logs encrypts it with its default key."""
    tags: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)


class FlowLogs(pulumi.ComponentResource):
    """A flow log, in CloudWatch Logs, of the connections that security groups and network ACLs of a VPC reject."""

    def __init__(self, name: str, args: FlowLogsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tap:aws:FlowLogs", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        self.log_group = aws.cloudwatch.LogGroup(
            f"{name}-logs",
            name=f"/aws/vpc/{args.name}",
            retention_in_days=args.log_retention_days or BASIS.function.log_retention_days,
            kms_key_id=args.kms_key_arn,
            tags=args.tags,
            opts=child,
        )
        self.role = Role(
            f"{name}-writer",
            RoleArgs(
                name_prefix=role_name_prefix(args.name),
                statements=[derive(iam.allow_flow_logs, self.log_group.arn)],
                trusted_service="vpc-flow-logs.amazonaws.com",
                source_account=args.account,
                managed_policies=(),
                tags=args.tags,
            ),
            child,
        )
        self.resource = aws.ec2.FlowLog(
            f"{name}-log",
            vpc_id=args.vpc_id,
            traffic_type="REJECT",
            log_destination=self.log_group.arn,
            iam_role_arn=self.role.arn,
            tags=with_name_tag(args.tags, args.name),
            opts=pulumi.ResourceOptions(parent=self, depends_on=self.role.permissions()),
        )
        self.register_outputs({"id": self.resource.id, "log_group_name": self.log_group.name})
