"""The reference of a service, as one OpenAPI 3.0 document: users read it, clients are made from it."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

from ..model import Call, Code, Route, Schema, Service
from ..runtime.errors import (
    BadRequest,
    IdempotencyConflict,
    NotFound,
    PreconditionFailed,
    TooLarge,
    TooManyRequests,
    Unavailable,
    UnsupportedMediaType,
)

Document = dict[str, Any]

VERSION = "1.0.0"
"""The first: no path says which version of the API it is of."""
ERROR = "Error"
KEY_SCHEME, SIGNATURE_SCHEME, TOKEN_SCHEME = "ApiKeyAuth", "SignatureAuth", "TokenAuth"
JSON = "application/json"

ERROR_SCHEMA: Schema = {
    "type": "object",
    "description": "The body of every answer that is not a success, whether the gateway or a function gives it.",
    "required": ["error", "code", "requestId", "details"],
    "properties": {
        "error": {"type": "string", "description": "What is wrong, for people."},
        "code": {"type": "string", "description": "What is wrong, for programs."},
        "requestId": {
            "type": "string",
            "description": "What to look for in the logs.",
        },
        "details": {"type": "array", "items": {"type": "string"}, "description": "Which rules were broken, if any."},
    },
    "example": {
        "error": "the query is not as it should be",
        "code": BadRequest.code,
        "requestId": "7f1c2a52-0d8e-4f0b-9a66-3f0f6f6a5f11",
        "details": ["query must not contain {'colour'} properties"],
    },
}
HEADERS: Document = {
    "X-Request-Id": {
        "description": "What to look for in the logs.",
        "schema": {"type": "string"},
    },
    "X-Correlation-Id": {
        "description": "The request's own, where it brought one that can be used; else the same as `X-Request-Id`.",
        "schema": {"type": "string"},
    },
    "Location": {
        "description": "Where what was made can be read, relative to the request's own URL.",
        "schema": {"type": "string", "format": "uri-reference"},
    },
    "ETag": {
        "description": 'The item\'s version in quotes, e.g. `"3"`.',
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
    "description": "Makes it safe to send the request again: for at least 24 hours it gets the same answer and does "
    "nothing more.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]([ -~]*[!-~])?$"},
}
IF_MATCH: Document = {
    "name": "If-Match",
    "in": "header",
    "description": "Change it only if it is at this version; `*`: whichever it is at.",
    "schema": {"type": "string", "pattern": r'^(\*|"[1-9][0-9]{0,11}")$'},
}
CORRELATION_ID: Document = {
    "name": "X-Correlation-Id",
    "in": "header",
    "description": "The caller's own, to find the request by: in the logs, and with all that comes of it. At most 128 "
    "letters, digits, and `. _ : / + = -`; anything else counts as not given.",
    "schema": {"type": "string"},
}
PLACEHOLDER = re.compile(r"\{(\w+)\}")
"""What a demonstration's call has in place of something an earlier answer said."""


class Refusal(NamedTuple):
    """A status that is no success, and the routes whose shape makes it possible."""

    status: int
    description: str
    possible: Callable[[Route], bool]
    codes: tuple[str, ...] = ()
    """What `code` is then; where there is none, routes or the gateway say."""


def _always(_: Route) -> bool:
    return True


def _with_body(route: Route) -> bool:
    return route.body is not None


def _guarded(route: Route) -> bool:
    return route.versioned and route.method in ("PUT", "PATCH", "DELETE")


REFUSALS = (
    # On every route: a query parameter that is not described is refused.
    Refusal(
        400,
        "The path, the query or the body is not as described here; `details` says where.",
        _always,
        (BadRequest.code,),
    ),
    Refusal(
        401,
        "If the API requires tokens: the request has none, or one that has expired or lacks the scope of the route.",
        lambda route: bool(route.scope_needed()),
        ("UNAUTHORIZED",),
    ),
    Refusal(
        403,
        "If the API requires a key or a signature: it is missing or invalid, or its caller may not call the route.",
        _always,
        ("FORBIDDEN",),
    ),
    Refusal(404, "What the request names is not there.", lambda route: bool(route.path_parameters()), (NotFound.code,)),
    Refusal(
        409,
        "It is there already or has changed meanwhile, or the `Idempotency-Key` came with another request before.",
        lambda route: route.idempotent,
    ),
    Refusal(
        412,
        "It is not at the version that `If-Match` names; `ETag` says at which it is.",
        _guarded,
        (PreconditionFailed.code,),
    ),
    Refusal(
        413,
        "The body, or what would be stored of it, is too large.",
        _with_body,
        (TooLarge.code, "REQUEST_TOO_LARGE"),
    ),
    Refusal(415, f"The `Content-Type` is not `{JSON}`.", _with_body, (UnsupportedMediaType.code,)),
    Refusal(
        429,
        "Too many requests at once, or the API key's quota is used up; try again later.",
        _always,
        (TooManyRequests.code, "QUOTA_EXCEEDED"),
    ),
    Refusal(500, "Something went wrong on our side; the log has the rest.", _always),
    Refusal(502, "The function failed before it could answer; try again.", _always),
    Refusal(
        503,
        "DynamoDB, or another service that the function depends on, did not respond in time. The request might have "
        "been executed: repeat it after `Retry-After`, a change only if its operation is safe to repeat.",
        _always,
        (Unavailable.code,),
    ),
    Refusal(504, "No answer in time; try again.", _always),
)
KEY_REUSED = Code(
    IdempotencyConflict.code,
    IdempotencyConflict.status,
    "The `Idempotency-Key` came with another request before: give this one a new key.",
)


def refusals(route: Route) -> list[int]:
    """Every status besides success: what follows from the route's shape, and what it declares."""
    declared = {*route.errors, *(code.status for code in route.codes)}
    return sorted({row.status for row in REFUSALS if row.possible(route)} | declared)


def codes(service: Service) -> list[Code]:
    """Return every `code` that functions set in error responses, and those of API Gateway that have a fixed status."""
    routes = [route for _, route in service.routes()]
    possible = {status for route in routes for status in refusals(route)}
    found = [
        Code(name, row.status, row.description) for row in REFUSALS if row.status in possible for name in row.codes
    ]
    found += [code for route in routes for code in route.codes]
    found += [KEY_REUSED] * any(route.idempotent for route in routes)
    return sorted(dict.fromkeys(found), key=lambda code: code.status)


def document(service: Service, server_url: str = "/") -> Document:
    """The reference of `service` at `server_url`; raises ValueError if a schema of its own is called `Error`."""
    if ERROR in service.schemas:
        raise ValueError(
            f"service {service.name!r} schema names must differ from {ERROR!r}, the schema of errors, got {ERROR!r}. "
            "Rename the schema."
        )
    routes = [route for _, route in service.routes()]
    refused = {status for route in routes for status in refusals(route) if not _codes(route, status)}
    return {
        "openapi": "3.0.3",
        "info": {"title": service.title, "description": service.description, "version": VERSION},
        "servers": [{"url": server_url}],
        "tags": [{"name": name} for name in dict.fromkeys(map(_tag, routes))],
        "paths": _paths(service, routes),
        "components": {
            "schemas": {**_said(service.schemas), ERROR: ERROR_SCHEMA},
            "parameters": {CORRELATION_ID["name"]: CORRELATION_ID},
            "headers": HEADERS,
            "responses": {_label(status): _refused(status) for status in sorted(refused)},
            "securitySchemes": _security_schemes(service),
        },
    }


def _security_schemes(service: Service) -> Document:
    """Every way to show who calls: the settings of the deployment select one of them."""
    scopes = {scope: f"`{service.name}-<environment>/{scope}` in tokens" for scope in service.scopes()}
    tokens = {"tokenUrl": "/oauth2/token", "scopes": scopes}
    return {
        KEY_SCHEME: {
            "type": "apiKey",
            "in": "header",
            "name": "x-api-key",
            "description": "With `authorization` API_KEY, and with NONE on routes that ask for a key at least.",
        },
        SIGNATURE_SCHEME: {
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "x-amazon-apigateway-authtype": "awsSigv4",
            "description": "With `authorization` AWS_IAM: Signature Version 4 for `execute-api`.",
        },
        TOKEN_SCHEME: {
            "type": "oauth2",
            "description": "With `authorization` COGNITO_USER_POOLS, at the deployment's output `sign_in_url`.",
            "flows": {
                "authorizationCode": {"authorizationUrl": "/oauth2/authorize", **tokens},
                "clientCredentials": tokens,
            },
        },
    }


def _security(route: Route) -> list[dict[str, list[str]]]:
    """What the settings of the deployment can require: one of these; the first requires nothing."""
    if not (scope := route.scope_needed()):
        return []
    asked: list[dict[str, list[str]]] = [{KEY_SCHEME: []}, {SIGNATURE_SCHEME: []}, {TOKEN_SCHEME: [scope]}]
    return asked if route.key_required else [{}, *asked]


def _said(schema: Any) -> Any:
    """A schema, or what is in one, as OpenAPI 3.0 says it: there null is no type."""
    match schema:
        case {"type": [kind, "null"] | ["null", kind]}:
            return _said({**schema, "type": kind, "nullable": True})
        case Mapping():
            return {name: _said(inside) for name, inside in schema.items()}
        case list():
            return [_said(inside) for inside in schema]
    return schema


def _paths(service: Service, routes: list[Route]) -> Document:
    paths: Document = {}
    taken: set[str] = set()
    for route in routes:
        identifier = _operation_id(route, taken)
        taken.add(identifier)
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, identifier, _shown(service, route))
    return paths


def _operation_id(route: Route, taken: set[str]) -> str:
    """Unique in the document, though one operation may serve several routes."""
    by = f"{route.operation}_by_{'_'.join(route.path_parameters())}"
    numbered = (f"{route.operation}_{number}" for number in itertools.count(2))
    return next(name for name in itertools.chain([route.operation, by], numbered) if name not in taken)


def _shown(service: Service, route: Route) -> Call:
    """The first successful call of the service's demonstration that this route answers, or one that shows nothing."""
    for call in service.demo:
        if answering(service, call) == route and call.status in route.responses:
            return call
    return Call(method=route.method, path="", status=0)


def answering(service: Service, call: Call) -> Route | None:
    """The route that answers a call: API Gateway prefers `/items/search` to `/items/{id}`."""
    routes = [route for _, route in service.routes() if call.calls(route)]
    return min(routes, key=lambda route: len(route.path_parameters()), default=None)


def _operation(route: Route, identifier: str, shown: Call) -> Document:
    return {
        "operationId": identifier,
        "summary": route.summary,
        "tags": [_tag(route)],
        "parameters": [*_path_parameters(route, shown), *_query_parameters(route, shown), *_headers(route)],
        **({"requestBody": _request_body(route.body, shown)} if route.body else {}),
        "responses": _responses(route),
        "security": _security(route),
    }


def _tag(route: Route) -> str:
    return route.path.split("/")[1].strip("{}")


def _path_parameters(route: Route, shown: Call) -> list[Document]:
    values = dict(zip(route.path.split("/"), urlsplit(shown.path).path.split("/"), strict=False))
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": {"type": "string", "minLength": 1},
            **_example(values.get(f"{{{name}}}"), unquote),
        }
        for name in route.path_parameters()
    ]


def _query_parameters(route: Route, shown: Call) -> list[Document]:
    values = {name: given[0] for name, given in parse_qs(urlsplit(shown.path).query).items()}
    return [
        {
            "name": name,
            "in": "query",
            "description": schema.get("description", ""),
            "schema": _said({key: value for key, value in schema.items() if key != "description"}),
            **_example(values.get(name), int if schema.get("type") == "integer" else str),
        }
        for name, schema in route.query.items()
    ]


def _example(text: str | None, read: Callable[[str], Any]) -> Mapping[str, Any]:
    return {} if text is None or PLACEHOLDER.search(text) else {"example": read(text)}


def _headers(route: Route) -> list[Document]:
    own = [IDEMPOTENCY_KEY] * route.idempotent + [IF_MATCH] * _guarded(route)
    return [*own, {"$ref": f"#/components/parameters/{CORRELATION_ID['name']}"}]


def _request_body(schema: str, shown: Call) -> Document:
    example = {} if shown.body is None or PLACEHOLDER.search(str(shown.body)) else {"example": shown.body}
    return {"required": True, "content": _content(schema, **example)}


def _content(schema: str, **more: Any) -> Document:
    return {JSON: {"schema": {"$ref": f"#/components/schemas/{schema}"}, **more}}


def _responses(route: Route) -> Document:
    version = ["ETag"] * route.versioned
    answered = {str(status): _answered(status, schema, *version) for status, schema in route.responses.items()}
    refused = (status for status in refusals(route) if status not in route.responses)
    return {**answered, **{str(status): _refusal(route, status) for status in refused}}


def _refusal(route: Route, status: int) -> Document:
    named = _codes(route, status)
    if not named:
        return {"$ref": f"#/components/responses/{_label(status)}"}
    found = _refused(status)
    narrowed = {"type": "object", "properties": {"code": {"type": "string", "enum": [code.name for code in named]}}}
    found["content"][JSON]["schema"] = {"allOf": [found["content"][JSON]["schema"], narrowed]}
    return {**found, "description": "\n".join(f"- `{code.name}`: {code.meaning}" for code in named)}


def _codes(route: Route, status: int) -> list[Code]:
    """What the `code` of a route's refusals can be, where the route says it."""
    named = [code for code in route.codes if code.status == status]
    with_key = named and status == KEY_REUSED.status and route.idempotent
    return [*named, KEY_REUSED] if with_key else named


def _answered(status: int, schema: str | None, *more: str) -> Document:
    headers = ["X-Request-Id", "X-Correlation-Id", *["Location"] * (status == HTTPStatus.CREATED), *more]
    return {
        "description": HTTPStatus(status).phrase,
        "headers": {name: {"$ref": f"#/components/headers/{name}"} for name in headers},
        **({"content": _content(schema)} if schema else {}),
    }


def _refused(status: int) -> Document:
    described = {row.status: row.description for row in REFUSALS}
    more = ["ETag"] * (status == HTTPStatus.PRECONDITION_FAILED) + ["Retry-After"] * (status == Unavailable.status)
    return {**_answered(status, ERROR, *more), "description": described.get(status, "Rejected. `code` is the reason.")}


def _label(status: int) -> str:
    """Not the status's phrase: that depends on Python's version."""
    return f"{ERROR}{status}"
