"""The OpenAPI 3.0 document of a service."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from ..model import ANY_METHOD, Call, Route, Schema, Service
from ..model.call import PLACEHOLDER
from ..model.json_schema import is_required, parameter_type, value_schema
from ..model.matching import matching_endpoint
from ..model.media_types import FORM, JSON, is_json, is_text, response_types
from ..model.schema_checks import ERROR_SCHEMA_NAME
from ..model.schema_renderings import openapi_schema
from ..runtime.errors import Unavailable
from .openapi_errors import ERROR_RESPONSES, ERROR_SCHEMA, declared_codes, error_statuses, uses_if_match
from .openapi_security import Document, security_of, security_schemes

VERSION = "1.0.0"
"""API version. It is constant, because paths contain no version."""

HEADERS: Document = {
    "X-Request-Id": {
        "description": "Request ID, which the logs contain.",
        "schema": {"type": "string"},
    },
    "X-Correlation-Id": {
        "description": "`X-Correlation-Id` of the request, if it is valid; otherwise the same as `X-Request-Id`.",
        "schema": {"type": "string"},
    },
    "Location": {
        "description": "URL of the created resource, relative to the URL of the request.",
        "schema": {"type": "string", "format": "uri-reference"},
    },
    "ETag": {
        "description": 'Version of the item in quotes, e.g. `"3"`.',
        "schema": {"type": "string", "pattern": '^"[1-9][0-9]{0,11}"$'},
    },
    "Retry-After": {
        "description": "Number of seconds to wait before the request is sent again.",
        "schema": {"type": "integer", "minimum": 1},
    },
}
IDEMPOTENCY_KEY: Document = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "Key that makes it safe to repeat the request: for at least 24 hours, a repeated request gets the "
    "same response and has no further effect.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]([ -~]*[!-~])?$"},
}
IF_MATCH: Document = {
    "name": "If-Match",
    "in": "header",
    "description": "Version that the item must have for the change to be applied; `*` matches any version.",
    "schema": {"type": "string", "pattern": r'^(\*|"[1-9][0-9]{0,11}")$'},
}
CORRELATION_ID: Document = {
    "name": "X-Correlation-Id",
    "in": "header",
    "description": "ID chosen by the caller to find the request, and the events that it causes, in the logs. At most "
    "128 letters, digits and `. _ : / + = -`. Other values are ignored.",
    "schema": {"type": "string"},
}
GREEDY_PARAMETER = "One or more path segments, with the slashes between them."


def document(service: Service, server_url: str = "/", endpoint: str = "") -> Document:
    """Return the document of an endpoint of `service` at `server_url`: an API or a function with a URL, by its name.

    Default: the default API.
    """
    endpoint = endpoint or service.api_type
    routes = service.routes_of(endpoint)
    errors = {status for route in routes for status in error_statuses(route) if not declared_codes(route, status)}
    return {
        "openapi": "3.0.3",
        "info": {"title": service.title, "description": service.description, "version": VERSION},
        "servers": [{"url": server_url}],
        "tags": [{"name": name} for name in dict.fromkeys(map(_tag, routes))],
        "paths": _paths(service, endpoint),
        "components": {
            "schemas": {
                **{n: openapi_schema(s, service.schemas) for n, s in service.schemas.items()},
                ERROR_SCHEMA_NAME: ERROR_SCHEMA,
            },
            "parameters": {CORRELATION_ID["name"]: CORRELATION_ID},
            "headers": HEADERS,
            "responses": {_label(status): _common_error(status) for status in sorted(errors)},
            "securitySchemes": security_schemes(service, endpoint),
        },
    }


def _paths(service: Service, endpoint: str) -> Document:
    routes = service.routes_of(endpoint)
    paths: Document = {}
    used: set[str] = set()
    for route in routes:
        for method in route.own_methods(routes):
            operation_id = _operation_id(route, method, used)
            used.add(operation_id)
            example = _example_call(service, endpoint, route, method)
            operation = _operation(route, operation_id, example, security_of(service, endpoint, route))
            # OpenAPI has no greedy parameters.
            paths.setdefault(route.path.replace("+}", "}"), {})[method.lower()] = operation
    return paths


def _operation_id(route: Route, method: str, used: set[str]) -> str:
    """Return an ID that is unique in the document. Several routes can have the same operation."""
    name = f"{route.operation}_{method.lower()}" if route.method == ANY_METHOD else route.operation
    parameters = "_".join(route.path_parameters())
    by = f"{name}_by_{parameters}" if parameters else f"{route.operation}_{method.lower()}"
    numbered = (f"{name}_{number}" for number in itertools.count(2))
    return next(name for name in itertools.chain([name, by], numbered) if name not in used)


def _example_call(service: Service, endpoint: str, route: Route, method: str) -> Call:
    """Return the first successful demo call of a method of a route, or a call without a path if there is none."""
    for call in service.demo:
        is_matching = call.method == method and matching_endpoint(service, call) == (endpoint, route)
        if is_matching and call.status in route.responses:
            return call
    return Call(method=method, path="", status=0)


def _operation(route: Route, operation_id: str, example: Call, security: list[dict[str, list[str]]]) -> Document:
    return {
        "operationId": operation_id,
        "summary": route.summary,
        "tags": [_tag(route)],
        "parameters": [*_path_parameters(route, example), *_query_parameters(route, example), *_headers(route)],
        **({"requestBody": _request_body(route, example)} if _sends_body(route, example.method) else {}),
        "responses": _responses(route),
        "security": security,
    }


def _tag(route: Route) -> str:
    return route.path.split("/")[1].strip("{+}") or "/"


def _path_parameters(route: Route, example: Call) -> list[Document]:
    parts = route.path.split("/")
    values = dict(zip(parts, urlsplit(example.path).path.split("/", len(parts) - 1), strict=False))
    return [
        {
            "name": name,
            "in": "path",
            **({"description": GREEDY_PARAMETER} if f"{{{name}+}}" in route.path else {}),
            "required": True,
            "schema": {"type": "string", "minLength": 1},
            **_example(values.get(f"{{{name}}}", values.get(f"{{{name}+}}")), unquote),
        }
        for name in route.path_parameters()
    ]


def _query_parameters(route: Route, example: Call) -> list[Document]:
    values = parse_qs(urlsplit(example.path).query)
    return [
        _parameter("query", name, schema, _parameter_example(schema, values.get(name)))
        for name, schema in route.query.items()
    ]


def _parameter(location: str, name: str, schema: Schema, example: Mapping[str, Any]) -> Document:
    return {
        "name": name,
        "in": location,
        "description": schema.get("description", ""),
        **({"required": True} if is_required(schema) else {}),
        "schema": openapi_schema({key: value for key, value in value_schema(schema).items() if key != "description"}),
        **example,
    }


def _parameter_example(schema: Schema, values: list[str] | None) -> Mapping[str, Any]:
    parse = int if parameter_type(schema) in ("integer", ("integer",)) else str
    if values and isinstance(parameter_type(schema), tuple):
        return {"example": [parse(value) for value in values]}
    return _example(values[0] if values else None, parse)


def _example(value: str | None, parse: Callable[[str], Any]) -> Mapping[str, Any]:
    return {} if value is None or PLACEHOLDER.search(value) else {"example": parse(value)}


def _headers(route: Route) -> list[Document]:
    declared = {name.lower() for name in route.headers}
    key = {**IDEMPOTENCY_KEY, "name": route.idempotency_header}
    headers = [key] * route.idempotent + [IF_MATCH] * uses_if_match(route)
    return [
        *(header for header in headers if header["name"].lower() not in declared),
        *(_parameter("header", name, schema, {}) for name, schema in route.headers.items()),
        {"$ref": f"#/components/parameters/{CORRELATION_ID['name']}"},
    ]


def _sends_body(route: Route, method: str) -> bool:
    """Return whether the document describes the request body. In OpenAPI, GET, HEAD and DELETE have none by default."""
    return bool(route.body) or (bool(route.content_types) and method in ("POST", "PUT", "PATCH"))


def _request_body(route: Route, example: Call) -> Document:
    """Return the request body. A route without a `body` schema accepts any value of its media types."""
    size = {"description": f"At most {route.max_body_bytes} bytes."} if route.max_body_bytes else {}
    if not route.body:
        return {**size, "content": {name: {"schema": _value(name)} for name in route.content_types}}
    value, sent = (example.form, FORM) if example.form is not None else (example.body, JSON)
    has_example = value is not None and not isinstance(value, bytes) and not PLACEHOLDER.search(str(value))
    return {
        **size,
        "required": True,
        "content": {
            media_type: _content(
                route.body, **({"example": value} if has_example and is_json(media_type) == (sent == JSON) else {})
            )
            for media_type in route.accepted_types()
        },
    }


def _value(media_type: str) -> Document:
    """Return the schema of a body without a declared one: any JSON value, a string, or bytes."""
    if is_json(media_type):
        return {}
    return {"type": "string"} if is_text(media_type) else {"type": "string", "format": "binary"}


def _content(schema: str, **fields: Any) -> Document:
    return {"schema": {"$ref": f"#/components/schemas/{schema}"}, **fields}


def _responses(route: Route) -> Document:
    version = ["ETag"] * route.versioned
    responses = {str(status): _response(status, schema, *version) for status, schema in route.responses.items()}
    errors = (status for status in error_statuses(route) if status not in route.responses)
    return {**responses, **{str(status): _route_error(route, status) for status in errors}}


def _route_error(route: Route, status: int) -> Document:
    declared = declared_codes(route, status)
    if not declared:
        return {"$ref": f"#/components/responses/{_label(status)}"}
    response = _common_error(status)
    codes_schema = {"type": "object", "properties": {"code": {"type": "string", "enum": [c.name for c in declared]}}}
    response["content"][JSON]["schema"] = {"allOf": [response["content"][JSON]["schema"], codes_schema]}
    return {**response, "description": "\n".join(f"- `{code.name}`: {code.meaning}" for code in declared)}


def _response(status: int, schema: str | tuple[str, ...] | None, *extra_headers: str) -> Document:
    location = ["Location"] * (status == HTTPStatus.CREATED or 300 <= status <= 399)
    headers = ["X-Request-Id", "X-Correlation-Id", *location, *extra_headers]
    return {
        "description": HTTPStatus(status).phrase,
        "headers": {name: {"$ref": f"#/components/headers/{name}"} for name in headers},
        **({"content": _response_content(schema)} if schema else {}),
    }


def _response_content(response: str | tuple[str, ...]) -> Document:
    """Return the content of a response: a JSON schema by its name, or media types."""
    if media_types := response_types(response):
        return {name: {"schema": _value(name)} for name in media_types}
    return {JSON: _content(str(response))}


def _common_error(status: int) -> Document:
    descriptions = {response.status: response.description for response in ERROR_RESPONSES}
    extra = ["ETag"] * (status == HTTPStatus.PRECONDITION_FAILED) + ["Retry-After"] * (status == Unavailable.status)
    description = descriptions.get(status, "Request rejected. `code` states the reason.")
    return {**_response(status, ERROR_SCHEMA_NAME, *extra), "description": description}


def _label(status: int) -> str:
    """Return the name of a common error response. It is not an HTTP phrase, because these depend on the Python
    version."""
    return f"{ERROR_SCHEMA_NAME}{status}"
