"""Names in AWS of the resources of a stack."""

from __future__ import annotations

from typing import Any

import pytest

from lib.model import Api
from lib.services import SERVICES
from lib.settings import ApiSettings, BackupSettings
from lib.stack.names import StackNames
from lib.tap_stack import TapStackArgs

from ...support.builders import a_function, a_route, a_secret, a_service, a_table


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


def test_http_api_has_a_shorter_name_than_a_rest_api() -> None:
    http, environment = a_service(apis=(Api(name="api", protocol="HTTP"),)), "e" * 130
    lengths = [len(StackNames(service, environment).api("api")) for service in (a_service(), http)]
    assert lengths == [142, 128]
    assert StackNames(http, "dev").api("api") == StackNames(a_service(), "dev").api("api") == "parcels-api-dev"


@pytest.mark.parametrize(
    ("characters", "args", "message"),
    [
        (
            47,
            {"api": ApiSettings(cors_origin="https://a.example.com,https://b.example.com")},
            "function name must be at most 64 characters, got 'p+-api-preflight",
        ),
        (40, {"backup": BackupSettings(retention_days=1)}, "vault name must be at most 50 characters, got 'p+-backup"),
    ],
    ids=["preflight", "vault"],
)
def test_name_of_a_resource_that_settings_add_is_checked(characters: int, args: dict[str, Any], message: str) -> None:
    service = a_service(name_pattern=f"{'p' * characters}-{{type}}-{{environment}}", tables=(a_table(),))
    assert TapStackArgs(service=service)
    with pytest.raises(ValueError, match=message):
        TapStackArgs(service=service, **args)
