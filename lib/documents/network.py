"""Subnets of a VPC, and the AWS services that functions must reach from it."""

from __future__ import annotations

import ipaddress

from ..model import Grant, Service, Statement
from ..settings import NetworkSettings, invalid_value

SUBNET_BITS = 3
"""Number of bits of the subnet number in each half of a VPC. 8 subnets are more than a region has zones, so adding a
zone does not move existing subnets."""
GATEWAYS = ("dynamodb", "s3")
"""Services with gateway endpoints, which are free. All others have interface endpoints."""
_SAME_NAMES = (
    *("athena", "codecommit", "codepipeline", "cognito-idp", "comprehend", "dynamodb", "ecs", "events", "execute-api"),
    *("firehose", "glue", "kms", "lambda", "logs", "mediaconvert", "polly", "rds-data", "redshift-data", "rekognition"),
    *("s3", "scheduler", "secretsmanager", "sns", "sqs", "ssm", "states", "sts", "textract", "transcribe", "translate"),
)
ENDPOINTS = {
    **{name: name for name in _SAME_NAMES},
    "bedrock": "bedrock-runtime",
    "cloudwatch": "monitoring",
    "kinesis": "kinesis-streams",
}
"""Names of VPC endpoints by the prefix of IAM actions. A service that is not listed is reached over a NAT gateway."""


def subnet_blocks(cidr_block: str, zones: int) -> tuple[list[str], list[str]]:
    """Return the CIDR blocks of the public and of the private subnets of a VPC, one of each per zone."""
    public, private = (
        [str(block) for block in half.subnets(SUBNET_BITS)][:zones]
        for half in ipaddress.IPv4Network(cidr_block).subnets()
    )
    return public, private


def grants_by_service(service: Service) -> dict[str, list[Grant | Statement]]:
    """Return the grants and the explicit statements of the functions by AWS service, e.g. `dynamodb`.

    A service is named as its VPC endpoint is. Services without a known endpoint are named as their IAM actions are.
    """
    resources = service.resources()
    permissions: dict[str, list[Grant | Statement]] = {}
    for grant in service.grants():
        permissions.setdefault(resources[grant.on].aws_service(), []).append(grant)
    for statement in service.statements():
        if statement.is_called:
            permissions.setdefault(ENDPOINTS.get(statement.service, statement.service), []).append(statement)
    return permissions


def has_endpoint(name: str) -> bool:
    """Return whether an AWS service, as `grants_by_service` names it, has a known VPC endpoint."""
    return name in (*GATEWAYS, *ENDPOINTS.values())


def check_connectivity(service: Service, network: NetworkSettings) -> None:
    """Raise `ValueError` if a created VPC has no route to a service or an issuer that the functions call."""
    if network.vpc != "create" or network.nat_gateways != "none":
        return
    if service.authorizers:
        remedy = (
            f"The authorizer {service.authorizers[0].name!r} reads the public keys of its issuer over the internet."
        )
        expected = "one or per-zone with a JwtAuthorizer"
        raise invalid_value("network.nat_gateways", network.nat_gateways, expected, remedy)
    called = sorted(grants_by_service(service).keys() - {*GATEWAYS})
    if unreachable := [name for name in called if not has_endpoint(name)]:
        remedy = f"The functions call {', '.join(unreachable)}, for which the stack creates no VPC endpoint."
        raise invalid_value("network.nat_gateways", network.nat_gateways, "one or per-zone", remedy)
    if called and not network.interface_endpoints:
        field_name, value = "network.interface_endpoints", network.interface_endpoints
        calls = f"The functions call {', '.join(called)}."
        remedy = f"{calls} Set interface_endpoints to true, or nat_gateways to one or per-zone."
        raise invalid_value(field_name, value, "true without NAT gateways", remedy)
