"""Renderings of a JSON Schema for its three consumers: API Gateway, the generated validators, and OpenAPI.

The schemas of a service follow JSON Schema 2020-12, with references `#/components/schemas/<name>` to each other:

- The function validates everything. Its code is generated from draft 7, or from draft 4 if the schema needs no more.
- API Gateway supports draft 4, and rejects a model with an unknown keyword. Its schema omits the rules that it cannot
  express, so it never rejects a value that the schema accepts.
- OpenAPI 3.0 has `nullable` instead of the type `null`, and no equivalent of some keywords, which are omitted.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from .json_schema import DRAFT_4_FORMATS, nested

Schema = Mapping[str, Any]
Schemas = Mapping[str, Schema]
"""Schemas of a service by name."""

REFERENCE = "#/components/schemas/"
"""Prefix of a reference to a schema of the service."""
DRAFT_4, DRAFT_7 = "http://json-schema.org/draft-04/schema#", "http://json-schema.org/draft-07/schema#"
UUID = r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\Z"
FORMATS: Mapping[str, str] = {
    **dict.fromkeys(("uuid", *(f"uuid{version}" for version in range(1, 9))), UUID),
    "duration": r"^[-+]?P(?=[0-9T])([0-9]+Y)?([0-9]+M)?([0-9]+W)?([0-9]+D)?"
    r"(T(?=[0-9])([0-9]+H)?([0-9]+M)?([0-9]+([.][0-9]+)?S)?)?\Z",
}
"""Regular expressions of the formats that fastjsonschema does not have."""

_ANNOTATIONS = frozenset(("title", "description", "default"))
_BOUNDS = {"exclusiveMinimum": "minimum", "exclusiveMaximum": "maximum"}
_DRAFT_4_RULES = frozenset(
    (
        *("type", "enum", "allOf", "minLength", "maxLength", "pattern", "format", "minimum", "maximum", "multipleOf"),
        *("exclusiveMinimum", "exclusiveMaximum", "minItems", "maxItems", "uniqueItems", "items"),
        *("minProperties", "maxProperties", "required", "properties", "additionalProperties"),
    )
)
"""Validating keywords that draft 4 and draft 7 share."""
_GATEWAY = _DRAFT_4_RULES | _ANNOTATIONS | {"anyOf", "oneOf", "not"}
_DRAFT_7 = _DRAFT_4_RULES | {
    *("default", "anyOf", "oneOf", "not", "if", "then", "else", "contains"),
    *("propertyNames", "patternProperties", "dependencies", "additionalItems"),
}
_NOT_IN_OPENAPI = frozenset(
    (
        *("const", "prefixItems", "patternProperties", "propertyNames", "dependentRequired", "contains"),
        *("if", "then", "else", "examples", "$comment", "contentMediaType", "contentEncoding", "contentSchema"),
    )
)
_RULES_NOT_IN_OPENAPI = _NOT_IN_OPENAPI - {"const", "examples", "$comment"}
DOCUMENTED_DEFAULT = "x-default"
"""Default of a field of a Python type. It is documented as `default`, but the type sets it, not the validator."""
_PYTHON_PATTERN = re.compile(r"\(\?(?![:=!])|\\[AZaNU]|[*+?}]\+|\{,|\[\^?\]")
"""Syntax of Python's regular expressions that ECMAScript lacks or that has another meaning there."""
_FRACTION = r"-?[0-9]+(?:[.][0-9]+(?:E[-+]?[0-9]+)?|E[-+]?[0-9]+)"
"""Pattern of a number that is not an integer, in generated code."""
_NULL: Schema = {"type": "string", "enum": [None], "nullable": True}
"""The value null in OpenAPI 3.0, where `nullable` extends only a `type`."""


def function_schema(schema: Schema, schemas: Schemas) -> dict[str, Any]:
    """Return the schema from which the validator of a function is generated."""
    definitions = _definitions(schema, schemas)
    if not any(map(_needs_draft_7, (schema, *definitions.values()))):
        return {"$schema": DRAFT_4, **schema}
    rendered = {name: _to_draft_7(definition) for name, definition in definitions.items()}
    return {"$schema": DRAFT_7, **_to_draft_7(schema), **({"definitions": rendered} if rendered else {})}


def gateway_schema(schema: Schema, schemas: Schemas) -> dict[str, Any]:
    """Return the schema of an API Gateway model. It accepts every value that the schema accepts."""
    definitions = _definitions(schema, schemas)

    def to_draft_4(part: Schema, owner: str) -> dict[str, Any]:
        converted = nested_converted(_without_open_ends(part), lambda inner: to_draft_4(inner, owner))
        if (name := referenced_name(part)) is not None:
            # A definition that contains itself accepts any value at that place.
            is_recursive = owner in _definitions(part, schemas) if owner else False
            reference = {} if is_recursive else {"$ref": f"#/definitions/{name}"}
            return _with_siblings(reference, {key: value for key, value in converted.items() if key in _GATEWAY})
        if "not" in part and not _is_exact(part["not"], schemas):
            del converted["not"]
        if "oneOf" in part and not all(_is_exact(inner, schemas) for inner in part["oneOf"]):
            converted.setdefault("allOf", []).append({"anyOf": converted.pop("oneOf")})
        return {key: value for key, value in _bounded_as_draft_4(converted).items() if key in _GATEWAY}

    rendered = {name: to_draft_4(definition, name) for name, definition in definitions.items()}
    return {**to_draft_4(schema, ""), **({"definitions": rendered} if rendered else {})}


def openapi_schema(schema: Schema, schemas: Schemas = MappingProxyType({})) -> dict[str, Any]:
    """Return a schema in the dialect of OpenAPI 3.0. `schemas` are the schemas to which it can refer."""
    kinds = schema.get("type")
    if isinstance(kinds, list | tuple) and len(kinds) > 2 - ("null" not in kinds):
        shared = {key: value for key, value in schema.items() if key != "type"}
        any_type = {"anyOf": [{"type": kind} for kind in kinds]}
        added = {"allOf": [*shared.get("allOf", ()), any_type]} if "anyOf" in shared else any_type
        return openapi_schema({**shared, **added}, schemas)
    if kinds in ("null", ["null"], ("null",)):
        return {**_NULL, **{key: value for key, value in schema.items() if key in _ANNOTATIONS}}
    result = nested_converted(schema, lambda inner: openapi_schema(inner, schemas))
    if "not" in schema and not _is_documented(schema["not"], schemas):
        del result["not"]
    if not all(_is_documented(option, schemas) for option in schema.get("oneOf", ())):
        options = {"anyOf": result.pop("oneOf")}
        result |= {"allOf": [*result.get("allOf", ()), options]} if "anyOf" in result else options
    if isinstance(kinds, list | tuple):
        result["type"] = next((kind for kind in kinds if kind != "null"), None)
        result |= {"nullable": True} if "null" in kinds else {}
    result = _bounded_as_draft_4(_without_extensions(schema, result))
    if (name := referenced_name(schema)) is not None:
        siblings = {key: value for key, value in result.items() if key != "$ref"}
        return _with_siblings({"$ref": f"{REFERENCE}{name}"}, siblings)
    return result


def referenced_name(schema: Any) -> str | None:
    """Return the name of the schema of the service to which a schema refers."""
    reference = schema.get("$ref") if isinstance(schema, Mapping) else None
    is_name = isinstance(reference, str) and reference.startswith(REFERENCE)
    return reference[len(REFERENCE) :] if is_name and reference else None


def references(schema: Any) -> Iterator[str]:
    """Yield the names of the schemas to which a schema and its nested schemas refer."""
    if (name := referenced_name(schema)) is not None:
        yield name
    if isinstance(schema, Mapping):
        for _, inner in nested(schema):
            yield from references(inner)


def code_with_exact_numbers(code: str) -> str:
    """Return code of fastjsonschema that compares with decimal numbers, because numbers of requests are `Decimal`."""
    code = re.sub(rf"(?m)^( *if \w+ (?:<=?|>=?) )({_FRACTION}):$", r'\1Decimal("\2"):', code)
    return re.sub(rf"(?m)^( *(?:quotient =|if) \w+ / )({_FRACTION})", r'\1Decimal("\2")', code)


def _definitions(schema: Schema, schemas: Schemas) -> dict[str, Schema]:
    """Return the schemas to which a schema refers, directly or indirectly."""
    definitions: dict[str, Schema] = {}
    pending = [*references(schema)]
    while pending:
        name = pending.pop(0)
        if name not in definitions and name in schemas:
            definitions[name] = schemas[name]
            pending += references(schemas[name])
    return definitions


def nested_converted(schema: Schema, convert: Callable[[Any], Any]) -> dict[str, Any]:
    """Return a copy of a schema with converted nested schemas, in the same order."""
    result = dict(schema)
    for path, inner in nested(schema):
        keyword, _, key = path.partition("/")
        if not key:
            result[keyword] = convert(inner)
            continue
        if result[keyword] is schema[keyword]:
            result[keyword] = dict(schema[keyword]) if isinstance(schema[keyword], Mapping) else list(schema[keyword])
        if isinstance(result[keyword], list):
            result[keyword][int(key)] = convert(inner)
        elif key in result[keyword]:
            result[keyword][key] = convert(inner)
    return result


def _with_siblings(reference: dict[str, Any], siblings: dict[str, Any]) -> dict[str, Any]:
    """Return a reference with further keywords, which draft 4 to 7 and OpenAPI 3.0 ignore beside it."""
    if not siblings or not reference:
        return reference or siblings
    return {"allOf": [reference, *siblings.pop("allOf", [])], **siblings}


def _needs_draft_7(schema: Schema) -> bool:
    rules = {key for key in schema if key not in _ANNOTATIONS and not key.startswith("x-")}
    is_known = rules <= _DRAFT_4_RULES | {"example", "readOnly", "writeOnly", "deprecated"}
    has_numbers = any(isinstance(schema.get(name), float) for name in ("minimum", "maximum", "multipleOf"))
    has_format = schema.get("format", DRAFT_4_FORMATS[0]) not in DRAFT_4_FORMATS
    has_bounds = any(not isinstance(schema.get(name, False), bool) for name in _BOUNDS)
    return not is_known or has_numbers or has_format or has_bounds or any(_needs_draft_7(i) for _, i in nested(schema))


def _to_draft_7(schema: Schema) -> dict[str, Any]:
    result = nested_converted(schema, _to_draft_7)
    for exclusive, inclusive in _BOUNDS.items():
        if result.get(exclusive) is True:
            result[exclusive] = result.pop(inclusive)
        elif result.get(exclusive) is False:
            del result[exclusive]
    for keyword in ("minimum", "maximum", *_BOUNDS, "multipleOf"):
        if isinstance(number := result.get(keyword), float):
            result[keyword] = int(number) if number.is_integer() else Decimal(repr(number))
    if "prefixItems" in result:
        result |= {"additionalItems": result.get("items", True), "items": result["prefixItems"]}
    # fastjsonschema cannot generate const without the details of exceptions.
    result = _with_enum_of_const(result)
    if "dependentRequired" in result:
        result["dependencies"] = result["dependentRequired"]
    rules = {key: value for key, value in result.items() if key in _DRAFT_7}
    name = referenced_name(schema)
    return rules if name is None else _with_siblings({"$ref": f"#/definitions/{name}"}, rules)


def _without_open_ends(schema: Schema) -> dict[str, Any]:
    """Return a schema without the rules that API Gateway cannot check exactly, and without those that they change."""
    result = _with_enum_of_const(dict(schema))
    if "prefixItems" in result:
        result.pop("items", None)
    if "patternProperties" in result:
        result.pop("additionalProperties", None)
    if result.get("format") not in DRAFT_4_FORMATS:
        result.pop("format", None)
    if _PYTHON_PATTERN.search(result.get("pattern", "")):
        del result["pattern"]
    return result


def _with_enum_of_const(schema: dict[str, Any]) -> dict[str, Any]:
    if "const" not in schema:
        return schema
    values = {"enum": [schema["const"]]}
    return {**schema, **({"allOf": [*schema.get("allOf", ()), values]} if "enum" in schema else values)}


def _is_exact(schema: Schema, schemas: Schemas) -> bool:
    """Return whether API Gateway checks all rules of a schema."""
    definitions = _definitions(schema, schemas)
    is_recursive = any(name in _definitions(part, schemas) for name, part in definitions.items())
    return not is_recursive and all(map(_is_rendered_exactly, (schema, *definitions.values())))


def _is_rendered_exactly(schema: Schema) -> bool:
    rules = {key for key in schema if key not in ("$ref", "const", "discriminator", "examples", "$comment")}
    is_known = all(key in _GATEWAY or key.startswith("x-") for key in rules - {"format"})
    has_pattern = _PYTHON_PATTERN.search(schema.get("pattern", "")) is not None
    is_exact = is_known and not has_pattern and "format" not in schema
    return is_exact and all(_is_rendered_exactly(inner) for _, inner in nested(schema))


def _bounded_as_draft_4(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a schema with boolean `exclusiveMinimum` and `exclusiveMaximum`, as draft 4 and OpenAPI 3.0 have."""
    for (exclusive, inclusive), stricter in zip(_BOUNDS.items(), (max, min), strict=True):
        bound = schema.get(exclusive, False)
        if not isinstance(bound, bool):
            other = schema.get(inclusive, bound)
            strictest = stricter(bound, other)
            schema |= {inclusive: strictest, exclusive: strictest == bound}
    return schema


def _is_documented(schema: Schema, schemas: Schemas) -> bool:
    """Return whether OpenAPI 3.0 can express all rules of a schema."""
    return all(map(_is_in_openapi, (schema, *_definitions(schema, schemas).values())))


def _is_in_openapi(schema: Schema) -> bool:
    return not schema.keys() & _RULES_NOT_IN_OPENAPI and all(_is_in_openapi(inner) for _, inner in nested(schema))


def _without_extensions(schema: Schema, result: dict[str, Any]) -> dict[str, Any]:
    """Replace the keywords that OpenAPI 3.0 lacks by equivalents, or omit them."""
    result = _with_enum_of_const(result)
    if "prefixItems" in schema:
        result["items"] = _any_item(result["prefixItems"], schema, result)
    if "patternProperties" in schema:
        result.pop("additionalProperties", None)
    if "examples" in schema and schema["examples"] and "example" not in schema:
        result["example"] = schema["examples"][0]
    if DOCUMENTED_DEFAULT in result:
        result["default"] = result.pop(DOCUMENTED_DEFAULT)
    return {key: value for key, value in result.items() if key not in _NOT_IN_OPENAPI}


def _any_item(first: list[Any], schema: Schema, result: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of every item of an array whose first items have schemas of their own."""
    has_rest = schema.get("items", True) is not False and schema.get("maxItems", len(first) + 1) > len(first)
    rest = [result["items"]] if isinstance(schema.get("items"), Mapping) else [{}]
    options = []
    for option in [*first, *rest] if has_rest else first:
        options += [option] if option not in options else []
    return options[0] if len(options) == 1 else {} if {} in options else {"anyOf": options}
