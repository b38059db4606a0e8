"""Names in AWS of the resources of a stack."""

from __future__ import annotations

import pytest

from lib.services import SERVICES
from lib.stack.names import StackNames

from ...support.builders import a_function, a_route, a_secret, a_service


def names(service: str, environment: str = "dev") -> StackNames:
    return StackNames(SERVICES[service], environment)


def test_single_resources_of_services_with_one_pattern_differ() -> None:
    assert names("inventory").only("key", "key") != names("stock").only("key", "key")


def test_tables_are_named_by_the_definition() -> None:
    assert names("inventory").tables() == {"items": "inventory-items-dev", "audit": "inventory-audit-dev"}


def test_functions_keep_the_order_of_the_definition() -> None:
    service = a_service(
        functions=(a_function(name="write"), a_function(a_route(path="/boxes", operation="boxes"), name="read"))
    )
    assert StackNames(service, "dev").functions() == ["parcels-write-dev", "parcels-read-dev"]


@pytest.mark.parametrize(
    ("pattern", "function", "expected"),
    [
        ("", "desk", "parcels-desk-errors-dev"),
        ("alarm-{alarm}-{environment}", "desk", "alarm-Errors-dev"),
        ("alarm-{alarm}-{environment}", "api-preflight", "parcels-api-preflight-errors-dev"),
        ("{function}-{alarm}-{environment}", "api-preflight", "api-preflight-Errors-dev"),
    ],
)
def test_alarm_pattern_without_function_names_the_only_function(pattern: str, function: str, expected: str) -> None:
    service = a_service(alarm_pattern=pattern) if pattern else a_service()
    assert StackNames(service, "dev").alarm(function, "Errors") == expected


def test_further_vaults_are_numbered() -> None:
    assert names("inventory").vault(1) != names("inventory").vault(2)


def test_secret_has_a_path_in_parameter_store_only() -> None:
    secret = a_secret(store="ssm")
    assert StackNames(a_service(secrets=(secret,)), "dev").secret(secret).startswith("/parcels/dev/")
    secret = a_secret(store="secretsmanager")
    assert StackNames(a_service(secrets=(secret,)), "dev").secret(secret).startswith("parcels/dev/")
