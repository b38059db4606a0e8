"""Network of the functions."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from .base import SettingsGroup, between, boolean, invalid_value, matching, one_of, setting, unique_tuple


def _is_cidr(value: Any) -> bool:
    try:
        return isinstance(value, str) and 16 <= ipaddress.IPv4Network(value).prefixlen <= 24
    except ValueError:
        return False


@dataclass(frozen=True, kw_only=True)
class NetworkSettings(SettingsGroup):
    """Settings of the VPC of functions."""

    vpc: str | None = setting(
        matching(r"none|create|vpc-[0-9a-f]{8,17}", "one of none, create, or the ID of a VPC, such as vpc-0a1b2c3d")
    )
    """VPC of the functions: `create` creates one, `none` runs functions outside a VPC, and an ID selects an existing
    VPC."""
    cidr_block: str | None = setting((_is_cidr, "a CIDR block from /16 to /24, such as 10.0.0.0/16"))
    """CIDR block of a created VPC. Half of it is for private subnets."""
    zones: int | None = setting(between(2, 6, "availability zones"))
    """Number of availability zones of a created VPC."""
    nat_gateways: Literal["none", "one", "per-zone"] | None = setting(one_of("none", "one", "per-zone"))
    """NAT gateways of a created VPC, through which functions access the internet: `none`, `one`, or one in each
    zone."""
    interface_endpoints: bool | None = setting(boolean())
    """Whether a created VPC has interface endpoints in every zone for the AWS services that functions call."""
    flow_logs: bool | None = setting(boolean())
    """Whether flow logs record rejected connections of a created VPC in CloudWatch Logs."""
    private_subnet_ids: tuple[str, ...] | None = setting(
        unique_tuple(r"subnet-[0-9a-f]{8,17}", "subnet IDs, such as subnet-0a1b2c3d")
    )
    """Private subnets of an existing VPC for the functions."""
    security_group_ids: tuple[str, ...] | None = setting(
        unique_tuple(r"sg-[0-9a-f]{8,17}", "security group IDs, such as sg-0a1b2c3d")
    )
    """Security groups of functions in an existing VPC. If empty, the stack creates one."""

    SECTION: ClassVar[str] = "network"

    def uses_vpc(self) -> bool:
        """Whether functions run in a VPC."""
        return (self.vpc or "none") != "none"


def check_network(network: NetworkSettings) -> None:
    """Raise `ValueError` for an existing VPC without subnets, and for settings that require an existing VPC."""
    is_existing = network.uses_vpc() and network.vpc != "create"
    if is_existing and not network.private_subnet_ids:
        remedy = "Set private_subnet_ids to the subnets of the functions."
        raise invalid_value("network.vpc", network.vpc, "a VPC with private subnets", remedy)
    for name in ("private_subnet_ids", "security_group_ids"):
        if getattr(network, name) and not is_existing:
            expected = f"empty with network.vpc {network.vpc or 'none'}"
            remedy = f"Set network.vpc to the ID of the existing VPC, or remove {name}."
            raise invalid_value(f"network.{name}", getattr(network, name), expected, remedy)
