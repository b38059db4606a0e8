"""Function permissions, which the emulator enforces.

`tests/handlers/*/test_grants.py` compare the grants of the inventory and stock services with the actions they use.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from lib.client import smoke_test
from lib.local.emulator import Emulator
from lib.services import SERVICES

from ..support.deployments import deploy_service

ITEMS = SERVICES["items"]


@pytest.fixture(scope="module", name="outputs")
def outputs_fixture(emulator: Emulator) -> dict[str, Any]:
    """Outputs of an items service."""
    return deploy_service(emulator, "items", "iam")


def failed_operations(outputs: dict[str, Any]) -> set[str]:
    """Return the operations that respond to a demo call with a server error."""
    results = smoke_test.run(ITEMS, outputs, lambda result: None)
    routes = [route for _, route in ITEMS.routes()]
    return {route.operation for r in results for route in routes if r.call.calls(route) and r.status >= 500}


@pytest.mark.parametrize(
    ("action", "operation"),
    [
        ("PutItem", "create_item"),
        ("Scan", "list_items"),
        ("GetItem", "read_item"),
        ("Query", "read_item"),
        ("UpdateItem", "update_item"),
        ("DeleteItem", "delete_item"),
    ],
)
@pytest.mark.untraced
def test_operation_fails_without_an_action_of_its_role(
    emulator: Emulator, outputs: dict[str, Any], action: str, operation: str
) -> None:
    policy = {"RoleName": outputs["lambda_role_name"], "PolicyName": "grants"}
    iam = emulator.client("iam")
    granted = iam.get_role_policy(**policy)["PolicyDocument"]
    (statement,) = granted["Statement"]
    reduced = {**statement, "Action": [name for name in statement["Action"] if name != f"dynamodb:{action}"]}
    iam.put_role_policy(**policy, PolicyDocument=json.dumps({**granted, "Statement": [reduced]}))
    try:
        assert operation in failed_operations(outputs)
    finally:
        iam.put_role_policy(**policy, PolicyDocument=json.dumps(granted))


@pytest.mark.untraced
def test_every_route_works_with_all_actions(outputs: dict[str, Any]) -> None:
    assert failed_operations(outputs) == set()


@pytest.mark.untraced
def test_split_functions_have_all_required_permissions(emulator: Emulator) -> None:
    service = SERVICES["inventory"].split()
    outputs = deploy_service(emulator, "inventory", "split", split_functions="true")
    assert outputs["function_names"].keys() == {function.name for function in service.functions}
    results = smoke_test.run(service, outputs, lambda result: None)
    assert smoke_test.has_passed(service, results), results
    scheduled = emulator.client("lambda").invoke(
        FunctionName=outputs["function_names"]["send-alerts"], Payload=b'{"schedule": "send-alerts"}'
    )
    assert "FunctionError" not in scheduled, scheduled["Payload"].read().decode()
