"""What a network is like before it is made: its subnets, and what functions must reach through it."""

from __future__ import annotations

import ipaddress

from ..model import Grant, Parameter, Service, Table, Topic
from ..settings import NetworkSettings, invalid_value

PARTS = 3
"""How often a half of a VPC is halved: 8 subnets, which is more than a VPC can have zones, so that another zone moves
none that stands."""


def subnet_blocks(cidr_block: str, zones: int) -> tuple[list[str], list[str]]:
    """The public and the private subnets of a VPC, one of each for a zone."""
    public, private = (
        [str(block) for block in half.subnets(PARTS)][:zones] for half in ipaddress.IPv4Network(cidr_block).subnets()
    )
    return public, private


def calls(service: Service) -> dict[str, list[Grant]]:
    """What functions call, by AWS's name for it, and what for: nothing but what they are granted."""
    kinds: dict[str, tuple[Table | Topic | Parameter, ...]] = {
        "dynamodb": service.tables,
        "sns": service.topics,
        "ssm": service.parameters,
    }
    names = {one.name: kind for kind, those in kinds.items() for one in those}
    names |= {secret.name: secret.store for secret in service.secrets}
    found: dict[str, list[Grant]] = {}
    for grant in service.grants():
        found.setdefault(names[grant.on], []).append(grant)
    return found


def check_reach(service: Service, network: NetworkSettings) -> None:
    """Raise ValueError for a VPC that is made without a way to what functions call."""
    wanted = ", ".join(sorted(calls(service).keys() - {"dynamodb"}))
    if network.vpc == "create" and network.nat_gateways == "none" and not network.interface_endpoints and wanted:
        remedy = f"The functions call {wanted}. Set it to true, or set nat_gateways to one or per-zone."
        raise invalid_value(
            "network.interface_endpoints", network.interface_endpoints, "true without NAT gateways", remedy
        )
