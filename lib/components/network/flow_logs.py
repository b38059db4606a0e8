"""What a VPC refuses, in CloudWatch Logs."""

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
    """What `FlowLogs` are made from."""

    name: str
    """The `Name` of the flow log, and what its log group's name ends in."""
    vpc_id: pulumi.Input[str]
    account: pulumi.Input[str]
    """Whose VPC it is."""
    log_retention_days: int | None = None
    """None: as in `dev`."""
    kms_key_arn: pulumi.Input[str] | None = None
    """The key that encrypts them; None: CloudWatch's own."""
    tags: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)


class FlowLogs(pulumi.ComponentResource):
    """A record of every connection that a VPC's security groups and network ACLs refused."""

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
                statements=[derive(iam.flow_logs, self.log_group.arn)],
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
