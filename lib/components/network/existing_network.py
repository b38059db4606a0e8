"""A network that stands already."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pulumi

from .function_security_group import FunctionGroup, FunctionGroupArgs


@dataclass(frozen=True, kw_only=True)
class ExistingNetworkArgs:
    """The arguments of an `ExistingNetwork`."""

    name: str
    """How the `Name` of its security group begins, where one is made."""
    vpc_id: str
    private_subnet_ids: Sequence[str]
    security_group_ids: Sequence[str] = ()
    """Of functions; none: one is made."""
    tags: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)


class ExistingNetwork(pulumi.ComponentResource):
    """A VPC of somebody else's, who sees to its routes and endpoints; functions may call whatever those lead to."""

    def __init__(self, name: str, args: ExistingNetworkArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tap:aws:ExistingNetwork", name, None, opts)
        self.vpc_id = args.vpc_id
        self.private_subnet_ids = args.private_subnet_ids
        self.group = None if args.security_group_ids else self._group(name, args)
        self.security_group_ids = [self.group.id] if self.group else args.security_group_ids
        self.register_outputs({"vpc_id": self.vpc_id, "security_group_ids": self.security_group_ids})

    def _group(self, name: str, args: ExistingNetworkArgs) -> FunctionGroup:
        return FunctionGroup(
            f"{name}-functions",
            FunctionGroupArgs(name=f"{args.name}-functions", vpc_id=args.vpc_id, anywhere=True, tags=args.tags),
            pulumi.ResourceOptions(parent=self),
        )
