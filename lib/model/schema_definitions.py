"""Normal form of the schemas of a service: schemas refer to each other only as `#/components/schemas/<name>`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from .json_schema import nested
from .schema_renderings import REFERENCE, Schema, nested_converted

OUTPUT_SUFFIX = "Output"
"""Suffix in the name of a schema of responses that differs from the schema of requests with the same name."""
DEFINITIONS = ("$defs", "definitions")
"""Keywords for the definitions of a schema."""
LOCAL = tuple(f"#/{keyword}/" for keyword in DEFINITIONS)
"""Prefixes of references to a definition of the same schema, as pydantic, msgspec and draft 4 to 7 write them."""


def with_shared_definitions(schemas: Mapping[str, Schema]) -> dict[str, Schema]:
    """Return the schemas with the definitions of each (`$defs`) as further schemas.

    A definition keeps its name without other characters than letters and digits. If another schema has this name, it
    gets the suffix `Output`, or else the name of the schema that contains the definition as a prefix.
    """
    contents = {name: _content(*_parts(schema)) for name, schema in schemas.items()}
    result: dict[str, Schema] = {name: {} for name in schemas}
    for owner, schema in schemas.items():
        root, definitions = _parts(schema)
        names: dict[str, str] = {}
        for key, definition in definitions.items():
            content = _content(definition, definitions)
            name = re.sub(r"[^A-Za-z0-9]", "", key)
            candidates = (name, f"{name}{OUTPUT_SUFFIX}", f"{owner}{name}")
            names[key] = next((name for name in candidates if contents.get(name, content) == content), candidates[-1])
            contents[names[key]] = content
        result |= {names[key]: _normalized(definition, names) for key, definition in definitions.items()}
        result[owner] = _normalized(root, names)
    return result


def _parts(schema: Any) -> tuple[Any, dict[str, Any]]:
    """Return a schema without its definitions, and the definitions.

    A schema that is only a reference to one of its definitions is that definition.
    """
    if not isinstance(schema, Mapping):
        return schema, {}
    members = (schema.get(keyword) for keyword in DEFINITIONS)
    definitions = {
        name: inner for mapping in members if isinstance(mapping, Mapping) for name, inner in mapping.items()
    }
    root = {keyword: value for keyword, value in schema.items() if keyword not in DEFINITIONS}
    target = _local_name(root) if root.keys() == {"$ref"} else None
    return (definitions[target], definitions) if target in definitions else (root, definitions)


def _content(schema: Any, definitions: Mapping[str, Any]) -> Any:
    """Return a schema with all definitions to which it refers, directly or indirectly."""
    used: dict[str, Any] = {}
    pending = [schema]
    while pending:
        further = {*_local_references(pending.pop())} & definitions.keys() - used.keys()
        used |= {name: definitions[name] for name in further}
        pending += (definitions[name] for name in further)
    return schema, used


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
    if len(others) != 1 or len(others) == len(options or ()) or not isinstance(others[0], Mapping):
        return schema
    (other,) = others
    outer = {keyword: value for keyword, value in schema.items() if keyword != "anyOf"}
    if not isinstance(other.get("type"), str) or other.keys() & (
        outer.keys() | {"const", "allOf", "anyOf", "oneOf", "not"}
    ):
        return schema
    values = {"enum": [*other["enum"], None]} if "enum" in other and None not in other["enum"] else {}
    return {**other, **values, "type": [other["type"], "null"], **outer}
