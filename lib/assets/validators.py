"""Generated modules that validate requests in a function."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import fastjsonschema

from ..model import Route, Schema
from ..model.json_schema import parameters_schema
from ..model.schema_renderings import DRAFT_4, FORMATS, code_with_exact_numbers, function_schema
from .handler_packages import RUNTIME


def validator(schema: Schema, schemas: Mapping[str, Schema] = MappingProxyType({})) -> str:
    """Return a module with the function `validate`, which raises `SchemaViolation`. It imports only the runtime.

    `schemas` are the schemas to which the schema can refer.
    """
    rendered = function_schema(schema, schemas)
    if rendered["$schema"] == DRAFT_4:
        code: str = fastjsonschema.compile_to_code(rendered)
    else:
        # Without the details of exceptions, which contain the schema of each rule and are not used.
        code = fastjsonschema.compile_to_code(rendered, formats=FORMATS, detailed_exceptions=False)
    lines = [line for line in code.splitlines() if not line.startswith("from fastjsonschema import")]
    if "JsonSchemaValuesException" in "".join(lines):
        lines.insert(0, "JsonSchemaValuesException = JsonSchemaValueException")
    lines = [f"from {RUNTIME}.event_handler import SchemaViolation as JsonSchemaValueException", *lines, ""]
    return code_with_exact_numbers("\n".join(lines))


def query_schema(route: Route) -> dict[str, Any]:
    """Return the schema of a route's query string. By default, it rejects undefined parameters."""
    return parameters_schema(route.query, additional=route.additional_query)


def header_schema(route: Route) -> dict[str, Any]:
    """Return the schema of the headers that a route declares, by lowercase name."""
    return parameters_schema({name.lower(): schema for name, schema in route.headers.items()}, additional=True)
