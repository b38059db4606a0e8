"""Checks of the schemas of a service, and of the routes that use them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from . import json_schema
from .media_types import response_types
from .schema_renderings import references
from .validation import suggestion

if TYPE_CHECKING:
    from .service import Service

ERROR_SCHEMA_NAME = "Error"
"""Name of the schema of error responses, to which schemas of responses can refer."""
MAX_MODEL_BYTES = 400_000
"""Maximum size of a model of API Gateway."""


def schema_problems(service: Service) -> Iterator[str]:
    """Yield an error for each invalid schema, and for each use of a schema that does not exist."""
    yield from _route_problems(service)
    yield from _definition_problems(service)
    yield from _batch_problems(service)
    yield from _name_problems(service)
    yield from _model_problems(service)


def _route_problems(service: Service) -> Iterator[str]:
    """Yield an error for each schema that a route names but the service does not define."""
    for _, route in service.routes():
        declared = {
            f"responses[{status}]": each for status, each in route.responses.items() if not response_types(each)
        }
        for field_name, schema in {"body": route.body, **declared}.items():
            if schema not in {None, *service.schemas}:
                expected = f"the name of one of the schemas ({', '.join(service.schemas) or 'none'})"
                remedy = suggestion(schema, service.schemas)
                yield f"route {route.method} {route.path} {field_name} must be {expected}, got {schema!r}.{remedy}"


def _definition_problems(service: Service) -> Iterator[str]:
    """Yield an error for each schema with invalid or unsupported keywords."""
    validated = {str(route.body) for _, route in service.routes()}
    while further := {name for body in validated for name in references(service.schemas.get(body))} - validated:
        validated |= further
    for name, schema in service.schemas.items():
        yield from json_schema.problems(schema, f"schema {name}", checked=name in validated)
        for reference in sorted({*references(schema)} - {*service.schemas, ERROR_SCHEMA_NAME}):
            yield f"schema {name} $ref must be to one of {', '.join(service.schemas)}, got {reference!r}."
    for _, route in service.routes():
        label = f"route {route.method} {route.path}"
        for name, schema in route.query.items():
            yield from json_schema.parameter_problems(schema, f"{label} query parameter {name}")
        for name, schema in route.headers.items():
            yield from json_schema.parameter_problems(schema, f"{label} header {name}")
        if route.body and route.accepts_form():
            yield from json_schema.form_problems(service.schemas[route.body], f"schema {route.body}")


def _batch_problems(service: Service) -> Iterator[str]:
    for name, array in service.batches.items():
        body = service.schemas.get(name, {})
        entries = body.get("properties", {}).get(array, {})
        if (body.get("type"), entries.get("type"), "items" in entries) != ("object", "array", True):
            yield f"batches[{name!r}] must be an array with items in the object schema {name!r}, got {array!r}."


def _name_problems(service: Service) -> Iterator[str]:
    for name in service.schemas:
        if not re.fullmatch(r"[A-Za-z][A-Za-z0-9]*", name):
            yield f"schema name must be letters and digits, a letter first, got {name!r}."
        if name == ERROR_SCHEMA_NAME:
            expected = "another name than that of the schema of error responses"
            yield f"schema name must be {expected}, got {name!r}. Rename the schema."


def _model_problems(service: Service) -> Iterator[str]:
    """Yield an error for each request body whose model would be too large for API Gateway."""
    for name in {route.body: None for _, route in service.routes() if route.body}:
        size = len(json.dumps(service.gateway_schema(name)).encode())
        if size > MAX_MODEL_BYTES:
            yield (
                f"schema {name} must have at most {MAX_MODEL_BYTES} bytes as a model of API Gateway, got {size}. "
                "Shorten its descriptions, or split the request."
            )
