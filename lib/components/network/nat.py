"""NAT gateways that connect private subnets to the internet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pulumi
import pulumi_aws as aws

from ...model.names import with_name_tag
from .function_security_group import ANYWHERE


@dataclass(frozen=True, kw_only=True)
class NatArgs:
    """Arguments for `Nat`."""

    name: str
    """Prefix of the `Name` tags of the resources."""
    vpc_id: pulumi.Input[str]
    public_subnet_ids: Sequence[pulumi.Input[str]]
    private_route_table_ids: Sequence[pulumi.Input[str]]
    """Private route table of each Availability Zone, in the order of the public subnets."""
    gateways: int = 1
    """Number of NAT gateways, at most one per Availability Zone. Zones without a NAT gateway share the others."""
    tags: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)


class Nat(pulumi.ComponentResource):
    """NAT gateways with Elastic IP addresses. Private subnets can reach the internet, but not the reverse."""

    def __init__(self, name: str, args: NatArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tap:aws:Nat", name, None, opts)
        self._prefix, self._args = name, args
        self._child = pulumi.ResourceOptions(parent=self)
        self.internet = aws.ec2.InternetGateway(
            f"{name}-internet", vpc_id=args.vpc_id, tags=with_name_tag(args.tags, args.name), opts=self._child
        )
        self.route_table = aws.ec2.RouteTable(
            f"{name}-routes", vpc_id=args.vpc_id, tags=with_name_tag(args.tags, f"{args.name}-public"), opts=self._child
        )
        self.associations = [
            aws.ec2.RouteTableAssociation(
                f"{name}-public-{number}", subnet_id=subnet, route_table_id=self.route_table.id, opts=self._child
            )
            for number, subnet in enumerate(args.public_subnet_ids, 1)
        ]
        self.route = self._route("public", self.route_table.id, gateway_id=self.internet.id)
        pairs = [
            self._gateway(number, subnet) for number, subnet in enumerate(args.public_subnet_ids[: args.gateways], 1)
        ]
        self.addresses = [address for address, _ in pairs]
        self.gateways = [gateway for _, gateway in pairs]
        self.private_routes = [
            self._route(f"private-{number + 1}", table, nat_gateway_id=self.gateways[number % len(pairs)].id)
            for number, table in enumerate(args.private_route_table_ids)
        ]
        self.register_outputs({"public_ips": [address.public_ip for address in self.addresses]})

    def _route(self, kind: str, route_table_id: pulumi.Input[str], **target: pulumi.Input[str]) -> aws.ec2.Route:
        return aws.ec2.Route(
            f"{self._prefix}-{kind}-route",
            route_table_id=route_table_id,
            destination_cidr_block=ANYWHERE,
            **target,
            opts=self._child,
        )

    def _gateway(self, number: int, subnet_id: pulumi.Input[str]) -> tuple[aws.ec2.Eip, aws.ec2.NatGateway]:
        tags = with_name_tag(self._args.tags, f"{self._args.name}-nat-{number}")
        # Elastic IP addresses and NAT gateways require a route to the internet.
        opts = pulumi.ResourceOptions(parent=self, depends_on=[self.internet, self.route])
        address = aws.ec2.Eip(f"{self._prefix}-{number}-address", domain="vpc", tags=tags, opts=opts)
        gateway = aws.ec2.NatGateway(
            f"{self._prefix}-{number}-gateway",
            allocation_id=address.id,
            subnet_id=subnet_id,
            tags=tags,
            opts=opts,
        )
        return address, gateway
