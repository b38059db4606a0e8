"""The security group of the functions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pulumi
import pulumi_aws as aws

from ...model.names import with_name_tag

ANYWHERE = "0.0.0.0/0"
TLS: dict[str, Any] = {"ip_protocol": "tcp", "from_port": 443, "to_port": 443}
"""Protocol and port of all rules. Security groups do not filter traffic to the Amazon DNS server of the VPC."""


@dataclass(frozen=True, kw_only=True)
class FunctionSecurityGroupArgs:
    """Arguments for `FunctionSecurityGroup`."""

    name: str
    """`Name` tag, and prefix of the physical name."""
    vpc_id: pulumi.Input[str]
    prefix_list_ids: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    """Prefix lists of the gateway endpoints that functions can reach, by label."""
    group_ids: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    """Security groups in the VPC that functions can reach, by label. An ingress rule for the functions is added to
    each."""
    anywhere: bool = False
    """Whether TLS egress to all destinations is allowed."""
    tags: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)


class FunctionSecurityGroup(pulumi.ComponentResource):
    """A security group that allows TLS egress to a few destinations, and no ingress, which Lambda does not need."""

    def __init__(self, name: str, args: FunctionSecurityGroupArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tap:aws:FunctionGroup", name, None, opts)
        self._prefix, self._args = name, args
        self._child = pulumi.ResourceOptions(parent=self)
        self.resource = aws.ec2.SecurityGroup(
            f"{name}-group",
            name_prefix=f"{args.name}-",
            vpc_id=args.vpc_id,
            description="Lambda functions",
            tags=with_name_tag(args.tags, args.name),
            opts=self._child,
        )
        self.id = self.resource.id
        self.egress = [
            *(self._egress(label, prefix_list_id=id_) for label, id_ in args.prefix_list_ids.items()),
            *(self._egress(label, referenced_security_group_id=id_) for label, id_ in args.group_ids.items()),
            *(self._egress(label, cidr_ipv4=ANYWHERE) for label in ["anywhere"] * args.anywhere),
        ]
        self.ingress = [self._ingress(label, id_) for label, id_ in args.group_ids.items()]
        self.register_outputs({"id": self.id})

    def _egress(self, label: str, **peer: Any) -> aws.vpc.SecurityGroupEgressRule:
        return aws.vpc.SecurityGroupEgressRule(
            f"{self._prefix}-to-{label}",
            security_group_id=self.id,
            description=f"HTTPS to {label}",
            **TLS,
            **peer,
            tags=with_name_tag(self._args.tags, f"{self._args.name}-to-{label}"),
            opts=self._child,
        )

    def _ingress(self, label: str, group_id: pulumi.Input[str]) -> aws.vpc.SecurityGroupIngressRule:
        return aws.vpc.SecurityGroupIngressRule(
            f"{self._prefix}-into-{label}",
            security_group_id=group_id,
            description="HTTPS from functions",
            **TLS,
            referenced_security_group_id=self.id,
            tags=with_name_tag(self._args.tags, f"{self._args.name}-into-{label}"),
            opts=self._child,
        )
