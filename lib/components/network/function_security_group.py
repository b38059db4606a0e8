"""The security group of functions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pulumi
import pulumi_aws as aws

from ...model.names import named

ANYWHERE = "0.0.0.0/0"
TLS: dict[str, Any] = {"ip_protocol": "tcp", "from_port": 443, "to_port": 443}
"""All that any rule lets through; a VPC's own DNS passes by security groups."""


@dataclass(frozen=True, kw_only=True)
class FunctionGroupArgs:
    """What a `FunctionGroup` is made from."""

    name: str
    """Its `Name`, and how its name in AWS begins."""
    vpc_id: pulumi.Input[str]
    prefix_list_ids: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    """The addresses of what functions reach through gateway endpoints, by its name."""
    group_ids: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    """The security groups of what they reach in the VPC, which are made to let them in, by its name."""
    anywhere: bool = False
    """They reach whatever the routes of their subnets lead to."""
    tags: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)


class FunctionGroup(pulumi.ComponentResource):
    """A security group out of which TLS passes to a few places, and into which nothing does: Lambda needs no way in."""

    def __init__(self, name: str, args: FunctionGroupArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tap:aws:FunctionGroup", name, None, opts)
        self._prefix, self._args = name, args
        self._child = pulumi.ResourceOptions(parent=self)
        self.resource = aws.ec2.SecurityGroup(
            f"{name}-group",
            name_prefix=f"{args.name}-",
            vpc_id=args.vpc_id,
            description="Lambda functions",
            tags=named(args.tags, args.name),
            opts=self._child,
        )
        self.id = self.resource.id
        self.out = [
            *(self._out(to, prefix_list_id=id_) for to, id_ in args.prefix_list_ids.items()),
            *(self._out(to, referenced_security_group_id=id_) for to, id_ in args.group_ids.items()),
            *(self._out(to, cidr_ipv4=ANYWHERE) for to in ["anywhere"] * args.anywhere),
        ]
        self.into = [self._into(to, id_) for to, id_ in args.group_ids.items()]
        self.register_outputs({"id": self.id})

    def _out(self, to: str, **peer: Any) -> aws.vpc.SecurityGroupEgressRule:
        return aws.vpc.SecurityGroupEgressRule(
            f"{self._prefix}-to-{to}",
            security_group_id=self.id,
            description=f"HTTPS to {to}",
            **TLS,
            **peer,
            tags=named(self._args.tags, f"{self._args.name}-to-{to}"),
            opts=self._child,
        )

    def _into(self, to: str, group_id: pulumi.Input[str]) -> aws.vpc.SecurityGroupIngressRule:
        return aws.vpc.SecurityGroupIngressRule(
            f"{self._prefix}-into-{to}",
            security_group_id=group_id,
            description="HTTPS from functions",
            **TLS,
            referenced_security_group_id=self.id,
            tags=named(self._args.tags, f"{self._args.name}-into-{to}"),
            opts=self._child,
        )
