"""VPC."""

from __future__ import annotations

from collections.abc import Sequence

from ..control import Control
from ..graph import Link, Resource
from ..iam_documents import listed

VPC = ("ec2.Vpc",)
WORLD = {"0.0.0.0/0", "::/0"}
RANGES = ("cidrBlocks", "ipv6CidrBlocks", "cidrIpv4", "cidrIpv6")


def _opens(rule: Resource) -> bool:
    return bool(WORLD & {cidr for name in RANGES for cidr in listed(rule.get(name))})


def _rules(resource: Resource, direction: str) -> list[Resource]:
    """Those of a group, or the one that a resource is."""
    if resource.kind == "ec2.SecurityGroup":
        return resource.each(direction)
    return [resource] if resource.get("type", direction) == direction else []


def _lets_few_in(resource: Resource, _: Sequence[Resource]) -> bool:
    return not any(map(_opens, _rules(resource, "ingress")))


def _lets_something_out(resource: Resource, _: Sequence[Resource]) -> bool:
    rules = _rules(resource, "egress")
    return not any(_opens(rule) and "-1" in (rule.get("protocol"), rule.get("ipProtocol")) for rule in rules)


def _lets_nothing_through(_: Resource, defaults: Sequence[Resource]) -> bool:
    return any(not group.given("ingress") and not group.given("egress") for group in defaults)


CONTROLS = (
    Control(
        ids=("EC2.2", "CKV2_AWS_12", "SEC05-BP02"),
        title="The default security group of a VPC lets nothing through",
        severity="high",
        kinds=VPC,
        beside=Link(kind="ec2.DefaultSecurityGroup", property="vpcId"),
        holds=_lets_nothing_through,
        remedy="Make an `ec2.DefaultSecurityGroup` without rules for the VPC.",
    ),
    Control(
        ids=("EC2.6", "CKV2_AWS_11", "SEC04-BP01"),
        title="A VPC logs its traffic",
        severity="medium",
        kinds=VPC,
        beside=Link(kind="ec2.FlowLog", property="vpcId"),
        holds=lambda _, logs: bool(logs),
        remedy="Set `network_flow_logs`.",
    ),
    Control(
        ids=("EC2.15", "CKV_AWS_130", "SEC05-BP01"),
        title="A subnet gives nothing a public address by itself",
        severity="medium",
        kinds=("ec2.Subnet",),
        holds=lambda subnet, _: not subnet.given("mapPublicIpOnLaunch"),
        remedy="Leave the `mapPublicIpOnLaunch` of the `ec2.Subnet` false.",
    ),
    Control(
        ids=(
            *("EC2.18", "EC2.19", "EC2.13", "EC2.14", "SEC05-BP02"),
            *("CKV_AWS_24", "CKV_AWS_25", "CKV_AWS_260", "CKV_AWS_277"),
        ),
        title="No security group lets all the world in",
        severity="high",
        kinds=("ec2.SecurityGroup", "ec2.SecurityGroupRule", "vpc.SecurityGroupIngressRule"),
        holds=_lets_few_in,
        remedy="Name in the rule the ranges or the security groups that may come in.",
    ),
    Control(
        ids=("CKV_AWS_382", "SEC05-BP02"),
        title="No security group lets everything out",
        severity="low",
        kinds=("ec2.SecurityGroup", "ec2.SecurityGroupRule", "vpc.SecurityGroupEgressRule"),
        holds=_lets_something_out,
        remedy="Name in the rule the protocol and the ports that may go out.",
    ),
)
