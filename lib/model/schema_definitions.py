"""Normal form of the schemas of a service: schemas refer to each other only as `#/components/schemas/<name>`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from .json_schema import nested
from .schema_renderings import REFERENCE, Schema, nested_converted

LOCAL = ("#/$defs/", "#/definitions/")
"""Prefixes of references to a definition of the same schema, as pydantic, msgspec and draft 4 to 7 write them."""


def with_shared_definitions(schemas: Mapping[str, Schema]) -> dict[str, Schema]:
    """Return the schemas with the definitions of each (`$defs`) as further schemas.

    A definition keeps its name without other characters than letters and digits. If another schema has this name, the
    name of the schema that contains the definition precedes it.
    """
    result: dict[str, Schema] = {}
    originals: dict[str, Any] = {name: schema for name, schema in schemas.items() if not _definitions(schema)}
    for name, schema in schemas.items():
        definitions = _definitions(schema)
        root = _root(schema, definitions)
        names = _names(name, root, definitions, {**dict.fromkeys(schemas), **originals})
        originals |= {names[key]: definition for key, definition in definitions.items()}
        result |= {names[key]: _normalized(definition, names) for key, definition in definitions.items()}
        result[name] = _normalized(root, names)
    return {**{name: result[name] for name in schemas}, **result}


def _definitions(schema: Any) -> dict[str, Any]:
    if not isinstance(schema, Mapping):
        return {}
    members = (schema.get(keyword) for keyword in ("$defs", "definitions"))
    return {name: inner for mapping in members if isinstance(mapping, Mapping) for name, inner in mapping.items()}


def _root(schema: Any, definitions: Mapping[str, Any]) -> Any:
    """Return a schema without its definitions. A schema that is only a reference to one of them is that definition."""
    if not definitions:
        return schema
    root = {keyword: value for keyword, value in schema.items() if keyword not in ("$defs", "definitions")}
    return definitions[target] if root.keys() == {"$ref"} and (target := _local_name(root)) in definitions else root


def _names(
    owner: str, root: Any, definitions: Mapping[str, Any], originals: Mapping[str, Any]
) -> dict[str, str]:
    """Return the name of each definition in the service. `originals` are the schemas that already have a name."""
    names = {key: re.sub(r"[^A-Za-z0-9]", "", key) for key in definitions}
    taken = {**originals, owner: root}
    prefixed = {key for key, name in names.items() if name in taken and taken[name] != definitions[key]}
    # A definition that refers to another one than the schema of the same name is another one too.
    while further := {key for key in names.keys() - prefixed if prefixed & {*_local_references(definitions[key])}}:
        prefixed |= further
    return {key: owner + name if key in prefixed else name for key, name in names.items()}


def _local_name(schema: Any) -> str | None:
    reference = schema.get("$ref") if isinstance(schema, Mapping) else None
    prefix = next((prefix for prefix in LOCAL if isinstance(reference, str) and reference.startswith(prefix)), None)
    return str(reference)[len(prefix) :] if prefix else None


def _local_references(schema: Any) -> Iterator[str]:
    if (name := _local_name(schema)) is not None:
        yield name
    if isinstance(schema, Mapping):
        for _, inner in nested(schema):
            yield from _local_references(inner)


def _normalized(schema: Any, names: Mapping[str, str]) -> Any:
    if not isinstance(schema, Mapping):
        return schema
    result = nested_converted(schema, lambda inner: _normalized(inner, names))
    if (name := _local_name(schema)) in names:
        result["$ref"] = REFERENCE + names[str(name)]
    discriminator = schema.get("discriminator")
    if isinstance(discriminator, Mapping) and isinstance(mapping := discriminator.get("mapping"), Mapping):
        targets = {value: {"$ref": target} for value, target in mapping.items()}
        mapping = {
            value: REFERENCE + names[str(name)] if (name := _local_name(target)) in names else target["$ref"]
            for value, target in targets.items()
        }
        result["discriminator"] = {**discriminator, "mapping": mapping}
    return _with_null_type(result)


def _with_null_type(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a schema with the type `[x, "null"]` instead of the alternatives of type x and null."""
    options = schema.get("anyOf")
    others = [option for option in options if option != {"type": "null"}] if isinstance(options, list) else []
    if len(others) != 1 or len(others) == len(schema["anyOf"]) or not isinstance(others[0], Mapping):
        return schema
    (other,) = others
    outer = {keyword: value for keyword, value in schema.items() if keyword != "anyOf"}
    if not isinstance(other.get("type"), str) or other.keys() & (outer.keys() | {"const", "allOf", "anyOf", "oneOf", "not"}):
        return schema
    values = {"enum": [*other["enum"], None]} if "enum" in other and None not in other["enum"] else {}
    return {**other, **values, "type": [other["type"], "null"], **outer}
