"""The VPC of functions."""

from __future__ import annotations

import json
from typing import Any

import pulumi
import pytest

from lib.components.network.network import Network, NetworkArgs
from lib.components.network.vpc import first_zones
from lib.documents import iam
from lib.program.recorder import Deployment, record
from lib.settings import NetworkSettings

from ..support.builders import a_service
from ..support.programs import stacked

STATEMENTS = {
    "dynamodb": [iam.allow("dynamodb", ["GetItem"], ["arn:table"])],
    "sns": [iam.allow("sns", ["Publish"], ["arn:topic"])],
}


def a_network(statements: Any = None, **settings: Any) -> Deployment:
    """Record a network without a stack."""
    args = NetworkArgs(
        name="post", statements=STATEMENTS if statements is None else statements, settings=NetworkSettings(**settings)
    )
    return record(lambda: Network("post", args))


@pytest.fixture(name="plain", scope="module")
def plain_network() -> Deployment:
    """Record a network with default settings."""
    return a_network()


def by_name_tag(deployment: Deployment, kind: str) -> dict[str, dict[str, Any]]:
    """Return the inputs of the resources of a kind by their `Name` tag."""
    return {inputs["tags"]["Name"]: inputs for inputs in deployment.inputs(kind).values()}


def allowed(deployment: Deployment, direction: str) -> dict[str, dict[str, str]]:
    """Return the peers of the security group rules by logical name. Assert that all rules are for TLS."""
    rules = deployment.inputs(f"vpc.SecurityGroup{direction}Rule")
    for rule in rules.values():
        assert (rule["ipProtocol"], rule["fromPort"], rule["toPort"]) == ("tcp", 443, 443)
    peers = ("securityGroupId", "prefixListId", "referencedSecurityGroupId", "cidrIpv4")
    return {name: {key: rule[key] for key in peers if key in rule} for name, rule in rules.items()}


def test_vpc_has_a_public_and_a_private_subnet_in_each_zone(plain: Deployment) -> None:
    assert plain.single("ec2.Vpc").inputs["cidrBlock"] == "10.0.0.0/16"
    assert plain.single("ec2.Vpc").inputs["enableDnsHostnames"]
    assert {name: (s["cidrBlock"], s["availabilityZone"]) for name, s in by_name_tag(plain, "ec2.Subnet").items()} == {
        "post-public-1": ("10.0.0.0/20", "zone-a"),
        "post-public-2": ("10.0.16.0/20", "zone-b"),
        "post-private-1": ("10.0.128.0/20", "zone-a"),
        "post-private-2": ("10.0.144.0/20", "zone-b"),
    }
    assert not any(subnet["mapPublicIpOnLaunch"] for subnet in plain.inputs("ec2.Subnet").values())


def test_region_with_too_few_zones_is_rejected() -> None:
    assert first_zones(["a", "b", "c"], 2) == ["a", "b"]
    assert first_zones(None, 2) == ["", ""]
    with pytest.raises(ValueError, match=r"network\.zones must be at most 3, got 4\. .*: zone-a, zone-b, zone-c\."):
        a_network(zones=4)


def test_default_security_group_has_no_rules(plain: Deployment) -> None:
    group = plain.single("ec2.DefaultSecurityGroup").inputs
    assert group["vpcId"] == "post-vpc-vpc-id"
    assert group.keys().isdisjoint({"ingress", "egress"})


def test_vpc_without_nat_has_no_route_to_the_internet(plain: Deployment) -> None:
    assert not any(map(plain.by_kind, ("ec2.InternetGateway", "ec2.Route", "ec2.NatGateway", "ec2.Eip")))
    assert by_name_tag(plain, "ec2.RouteTable").keys() == {"post-private-1", "post-private-2"}
    assert "cidrIpv4" not in {key for peer in allowed(plain, "Egress").values() for key in peer}


def test_functions_can_reach_only_endpoints(plain: Deployment) -> None:
    functions = {"securityGroupId": "post-functions-group-id"}
    assert allowed(plain, "Egress") == {
        "post-functions-to-dynamodb": {**functions, "prefixListId": "prefixListId:post-endpoint-dynamodb"},
        "post-functions-to-s3": {**functions, "prefixListId": "prefixListId:post-endpoint-s3"},
        "post-functions-to-endpoints": {**functions, "referencedSecurityGroupId": "post-endpoint-group-id"},
    }


def test_only_functions_can_reach_endpoints_and_functions_have_no_ingress(plain: Deployment) -> None:
    assert list(allowed(plain, "Ingress").values()) == [
        {"securityGroupId": "post-endpoint-group-id", "referencedSecurityGroupId": "post-functions-group-id"}
    ]


@pytest.mark.parametrize(
    ("statements", "settings"),
    [({"dynamodb": STATEMENTS["dynamodb"]}, {}), (STATEMENTS, {"interface_endpoints": False})],
    ids=["functions call only tables", "disabled"],
)
@pytest.mark.untraced
def test_network_without_interface_endpoints_has_no_security_group_for_them(statements: Any, settings: Any) -> None:
    deployment = a_network(statements, **settings)
    assert deployment.by_kind("ec2.VpcEndpoint").keys() == {"post-endpoint-dynamodb", "post-endpoint-s3"}
    assert deployment.by_kind("ec2.SecurityGroup").keys() == {"post-functions-group"}
    assert not allowed(deployment, "Ingress")


@pytest.mark.untraced
def test_network_without_tables_has_no_dynamodb_endpoint() -> None:
    assert a_network({}).by_kind("ec2.VpcEndpoint").keys() == {"post-endpoint-s3"}


@pytest.mark.untraced
def test_flow_logs_can_be_disabled() -> None:
    assert not any(map(a_network(flow_logs=False).by_kind, ("ec2.FlowLog", "cloudwatch.LogGroup", "iam.Role")))


def test_functions_are_created_after_routes_endpoints_and_security_group_rules(production: Deployment) -> None:
    kinds = (
        "ec2.Route",
        "ec2.RouteTableAssociation",
        "ec2.VpcEndpoint",
        "vpc.SecurityGroupEgressRule",
        "vpc.SecurityGroupIngressRule",
    )
    routing = {name for kind in kinds for name in production.by_kind(kind)}
    for function in production.by_kind("lambda.Function").values():
        assert routing <= {*function.depends_on}


@pytest.mark.untraced
def test_removal_of_the_network_changes_only_functions_and_their_roles() -> None:
    network = NetworkSettings(vpc="create", flow_logs=False)
    inside, outside = record(stacked(network=network)), record(stacked())
    absent = {"nat_gateway_ids", "nat_public_ips", "flow_log_group_name"}
    assert absent.isdisjoint(inside.stack_outputs())
    before, after = ({r.urn: r.inputs for r in deployment.registered} for deployment in (inside, outside))
    assert not {urn for urn in before.keys() - after.keys() if "Network" not in urn}
    assert not after.keys() - before.keys()
    changed = {urn.split("::")[-1] for urn in after if _comparable(before[urn]) != _comparable(after[urn])}
    assert changed == {f"post-{function}-{kind}" for function in ("desk", "sweep") for kind in ("function", "policy")}


def _comparable(inputs: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in inputs.items() if not isinstance(value, pulumi.Archive)}


@pytest.mark.untraced
def test_networks_of_two_services_with_the_same_name_pattern_have_different_names() -> None:
    services = [a_service(api_type=f"{kind}-api") for kind in ("counter", "yard")]
    first, second = (record(stacked(service=service, network=NetworkSettings(vpc="create"))) for service in services)
    assert set(by_name_tag(first, "ec2.Vpc")).isdisjoint(by_name_tag(second, "ec2.Vpc"))


def test_endpoint_policies_contain_explicit_statements() -> None:
    statements = {
        name: [{"Effect": "Allow", "Action": [f"{name}:Act"], "Resource": "arn:a"}] for name in ("sqs", "ses", "s3")
    }
    endpoints = a_network(statements).inputs("ec2.VpcEndpoint")
    actions = {
        inputs["serviceName"].rpartition(".")[2]: [
            action for statement in json.loads(inputs["policy"])["Statement"] for action in statement["Action"]
        ]
        for inputs in endpoints.values()
    }
    assert actions.keys() == {"s3", "sqs"}
    assert actions["sqs"] == ["sqs:Act"]
    assert "s3:GetObject" in actions["s3"]
    assert "s3:Act" in actions["s3"]
