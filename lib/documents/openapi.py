"""The OpenAPI 3.0 document of a service."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

from ..model import ANY_METHOD, Call, Code, LambdaAuthorizer, Route, Schema, Service
from ..model.json_schema import is_required, parameter_type, value_schema
from ..model.media_types import ANY, FORM, JSON, is_json, is_media_type, is_text
from ..model.schema_renderings import openapi_schema
from ..runtime.errors import (
    BadRequest,
    IdempotencyConflict,
    NotFound,
    PreconditionFailed,
    RequestInProgress,
    TooLarge,
    TooManyRequests,
    Unavailable,
    UnsupportedMediaType,
)

Document = dict[str, Any]

VERSION = "1.0.0"
"""API version. It is constant, because paths contain no version."""
ERROR = "Error"
KEY_SCHEME, SIGNATURE_SCHEME, TOKEN_SCHEME = "ApiKeyAuth", "SignatureAuth", "TokenAuth"

ERROR_SCHEMA: Schema = {
    "type": "object",
    "description": "Body of every error response, from API Gateway or a function.",
    "required": ["error", "code", "requestId", "details"],
    "properties": {
        "error": {"type": "string", "description": "Error message."},
        "code": {"type": "string", "description": "Machine-readable error code."},
        "requestId": {"type": "string", "description": "Request ID, which the logs contain."},
        "details": {"type": "array", "items": {"type": "string"}, "description": "Validation errors, if any."},
    },
    "example": {
        "error": "Invalid request query; see details.",
        "code": BadRequest.code,
        "requestId": "7f1c2a52-0d8e-4f0b-9a66-3f0f6f6a5f11",
        "details": ["query must not contain {'colour'} properties"],
    },
}
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
PLACEHOLDER = re.compile(r"\{(\w+)\}")
"""Placeholder in a demo call for a value from an earlier response."""


class ErrorResponse(NamedTuple):
    """An error status, with the routes that can return it."""

    status: int
    description: str
    applies_to: Callable[[Route], bool]
    codes: tuple[str, ...] = ()
    """Values of `code`. Empty if they depend on the route or on API Gateway."""


def _always(_: Route) -> bool:
    return True


def _has_body(route: Route) -> bool:
    return route.body is not None or bool(route.content_types)


def _restricts_media_type(route: Route) -> bool:
    return bool(route.accepted_types()) and ANY not in route.accepted_types()


def _uses_if_match(route: Route) -> bool:
    return route.versioned and route.method in ("PUT", "PATCH", "DELETE")


ERROR_RESPONSES = (
    # Every route rejects unknown query parameters.
    ErrorResponse(
        400,
        "The path, query or body does not match this document; `details` contains the validation errors.",
        _always,
        (BadRequest.code,),
    ),
    ErrorResponse(
        401,
        "The access token that the API requires is missing, has expired or lacks the scope of the route.",
        lambda route: route.requires_authorization(),
        ("UNAUTHORIZED",),
    ),
    ErrorResponse(
        403,
        "The API key or signature that the API requires is missing, invalid or not authorized to call the route.",
        _always,
        ("FORBIDDEN",),
    ),
    ErrorResponse(
        404, "The requested resource does not exist.", lambda route: bool(route.path_parameters()), (NotFound.code,)
    ),
    ErrorResponse(
        409,
        "The resource already exists or was modified concurrently, or the `Idempotency-Key` was already used with a "
        "different request.",
        lambda route: route.idempotent,
    ),
    ErrorResponse(
        412,
        "The item does not have the version in `If-Match`; `ETag` is its current version.",
        _uses_if_match,
        (PreconditionFailed.code,),
    ),
    ErrorResponse(
        413,
        "The body or the resulting item is too large.",
        _has_body,
        (TooLarge.code, "REQUEST_TOO_LARGE"),
    ),
    ErrorResponse(
        415, "The route does not accept the `Content-Type`.", _restricts_media_type, (UnsupportedMediaType.code,)
    ),
    ErrorResponse(
        429,
        "Too many requests, or the quota of the API key is exhausted. Try again later.",
        _always,
        (TooManyRequests.code, "QUOTA_EXCEEDED"),
    ),
    ErrorResponse(500, "Internal server error. The log contains the cause.", _always),
    ErrorResponse(502, "The function failed before it responded. Try again.", _always),
    ErrorResponse(
        503,
        "DynamoDB, or another service that the function depends on, did not respond in time. The request might have "
        "been executed. Wait for `Retry-After`, then repeat it if it is a read or safe to repeat.",
        _always,
        (Unavailable.code,),
    ),
    ErrorResponse(504, "The response timed out. Try again.", _always),
)
KEY_REUSED = Code(
    IdempotencyConflict.code,
    IdempotencyConflict.status,
    "The `Idempotency-Key` was already used with a different request. Use a new key.",
)
IN_PROGRESS = Code(
    RequestInProgress.code,
    RequestInProgress.status,
    "An earlier request with this `Idempotency-Key` has not finished. Send the request again after `Retry-After`.",
)


def error_statuses(route: Route) -> list[int]:
    """Return every error status of a route: those that follow from its properties, and those in `errors` and
    `codes`."""
    declared = {*route.errors, *(code.status for code in route.codes)}
    return sorted({response.status for response in ERROR_RESPONSES if response.applies_to(route)} | declared)


def codes(service: Service) -> list[Code]:
    """Return every error code that functions set, and every error code of API Gateway with a fixed status."""
    routes = [route for _, route in service.routes()]
    statuses = {status for route in routes for status in error_statuses(route)}
    result = [
        Code(name, response.status, response.description)
        for response in ERROR_RESPONSES
        if response.status in statuses
        for name in response.codes
    ]
    result += [code for route in routes for code in route.codes]
    result += [KEY_REUSED] * any(route.idempotent for route in routes)
    result += [IN_PROGRESS] * any(bool(route.idempotency) for route in routes)
    return sorted(dict.fromkeys(result), key=lambda code: code.status)


def document(service: Service, server_url: str = "/", endpoint: str = "") -> Document:
    """Return the document of an endpoint of `service` at `server_url`: an API or a function with a URL, by its name.

    Default: the default API.
    """
    endpoint = endpoint or service.api_type
    routes = [route for _, route in service.endpoints()[endpoint]]
    errors = {status for route in routes for status in error_statuses(route) if not _codes(route, status)}
    return {
        "openapi": "3.0.3",
        "info": {"title": service.title, "description": service.description, "version": VERSION},
        "servers": [{"url": server_url}],
        "tags": [{"name": name} for name in dict.fromkeys(map(_tag, routes))],
        "paths": _paths(service, endpoint),
        "components": {
            "schemas": {
                **{n: openapi_schema(s, service.schemas) for n, s in service.schemas.items()},
                ERROR: ERROR_SCHEMA,
            },
            "parameters": {CORRELATION_ID["name"]: CORRELATION_ID},
            "headers": HEADERS,
            "responses": {_label(status): _common_error(status) for status in sorted(errors)},
            "securitySchemes": {
                name: scheme
                for name, scheme in _security_schemes(service).items()
                if name in supported_schemes(service, endpoint)
            },
        },
    }


def _security_schemes(service: Service) -> Document:
    """Return all security schemes. The settings of the deployment select one of them for routes without an
    authorizer."""
    scopes = {scope: f"`{service.name}-<environment>/{scope}` in tokens" for scope in service.scopes()}
    tokens = {"tokenUrl": "/oauth2/token", "scopes": scopes}
    return {
        **{authorizer.name: _authorizer_scheme(authorizer) for _, authorizer in service.lambda_authorizers()},
        KEY_SCHEME: {
            "type": "apiKey",
            "in": "header",
            "name": "x-api-key",
            "description": "API key, required with `authorization` API_KEY and by routes with `key_required`.",
        },
        SIGNATURE_SCHEME: {
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "x-amazon-apigateway-authtype": "awsSigv4",
            "description": "Required with `authorization` AWS_IAM: Signature Version 4 for `execute-api`.",
        },
        TOKEN_SCHEME: {
            "type": "oauth2",
            "description": "Required with `authorization` COGNITO_USER_POOLS, at the stack output `sign_in_url`.",
            "flows": {
                "authorizationCode": {"authorizationUrl": "/oauth2/authorize", **tokens},
                "clientCredentials": tokens,
            },
        },
    }


def supported_schemes(service: Service, endpoint: str) -> tuple[str, ...]:
    """Return the security schemes that an endpoint supports: HTTP APIs have no API keys, and function URLs only
    signatures."""
    if api := service.used_apis().get(endpoint):
        keys = (KEY_SCHEME,) if api.protocol == "REST" else ()
        names = [authorizer.name for _, authorizer in service.authorizers_of(endpoint)]
        return (*keys, SIGNATURE_SCHEME, TOKEN_SCHEME, *names)
    url = next(function.url for function in service.function_urls() if function.name == endpoint)
    return (SIGNATURE_SCHEME,) if url and url.auth == "AWS_IAM" else ()


def _security_of(service: Service, endpoint: str, route: Route) -> list[dict[str, list[str]]]:
    """Return the security requirements of a route that its endpoint supports."""
    supported = supported_schemes(service, endpoint)
    if endpoint not in service.used_apis():
        return [{scheme: []} for scheme in supported]
    return [each for each in _security(service, route) if {*each} <= {*supported}]


def _authorizer_scheme(authorizer: LambdaAuthorizer) -> Document:
    """Return the security scheme of an authorizer: the part of the request that contains the token."""
    kind, name = authorizer.token_source() or ("header", "Authorization")
    if kind == "header" and name.lower() == "authorization":
        scheme = {"type": "http", "scheme": "bearer"}
    else:
        scheme = {"type": "apiKey", "in": {"header": "header", "querystring": "query"}[kind], "name": name}
    return {**scheme, **({"description": authorizer.description} if authorizer.description else {})}


def _authorizer_security(service: Service, route: Route) -> list[dict[str, list[str]]]:
    authorizer = next(a for _, a in service.lambda_authorizers() if a.name == route.authorizer)
    api_key: dict[str, list[str]] = {KEY_SCHEME: []} if route.key_required else {}
    return [*([api_key] if authorizer.optional else []), {authorizer.name: [], **api_key}]


def _security(service: Service, route: Route) -> list[dict[str, list[str]]]:
    """Return the security requirements of the authorizer of a route, or those that the settings of a deployment can
    select. `{}` requires no authentication."""
    if route.authorizer:
        return _authorizer_security(service, route)
    if not (scope := route.required_scope()):
        return []
    schemes: list[dict[str, list[str]]] = [{KEY_SCHEME: []}, {SIGNATURE_SCHEME: []}, {TOKEN_SCHEME: [scope]}]
    return schemes if route.key_required else [{}, *schemes]


def _paths(service: Service, endpoint: str) -> Document:
    routes = [route for _, route in service.endpoints()[endpoint]]
    paths: Document = {}
    used: set[str] = set()
    declared = {(route.method, route.path) for route in routes}
    for route in routes:
        for method in route.methods():
            if route.method == ANY_METHOD and (method, route.path) in declared:
                continue
            operation_id = _operation_id(route, method, used)
            used.add(operation_id)
            example = _example_call(service, endpoint, route, method)
            operation = _operation(route, operation_id, example, _security_of(service, endpoint, route))
            # OpenAPI has no greedy parameters.
            paths.setdefault(route.path.replace("+}", "}"), {})[method.lower()] = operation
    return paths


def _operation_id(route: Route, method: str, used: set[str]) -> str:
    """Return an ID that is unique in the document. Several routes can have the same operation."""
    name = f"{route.operation}_{method.lower()}" if route.method == ANY_METHOD else route.operation
    by = f"{name}_by_{'_'.join(route.path_parameters())}"
    numbered = (f"{name}_{number}" for number in itertools.count(2))
    return next(name for name in itertools.chain([name, by], numbered) if name not in used)


def _example_call(service: Service, endpoint: str, route: Route, method: str) -> Call:
    """Return the first successful demo call of a method of a route, or a call without a path if there is none."""
    for call in service.demo:
        is_matching = call.method == method and matching_endpoint(service, call) == (endpoint, route)
        if is_matching and call.status in route.responses:
            return call
    return Call(method=method, path="", status=0)


class EndpointRoute(NamedTuple):
    """A route, and the name of its API or of the function whose URL serves it."""

    endpoint: str
    route: Route


def matching_route(service: Service, call: Call) -> Route | None:
    """Return the route that a call reaches."""
    match = matching_endpoint(service, call)
    return match.route if match else None


def matching_endpoint(service: Service, call: Call) -> EndpointRoute | None:
    """Return the route that API Gateway selects for a call, with its endpoint.

    It prefers `/items/search` to `/items/{id}`, both to `/{path+}`, and `GET` to `ANY`.
    """
    endpoints = service.endpoints()
    for name in service.endpoints_of(call):
        if routes := [route for _, route in endpoints[name] if call.calls(route)]:
            return EndpointRoute(name, min(routes, key=_precedence))
    return None


def _precedence(route: Route) -> tuple[list[int], bool]:
    """Return the sort key of a route: in each segment, literal names precede parameters and greedy parameters."""
    return [part.startswith("{") + part.endswith("+}") for part in route.path.split("/")], route.method == ANY_METHOD


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
    headers = [IDEMPOTENCY_KEY] * route.idempotent + [IF_MATCH] * _uses_if_match(route)
    return [
        *(header for header in headers if header["name"].lower() not in declared),
        *(_parameter("header", name, schema, {}) for name, schema in route.headers.items()),
        {"$ref": f"#/components/parameters/{CORRELATION_ID['name']}"},
    ]


def _sends_body(route: Route, method: str) -> bool:
    """Return whether the document describes the request body. In OpenAPI, GET, HEAD and DELETE have none by default."""
    return bool(route.body) or (bool(route.content_types) and method in ("POST", "PUT", "PATCH"))


def _request_body(route: Route, example: Call) -> Document:
    """Return the request body. A media type without a schema is a string, or bytes if it is binary."""
    if not route.body:
        return {"content": {media_type: {"schema": _string(media_type)} for media_type in route.content_types}}
    value, sent = (example.form, FORM) if example.form is not None else (example.body, JSON)
    has_example = value is not None and not isinstance(value, bytes) and not PLACEHOLDER.search(str(value))
    return {
        "required": True,
        "content": {
            media_type: _content(
                route.body, **({"example": value} if has_example and is_json(media_type) == (sent == JSON) else {})
            )
            for media_type in route.accepted_types()
        },
    }


def _string(media_type: str) -> Document:
    return {"type": "string"} if is_text(media_type) else {"type": "string", "format": "binary"}


def _content(schema: str, **fields: Any) -> Document:
    return {"schema": {"$ref": f"#/components/schemas/{schema}"}, **fields}


def _responses(route: Route) -> Document:
    version = ["ETag"] * route.versioned
    responses = {str(status): _response(status, schema, *version) for status, schema in route.responses.items()}
    errors = (status for status in error_statuses(route) if status not in route.responses)
    return {**responses, **{str(status): _route_error(route, status) for status in errors}}


def _route_error(route: Route, status: int) -> Document:
    declared = _codes(route, status)
    if not declared:
        return {"$ref": f"#/components/responses/{_label(status)}"}
    response = _common_error(status)
    codes_schema = {"type": "object", "properties": {"code": {"type": "string", "enum": [c.name for c in declared]}}}
    response["content"][JSON]["schema"] = {"allOf": [response["content"][JSON]["schema"], codes_schema]}
    return {**response, "description": "\n".join(f"- `{code.name}`: {code.meaning}" for code in declared)}


def _codes(route: Route, status: int) -> list[Code]:
    """Return the error codes that a route declares for a status."""
    declared = [code for code in route.codes if code.status == status]
    if declared and status == KEY_REUSED.status and route.idempotent:
        return [*declared, KEY_REUSED, *([IN_PROGRESS] if route.idempotency else [])]
    return declared


def _response(status: int, schema: str | None, *extra_headers: str) -> Document:
    location = ["Location"] * (status == HTTPStatus.CREATED or 300 <= status <= 399)
    headers = ["X-Request-Id", "X-Correlation-Id", *location, *extra_headers]
    return {
        "description": HTTPStatus(status).phrase,
        "headers": {name: {"$ref": f"#/components/headers/{name}"} for name in headers},
        **({"content": _response_content(schema)} if schema else {}),
    }


def _response_content(response: str) -> Document:
    """Return the content of a response: a JSON schema by its name, or a media type."""
    if is_media_type(response):
        return {response: {"schema": _string(response)}}
    return {JSON: _content(response)}


def _common_error(status: int) -> Document:
    descriptions = {response.status: response.description for response in ERROR_RESPONSES}
    extra = ["ETag"] * (status == HTTPStatus.PRECONDITION_FAILED) + ["Retry-After"] * (status == Unavailable.status)
    description = descriptions.get(status, "Request rejected. `code` states the reason.")
    return {**_response(status, ERROR, *extra), "description": description}


def _label(status: int) -> str:
    """Return the name of a common error response. It is not an HTTP phrase, because these depend on the Python
    version."""
    return f"{ERROR}{status}"
