"""Checks of the JSON Schemas in the description of a service.

A request is checked by API Gateway, which knows draft 4, and by code that is generated from the schema; all schemas are
published as OpenAPI 3.0. A keyword that one of these ignores would be a promise that the service does not keep.
"""

from __future__ import annotations

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
"""Keywords of a request's schema."""
DOCUMENTED = CHECKED | {"anyOf", "oneOf", "not", "nullable", "discriminator", "xml", "externalDocs", "$ref"}
"""Keywords of any other schema: those of OpenAPI 3.0."""
FORMATS = ("date-time", "email", "hostname", "ipv4", "ipv6", "uri")
"""Formats that are checked."""
TYPES = ("array", "boolean", "integer", "number", "object", "string")

REMEDIES = {
    "$ref": "Copy the schema that it refers to into this one.",
    "const": "Use enum with one value.",
    "nullable": "Add 'null' to the type: ['string', 'null'].",
}
"""Replacements of unsupported keywords."""
REMEDY = "Remove it, and check the value in the operation."

Rule = tuple[Callable[[Any, Mapping[str, Any]], bool], str, str]
"""Whether the value of a keyword in a schema is supported, the supported values, and the remedy."""


def _is_type(value: Any, _: Mapping[str, Any]) -> bool:
    if isinstance(value, list | tuple):
        return len(value) == 2 and "null" in value and any(one in TYPES for one in value)
    return value in TYPES


def _is_listable(value: Any) -> bool:
    """Whether a value in an `enum` can match one of a request, whose decimals are `Decimal` and no `float`."""
    return value is None or isinstance(value, str | int)


def _is_exclusive(bound: str) -> Rule:
    return (
        lambda value, schema: isinstance(value, bool) and bound in schema,
        f"true or false beside {bound}",
        f"Set {bound} to the bound, and this to true.",
    )


RULES: Mapping[str, Rule] = {
    "type": (_is_type, f"one of {', '.join(TYPES)}, or a list of one of them and 'null'", "Use one type."),
    "exclusiveMinimum": _is_exclusive("minimum"),
    "exclusiveMaximum": _is_exclusive("maximum"),
    "items": (lambda value, _: isinstance(value, Mapping), "one schema", "Use one schema for all items."),
}
"""Rules for every schema."""
CHECKED_RULES: Mapping[str, Rule] = {
    **RULES,
    "enum": (
        lambda value, _: isinstance(value, list | tuple) and all(_is_listable(one) for one in value),
        "a list of strings, integers, booleans and null",
        REMEDY,
    ),
    "format": (lambda value, _: value in FORMATS, f"one of {', '.join(FORMATS)}", "Use pattern."),
    "multipleOf": (
        lambda value, schema: isinstance(value, int) and value >= 1 and schema.get("type") == "integer",
        "a positive integer beside the type 'integer'",
        REMEDY,
    ),
}
"""Rules for a request's schema."""


def problems(schema: Any, path: str, *, checked: bool) -> Iterator[str]:
    """Yield an error for each unsupported keyword, or value of a keyword, of a schema and of those inside it.

    `path` names the schema; `checked` tells whether requests are checked by it.
    """
    if not isinstance(schema, Mapping):
        yield f"{path} must be a schema, got {schema!r}. Use {{}} for any value."
        return
    supported, rules = (CHECKED, CHECKED_RULES) if checked else (DOCUMENTED, RULES)
    for keyword, value in schema.items():
        if keyword not in supported and not keyword.startswith("x-"):
            remedy = REMEDIES.get(keyword, REMEDY)
            yield f"{path}/{keyword} is not supported{' in requests' * checked}, got {value!r}. {remedy}"
        elif keyword in rules:
            is_supported, expected, remedy = rules[keyword]
            if not is_supported(value, schema):
                yield f"{path}/{keyword} must be {expected}, got {value!r}. {remedy}"
    for inner_path, inner in _inner(schema):
        yield from problems(inner, f"{path}/{inner_path}", checked=checked)


def _inner(schema: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The schemas directly inside another, with their paths in it."""
    for name, inner in schema.get("properties", {}).items():
        yield f"properties/{name}", inner
    for keyword in ("allOf", "anyOf", "oneOf"):
        for number, inner in enumerate(schema.get(keyword, ())):
            yield f"{keyword}/{number}", inner
    if isinstance(schema.get("items"), Mapping):
        yield "items", schema["items"]
    if "not" in schema:
        yield "not", schema["not"]
    if not isinstance(schema.get("additionalProperties", True), bool):
        yield "additionalProperties", schema["additionalProperties"]
