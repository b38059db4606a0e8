"""An existing VPC and its private subnets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pulumi

from .function_security_group import FunctionSecurityGroup, FunctionSecurityGroupArgs


@dataclass(frozen=True, kw_only=True)
class ExistingNetworkArgs:
    """Arguments for `ExistingNetwork`."""

    name: str
    """Prefix of the `Name` tag of the security group."""
    vpc_id: str
    private_subnet_ids: Sequence[str]
    security_group_ids: Sequence[str] = ()
    """Security groups of the functions. Default (empty): a security group is created."""
    tags: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)


class ExistingNetwork(pulumi.ComponentResource):
    """A VPC with routes and endpoints that are managed outside of this stack. Functions can reach all of them."""

    def __init__(self, name: str, args: ExistingNetworkArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tap:aws:ExistingNetwork", name, None, opts)
        self.vpc_id = args.vpc_id
        self.private_subnet_ids = args.private_subnet_ids
        self.group = None if args.security_group_ids else self._group(name, args)
        self.security_group_ids = [self.group.id] if self.group else args.security_group_ids
        self.register_outputs({"vpc_id": self.vpc_id, "security_group_ids": self.security_group_ids})

    def _group(self, name: str, args: ExistingNetworkArgs) -> FunctionSecurityGroup:
        return FunctionSecurityGroup(
            f"{name}-functions",
            FunctionSecurityGroupArgs(name=f"{args.name}-functions", vpc_id=args.vpc_id, anywhere=True, tags=args.tags),
            pulumi.ResourceOptions(parent=self),
        )
