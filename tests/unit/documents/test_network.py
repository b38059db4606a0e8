"""Subnets and network connectivity."""

from __future__ import annotations

import ipaddress
from typing import Any

import pytest

from lib.documents.network import check_connectivity, grants_by_service, subnet_blocks
from lib.model import Parameter, Service, Statement, Topic
from lib.settings import NetworkSettings
from lib.tap_stack import TapStackArgs

from ...support.builders import GALLERY, a_consumer, a_function, a_grant, a_route, a_secret, a_service, a_table


def test_public_subnets_are_in_the_first_half_and_private_ones_in_the_second() -> None:
    public, private = subnet_blocks("10.0.0.0/16", 3)
    assert public == ["10.0.0.0/20", "10.0.16.0/20", "10.0.32.0/20"]
    assert private == ["10.0.128.0/20", "10.0.144.0/20", "10.0.160.0/20"]


@pytest.mark.parametrize("block", ["10.0.0.0/16", "172.16.4.0/22", "192.168.7.0/24"])
@pytest.mark.parametrize("zones", [2, 6])
def test_subnets_are_disjoint_parts_of_the_vpc_with_at_least_the_minimum_size(block: str, zones: int) -> None:
    public, private = subnet_blocks(block, zones)
    subnets = [ipaddress.IPv4Network(subnet) for subnet in (*public, *private)]
    assert len(subnets) == 2 * zones
    assert all(subnet.subnet_of(ipaddress.IPv4Network(block)) and subnet.prefixlen <= 28 for subnet in subnets)
    assert not [(a, b) for a in subnets for b in subnets if a != b and a.overlaps(b)]


def test_adding_zones_does_not_change_existing_subnets() -> None:
    for before, after in zip(subnet_blocks("10.0.0.0/24", 2), subnet_blocks("10.0.0.0/24", 6), strict=True):
        assert after[:2] == before


LOST = Topic(name="lost", variable="LOST_TOPIC")
LIMITS = Parameter(name="limits", value={"most": 7})


def granted(*grants: Any, **changes: Any) -> Service:
    """Return a service with one function that has these grants."""
    function = a_function(a_route(grants=grants), **changes)
    return a_service(functions=(function,), topics=(LOST,), parameters=(LIMITS,), tables=(a_table(stream="KEYS_ONLY"),))


@pytest.mark.parametrize(
    ("grants", "services"),
    [
        ((), set()),
        ((a_grant("parcels", "GetItem"),), {"dynamodb"}),
        ((a_grant("lost", "Publish"),), {"sns"}),
        ((a_grant("limits", "GetParameter"), a_grant("parcels", "GetItem")), {"ssm", "dynamodb"}),
    ],
    ids=["none", "table", "topic", "parameter and table"],
)
def test_functions_call_only_services_of_their_grants(grants: tuple[Any, ...], services: set[str]) -> None:
    assert grants_by_service(granted(*grants)).keys() == services


def test_secrets_are_read_from_their_store() -> None:
    seal = a_secret(name="seal", variable="SEAL", store="secretsmanager")
    function = a_function(a_route(grants=(a_grant("seal", "GetSecretValue"),)))
    service = a_service(functions=(function,), secrets=(seal,))
    assert grants_by_service(service).keys() == {"secretsmanager"}


def test_functions_do_not_call_the_stream_that_lambda_reads_for_them() -> None:
    assert not grants_by_service(granted(consumers=(a_consumer(),)))


def test_grants_of_several_routes_are_listed_once() -> None:
    routes = [a_route(path=f"/{name}", operation=name, grants=(a_grant("lost", "Publish"),)) for name in "ab"]
    service = a_service(functions=(a_function(*routes),), topics=(LOST,))
    assert grants_by_service(service) == {"sns": [a_grant("lost", "Publish")]}
    assert grants_by_service(service.split()) == grants_by_service(service)


ISOLATED = NetworkSettings(vpc="create", nat_gateways="none", interface_endpoints=False)


def test_vpc_without_a_route_to_called_services_is_rejected() -> None:
    service = granted(a_grant("lost", "Publish"), a_grant("limits", "GetParameter"), a_grant("parcels", "GetItem"))
    message = "network.interface_endpoints must be true .*, got False. The functions call sns, ssm. Set "
    message += "interface_endpoints to true, or"
    with pytest.raises(ValueError, match=message):
        TapStackArgs(service=service, network=ISOLATED)


@pytest.mark.parametrize(
    "network",
    [
        NetworkSettings(vpc="create", nat_gateways="none", interface_endpoints=True),
        NetworkSettings(vpc="create", nat_gateways="one", interface_endpoints=False),
        NetworkSettings(vpc="vpc-0a1b2c3d", nat_gateways="none", interface_endpoints=False),
        NetworkSettings(vpc="none", nat_gateways="none", interface_endpoints=False),
    ],
    ids=["endpoints", "NAT", "existing VPC", "no VPC"],
)
def test_network_with_a_route_to_called_services_is_accepted(network: NetworkSettings) -> None:
    check_connectivity(granted(a_grant("lost", "Publish")), network)


def test_dynamodb_is_available_in_every_network() -> None:
    check_connectivity(granted(a_grant("parcels", "GetItem")), ISOLATED)


def a_statement(*actions: str, **changes: Any) -> Statement:
    return Statement(**{"actions": actions, "resources": ("*",), "reason": "test", **changes})


VIA_DYNAMODB = {"StringLike": {"kms:ViaService": "dynamodb.*.amazonaws.com"}}


@pytest.mark.parametrize(
    ("statement", "services"),
    [
        (a_statement("sqs:SendMessage"), {"sqs"}),
        (a_statement("bedrock:InvokeModel"), {"bedrock-runtime"}),
        (a_statement("ses:SendEmail"), {"ses"}),
        (a_statement("kms:Sign"), {"kms"}),
        (a_statement("kms:Decrypt", condition=VIA_DYNAMODB), set()),
    ],
    ids=["service", "endpoint of another name", "without endpoint", "key", "key used by another service"],
)
def test_functions_call_the_services_of_their_statements(statement: Statement, services: set[str]) -> None:
    assert grants_by_service(granted(statement)).keys() == services


def test_vpc_without_internet_access_is_rejected_for_a_service_without_endpoint() -> None:
    network = NetworkSettings(vpc="create", nat_gateways="none", interface_endpoints=True)
    check_connectivity(granted(a_statement("sqs:SendMessage"), a_statement("s3:GetObject")), network)
    message = "network.nat_gateways must be one or per-zone, got 'none'. The functions call ses, for which the stack"
    with pytest.raises(ValueError, match=message):
        check_connectivity(granted(a_statement("ses:SendEmail")), network)


def test_functions_call_s3_through_a_free_endpoint_and_eventbridge_through_an_interface_endpoint() -> None:
    assert grants_by_service(GALLERY).keys() == {"s3", "events"}
    network = NetworkSettings(vpc="create", nat_gateways="none", interface_endpoints=False)
    with pytest.raises(ValueError, match=r"The functions call events\. Set interface_endpoints to true"):
        check_connectivity(GALLERY, network)
