"""Deployed examples."""

from __future__ import annotations

import json
import urllib.request
from pathlib import Path
from typing import Any

from examples.notes import service
from lib.client import auth, smoke_test
from lib.local.emulator import Emulator
from lib.local.engine import Engine
from lib.services import SERVICES

from ..support.deployments import deploy_file

INVENTORY = SERVICES["inventory"]
NOTES: Any = service.SERVICE  # mypy treats `lib` and `tap_stack` as different packages


def deployed(program: str, emulator: Emulator, environment: str = "eg") -> dict[str, Any]:
    engine = Engine(emulator, lambda type_, name: None)
    path = Path("examples", program)
    return deploy_file(
        path, engine, project="tap", stack="dev", config={"environment": environment}, report=lambda line: None
    )


def test_custom_service_passes_its_smoke_test(emulator: Emulator) -> None:
    outputs = deployed("own_service.py", emulator)
    results = smoke_test.run(NOTES, outputs, lambda result: None)
    assert smoke_test.has_passed(NOTES, results), results
    assert '"text":"two liters"' in results[-1].body
    assert '"genuine":true' in results[-1].body


def test_note_changed_outside_the_service_is_not_genuine(emulator: Emulator) -> None:
    outputs = deployed("own_service.py", emulator, "elsewhere")
    smoke_test.run(NOTES, outputs, lambda result: None)
    update = {"UpdateExpression": "SET #t = :t", "ExpressionAttributeNames": {"#t": "text"}}
    emulator.client("dynamodb").update_item(
        TableName=outputs["dynamodb_table_name"],
        Key={"name": {"S": "milk"}},
        ExpressionAttributeValues={":t": {"S": "ten liters"}},
        **update,
    )
    result = smoke_test.send(outputs["api_url"], NOTES.demo[1])
    assert '"genuine":false' in result.body


def test_function_without_permission_to_read_its_secret_fails(emulator: Emulator) -> None:
    outputs = deployed("own_service.py", emulator, "locked-out")
    role = outputs["lambda_role_name"]
    iam = emulator.client("iam")
    document = iam.get_role_policy(RoleName=role, PolicyName="grants")["PolicyDocument"]
    remaining = [each for each in document["Statement"] if each["Action"] != ["ssm:GetParameter"]]
    assert len(remaining) < len(document["Statement"])
    reduced = json.dumps({**document, "Statement": remaining})
    iam.put_role_policy(RoleName=role, PolicyName="grants", PolicyDocument=reduced)
    assert smoke_test.send(outputs["api_url"], NOTES.demo[0]).status == 502


def test_settings_transforms_and_additional_resources_are_deployed(emulator: Emulator) -> None:
    deployed("customize.py", emulator)
    groups_by_region = {
        region: emulator.client("logs", region).describe_log_groups(logGroupNamePrefix="/aws/lambda/pr-123-")
        for region in ("us-east-1", "us-west-2")
    }
    days = {
        region: [group["retentionInDays"] for group in groups["logGroups"]]
        for region, groups in groups_by_region.items()
    }
    assert days == {"us-east-1": [365], "us-west-2": [14]}
    (alarm,) = emulator.client("cloudwatch").describe_alarms(AlarmNamePrefix="busy")["MetricAlarms"]
    assert alarm["Dimensions"] == [{"Name": "TableName", "Value": "pr-123-items-table"}]


def test_customized_inventory_is_available_at_its_custom_domain(emulator: Emulator) -> None:
    outputs = deployed("inventory.py", emulator)
    assert outputs["dns"]["points_to"]
    assert smoke_test.has_passed(INVENTORY, smoke_test.run(INVENTORY, outputs, lambda result: None))
    request = urllib.request.Request(f"{emulator.url}/inventory/items", headers={"Host": "api.example.com"})
    with auth.OPENER.open(request) as response:
        assert json.load(response)["items"]
    audit = emulator.client("dynamodb").scan(TableName="inventory-audit-shop")["Items"]
    assert {row["operation"]["S"] for row in audit} == {"CREATE", "UPDATE", "DELETE"}
    role = emulator.client("apigateway").get_account().get("cloudwatchRoleArn", "")
    assert "shop" not in role
