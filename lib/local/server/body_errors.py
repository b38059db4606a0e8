"""Descriptions of the differences between a JSON value and a schema, as API Gateway writes them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

Schema = Mapping[str, Any]
Resolve = Callable[[str, Any], tuple[Any, Any]]
"""Returns the schema of a reference in a document, and the document that contains this schema."""
IsValid = Callable[[Any, Any, Any], bool]
"""Whether a value matches a schema in a document. The schema comes first."""
Describe = Callable[[str, str, bytes], str]
"""Returns the errors of a body that does not match a model of an API. The API comes first."""
NOT_JSON = "[Invalid JSON]"
TYPES = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array", dict: "object"}
FALLBACK = "instance does not match the schema"
COMBINATIONS = {
    "allOf": "failed to match all required schemas (matched only {matched} out of {count})",
    "anyOf": "failed to match at least one required schema among {count}",
    "oneOf": "failed to match exactly one schema (matched {matched} out of {count})",
}


def describer(find_schema: Callable[[str, str], Any], resolve: Resolve, is_valid: IsValid) -> Describe:
    """Return a function that describes the errors of bodies. `find_schema` receives an API and the name of a model."""
    return lambda api, model, body: describe(find_schema(api, model), body, resolve, is_valid)


def describe(schema: Any, body: bytes, resolve: Resolve, is_valid: IsValid) -> str:
    """Return the errors of a body that does not match a schema, in brackets."""
    try:
        value = json.loads(body)
    except ValueError:
        return NOT_JSON
    errors = list(dict.fromkeys(_errors(schema, value, schema, resolve, is_valid)))
    return f"[{', '.join(errors or [FALLBACK])}]"


def _errors(schema: Any, value: Any, document: Any, resolve: Resolve, is_valid: IsValid) -> Iterator[str]:
    while isinstance(schema, dict) and isinstance(schema.get("$ref"), str):
        schema, document = resolve(schema["$ref"], document)
    if not isinstance(schema, dict) or is_valid(schema, value, document):
        return
    yield from _own_errors(schema, value)
    for keyword, message in COMBINATIONS.items():
        choices = schema.get(keyword) or []
        matched, count = sum(is_valid(choice, value, document) for choice in choices), len(choices)
        is_match = {"allOf": matched == count, "anyOf": matched > 0, "oneOf": matched == 1}[keyword]
        if choices and not is_match:
            yield f"instance {message.format(matched=matched, count=count)}"
    for inner_schema, inner in _children(schema, value):
        yield from _errors(inner_schema, inner, document, resolve, is_valid)


def _children(schema: Schema, value: Any) -> Iterator[tuple[Any, Any]]:
    if isinstance(value, dict):
        properties = schema.get("properties") or {}
        yield from ((properties[name], inner) for name, inner in value.items() if name in properties)
    if isinstance(value, list) and isinstance(schema.get("items"), dict):
        yield from ((schema["items"], inner) for inner in value)


def _own_errors(schema: Schema, value: Any) -> Iterator[str]:
    kind, types = TYPES.get(type(value), "null"), schema.get("type", [])
    allowed = types if isinstance(types, list) else [types]
    if allowed and kind not in allowed and not (kind == "integer" and "number" in allowed):
        yield f"instance type ({kind}) does not match any allowed primitive type (allowed: {_json(sorted(allowed))})"
    if "enum" in schema and value not in schema["enum"]:
        yield f"instance value ({_json(value)}) not found in enum (possible values: {_json(schema['enum'])})"
    if kind == "object":
        yield from _object_errors(schema, value)
    if kind == "string":
        yield from _string_errors(schema, value)
    if kind == "array":
        yield from _array_errors(schema, value)
    if kind in ("integer", "number"):
        yield from _number_errors(schema, value)


def _object_errors(schema: Schema, value: Mapping[str, Any]) -> Iterator[str]:
    if missing := sorted(name for name in schema.get("required") or () if name not in value):
        yield f"object has missing required properties ({_json(missing)})"
    if schema.get("additionalProperties") is False:
        unknown = sorted(value.keys() - (schema.get("properties") or {}).keys())
        if unknown and not schema.get("patternProperties"):
            yield f"object instance has properties which are not allowed by the schema: {_json(unknown)}"


def _string_errors(schema: Schema, value: str) -> Iterator[str]:
    length = len(value)
    if length < schema.get("minLength", 0):
        yield f"string {_json(value)} is too short (length: {length}, required minimum: {schema['minLength']})"
    if length > schema.get("maxLength", length):
        yield f"string {_json(value)} is too long (length: {length}, maximum allowed: {schema['maxLength']})"


def _array_errors(schema: Schema, value: list[Any]) -> Iterator[str]:
    length = len(value)
    if length < schema.get("minItems", 0):
        yield f"array is too short: must have at least {schema['minItems']} elements but instance has {length} elements"
    if length > schema.get("maxItems", length):
        yield f"array is too long: must have at most {schema['maxItems']} elements but instance has {length} elements"


def _number_errors(schema: Schema, value: float) -> Iterator[str]:
    if value < schema.get("minimum", value):
        yield f"numeric instance is lower than the required minimum (minimum: {schema['minimum']}, found: {value})"
    if value > schema.get("maximum", value):
        yield f"numeric instance is greater than the required maximum (maximum: {schema['maximum']}, found: {value})"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
