"""Errors of request bodies as API Gateway writes them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ministack.services import apigateway_v1

from lib.local.server.body_errors import describer


def errors(schema: Any, body: Any) -> str:
    """Return the errors of a JSON value with the validation of the emulator."""
    # pylint: disable-next=protected-access  # the pinned release has no public names for these
    resolve, is_valid = apigateway_v1._resolve_schema_ref, apigateway_v1._json_schema_valid
    describe = describer(lambda api, model: {("shop", "Order"): schema}[api, model], resolve, is_valid)
    return describe("shop", "Order", body if isinstance(body, bytes) else json.dumps(body).encode())


def property_of(**schema: Any) -> dict[str, Any]:
    return {"type": "object", "properties": {"p": schema}}


@pytest.mark.parametrize(
    ("schema", "body", "expected"),
    [
        ({}, b"{", "[Invalid JSON]"),
        ({}, b"\xff", "[Invalid JSON]"),
        (
            {"required": ["b", "a", "c"]},
            {"c": 1},
            '[object has missing required properties (["a","b"])]',
        ),
        (
            {"additionalProperties": False, "properties": {"a": {}}},
            {"z": 1, "a": 1, "b": 1},
            '[object instance has properties which are not allowed by the schema: ["b","z"]]',
        ),
        (
            {"additionalProperties": False, "required": ["a"], "properties": {"a": {}, "b": {}}},
            {"b": 1},
            '[object has missing required properties (["a"])]',
        ),
        (
            property_of(type="integer"),
            {"p": "x"},
            '[instance type (string) does not match any allowed primitive type (allowed: ["integer"])]',
        ),
        (
            property_of(type=["null", "boolean"]),
            {"p": 1},
            '[instance type (integer) does not match any allowed primitive type (allowed: ["boolean","null"])]',
        ),
        (
            {"type": "object"},
            None,
            '[instance type (null) does not match any allowed primitive type (allowed: ["object"])]',
        ),
        (property_of(type="number", minimum=3), {"p": 2}, "minimum (minimum: 3, found: 2)]"),
        (property_of(type="number", maximum=3), {"p": 3.5}, "maximum (maximum: 3, found: 3.5)]"),
        (property_of(enum=["a"]), {"p": "ü"}, '[instance value ("ü") not found in enum (possible values: ["a"])]'),
        (property_of(minLength=2), {"p": "x"}, '[string "x" is too short (length: 1, required minimum: 2)]'),
        (property_of(maxLength=1), {"p": "xy"}, '[string "xy" is too long (length: 2, maximum allowed: 1)]'),
        (property_of(minItems=1), {"p": []}, "must have at least 1 elements but instance has 0 elements]"),
        (property_of(maxItems=1), {"p": [1, 2]}, "must have at most 1 elements but instance has 2 elements]"),
        (
            property_of(items={"type": "string"}),
            {"p": [1, "a", 2]},
            '[instance type (integer) does not match any allowed primitive type (allowed: ["string"])]',
        ),
        (
            {"properties": {"p": {"$ref": "#/definitions/name"}}, "definitions": {"name": {"minLength": 2}}},
            {"p": "x"},
            '[string "x" is too short (length: 1, required minimum: 2)]',
        ),
        (
            property_of(oneOf=[{"type": "string"}, {"type": "integer"}]),
            {"p": None},
            "[instance failed to match exactly one schema (matched 0 out of 2)]",
        ),
        (
            property_of(anyOf=[{"type": "string"}, {"type": "integer"}]),
            {"p": None},
            "[instance failed to match at least one required schema among 2]",
        ),
        (
            property_of(allOf=[{"type": "string"}, {"minLength": 2}]),
            {"p": "x"},
            "[instance failed to match all required schemas (matched only 1 out of 2)]",
        ),
        (property_of(pattern="^a"), {"p": "b"}, "[instance does not match the schema]"),
        (
            {"required": ["a"], "properties": {"b": {"type": "string"}, "c": {"type": "string"}}},
            {"b": 1, "c": 1},
            '[object has missing required properties (["a"]), instance type (integer) does not match any allowed '
            'primitive type (allowed: ["string"])]',
        ),
    ],
)
def test_errors_name_the_difference(schema: Any, body: Any, expected: str) -> None:
    assert errors(schema, body).endswith(expected)
