"""Controls of VPC."""

from __future__ import annotations

from collections.abc import Sequence

from ..control import Control
from ..graph import Link, Resource
from ..iam_documents import as_list

VPC = ("ec2.Vpc",)
ANYWHERE = {"0.0.0.0/0", "::/0"}
CIDR_PROPERTIES = ("cidrBlocks", "ipv6CidrBlocks", "cidrIpv4", "cidrIpv6")


def _includes_anywhere(rule: Resource) -> bool:
    return bool(ANYWHERE & {cidr for name in CIDR_PROPERTIES for cidr in as_list(rule.get(name))})


def _rules(resource: Resource, direction: str) -> list[Resource]:
    """Return the rules of a security group, or a rule resource as the only rule."""
    if resource.kind == "ec2.SecurityGroup":
        return resource.each(direction)
    return [resource] if resource.get("type", direction) == direction else []


def _restricts_ingress(resource: Resource, _: Sequence[Resource]) -> bool:
    return not any(map(_includes_anywhere, _rules(resource, "ingress")))


def _restricts_egress(resource: Resource, _: Sequence[Resource]) -> bool:
    rules = _rules(resource, "egress")
    return not any(
        _includes_anywhere(rule) and "-1" in (rule.get("protocol"), rule.get("ipProtocol")) for rule in rules
    )


def _has_no_rules(_: Resource, defaults: Sequence[Resource]) -> bool:
    return any(not group.is_set("ingress") and not group.is_set("egress") for group in defaults)


CONTROLS = (
    Control(
        ids=("EC2.2", "CKV2_AWS_12", "SEC05-BP02"),
        title="VPC default security groups should not allow inbound or outbound traffic",
        severity="high",
        kinds=VPC,
        related=Link(kind="ec2.DefaultSecurityGroup", property="vpcId"),
        is_compliant=_has_no_rules,
        remediation="Create an `ec2.DefaultSecurityGroup` without rules for the VPC.",
    ),
    Control(
        ids=("EC2.6", "CKV2_AWS_11", "SEC04-BP01"),
        title="VPCs should have flow logs enabled",
        severity="medium",
        kinds=VPC,
        related=Link(kind="ec2.FlowLog", property="vpcId"),
        is_compliant=lambda _, logs: bool(logs),
        remediation="Enable `network_flow_logs`.",
        other_remediation="Create an `ec2.FlowLog` for the `ec2.Vpc`.",
    ),
    Control(
        ids=("EC2.15", "CKV_AWS_130", "SEC05-BP01"),
        title="VPC subnets should not automatically assign public IP addresses",
        severity="medium",
        kinds=("ec2.Subnet",),
        is_compliant=lambda subnet, _: not subnet.is_set("mapPublicIpOnLaunch"),
        remediation="Set `mapPublicIpOnLaunch` of the `ec2.Subnet` to false.",
    ),
    Control(
        ids=(
            *("EC2.18", "EC2.19", "EC2.13", "EC2.14", "SEC05-BP02"),
            *("CKV_AWS_24", "CKV_AWS_25", "CKV_AWS_260", "CKV_AWS_277"),
        ),
        title="Security groups should not allow unrestricted inbound traffic",
        severity="high",
        kinds=("ec2.SecurityGroup", "ec2.SecurityGroupRule", "vpc.SecurityGroupIngressRule"),
        is_compliant=_restricts_ingress,
        remediation="List the allowed CIDR ranges or security groups in the inbound rule.",
    ),
    Control(
        ids=("CKV_AWS_382", "SEC05-BP02"),
        title="Security groups should not allow unrestricted outbound traffic",
        severity="low",
        kinds=("ec2.SecurityGroup", "ec2.SecurityGroupRule", "vpc.SecurityGroupEgressRule"),
        is_compliant=_restricts_egress,
        remediation="Set the allowed protocol and ports in the outbound rule.",
    ),
)
