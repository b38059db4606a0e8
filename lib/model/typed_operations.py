"""Fields of a route that are derived from the types of its operation."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from enum import Enum
from http import HTTPStatus
from typing import Any

from ..runtime.event_handler import Response
from ..runtime.typed import NO_CONTENT, Signature, signature_of
from .schema_renderings import DOCUMENTED_DEFAULT
from .schema_types import query_schema_of

BODY_METHODS = ("POST", "PUT", "PATCH")


def derived_fields(operation: Callable[..., Any], method: str, path: str, status: int | None) -> dict[str, Any]:
    """Return the fields of a `Route` to an operation with typed parameters.

    Raise `ValueError`, with the location of the operation, for a signature from which they cannot be derived.
    """
    location = f"route {method} {path} operation {_location(operation)}"
    try:
        signature = signature_of(operation, re.findall(r"\{(\w+)\+?\}", path))
    except (NameError, TypeError, ValueError) as exc:
        raise ValueError(f"{location}: {exc}") from exc
    body = next((parameter.kind for parameter in signature.parameters if parameter.source == "body"), None)
    if body is not None and method not in BODY_METHODS:
        raise ValueError(f"{location} must have no parameter for the body of a {method} request, got {body!r}.")
    status = status or (HTTPStatus.OK.value if signature.result else NO_CONTENT)
    return {
        "method": method,
        "path": path,
        "operation": operation.__name__,
        "summary": (inspect.getdoc(operation) or "").partition("\n")[0].rstrip("."),
        "body": body,
        "query": _query(signature, location),
        "responses": {status: None if signature.result is Response else signature.result},
        "typed_status": status,
    }


def _query(signature: Signature, location: str) -> dict[str, Any]:
    return {
        parameter.name: {
            **query_schema_of(parameter.kind, f"{location} parameter {parameter.name!r}"),
            **({"required": True} if parameter.is_required else _documented_default(parameter.default)),
        }
        for parameter in signature.parameters
        if parameter.source == "query"
    }


def _documented_default(value: Any) -> dict[str, Any]:
    """Return the default of a parameter as a keyword of its schema, which the operation sets itself."""
    value = value.value if isinstance(value, Enum) else value
    return {} if value is None else {DOCUMENTED_DEFAULT: value if isinstance(value, int | float | str) else str(value)}


def _location(operation: Callable[..., Any]) -> str:
    code = getattr(inspect.unwrap(operation), "__code__", None)
    name = getattr(operation, "__name__", repr(operation))
    return f"{name} ({code.co_filename}:{code.co_firstlineno})" if code else name
