"""Validation of the JSON Schemas in a service definition.

API Gateway validates requests with JSON Schema draft 4, and code that is generated from the schema validates them
again. All schemas are published as OpenAPI 3.0. Keywords that one of these does not support are rejected, because they
would document rules that are not enforced.
"""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

ANNOTATIONS = frozenset(("title", "description", "default", "example", "readOnly", "writeOnly", "deprecated"))
CHECKED = ANNOTATIONS | {
    *("type", "enum", "allOf"),
    *("minLength", "maxLength", "pattern", "format"),
    *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
    *("minItems", "maxItems", "uniqueItems", "items"),
    *("minProperties", "maxProperties", "required", "properties", "additionalProperties"),
}
"""Supported keywords in schemas that validate requests."""
DOCUMENTED = CHECKED | {"anyOf", "oneOf", "not", "nullable", "discriminator", "xml", "externalDocs", "$ref"}
"""Supported keywords in other schemas: those of OpenAPI 3.0."""
FORMATS = ("date-time", "email", "hostname", "ipv4", "ipv6", "uri")
"""Supported values of `format`."""
TYPES = ("array", "boolean", "integer", "number", "object", "string")
QUERY_TYPES = ("boolean", "integer", "number", "string")
"""Types of query parameters. The type determines how the string is parsed."""
STRING_KEYWORDS = ANNOTATIONS | {"required", "minLength", "maxLength", "pattern", "format"}
"""Keywords of a parameter without a type, which is a string."""

REMEDIES = {
    "$ref": "Copy the schema that it refers to into this one.",
    "const": "Use enum with one value.",
    "nullable": "Add 'null' to the type: ['string', 'null'].",
}
"""Replacements of unsupported keywords."""
REMEDY = "Remove it, and check the value in the operation."

Rule = tuple[Callable[[Any, Mapping[str, Any]], bool], str, str]
"""Predicate for the value of a keyword in a schema, noun phrase for supported values, and remedy for others."""


def _is_type(value: Any, _: Mapping[str, Any]) -> bool:
    if isinstance(value, list | tuple):
        return len(value) == 2 and "null" in value and any(name in TYPES for name in value)
    return value in TYPES


def _is_listable(value: Any) -> bool:
    """Return whether a value in an `enum` can match a value of a request. Decimals in requests are not `float`."""
    return value is None or isinstance(value, str | int)


def _is_list(value: Any) -> bool:
    return isinstance(value, list | tuple) and len(value) > 0


def _are_distinct(values: Any) -> bool:
    return len({(type(value), value) for value in values}) == len(values)


def _is_pattern(value: Any) -> bool:
    try:
        return isinstance(value, str) and bool(re.compile(value))
    except re.error:
        return False


def _is_exclusive(bound: str) -> Rule:
    return (
        lambda value, schema: isinstance(value, bool) and bound in schema,
        f"true or false, together with {bound}",
        f"Set {bound} to the bound, and this to true.",
    )


COUNT: Rule = (
    lambda value, _: isinstance(value, int) and not isinstance(value, bool) and value >= 0,
    "a non-negative integer",
    REMEDY,
)
NUMBER: Rule = (
    lambda value, _: isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value),
    "a finite number",
    REMEDY,
)
BOOLEAN: Rule = (lambda value, _: isinstance(value, bool), "true or false", "Remove it.")
STRING: Rule = (lambda value, _: isinstance(value, str), "a string", "Remove it.")
SCHEMAS: Rule = (lambda value, _: _is_list(value), "a list of schemas, at least one", REMEDY)
RULES: Mapping[str, Rule] = {
    "type": (_is_type, f"one of {', '.join(TYPES)}, or a list of one of them and 'null'", "Use one type."),
    "exclusiveMinimum": _is_exclusive("minimum"),
    "exclusiveMaximum": _is_exclusive("maximum"),
    "items": (lambda value, _: isinstance(value, Mapping), "one schema", "Use one schema for all items."),
    "enum": (lambda value, _: _is_list(value), "a list, at least one value", REMEDY),
    "pattern": (lambda value, _: _is_pattern(value), "a regular expression", REMEDY),
    "required": (
        lambda value, _: _is_list(value) and all(isinstance(name, str) for name in value) and _are_distinct(value),
        "a list of distinct names, at least one",
        REMEDY,
    ),
    "properties": (
        lambda value, _: isinstance(value, Mapping) and all(isinstance(name, str) for name in value),
        "a mapping of names to schemas",
        REMEDY,
    ),
    **dict.fromkeys(("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"), COUNT),
    **dict.fromkeys(("minimum", "maximum"), NUMBER),
    **dict.fromkeys(("uniqueItems", "readOnly", "writeOnly", "deprecated", "nullable"), BOOLEAN),
    **dict.fromkeys(("title", "description"), STRING),
    **dict.fromkeys(("allOf", "anyOf", "oneOf"), SCHEMAS),
}
"""Rules for every schema. API Gateway or OpenAPI reject or ignore other values."""
CHECKED_RULES: Mapping[str, Rule] = {
    **RULES,
    "enum": (
        lambda value, _: _is_list(value) and all(map(_is_listable, value)) and _are_distinct(value),
        "a list of strings, integers, booleans and null, all distinct, at least one",
        REMEDY,
    ),
    "format": (lambda value, _: value in FORMATS, f"one of {', '.join(FORMATS)}", "Use pattern."),
    "multipleOf": (
        lambda value, schema: isinstance(value, int) and value >= 1 and schema.get("type") == "integer",
        "a positive integer, with the type 'integer'",
        REMEDY,
    ),
}
"""Rules for schemas that validate requests."""


def parameter_problems(schema: Any, path: str) -> Iterator[str]:
    """Yield an error for each problem of the schema of a query parameter or a header."""
    is_schema = isinstance(schema, Mapping)
    yield from problems(value_schema(schema) if is_schema else schema, path, checked=True)
    if is_schema and parameter_type(schema) is None:
        yield (
            f"{path}/type must be one of {', '.join(QUERY_TYPES)}, or array with items of one of these types, got "
            f"{schema.get('type')!r}. Set it, because the type determines how the value is parsed."
        )


def form_problems(schema: Mapping[str, Any], path: str) -> Iterator[str]:
    """Yield an error for each property that a form field cannot represent in the schema of a body."""
    if schema.get("type") != "object":
        yield f"{path}/type must be 'object' because a form has fields, got {schema.get('type')!r}."
    for name, inner in schema.get("properties", {}).items():
        if parameter_type(inner) is None:
            yield (
                f"{path}/properties/{name}/type must be one of {', '.join(QUERY_TYPES)}, or array with items of one of "
                f"these types, because it is a form field, got {inner.get('type')!r}."
            )


def value_schema(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schema of the value of a query parameter or a header, without `"required": True`."""
    return {keyword: value for keyword, value in schema.items() if keyword != "required" or not isinstance(value, bool)}


def is_required(schema: Mapping[str, Any]) -> bool:
    """Return whether a request must have the query parameter or the header."""
    return schema.get("required") is True


def parameters_schema(schemas: Mapping[str, Mapping[str, Any]], *, additional: bool) -> dict[str, Any]:
    """Return the schema of an object with parameters by name. `additional` is whether it accepts other parameters."""
    required = [name for name, schema in schemas.items() if is_required(schema)]
    return {
        "type": "object",
        "additionalProperties": additional,
        "properties": {name: value_schema(schema) for name, schema in schemas.items()},
        **({"required": required} if required else {}),
    }


def parameter_type(schema: Mapping[str, Any]) -> str | tuple[str, ...] | None:
    """Return the type of a query parameter, header or form field; for an array, a tuple with the type of its items.

    None for a type that has no representation there.
    """
    kind = _single_type(schema)
    if kind == "array":
        items = schema.get("items")
        inner = _single_type(items) if isinstance(items, Mapping) else None
        return (inner,) if inner in QUERY_TYPES else None
    return kind if kind in QUERY_TYPES else None


def _single_type(schema: Mapping[str, Any]) -> Any:
    """Return the type of a value; None if it has no type and keywords of other types than strings."""
    kind = schema.get("type", "string" if schema.keys() <= STRING_KEYWORDS else None)
    return next((name for name in kind if name != "null"), None) if isinstance(kind, list | tuple) else kind


def problems(schema: Any, path: str, *, checked: bool) -> Iterator[str]:
    """Yield an error for each unsupported keyword or keyword value of a schema and of its nested schemas.

    `path` is the name of the schema in errors. `checked` is whether the schema validates requests.
    """
    if not isinstance(schema, Mapping):
        yield f"{path} must be a schema, got {schema!r}. Use {{}} for any value."
        return
    supported, rules = (CHECKED, CHECKED_RULES) if checked else (DOCUMENTED, RULES)
    for keyword, value in schema.items():
        if keyword not in supported and not keyword.startswith("x-"):
            similar = difflib.get_close_matches(keyword, supported, n=1, cutoff=0.8)
            remedy = REMEDIES.get(keyword, f"Did you mean {similar[0]}?" if similar else REMEDY)
            yield f"{path}/{keyword} is not supported{' in requests' * checked}, got {value!r}. {remedy}"
        elif keyword in rules:
            is_supported, expected, remedy = rules[keyword]
            if not is_supported(value, schema):
                yield f"{path}/{keyword} must be {expected}, got {value!r}. {remedy}"
    for inner_path, inner in _inner(schema):
        yield from problems(inner, f"{path}/{inner_path}", checked=checked)


def _inner(schema: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield the directly nested schemas with their paths. Values of a wrong type contain none."""
    if isinstance(properties := schema.get("properties"), Mapping):
        for name, inner in properties.items():
            yield f"properties/{name}", inner
    for keyword in ("allOf", "anyOf", "oneOf"):
        alternatives = schema.get(keyword)
        for number, inner in enumerate(alternatives if isinstance(alternatives, list | tuple) else ()):
            yield f"{keyword}/{number}", inner
    if isinstance(schema.get("items"), Mapping):
        yield "items", schema["items"]
    if "not" in schema:
        yield "not", schema["not"]
    if not isinstance(schema.get("additionalProperties", True), bool):
        yield "additionalProperties", schema["additionalProperties"]
