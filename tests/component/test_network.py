"""The network of functions."""

from __future__ import annotations

import json
from typing import Any

import pulumi
import pytest

from lib.components.network.existing_network import ExistingNetwork, ExistingNetworkArgs
from lib.components.network.network import Network, NetworkArgs
from lib.components.network.vpc import first
from lib.documents import iam
from lib.program.recorder import Deployment, record
from lib.settings import NetworkSettings

from ..support.builders import a_service
from ..support.programs import stacked

STATEMENTS = {
    "dynamodb": [iam.allow("dynamodb", ["GetItem"], ["arn:table"])],
    "sns": [iam.allow("sns", ["Publish"], ["arn:topic"])],
}
STANDING = NetworkSettings(vpc="vpc-0a1b2c3d", private_subnet_ids=("subnet-0a1b2c3d", "subnet-0a1b2c3e"))


def a_network(statements: Any = None, **settings: Any) -> Deployment:
    """What a network registers that is made by itself."""
    args = NetworkArgs(
        name="post", statements=STATEMENTS if statements is None else statements, settings=NetworkSettings(**settings)
    )
    return record(lambda: Network("post", args))


@pytest.fixture(name="plain", scope="module")
def a_plain_network() -> Deployment:
    """One of which nothing was said."""
    return a_network()


def named(made: Deployment, kind: str) -> dict[str, dict[str, Any]]:
    """The inputs of every resource of a kind by the name in its tags."""
    return {inputs["tags"]["Name"]: inputs for inputs in made.inputs(kind).values()}


def allowed(made: Deployment, direction: str) -> dict[str, dict[str, str]]:
    """Whom the rules of security groups are for, by their names; all of them are for TLS."""
    rules = made.inputs(f"vpc.SecurityGroup{direction}Rule")
    for rule in rules.values():
        assert (rule["ipProtocol"], rule["fromPort"], rule["toPort"]) == ("tcp", 443, 443)
    peers = ("securityGroupId", "prefixListId", "referencedSecurityGroupId", "cidrIpv4")
    return {name: {key: rule[key] for key in peers if key in rule} for name, rule in rules.items()}


def test_vpc_has_a_public_and_a_private_subnet_in_each_zone(plain: Deployment) -> None:
    assert plain.only("ec2.Vpc").inputs["cidrBlock"] == "10.0.0.0/16"
    assert plain.only("ec2.Vpc").inputs["enableDnsHostnames"]
    assert {name: (s["cidrBlock"], s["availabilityZone"]) for name, s in named(plain, "ec2.Subnet").items()} == {
        "post-public-1": ("10.0.0.0/20", "zone-a"),
        "post-public-2": ("10.0.16.0/20", "zone-b"),
        "post-private-1": ("10.0.128.0/20", "zone-a"),
        "post-private-2": ("10.0.144.0/20", "zone-b"),
    }
    assert not any(subnet["mapPublicIpOnLaunch"] for subnet in plain.inputs("ec2.Subnet").values())


def test_no_subnet_moves_when_the_region_has_other_zones(plain: Deployment) -> None:
    assert {tuple(subnet.ignored) for subnet in plain.of("ec2.Subnet").values()} == {("availabilityZone",)}


def test_a_region_with_too_few_zones_is_refused() -> None:
    assert first(["a", "b", "c"], 2) == ["a", "b"]
    assert first(None, 2) == ["", ""]
    with pytest.raises(
        ValueError, match=r"network\.zones 4: give at most 3, for the region has zone-a, zone-b, zone-c"
    ):
        a_network(zones=4)


def test_the_default_security_group_is_emptied(plain: Deployment) -> None:
    group = plain.only("ec2.DefaultSecurityGroup").inputs
    assert group["vpcId"] == "post-vpc-vpc-id"
    assert group.keys().isdisjoint({"ingress", "egress"})


def test_without_nat_nothing_leads_to_the_internet(plain: Deployment) -> None:
    assert not any(map(plain.of, ("ec2.InternetGateway", "ec2.Route", "ec2.NatGateway", "ec2.Eip")))
    assert named(plain, "ec2.RouteTable").keys() == {"post-private-1", "post-private-2"}
    assert "cidrIpv4" not in {key for peer in allowed(plain, "Egress").values() for key in peer}


@pytest.mark.parametrize(("nat", "through"), [("one", ["1", "1", "1"]), ("per-zone", ["1", "2", "3"])])
def test_private_subnets_reach_the_internet_through_nat(nat: str, through: list[str]) -> None:
    made = a_network(nat_gateways=nat, zones=3)
    routes = made.inputs("ec2.Route")
    assert {route["destinationCidrBlock"] for route in routes.values()} == {"0.0.0.0/0"}
    tables = {a["subnetId"]: a["routeTableId"] for a in made.inputs("ec2.RouteTableAssociation").values()}
    led = {route["routeTableId"]: route.get("natGatewayId", route.get("gatewayId")) for route in routes.values()}
    for number, gateway in enumerate(through, 1):
        assert led[tables[f"post-vpc-private-{number}-id"]] == f"post-nat-{gateway}-gateway-id"
        assert led[tables[f"post-vpc-public-{number}-id"]] == "post-nat-internet-id"
    gateways = {g["allocationId"]: g["subnetId"] for g in made.inputs("ec2.NatGateway").values()}
    assert gateways == {f"post-nat-{n}-address-id": f"post-vpc-public-{n}-id" for n in sorted(set(through))}


def test_nat_waits_for_the_way_to_the_internet() -> None:
    made = a_network(nat_gateways="one")
    for kind in ("ec2.Eip", "ec2.NatGateway"):
        assert {"post-nat-internet", "post-nat-public-route"} <= set(made.only(kind).depends_on)


def test_functions_reach_endpoints_and_nothing_else(plain: Deployment) -> None:
    functions = {"securityGroupId": "post-functions-group-id"}
    assert allowed(plain, "Egress") == {
        "post-functions-to-dynamodb": {**functions, "prefixListId": "prefixListId:post-endpoint-dynamodb"},
        "post-functions-to-s3": {**functions, "prefixListId": "prefixListId:post-endpoint-s3"},
        "post-functions-to-endpoints": {**functions, "referencedSecurityGroupId": "post-endpoint-group-id"},
    }


def test_functions_reach_the_internet_where_there_is_nat() -> None:
    reached = allowed(a_network(nat_gateways="one"), "Egress")
    assert reached["post-functions-to-anywhere"]["cidrIpv4"] == "0.0.0.0/0"


def test_only_functions_reach_endpoints_and_nobody_reaches_functions(plain: Deployment) -> None:
    assert list(allowed(plain, "Ingress").values()) == [
        {"securityGroupId": "post-endpoint-group-id", "referencedSecurityGroupId": "post-functions-group-id"}
    ]


def test_tables_and_objects_are_reached_by_routes_of_the_private_subnets(plain: Deployment) -> None:
    tables = {a["routeTableId"] for a in plain.inputs("ec2.RouteTableAssociation").values()}
    endpoints = plain.inputs("ec2.VpcEndpoint")
    for service in ("dynamodb", "s3"):
        endpoint = endpoints[f"post-endpoint-{service}"]
        assert endpoint["serviceName"] == f"com.amazonaws.region:post-vpc-vpc.{service}"
        assert endpoint["vpcEndpointType"] == "Gateway"
        assert set(endpoint["routeTableIds"]) == tables


def test_what_else_is_called_has_an_endpoint_with_its_own_name_in_every_private_subnet(plain: Deployment) -> None:
    endpoint = plain.inputs("ec2.VpcEndpoint")["post-endpoint-sns"]
    assert (endpoint["vpcEndpointType"], endpoint["privateDnsEnabled"]) == ("Interface", True)
    assert endpoint["subnetIds"] == ["post-vpc-private-1-id", "post-vpc-private-2-id"]
    assert endpoint["securityGroupIds"] == ["post-endpoint-group-id"]


def test_endpoints_let_through_what_was_granted_and_objects_of_the_account(plain: Deployment) -> None:
    said = {name: json.loads(e["policy"])["Statement"] for name, e in plain.inputs("ec2.VpcEndpoint").items()}
    assert said == {
        "post-endpoint-dynamodb": [{**STATEMENTS["dynamodb"][0], "Principal": "*"}],
        "post-endpoint-sns": [{**STATEMENTS["sns"][0], "Principal": "*"}],
        "post-endpoint-s3": [{**iam.buckets_of("ownerId:post-vpc-vpc", "aws"), "Principal": "*"}],
    }


@pytest.mark.parametrize(
    ("statements", "settings"),
    [({"dynamodb": STATEMENTS["dynamodb"]}, {}), (STATEMENTS, {"interface_endpoints": False})],
    ids=["only tables are called", "not wanted"],
)
def test_where_no_endpoint_costs_anything_there_is_no_group_for_them(statements: Any, settings: Any) -> None:
    made = a_network(statements, **settings)
    assert made.of("ec2.VpcEndpoint").keys() == {"post-endpoint-dynamodb", "post-endpoint-s3"}
    assert made.of("ec2.SecurityGroup").keys() == {"post-functions-group"}
    assert not allowed(made, "Ingress")


def test_functions_that_call_no_table_need_no_way_to_any() -> None:
    assert a_network({}).of("ec2.VpcEndpoint").keys() == {"post-endpoint-s3"}


def test_what_is_refused_is_logged_under_a_role_for_this_account_and_this_log(plain: Deployment) -> None:
    log = plain.only("ec2.FlowLog").inputs
    assert (log["trafficType"], log["vpcId"]) == ("REJECT", "post-vpc-vpc-id")
    assert (log["logDestination"], log["iamRoleArn"]) == ("arn:post-refused-logs", "arn:post-refused-writer-role")
    group = plain.only("cloudwatch.LogGroup").inputs
    assert (group["name"], group["retentionInDays"]) == ("/aws/vpc/post", 7)
    (trust,) = json.loads(plain.only("iam.Role").inputs["assumeRolePolicy"])["Statement"]
    assert trust["Condition"] == {"StringEquals": {"aws:SourceAccount": "ownerId:post-vpc-vpc"}}
    (statement,) = json.loads(plain.only("iam.RolePolicy").inputs["policy"])["Statement"]
    assert statement["Resource"] == "arn:post-refused-logs:*"
    assert not plain.of("iam.RolePolicyAttachment")


def test_nothing_is_logged_where_it_is_not_wanted() -> None:
    assert not any(map(a_network(flow_logs=False).of, ("ec2.FlowLog", "cloudwatch.LogGroup", "iam.Role")))


def test_nothing_is_made_in_a_network_that_stands_but_a_group_that_leads_wherever_its_routes_do() -> None:
    args = ExistingNetworkArgs(name="post", vpc_id="vpc-0a1b2c3d", private_subnet_ids=["subnet-0a1b2c3d"])
    made = record(lambda: ExistingNetwork("post", args))
    assert {resource.kind for resource in made.registered if "." in resource.kind} == {
        "aws.ExistingNetwork",
        "aws.FunctionGroup",
        "ec2.SecurityGroup",
        "vpc.SecurityGroupEgressRule",
    }
    assert made.only("ec2.SecurityGroup").inputs["vpcId"] == "vpc-0a1b2c3d"
    assert [peer["cidrIpv4"] for peer in allowed(made, "Egress").values()] == ["0.0.0.0/0"]


def in_vpc(**network: Any) -> Deployment:
    """A stack of the parcel service with a network."""
    return record(stacked(network=NetworkSettings(**network)))


@pytest.fixture(name="made", scope="module")
def a_stack_in_a_vpc() -> Deployment:
    """The parcel service in a VPC that is made for it."""
    return in_vpc(vpc="made", nat_gateways="one")


def test_functions_run_in_the_private_subnets(made: Deployment) -> None:
    assert len(made.of("lambda.Function")) == 2
    for function in made.inputs("lambda.Function").values():
        assert function["vpcConfig"] == {
            "subnetIds": ["post-network-vpc-private-1-id", "post-network-vpc-private-2-id"],
            "securityGroupIds": ["post-network-functions-group-id"],
        }


def test_functions_are_not_called_before_they_reach_what_they_call(made: Deployment) -> None:
    ways = ("ec2.VpcEndpoint", "ec2.Route", "ec2.RouteTableAssociation", "vpc.SecurityGroupEgressRule")
    for function in made.of("lambda.Function").values():
        assert {name for kind in (*ways, "vpc.SecurityGroupIngressRule") for name in made.of(kind)} <= set(
            function.depends_on
        )


def test_lambda_may_make_interfaces_for_functions_and_their_code_may_not(made: Deployment) -> None:
    assert not [a for a in made.inputs("iam.RolePolicyAttachment").values() if "VPCAccess" in a["policyArn"]]
    for function in ("desk", "sweep"):
        said = json.loads(made.inputs("iam.RolePolicy")[f"post-{function}-policy"]["policy"])["Statement"]
        assert iam.vpc_access() in said
        assert iam.lambda_alone() in said


def test_endpoints_let_through_what_all_functions_are_granted_together(made: Deployment) -> None:
    endpoints = made.inputs("ec2.VpcEndpoint")
    assert endpoints.keys() == {f"post-network-endpoint-{service}" for service in ("dynamodb", "s3", "sns")}
    granted = json.loads(endpoints["post-network-endpoint-dynamodb"]["policy"])["Statement"]
    assert {(action, one["Resource"]) for one in granted for action in one["Action"]} == {
        ("dynamodb:PutItem", "arn:post-parcels-table"),
        ("dynamodb:UpdateItem", "arn:post-parcels-table"),
        ("dynamodb:Query", "arn:post-parcels-table/index/by-state"),
        ("dynamodb:PutItem", "arn:post-audit-table"),
    }


def test_functions_run_where_somebody_else_says(made: Deployment) -> None:
    groups = ("sg-0a1b2c3d", "sg-0a1b2c3e")
    settings = NetworkSettings(vpc="vpc-0a1b2c3d", private_subnet_ids=STANDING.private_subnet_ids)
    given = NetworkSettings(vpc=settings.vpc, private_subnet_ids=settings.private_subnet_ids, security_group_ids=groups)
    stood = record(stacked(network=given))
    for function in stood.inputs("lambda.Function").values():
        assert function["vpcConfig"] == {
            "subnetIds": list(settings.private_subnet_ids or ()),
            "securityGroupIds": list(groups),
        }
    assert not [r for r in stood.registered if r.kind.split(".")[0] in ("ec2", "vpc")]
    assert made.of("ec2.Vpc")


def test_outputs_tell_of_the_network(made: Deployment) -> None:
    found = made.stack_outputs()
    assert found["vpc_id"] == "post-network-vpc-vpc-id"
    assert found["vpc_cidr_block"] == "10.0.0.0/16"
    assert found["availability_zones"] == ["zone-a", "zone-b"]
    assert found["private_subnet_ids"] == ["post-network-vpc-private-1-id", "post-network-vpc-private-2-id"]
    assert found["public_subnet_ids"] == ["post-network-vpc-public-1-id", "post-network-vpc-public-2-id"]
    assert found["function_security_group_ids"] == ["post-network-functions-group-id"]
    assert found["vpc_endpoint_ids"] == {
        service: f"post-network-endpoint-{service}-id" for service in ("dynamodb", "s3", "sns")
    }
    assert found["nat_gateway_ids"] == ["post-network-nat-1-gateway-id"]
    assert found["nat_public_ips"] == ["publicIp:post-network-nat-1-address"]
    assert found["flow_log_group_name"] == "/aws/vpc/parcels-network-dev"


def test_outputs_do_not_tell_of_what_is_not_there() -> None:
    absent = {"nat_gateway_ids", "nat_public_ips", "flow_log_group_name"}
    assert absent.isdisjoint(in_vpc(vpc="made", flow_logs=False).stack_outputs())
    found = record(stacked(network=STANDING)).stack_outputs()
    assert found["vpc_id"] == "vpc-0a1b2c3d"
    assert found["private_subnet_ids"] == list(STANDING.private_subnet_ids or ())
    assert found.keys().isdisjoint({*absent, "vpc_cidr_block", "public_subnet_ids", "vpc_endpoint_ids"})
    assert "vpc_id" not in record(stacked()).stack_outputs()


def test_turning_it_off_again_touches_nothing_but_functions_and_their_roles(made: Deployment) -> None:
    before, after = ({r.urn: r.inputs for r in one.registered} for one in (made, record(stacked())))
    assert not {urn for urn in before.keys() - after.keys() if "Network" not in urn}
    assert not after.keys() - before.keys()
    changed = {urn.split("::")[-1] for urn in after if _comparable(before[urn]) != _comparable(after[urn])}
    assert changed == {f"post-{function}-{what}" for function in ("desk", "sweep") for what in ("function", "policy")}


def _comparable(inputs: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in inputs.items() if not isinstance(value, pulumi.Archive)}


def test_networks_of_two_services_with_one_pattern_of_names_are_two() -> None:
    services = [a_service(api_type=f"{kind}-api") for kind in ("counter", "yard")]
    made = [record(stacked(service=service, network=NetworkSettings(vpc="made"))) for service in services]
    assert set(named(made[0], "ec2.Vpc")).isdisjoint(named(made[1], "ec2.Vpc"))
