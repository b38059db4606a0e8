"""JSON Schema keywords: which ones a service definition can use, and that requests are validated by them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from lib.assets.lambda_archive import sources
from lib.assets.validators import validator
from lib.model import Route, Schema, Service, json_schema
from lib.runtime.event_handler import SchemaViolation
from lib.services import SERVICES

from ...support.builders import a_function, a_route, a_service


def of_request(schema: Schema) -> Service:
    """Return a service with a schema for a request."""
    return a_service(functions=(a_function(a_route(method="POST", body="Parcel")),), schemas={"Parcel": schema})


def of_response(schema: Schema) -> Service:
    """Return a service with a schema for a response."""
    return a_service(functions=(a_function(a_route(responses={200: "Parcel"})),), schemas={"Parcel": schema})


def of_query(schema: Schema) -> Service:
    """Return a service with a schema for a query parameter."""
    return a_service(functions=(a_function(a_route(query={"by": schema})),))


WHERE = {of_request: "schema Parcel", of_query: "route GET /parcels query parameter by"}
PRICE = {"type": "number"}


@pytest.mark.parametrize("describe", WHERE)
@pytest.mark.parametrize(
    ("schema", "error"),
    [
        ({"minContains": 2}, "/minContains is not supported in requests, got 2. Remove it, and check"),
        ({"const": 1.5}, "/const must be a string, an integer, a boolean or null, got 1.5. Remove it"),
        ({"nullable": True}, "/nullable is not supported in requests, got True. Add 'null' to the type"),
        ({"$ref": "#/x"}, "/$ref must be #/components/schemas/ with the name of a schema, or #/$defs/ with a name"),
        ({"patternProperties": {"[": {}}}, "/patternProperties must be a mapping of regular expressions to schemas"),
        ({"dependentRequired": {"a": "b"}}, "/dependentRequired must be a mapping of names to lists of names"),
        ({"dependencies": {}}, "/dependencies is not supported in requests, got {}. Use dependentRequired."),
        ({"properties": {"a": {"$defs": {}}}}, "/properties/a/$defs is not supported in requests, got {}. Define them"),
        ({"maxLenght": 9}, "/maxLenght is not supported in requests, got 9. Did you mean maxLength?"),
        (
            {**PRICE, "minimum": 0, "exclusiveMinimum": "0"},
            "/exclusiveMinimum must be a finite number, or true or false together with minimum, got '0'. Set it to",
        ),
        (
            {**PRICE, "exclusiveMaximum": True},
            "/exclusiveMaximum must be a finite number, or true or false together with maximum, got True.",
        ),
        ({"type": "decimal"}, "/type must be one of array, boolean,"),
        ({"type": ["string", "decimal"]}, "/type must be one of array"),
        ({"type": []}, "/type must be one of array"),
        ({"type": ["null", "null"]}, "/type must be one of array"),
        ({"items": [PRICE]}, "/items must be one schema, got [{'type': 'number'}]. Use one schema for all items, or"),
        (
            {"format": "isbn"},
            "/format must be one of date-time, email, hostname, ipv4, ipv6, uri, date, time, duration, uuid, got",
        ),
        (
            {"enum": [1, 1.5]},
            "/enum must be a list of strings, integers, booleans and null, all distinct, at least one, got [1, 1.5].",
        ),
        ({"items": False}, "/items must be one schema, got False. Use one schema for all items, or prefixItems."),
        ({"enum": "ab"}, "/enum must be a list of strings"),
        ({"type": "integer", "multipleOf": "5"}, "/multipleOf must be a positive number, got '5'."),
        ({"type": "integer", "multipleOf": 0}, "/multipleOf must be a positive number"),
        ({"enum": []}, "/enum must be a list of strings"),
        ({"enum": ["a", "a"]}, "/enum must be a list of strings"),
        *(
            ({name: value}, f"/{name} must be a non-negative integer, got {value!r}. Remove it")
            for name in ("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties")
            for value in ("3", -1, True, 1.5)
        ),
        ({"minimum": "0"}, "/minimum must be a finite number, got '0'. Remove it"),
        ({"maximum": float("nan")}, "/maximum must be a finite number, got nan."),
        ({"maximum": True}, "/maximum must be a finite number, got True."),
        ({"pattern": "["}, "/pattern must be a regular expression, got '['."),
        ({"pattern": 5}, "/pattern must be a regular expression, got 5."),
        ({"required": []}, "/required must be a list of distinct names, at least one, got []. Remove it"),
        ({"required": "ab"}, "/required must be a list of distinct names"),
        ({"required": ["a", "a"]}, "/required must be a list of distinct names"),
        ({"required": [1]}, "/required must be a list of distinct names"),
        ({"properties": ["a"]}, "/properties must be a mapping of names to schemas, got ['a']."),
        ({"properties": {1: {}}}, "/properties must be a mapping of names to schemas, got {1: {}}."),
        ({"allOf": []}, "/allOf must be a list of schemas, at least one, got []. Remove it"),
        ({"allOf": {}}, "/allOf must be a list of schemas"),
        ({"uniqueItems": "yes"}, "/uniqueItems must be true or false, got 'yes'."),
        ({"readOnly": 1}, "/readOnly must be true or false, got 1."),
        ({"description": 5}, "/description must be a string, got 5."),
        ({"properties": {"a": {"nullable": True}}}, "/properties/a/nullable is not supported"),
        ({"properties": {"a": True}}, "/properties/a must be a schema, got True. Use {} for any value."),
        ({"items": {"allOf": [{}, {"xml": {}}]}}, "/items/allOf/1/xml is not supported"),
        ({"additionalProperties": {"nullable": True}}, "/additionalProperties/nullable is not supported"),
    ],
)
def test_unsupported_keyword_of_a_request_is_rejected_with_its_path(describe: Any, schema: Schema, error: str) -> None:
    with pytest.raises(ValueError, match="service 'parcels'") as caught:
        describe(schema)
    assert f"{WHERE[describe]}{error}" in str(caught.value)


@pytest.mark.parametrize(
    ("schema", "error"),
    [
        ({"minContains": 2}, "schema Parcel/minContains is not supported, got 2."),
        ({"anyOf": [{"unevaluatedItems": 1}]}, "schema Parcel/anyOf/0/unevaluatedItems is not supported, got 1."),
        ({"oneOf": [{}, {"exclusiveMinimum": "0"}]}, "schema Parcel/oneOf/1/exclusiveMinimum must be a finite number"),
        ({"not": {"type": "nul"}}, "schema Parcel/not/type must be one of"),
        ({"$ref": "#/components/schemas/Box"}, "schema Parcel $ref must be to one of Parcel, got 'Box'."),
        ({"anyOf": []}, "schema Parcel/anyOf must be a list of schemas, at least one, got []."),
        ({"oneOf": {}}, "schema Parcel/oneOf must be a list of schemas"),
        ({"minLength": -1}, "schema Parcel/minLength must be a non-negative integer, got -1."),
        ({"enum": 5}, "schema Parcel/enum must be a list, at least one value, got 5."),
    ],
)
def test_keyword_that_openapi_does_not_support_is_rejected_in_a_response(schema: Schema, error: str) -> None:
    with pytest.raises(ValueError, match="service 'parcels'") as caught:
        of_response(schema)
    assert error in str(caught.value)


def test_response_can_use_every_keyword_of_openapi() -> None:
    schema = {
        "anyOf": [{"$ref": "#/components/schemas/Error"}, {"type": "string", "format": "uuid", "nullable": True}],
        "not": {"enum": [1.5]},
        "multipleOf": 0.01,
        "x-internal": [],
    }
    assert of_response(schema).schemas["Parcel"] == schema


PARCEL: dict[str, Any] = {"type": "object", "properties": {"a": {"type": "integer"}}}
SUPPORTED: list[tuple[dict[str, Any], Any, Any]] = [
    ({"type": "integer"}, 1, Decimal("1.5")),
    ({"type": ["string", "null"]}, None, 1),
    ({"enum": ["a", 1, True, None]}, True, "b"),
    ({"allOf": [{"minimum": 1}, {"maximum": 3}]}, 3, 4),
    ({"minLength": 2}, "ab", "a"),
    ({"maxLength": 2}, "ab", "abc"),
    ({"pattern": "^a+$"}, "aa", "aa\n"),
    ({"format": "email"}, "ann@example.com", "ann"),
    ({"minimum": 0}, 0, Decimal("-0.1")),
    ({"minimum": 0, "exclusiveMinimum": True}, Decimal("0.1"), 0),
    ({"minimum": 0, "exclusiveMinimum": False}, 0, -1),
    ({"exclusiveMinimum": 0}, Decimal("0.1"), 0),
    ({"exclusiveMaximum": 9, "maximum": 20}, Decimal("8.9"), 9),
    ({"minimum": 0.01}, Decimal("0.01"), Decimal("0.009")),
    ({"exclusiveMaximum": 0.3}, Decimal("0.29"), Decimal("0.3")),
    ({"multipleOf": 0.01}, Decimal("0.57"), Decimal("0.575")),
    ({"multipleOf": 0.5}, 3, Decimal("0.6")),
    ({"type": ["string", "integer"]}, 1, None),
    ({"const": "a"}, "a", "b"),
    ({"anyOf": [{"type": "string"}, {"type": "integer"}]}, 1, None),
    ({"oneOf": [{"type": "integer"}, {"minimum": 5}]}, 1, 7),
    ({"not": {"type": "null"}}, 1, None),
    ({"if": {"type": "string"}, "then": {"maxLength": 1}, "else": {"type": "null"}}, "x", 1),
    ({"prefixItems": [{"type": "integer"}], "items": False}, [1], [1, 2]),
    ({"contains": {"type": "string"}}, [1, "a"], [1]),
    ({"patternProperties": {"^a": {"type": "integer"}}}, {"b": "x", "ab": 1}, {"ab": "x"}),
    ({"propertyNames": {"maxLength": 1}}, {"a": 1}, {"ab": 1}),
    ({"dependentRequired": {"a": ["b"]}}, {"b": 1}, {"a": 1}),
    ({"format": "date"}, "2026-02-28", "2026-02-30"),
    ({"format": "uuid4"}, "7f1c2a52-0d8e-4f0b-9a66-3f0f6f6a5f11", "7f1c2a52"),
    ({"format": "duration"}, "P1DT2.5S", "P"),
    ({"format": "binary", "type": "string"}, "x", 1),
    ({"$ref": "#/$defs/Box", "minProperties": 1, "$defs": {"Box": PARCEL}}, {"a": 1}, {"a": "x"}),
    ({"$comment": "x", "examples": [1], "contentEncoding": "base64", "maxLength": 9}, "e", "0123456789"),
    ({"contentMediaType": "x", "contentSchema": {}, "discriminator": {}, "maxLength": 1}, "x", "xx"),
    ({"maximum": 9}, 9, Decimal("9.1")),
    ({"maximum": 9, "exclusiveMaximum": True}, Decimal("8.9"), 9),
    ({"type": "integer", "multipleOf": 5}, 10**40, 10**40 + 1),
    ({"minItems": 1}, [1], []),
    ({"maxItems": 1}, [1], [1, 2]),
    ({"uniqueItems": True}, [1, True, {"a": 1}], [{"a": [1]}, {"a": [1]}]),
    ({"items": {"type": "integer"}}, [1], ["a"]),
    ({"minProperties": 1}, {"a": 1}, {}),
    ({"maxProperties": 1}, {"a": 1}, {"a": 1, "b": 2}),
    ({"required": ["a"]}, {"a": 1}, {"b": 1}),
    (PARCEL, {"a": 1, "b": 2}, {"a": "x"}),
    ({**PARCEL, "additionalProperties": False}, {"a": 1}, {"b": 1}),
    ({**PARCEL, "additionalProperties": {"type": "string"}}, {"b": "x"}, {"b": 1}),
    ({"title": "x", "description": "x", "example": 1, "deprecated": True, "maxLength": 1}, "x", "xx"),
    ({"readOnly": False, "writeOnly": False, "maxLength": 1}, "x", "xx"),
]


def checked(schema: dict[str, Any], value: Any) -> Any:
    """Return the result of validating a value of a request."""
    return validated(of_request(schema), "Parcel", value)


def is_accepted(service: Service, name: str, value: Any) -> bool:
    """Return whether the function accepts a request body with a schema of the service."""
    try:
        validated(service, name, value)
    except SchemaViolation:
        return False
    return True


def validated(service: Service, name: str, value: Any) -> Any:
    """Return the result of validating a value with a schema of a service."""
    namespace: dict[str, Any] = {}
    exec(validator(service.schemas[name], service.schemas), namespace)  # noqa: S102  # pylint: disable=exec-used  # our own code, as Lambda imports it
    return namespace["validate"](value, name_prefix="body")


@pytest.mark.parametrize(("schema", "valid", "invalid"), SUPPORTED, ids=lambda value: str(value)[:40])
def test_every_supported_keyword_is_validated(schema: dict[str, Any], valid: Any, invalid: Any) -> None:
    assert checked(schema, valid) == valid
    with pytest.raises(SchemaViolation):
        checked(schema, invalid)


@pytest.mark.parametrize(
    "schema",
    [
        *({"minimum": 1}, {"enum": [1, 2]}, {"allOf": [{"type": "integer"}]}, {"type": "array"}, {"type": "object"}),
        {"type": ["object", "null"]},
    ],
)
def test_query_parameter_without_a_single_type_is_rejected(schema: Schema) -> None:
    message = (
        "query parameter by/type must be one of boolean, integer, number, string, or array with items of one of these"
    )
    with pytest.raises(ValueError, match=message):
        of_query(schema)


@pytest.mark.parametrize(
    ("schema", "kind"),
    [({"type": kind}, kind) for kind in json_schema.QUERY_TYPES]
    + [({}, "string"), ({"maxLength": 9}, "string"), ({"type": ["null", "string"]}, "string")]
    + [({"type": ["integer", "null"]}, "integer")],
)
def test_type_of_a_query_parameter_determines_how_it_is_parsed(schema: Schema, kind: str) -> None:
    service = of_query(schema)
    types = {"by": kind} if kind != "string" else {}
    assert f"query_0.validate, {types!r})" in sources(service, service.functions[0], "")["index.py"]


def test_every_keyword_of_a_request_is_tested() -> None:
    used = {keyword for schema, _, _ in SUPPORTED for keyword in schema}
    assert used | {"default"} == json_schema.CHECKED | {"$defs"}


def test_default_replaces_a_missing_property() -> None:
    assert checked({"properties": {"a": {"default": 7}}}, {}) == {"a": 7}


def test_schema_that_functions_validate_as_it_is_stays_unchanged() -> None:
    schemas = {"Parcel": PARCEL}
    service = a_service(functions=(a_function(a_route(method="POST", body="Parcel")),), schemas=schemas)
    assert service.schemas is schemas


@pytest.mark.parametrize("format_", json_schema.FORMATS)
def test_every_format_of_a_request_is_validated(format_: str) -> None:
    with pytest.raises(SchemaViolation):
        checked({"format": format_}, " ")


@pytest.mark.parametrize("service", SERVICES.values(), ids=SERVICES)
def test_built_in_services_use_only_supported_keywords(service: Service) -> None:
    routes: list[Route] = [route for _, route in service.routes()]
    for name in {route.body for route in routes if route.body}:
        assert not [*json_schema.problems(service.schemas[name], name, checked=True)]


def test_every_problem_of_a_schema_is_reported() -> None:
    schema = {"minContains": 2, "anyOf": [{"xml": {}}], "properties": {"a": True, "b": {"format": "isbn"}}}
    paths = [problem.split(" ")[0] for problem in json_schema.problems(schema, "x", checked=True)]
    assert paths == ["x/minContains", "x/properties/a", "x/properties/b/format", "x/anyOf/0/xml"]
