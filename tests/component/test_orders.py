"""The stack of `examples/orders`, with Python types, recorded responses, a queue and a stream."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from examples.orders import service
from lib.program.recorder import Deployment, record

from ..support.programs import stacked

pytestmark = pytest.mark.untraced

ORDERS: Any = service.SERVICE  # mypy treats `lib` and `tap_stack` as different packages
LAYER = "arn:aws:lambda:us-east-1:123456789012:layer:packages:1"
SERVICE = replace(
    ORDERS, functions=tuple(replace(function, requirements="", layers=(LAYER,)) for function in ORDERS.functions)
)
"""The service with its packages in an existing layer, because only running functions need them."""
RECORDS = ["dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"]


def statements(deployment: Deployment) -> dict[str, list[Any]]:
    """Return the statements of each policy with access to idempotency records, by logical name."""
    found: dict[str, list[Any]] = {}
    for name, policy in deployment.inputs("iam.RolePolicy").items():
        for statement in json.loads(str(policy["policy"]))["Statement"]:
            if "tap#idempotency#*" in str(statement):
                found.setdefault(name, []).append(statement)
    return found


def test_function_can_only_write_records() -> None:
    deployment = record(stacked(service=SERVICE))
    found = statements(deployment)
    assert len(found) == 1
    (statement,) = found.popitem()[1]
    assert sorted(statement["Action"]) == sorted(RECORDS)
    functions = {inputs["name"]: inputs for inputs in deployment.inputs("lambda.Function").values()}
    assert functions["orders-api-dev"]["environment"]["variables"]["INTERNAL_TABLE"] == "orders-internal-dev"
    assert "environment" not in functions["orders-quotes-dev"]
    (table,) = (each for each in deployment.inputs("dynamodb.Table").values() if each["name"] == "orders-internal-dev")
    assert (table["hashKey"], table["ttl"]) == ("id", {"attributeName": "tap#expires", "enabled": True})


def test_only_the_function_of_the_idempotent_operation_has_the_permission() -> None:
    policies = [*statements(record(stacked(service=SERVICE, split_functions=True)))]
    assert ["create-order" in policy for policy in policies] == [True]


def test_model_of_a_body_is_valid_for_api_gateway() -> None:
    model = record(stacked(service=SERVICE)).single("apigateway.Model").inputs
    schema = json.loads(model["schema"])
    assert (model["name"], schema["$schema"]) == ("NewOrder", "http://json-schema.org/draft-04/schema#")
    assert schema["definitions"]["Card"]["properties"]["kind"]["enum"] == ["card"]
    keywords = {keyword for definition in schema["definitions"].values() for keyword in definition}
    assert keywords <= {"type", "title", "description", "required", "properties", "enum", "additionalProperties"}
