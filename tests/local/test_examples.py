"""The examples, deployed and used."""

from __future__ import annotations

import json
import urllib.request
from pathlib import Path
from typing import Any

from examples.notes import service
from lib.client import auth, smoke_test
from lib.local.emulator import Emulator
from lib.local.engine import Engine, deploy
from lib.services import SERVICES

INVENTORY = SERVICES["inventory"]
NOTES: Any = service.SERVICE  # mypy regards `lib` and `tap_stack` as two packages


def deployed(program: str, emulator: Emulator, environment: str = "eg") -> dict[str, Any]:
    engine = Engine(emulator, lambda type_, name: None)
    path = Path("examples", program)
    return deploy(
        path, engine, project="tap", stack="dev", config={"environment": environment}, report=lambda line: None
    )


def test_a_service_of_ones_own_answers(emulator: Emulator) -> None:
    outputs = deployed("own_service.py", emulator)
    answers = smoke_test.run(NOTES, outputs, lambda answer: None)
    assert smoke_test.complete(NOTES, answers), answers
    assert '"text":"two litres"' in answers[-1].body
    assert '"genuine":true' in answers[-1].body


def test_a_note_that_somebody_else_wrote_is_not_taken_for_ones_own(emulator: Emulator) -> None:
    outputs = deployed("own_service.py", emulator, "elsewhere")
    smoke_test.run(NOTES, outputs, lambda answer: None)
    update = {"UpdateExpression": "SET #t = :t", "ExpressionAttributeNames": {"#t": "text"}}
    emulator.client("dynamodb").update_item(
        TableName=outputs["dynamodb_table_name"],
        Key={"name": {"S": "milk"}},
        ExpressionAttributeValues={":t": {"S": "ten litres"}},
        **update,
    )
    answer = smoke_test.send(outputs["api_url"], NOTES.demo[1])
    assert '"genuine":false' in answer.body


def test_a_function_that_may_not_read_its_secret_fails(emulator: Emulator) -> None:
    outputs = deployed("own_service.py", emulator, "locked-out")
    role = outputs["lambda_role_name"]
    iam = emulator.client("iam")
    whole = iam.get_role_policy(RoleName=role, PolicyName="grants")["PolicyDocument"]
    fewer = [one for one in whole["Statement"] if one["Action"] != ["ssm:GetParameter"]]
    assert len(fewer) < len(whole["Statement"])
    iam.put_role_policy(RoleName=role, PolicyName="grants", PolicyDocument=json.dumps({**whole, "Statement": fewer}))
    assert smoke_test.send(outputs["api_url"], NOTES.demo[0]).status == 502


def test_figures_transforms_and_reached_resources_arrive(emulator: Emulator) -> None:
    deployed("customize.py", emulator)
    kept = {
        region: emulator.client("logs", region).describe_log_groups(logGroupNamePrefix="/aws/lambda/pr-123-")
        for region in ("us-east-1", "us-west-2")
    }
    days = {region: [group["retentionInDays"] for group in found["logGroups"]] for region, found in kept.items()}
    assert days == {"us-east-1": [365], "us-west-2": [14]}
    (alarm,) = emulator.client("cloudwatch").describe_alarms(AlarmNamePrefix="busy")["MetricAlarms"]
    assert alarm["Dimensions"] == [{"Name": "TableName", "Value": "pr-123-items-table"}]


def test_the_inventory_as_a_shop_wants_it_answers_under_its_own_domain(emulator: Emulator) -> None:
    outputs = deployed("inventory.py", emulator)
    assert outputs["dns"]["points_to"]
    assert smoke_test.complete(INVENTORY, smoke_test.run(INVENTORY, outputs, lambda answer: None))
    request = urllib.request.Request(f"{emulator.url}/inventory/items", headers={"Host": "api.example.com"})
    with auth.OPENER.open(request) as answer:
        assert json.load(answer)["items"]
    audit = emulator.client("dynamodb").scan(TableName="inventory-audit-shop")["Items"]
    assert {row["operation"]["S"] for row in audit} == {"CREATE", "UPDATE", "DELETE"}
    role = emulator.client("apigateway").get_account().get("cloudwatchRoleArn", "")
    assert "shop" not in role
