"""A stack of an API with Python types and recorded responses."""

from __future__ import annotations

import json

import pytest

from lib.program.recorder import Deployment, record

from ..support.orders_service import SERVICE
from ..support.programs import stacked

pytestmark = pytest.mark.untraced

RECORDS = ["dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"]


def policies(deployment: Deployment) -> dict[str, str]:
    """Return the policy of each role with access to records, by logical name."""
    inputs = deployment.inputs("iam.RolePolicy")
    return {name: str(policy["policy"]) for name, policy in inputs.items() if "dynamodb:" in str(policy["policy"])}


def test_function_can_only_write_records() -> None:
    deployment = record(stacked(service=SERVICE))
    ((policy),) = policies(deployment).values()
    (statement,) = [s for s in json.loads(policy)["Statement"] if "dynamodb" in str(s["Action"])]
    assert sorted(statement["Action"]) == sorted(RECORDS)
    assert "tap#idempotency#*" in str(statement["Condition"])
    variables = deployment.single("lambda.Function").inputs["environment"]["variables"]
    assert variables["IDEMPOTENCY_TABLE"] == "orders-idempotency-dev"
    table = deployment.single("dynamodb.Table").inputs
    assert (table["hashKey"], table["ttl"]) == ("id", {"attributeName": "tap#expires", "enabled": True})


def test_only_the_function_of_the_idempotent_operation_has_the_permission() -> None:
    deployment = record(stacked(service=SERVICE, split_functions=True))
    assert [name for name in policies(deployment) if "create-order" in name] == [*policies(deployment)]


def test_model_of_a_body_is_valid_for_api_gateway() -> None:
    model = record(stacked(service=SERVICE)).single("apigateway.Model").inputs
    schema = json.loads(model["schema"])
    assert (model["name"], schema["$schema"]) == ("NewOrder", "http://json-schema.org/draft-04/schema#")
    assert schema["definitions"]["Card"]["properties"]["kind"]["enum"] == ["card"]
    keywords = {keyword for definition in schema["definitions"].values() for keyword in definition}
    assert keywords <= {"type", "title", "description", "required", "properties", "enum", "additionalProperties"}
