"""Subnets of a VPC, and the AWS services that functions must reach from it."""

from __future__ import annotations

import ipaddress

from ..model import Grant, Service
from ..settings import NetworkSettings, invalid_value

SUBNET_BITS = 3
"""Number of bits of the subnet number in each half of a VPC. 8 subnets are more than a region has zones, so adding a
zone does not move existing subnets."""
GATEWAYS = ("dynamodb", "s3")
"""Services with gateway endpoints, which are free. All others have interface endpoints."""


def subnet_blocks(cidr_block: str, zones: int) -> tuple[list[str], list[str]]:
    """Return the CIDR blocks of the public and of the private subnets of a VPC, one of each per zone."""
    public, private = (
        [str(block) for block in half.subnets(SUBNET_BITS)][:zones]
        for half in ipaddress.IPv4Network(cidr_block).subnets()
    )
    return public, private


def grants_by_service(service: Service) -> dict[str, list[Grant]]:
    """Return the grants of the functions by AWS service, e.g. `dynamodb`."""
    resources = service.resources()
    grants: dict[str, list[Grant]] = {}
    for grant in service.grants():
        grants.setdefault(resources[grant.on].aws_service(), []).append(grant)
    return grants


def check_connectivity(service: Service, network: NetworkSettings) -> None:
    """Raise `ValueError` if a created VPC has no route to a service that the functions call."""
    called = ", ".join(sorted(grants_by_service(service).keys() - {*GATEWAYS}))
    if network.vpc == "create" and network.nat_gateways == "none" and not network.interface_endpoints and called:
        remedy = f"The functions call {called}. Set interface_endpoints to true, or nat_gateways to one or per-zone."
        raise invalid_value(
            "network.interface_endpoints", network.interface_endpoints, "true without NAT gateways", remedy
        )
