"""Names for the Python types in the routes of a service."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from .function import Function
from .schema_definitions import OUTPUT_SUFFIX, with_shared_definitions
from .schema_renderings import Schema
from .schema_types import Mode, is_type, schema_of, type_name
from .triggers import Route


def named_schemas(
    schemas: Mapping[str, Any], functions: tuple[Function, ...]
) -> tuple[Mapping[str, Schema], tuple[Function, ...]]:
    """Return the schemas of a service, and its functions with routes that refer to schemas only by name.

    Raise `ValueError` for a type without a schema, and for two types with one name.
    """
    names = _Names(schemas)
    routes = [route for function in functions for route in function.routes]
    bodies = {id(route): names.name(route.body, "validation", f"{_label(route)} body") for route in routes}
    responses = {
        id(route): {
            status: names.name(kind, "serialization", f"{_label(route)} responses[{status}]")
            for status, kind in route.responses.items()
        }
        for route in routes
    }

    def named(route: Route) -> Route:
        return replace(route, body=bodies[id(route)], responses=responses[id(route)]) if _has_types(route) else route

    functions = tuple(
        replace(function, routes=tuple(map(named, function.routes)))
        if any(map(_has_types, function.routes))
        else function
        for function in functions
    )
    named_definitions = with_shared_definitions(names.schemas)
    is_unchanged = named_definitions == schemas
    return schemas if is_unchanged else named_definitions, functions


class _Names:
    """Names of the schemas of a service and of its types."""

    def __init__(self, schemas: Mapping[str, Any]) -> None:
        self.schemas: dict[str, Schema] = {}
        self._kinds: dict[str, Any] = {name: kind for name, kind in schemas.items() if is_type(kind)}
        """Types by the name of their schema."""
        for name, schema in schemas.items():
            self.schemas[name] = schema_of(schema, "validation", f"schema {name}") if is_type(schema) else schema

    def name(self, kind: Any, mode: Mode, path: str) -> Any:
        """Return the name of the schema of a type, or `kind` if it is a name or None."""
        if not is_type(kind):
            return kind
        name = next((name for name, other in self._kinds.items() if other == kind), type_name(kind))
        schema = schema_of(kind, mode, path)
        if name in self.schemas and self._kinds.get(name) == kind and self.schemas[name] != schema:
            name += OUTPUT_SUFFIX
        if name in self.schemas and (self.schemas[name] != schema or self._kinds.get(name, kind) != kind):
            raise ValueError(
                f"{path} must have another name than the other schema {name!r}, got {kind!r}. "
                f"Choose a name for the type: schemas={{'Other{name}': {type_name(kind)}}}."
            )
        self.schemas[name] = schema
        self._kinds[name] = kind
        return name


def _label(route: Route) -> str:
    return f"route {route.method} {route.path}"


def _has_types(route: Route) -> bool:
    return any(map(is_type, (route.body, *route.responses.values())))
