"""A VPC with subnets and route tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pulumi
import pulumi_aws as aws

from ...documents.network import subnet_blocks
from ...model.names import with_name_tag
from ...settings import NetworkSettings, invalid_value, merge
from ...settings.environments import BASIS


@dataclass(frozen=True, kw_only=True)
class VpcArgs:
    """Arguments for `Vpc`."""

    name: str
    """`Name` tag of the VPC, and prefix of the `Name` tags of its resources."""
    settings: NetworkSettings = field(default_factory=NetworkSettings)
    """Unset fields use the `dev` defaults."""
    tags: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)


class Vpc(pulumi.ComponentResource):
    """A VPC with a public and a private subnet in each of several Availability Zones, without any routes to the
    outside."""

    def __init__(self, name: str, args: VpcArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tap:aws:Vpc", name, None, opts)
        self._prefix, self._args = name, args
        self._child = pulumi.ResourceOptions(parent=self)
        settings = merge(BASIS.network, args.settings)
        self.resource = aws.ec2.Vpc(
            f"{name}-vpc",
            cidr_block=settings.cidr_block,
            enable_dns_support=True,
            enable_dns_hostnames=True,  # Required for the private DNS names of endpoints.
            tags=with_name_tag(args.tags, args.name),
            opts=self._child,
        )
        self.id = self.resource.id
        # AWS assigns the default security group to resources without another one. Managing it removes its rules, which
        # allow traffic.
        self.default_group = aws.ec2.DefaultSecurityGroup(
            f"{name}-default", vpc_id=self.id, tags=with_name_tag(args.tags, f"{args.name}-default"), opts=self._child
        )
        self.zones = self._zones(settings.zones or 0)
        public, private = subnet_blocks(settings.cidr_block or "", settings.zones or 0)
        self.public = self._subnets("public", public)
        self.private = self._subnets("private", private)
        self.route_tables = [self._route_table(number) for number, _ in enumerate(self.private, 1)]
        """Route tables of the private subnets, one per subnet."""
        self.associations = [
            aws.ec2.RouteTableAssociation(
                f"{name}-private-{number}", subnet_id=subnet.id, route_table_id=table.id, opts=self._child
            )
            for number, (subnet, table) in enumerate(zip(self.private, self.route_tables, strict=True), 1)
        ]
        self.register_outputs({"id": self.id, "private_subnet_ids": [subnet.id for subnet in self.private]})

    def _zones(self, count: int) -> list[pulumi.Output[str]]:
        """Return the names of the first Availability Zones of the region, without Local and Wavelength Zones."""
        result = aws.get_availability_zones_output(
            filters=[{"name": "zone-type", "values": ["availability-zone"]}],
            opts=pulumi.InvokeOutputOptions(parent=self),
        )
        names = result.names.apply(lambda names: first_zones(names, count))
        return [names[number] for number in range(count)]

    def _subnets(self, kind: str, blocks: Sequence[str]) -> list[aws.ec2.Subnet]:
        return [
            aws.ec2.Subnet(
                f"{self._prefix}-{kind}-{number}",
                vpc_id=self.id,
                cidr_block=block,
                availability_zone=zone,
                map_public_ip_on_launch=False,
                tags=with_name_tag(self._args.tags, f"{self._args.name}-{kind}-{number}"),
                # If AWS adds or hides a zone, existing subnets must not be replaced.
                opts=pulumi.ResourceOptions(parent=self, ignore_changes=["availabilityZone"]),
            )
            for number, (block, zone) in enumerate(zip(blocks, self.zones, strict=True), 1)
        ]

    def _route_table(self, number: int) -> aws.ec2.RouteTable:
        return aws.ec2.RouteTable(
            f"{self._prefix}-private-{number}-routes",
            vpc_id=self.id,
            tags=with_name_tag(self._args.tags, f"{self._args.name}-private-{number}"),
            opts=self._child,
        )


def first_zones(zones: Sequence[str] | None, count: int) -> list[str]:
    """Return the first `count` zones, or as many empty strings if `zones` is unset, as in unit tests with mocks.

    Raise `ValueError` if the region has fewer zones.
    """
    if zones is None:
        return [""] * count
    if len(zones) < count:
        remedy = f"Available zones of the region: {', '.join(zones)}."
        raise invalid_value("network.zones", count, f"at most {len(zones)}", remedy)
    return list(zones[:count])
