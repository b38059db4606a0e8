"""The renderings of a JSON Schema accept the same values, as far as each consumer can express its rules."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from fastjsonschema import JsonSchemaDefinitionException
from hypothesis import HealthCheck, assume, given, reject, settings
from hypothesis import strategies as st
from jsonschema import Draft4Validator, Draft202012Validator
from openapi_schema_validator import OAS30Validator

from lib.assets.validators import validator
from lib.model.schema_definitions import with_shared_definitions
from lib.model.schema_renderings import DRAFT_4, function_schema, gateway_schema, openapi_schema
from lib.runtime.event_handler import SchemaViolation

NAMES = ("a", "b", "c")
TYPES = ("array", "boolean", "integer", "null", "number", "object", "string")
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(-2, 4), st.text("ab1", max_size=3))
NUMBERS = st.one_of(st.integers(-2, 4), st.integers(-2, 4).map(lambda number: number + Decimal("0.1")))
"""Numbers as requests contain them. `1.0` is not an integer for API Gateway and functions."""
VALUES = st.recursive(
    st.one_of(SCALARS, NUMBERS),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=3),
    max_leaves=6,
)
COUNTS = st.integers(0, 2)
BOUNDS = st.integers(-1, 3) | st.sampled_from((0.1, 1.5, 2.7))
REFERENCES = st.sampled_from(("A", "B")).map(lambda name: {"$ref": f"#/$defs/{name}"})


def schemas(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Return schemas with one or two rules, which contain `inner`."""
    members = st.dictionaries(st.sampled_from(NAMES), inner, min_size=1, max_size=2)
    alternatives = st.lists(inner, min_size=1, max_size=3)
    names = st.lists(st.sampled_from(NAMES), min_size=1, max_size=2, unique=True)
    rules = {
        "type": st.sampled_from(TYPES) | st.lists(st.sampled_from(TYPES), min_size=1, max_size=3, unique=True),
        "enum": st.lists(SCALARS, min_size=1, max_size=3, unique_by=lambda value: (type(value), value)),
        "const": SCALARS,
        **dict.fromkeys(("allOf", "anyOf", "oneOf", "prefixItems"), alternatives),
        **dict.fromkeys(("not", "contains", "propertyNames", "items", "if", "then", "else"), inner),
        "additionalProperties": st.booleans() | inner,
        **dict.fromkeys(("minLength", "minItems", "minProperties", "maxLength", "maxItems", "maxProperties"), COUNTS),
        **dict.fromkeys(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"), BOUNDS),
        "multipleOf": st.integers(1, 3),
        "pattern": st.sampled_from(("^a", "b$", "^(?!a)", "a+b?")),
        "uniqueItems": st.booleans(),
        "required": names,
        "dependentRequired": st.dictionaries(st.sampled_from(NAMES), names, min_size=1, max_size=1),
        "properties": members,
        "patternProperties": st.dictionaries(st.sampled_from(("^a", "b")), inner, min_size=1, max_size=1),
    }
    pairs = st.sampled_from([*rules]).flatmap(lambda name: st.tuples(st.just(name), rules[name]))
    return st.lists(pairs, min_size=1, max_size=3).map(dict)


SCHEMAS = st.recursive(schemas(st.just({})) | REFERENCES, schemas, max_leaves=4)
DOCUMENTS = st.tuples(SCHEMAS, schemas(st.just({})), schemas(REFERENCES)).map(
    lambda parts: {**parts[0], "$defs": {"A": parts[1], "B": parts[2]}}
)


def accepted_by_function(schema: Any, schemas_: Any, value: Any) -> bool:
    """Return whether the code of the function accepts a value."""
    namespace: dict[str, Any] = {}
    try:
        code = validator(schema, schemas_)
    except JsonSchemaDefinitionException:
        reject()  # fastjsonschema rejects a schema that requires a property and does not allow it.
    exec(code, namespace)  # noqa: S102  # pylint: disable=exec-used  # our own code
    try:
        namespace["validate"](value, name_prefix="body")
    except SchemaViolation:
        return False
    return True


def is_valid(checker: Any, schema: Any, value: Any) -> bool:
    """Return whether a value is valid. The numbers of the schema are exact, as in API Gateway."""
    return bool(checker(json.loads(json.dumps(schema), parse_float=Decimal)).is_valid(value))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(DOCUMENTS, st.lists(VALUES, min_size=4, max_size=8))
def test_function_is_exact_and_api_gateway_is_not_stricter(document: Any, values: list[Any]) -> None:
    assume(not _refers_to_itself(document))
    normal = with_shared_definitions({"Root": document})
    gateway = gateway_schema(normal["Root"], normal)
    Draft4Validator.check_schema(gateway)
    components = {"schemas": {name: openapi_schema(schema, normal) for name, schema in normal.items()}}
    documented = {"$ref": "#/components/schemas/Root", "components": components}
    for value in values:
        expected = is_valid(Draft202012Validator, document, value)
        accepted = accepted_by_function(normal["Root"], normal, value)
        assert accepted is expected, (value, function_schema(normal["Root"], normal))
        assert is_valid(Draft4Validator, gateway, value) or not expected, (value, gateway)
        assert is_valid(OAS30Validator, documented, value) or not expected, (value, components)


@pytest.mark.parametrize("kind", ["null", ["null"], ("null",)])
def test_only_null_is_nullable_in_openapi(kind: Any) -> None:
    documented = openapi_schema({"type": kind, "description": "Nothing."}, {})
    assert documented == {"type": "string", "enum": [None], "nullable": True, "description": "Nothing."}


def _refers_to_itself(document: Any) -> bool:
    """Return whether the validation of the second definition does not end, because it applies itself to a value."""
    inner = {
        key: value for key, value in document["$defs"]["B"].items() if key in ("allOf", "anyOf", "oneOf", "not", "if")
    }
    return "#/$defs/B" in json.dumps([inner, document["$defs"]["B"].get("then"), document["$defs"]["B"].get("else")])


TIMES = {"oneOf": [{"format": "date"}, {"$ref": "#/$defs/Time"}], "$defs": {"Time": {"format": "time"}}}
TREE = {"$ref": "#/$defs/Tree", "$defs": {"Tree": {"type": "array", "items": {"$ref": "#/$defs/Tree"}}}}


@pytest.mark.parametrize(
    ("schema", "gateway", "documented"),
    [
        ({"type": "number", "exclusiveMinimum": 0}, None, {"type": "number", "minimum": 0, "exclusiveMinimum": True}),
        ({"minimum": 2, "exclusiveMinimum": 1}, None, {"minimum": 2, "exclusiveMinimum": False}),
        (
            {"minimum": 1, "exclusiveMinimum": True, "const": 2},
            None,
            {"minimum": 1, "exclusiveMinimum": True, "enum": [2]},
        ),
        ({"const": "a"}, None, {"enum": ["a"]}),
        ({"const": "a", "enum": ["b"]}, None, {"enum": ["b"], "allOf": [{"enum": ["a"]}]}),
        ({"oneOf": [{"contains": {}}, {"minItems": 1}]}, {"allOf": [{"anyOf": [{}, {"minItems": 1}]}]}, None),
        ({"oneOf": [{"contains": {}}]}, {"allOf": [{"anyOf": [{}]}]}, {"anyOf": [{}]}),
        (
            {"oneOf": [{"contains": {}}], "anyOf": [{"const": 1}]},
            {"allOf": [{"anyOf": [{}]}], "anyOf": [{"enum": [1]}]},
            {"allOf": [{"anyOf": [{}]}], "anyOf": [{"enum": [1]}]},
        ),
        (
            {"anyOf": [{"type": "string"}, {"type": "null"}]},
            {"type": ["string", "null"]},
            {"type": "string", "nullable": True},
        ),
        (
            {"anyOf": [{"type": "string", "enum": ["a"]}, {"type": "null"}], "title": "A"},
            {"type": ["string", "null"], "enum": ["a", None], "title": "A"},
            {"type": "string", "nullable": True, "enum": ["a", None], "title": "A"},
        ),
        (
            {"anyOf": [{"const": "a", "type": "string"}, {"type": "null"}]},
            {"anyOf": [{"type": "string", "enum": ["a"]}, {"type": "null"}]},
            {"anyOf": [{"type": "string", "enum": ["a"]}, {"type": "string", "enum": [None], "nullable": True}]},
        ),
        (
            {"type": ["integer", "string"]},
            {"type": ["integer", "string"]},
            {"anyOf": [{"type": "integer"}, {"type": "string"}]},
        ),
        ({"type": "string", "format": "uuid"}, {"type": "string"}, {"type": "string", "format": "uuid"}),
        ({"type": "string", "format": "uri"}, None, {"type": "string", "format": "uri"}),
        ({"pattern": "^(?P<a>b)$"}, {}, {"pattern": "^(?P<a>b)$"}),
        ({"pattern": "^a{,3}$"}, {}, {"pattern": "^a{,3}$"}),
        ({"pattern": "^[]a]$"}, {}, {"pattern": "^[]a]$"}),
        ({"pattern": r"^\U0001F600$"}, {}, {"pattern": r"^\U0001F600$"}),
        ({"pattern": "^(?!b)$"}, None, {"pattern": "^(?!b)$"}),
        ({"not": {"pattern": "^(?i:b)$"}}, {}, {"not": {"pattern": "^(?i:b)$"}}),
        ({"not": {"contains": {}}}, {}, {}),
        (
            {"not": {"type": "null"}},
            {"not": {"type": "null"}},
            {"not": {"type": "string", "enum": [None], "nullable": True}},
        ),
        ({"oneOf": [{"type": "null"}, {"const": 1}]}, {"oneOf": [{"type": "null"}, {"enum": [1]}]}, None),
        (
            TIMES,
            {"allOf": [{"anyOf": [{}, {"$ref": "#/definitions/Time"}]}], "definitions": {"Time": {}}},
            {"oneOf": [{"format": "date"}, {"$ref": "#/components/schemas/Time"}]},
        ),
        (
            {"prefixItems": [{"type": "string"}, {"type": "string"}], "items": False},
            {},
            {"items": {"type": "string"}},
        ),
        ({"prefixItems": [{"type": "string"}]}, {}, {"items": {}}),
        (
            {"prefixItems": [{"type": "string"}], "items": {"type": "integer"}},
            {},
            {"items": {"anyOf": [{"type": "string"}, {"type": "integer"}]}},
        ),
        ({"patternProperties": {"a": {}}, "additionalProperties": False}, {}, {}),
        ({"examples": [7], "x-default": 5, "x-y": 1}, {}, {"example": 7, "default": 5, "x-y": 1}),
        (
            {"$ref": "#/$defs/A", "description": "x", "$defs": {"A": {}}},
            {"allOf": [{"$ref": "#/definitions/A"}], "description": "x", "definitions": {"A": {}}},
            {"allOf": [{"$ref": "#/components/schemas/A"}], "description": "x"},
        ),
        (
            TREE,
            {
                "type": "array",
                "items": {"$ref": "#/definitions/Tree"},
                "definitions": {"Tree": {"type": "array", "items": {}}},
            },
            {"type": "array", "items": {"$ref": "#/components/schemas/Tree"}},
        ),
    ],
)
def test_schema_is_converted_for_api_gateway_and_openapi(schema: Any, gateway: Any, documented: Any) -> None:
    normal = with_shared_definitions({"Root": schema})
    assert openapi_schema(normal["Root"], normal) == documented or documented is None
    assert gateway_schema(normal["Root"], normal) == (documented if gateway is None else gateway)


@pytest.mark.parametrize(
    ("schema", "is_draft_4"),
    [
        ({"type": "integer", "minimum": 1, "exclusiveMinimum": True, "default": 5, "example": 7}, True),
        ({"anyOf": [{"type": "string"}, {"type": "null"}], "format": "email"}, True),
        ({"minimum": 1.0}, False),
        ({"items": {"const": 1}}, False),
        ({"format": "date"}, False),
    ],
)
def test_validator_needs_draft_7_only_for_newer_keywords(schema: Any, is_draft_4: bool) -> None:
    normal = with_shared_definitions({"Root": schema})
    assert (function_schema(normal["Root"], normal)["$schema"] == DRAFT_4) is is_draft_4


def test_bounds_of_both_kinds_are_exact_in_one_schema() -> None:
    bounds = {"minimum": 0, "exclusiveMinimum": True, "maximum": 1.5, "exclusiveMaximum": False, "const": 1}
    schema = function_schema(bounds, {})
    assert (schema["exclusiveMinimum"], schema["maximum"]) == (0, Decimal("1.5"))
    assert not {"minimum", "exclusiveMaximum"} & schema.keys()


def test_discriminator_refers_to_the_schemas_of_the_service() -> None:
    mapping = {"card": "#/$defs/Card", "other": "https://example.com/other"}
    schema = {"discriminator": {"propertyName": "kind", "mapping": mapping}, "$defs": {"Card": {}}}
    root = with_shared_definitions({"Root": schema})["Root"]
    assert root["discriminator"]["mapping"] == {"card": "#/components/schemas/Card", "other": mapping["other"]}


def test_definitions_of_one_name_are_shared_only_if_they_are_equal() -> None:
    one, two = {"type": "string"}, {"type": "integer"}
    reference = {"$ref": "#/$defs/A-B"}
    schemas_ = {
        "First": {"items": reference, "$defs": {"A-B": one}},
        "Second": {"items": reference, "$defs": {"A-B": one}},
        "Third": {"items": reference, "$defs": {"A-B": two}},
        "Fourth": {"items": reference, "$defs": {"A-B": {}}},
    }
    normal = with_shared_definitions(schemas_)
    references_ = [normal[name]["items"]["$ref"].rpartition("/")[2] for name in schemas_]
    assert references_ == ["AB", "AB", "ABOutput", "FourthAB"]
    assert (normal["AB"], normal["ABOutput"], normal["FourthAB"]) == (one, two, {})
