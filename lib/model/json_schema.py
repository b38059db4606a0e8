"""Validation of the JSON Schemas in a service definition.

Code that is generated from a schema validates requests, after API Gateway has validated them with the part of the
schema that it supports. All schemas are published as OpenAPI 3.0. Keywords that functions do not validate are rejected,
because they would document rules that are not enforced. `schema_renderings` converts the others.
"""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

ANNOTATIONS = frozenset(
    (
        *("title", "description", "default", "example", "examples", "readOnly", "writeOnly", "deprecated", "$comment"),
        *("discriminator", "contentEncoding", "contentMediaType", "contentSchema"),
    )
)
CHECKED = ANNOTATIONS | {
    *("type", "enum", "const", "$ref"),
    *("allOf", "anyOf", "oneOf", "not", "if", "then", "else"),
    *("minLength", "maxLength", "pattern", "format"),
    *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
    *("minItems", "maxItems", "uniqueItems", "items", "prefixItems", "contains"),
    *("minProperties", "maxProperties", "required", "dependentRequired"),
    *("properties", "patternProperties", "propertyNames", "additionalProperties"),
}
"""Supported keywords in schemas that validate requests."""
DOCUMENTED = CHECKED | {"nullable", "xml", "externalDocs"}
"""Supported keywords in other schemas."""
DRAFT_4_FORMATS = ("date-time", "email", "hostname", "ipv4", "ipv6", "uri")
"""Values of `format` that API Gateway validates."""
FORMATS = (*DRAFT_4_FORMATS, "date", "time", "duration", "uuid", *(f"uuid{version}" for version in range(1, 9)))
"""Values of `format` that functions validate."""
UNCHECKED_FORMATS = frozenset(
    (
        *("binary", "base64url", "byte", "password", "path", "file-path", "directory-path", "json-string", "json"),
        *("multi-host-uri", "ipvanyaddress", "ipvanyinterface", "ipvanynetwork", "name-email", "color"),
        *(
            "ipv4interface",
            "ipv4network",
            "ipv6interface",
            "ipv6network",
            "decimal",
            "float",
            "double",
            "int32",
            "int64",
        ),
    )
)
"""Further values of `format`, of pydantic and OpenAPI, that only document how a program uses the value."""
TYPES = ("array", "boolean", "integer", "number", "object", "string")
QUERY_TYPES = ("boolean", "integer", "number", "string")
"""Types of query parameters. The type determines how the string is parsed."""
STRING_KEYWORDS = ANNOTATIONS | {"required", "minLength", "maxLength", "pattern", "format"}
"""Keywords of a parameter without a type, which is a string."""

REMEDIES = {
    "dependencies": "Use dependentRequired.",
    "definitions": "Define them under $defs at the top of the schema, or in the schemas of the service.",
    "$defs": "Define them at the top of the schema.",
    "nullable": "Add 'null' to the type: ['string', 'null'].",
}
"""Replacements of unsupported keywords."""
REMEDY = "Remove it, and check the value in the operation."

Rule = tuple[Callable[[Any, Mapping[str, Any]], bool], str, str]
"""Predicate for the value of a keyword in a schema, noun phrase for supported values, and remedy for others."""


def _is_type(value: Any, _: Mapping[str, Any]) -> bool:
    if isinstance(value, list | tuple):
        return _is_list(value) and len({*map(str, value)}) == len(value) and {*map(str, value)} <= {*TYPES, "null"}
    return value in (*TYPES, "null")


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


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _is_mapping(value: Any) -> bool:
    return isinstance(value, Mapping) and all(isinstance(name, str) for name in value)


def _is_exclusive(bound: str) -> Rule:
    return (
        lambda value, schema: _is_number(value) or (isinstance(value, bool) and bound in schema),
        f"a finite number, or true or false together with {bound}",
        "Set it to the bound.",
    )


COUNT: Rule = (
    lambda value, _: isinstance(value, int) and not isinstance(value, bool) and value >= 0,
    "a non-negative integer",
    REMEDY,
)
NUMBER: Rule = (
    lambda value, _: _is_number(value),
    "a finite number",
    REMEDY,
)
BOOLEAN: Rule = (lambda value, _: isinstance(value, bool), "true or false", "Remove it.")
STRING: Rule = (lambda value, _: isinstance(value, str), "a string", "Remove it.")
SCHEMAS: Rule = (lambda value, _: _is_list(value), "a list of schemas, at least one", REMEDY)
RULES: Mapping[str, Rule] = {
    "type": (_is_type, f"one of {', '.join(TYPES)} or null, or a list of distinct ones", "Use one of them."),
    "exclusiveMinimum": _is_exclusive("minimum"),
    "exclusiveMaximum": _is_exclusive("maximum"),
    "items": (
        lambda value, schema: isinstance(value, Mapping) or (isinstance(value, bool) and "prefixItems" in schema),
        "one schema",
        "Use one schema for all items, or prefixItems.",
    ),
    "$ref": (
        lambda value, _: (
            isinstance(value, str) and re.fullmatch(r"#/components/schemas/[A-Za-z0-9]+", value) is not None
        ),
        "#/components/schemas/ with the name of a schema, or #/$defs/ with a name in $defs",
        "Define the schema in the schemas of the service.",
    ),
    "enum": (lambda value, _: _is_list(value), "a list, at least one value", REMEDY),
    "pattern": (lambda value, _: _is_pattern(value), "a regular expression", REMEDY),
    "required": (
        lambda value, _: _is_list(value) and all(isinstance(name, str) for name in value) and _are_distinct(value),
        "a list of distinct names, at least one",
        REMEDY,
    ),
    "properties": (lambda value, _: _is_mapping(value), "a mapping of names to schemas", REMEDY),
    "patternProperties": (
        lambda value, _: _is_mapping(value) and all(map(_is_pattern, value)),
        "a mapping of regular expressions to schemas",
        REMEDY,
    ),
    "dependentRequired": (
        lambda value, _: _is_mapping(value) and all(isinstance(names, list | tuple) for names in value.values()),
        "a mapping of names to lists of names",
        REMEDY,
    ),
    **dict.fromkeys(("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"), COUNT),
    **dict.fromkeys(("minimum", "maximum"), NUMBER),
    **dict.fromkeys(("uniqueItems", "readOnly", "writeOnly", "deprecated", "nullable"), BOOLEAN),
    **dict.fromkeys(("title", "description"), STRING),
    **dict.fromkeys(("allOf", "anyOf", "oneOf", "prefixItems"), SCHEMAS),
}
"""Rules for every schema."""
CHECKED_RULES: Mapping[str, Rule] = {
    **RULES,
    "enum": (
        lambda value, _: _is_list(value) and all(map(_is_listable, value)) and _are_distinct(value),
        "a list of strings, integers, booleans and null, all distinct, at least one",
        REMEDY,
    ),
    "const": (lambda value, _: _is_listable(value), "a string, an integer, a boolean or null", REMEDY),
    "format": (
        lambda value, _: isinstance(value, str) and value in {*FORMATS, *UNCHECKED_FORMATS},
        f"one of {', '.join(FORMATS[: FORMATS.index('uuid1')])}",
        "Use pattern.",
    ),
    "multipleOf": (lambda value, _: _is_number(value) and value > 0, "a positive number", REMEDY),
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
    for inner_path, inner in nested(schema):
        yield from problems(inner, f"{path}/{inner_path}", checked=checked)


def nested(schema: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield the directly nested schemas with their paths. Values of a wrong type contain none."""
    for keyword in ("properties", "patternProperties"):
        members = schema.get(keyword)
        for name, inner in members.items() if isinstance(members, Mapping) else ():
            yield f"{keyword}/{name}", inner
    for keyword in ("allOf", "anyOf", "oneOf", "prefixItems"):
        alternatives = schema.get(keyword)
        for number, inner in enumerate(alternatives if isinstance(alternatives, list | tuple) else ()):
            yield f"{keyword}/{number}", inner
    if isinstance(schema.get("items"), Mapping):
        yield "items", schema["items"]
    for keyword in ("not", "if", "then", "else", "contains", "propertyNames"):
        if keyword in schema:
            yield keyword, schema[keyword]
    if not isinstance(schema.get("additionalProperties", True), bool):
        yield "additionalProperties", schema["additionalProperties"]
