"""API Gateway resources derived from routes and settings, and the hash that triggers a new deployment."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import Any, NamedTuple

from ..model import METHODS, LambdaAuthorizer, Route, Schema
from ..model.json_schema import is_required
from ..model.media_types import is_json
from ..runtime.errors import RETRY_AFTER_SECONDS

MAX_AGE_SECONDS = 7200
"""Time for which browsers cache a preflight response: the maximum of Chromium."""
REQUEST_HEADERS = (
    "Content-Type",
    "Authorization",
    "Idempotency-Key",
    "If-Match",
    "X-Amz-Date",
    "X-Amz-Security-Token",
    "X-Api-Key",
    "X-Correlation-Id",
)
BROWSER_HEADERS = ("Cookie", "Host", "Origin", "Referer", "User-Agent")
"""Headers that scripts of web pages cannot set."""
REQUEST_ORIGIN = "method.request.header.Origin"
"""Origin of the request, in mappings of gateway responses. Without one, API Gateway omits the mapped header."""
REQUEST_ID_HEADERS = ("X-Request-Id", "X-Correlation-Id")
"""Response headers that identify the request. In its own responses, API Gateway sets both to its request ID."""


class Path(NamedTuple):
    """A resource of the API."""

    path: str
    parent: str
    """Path of the parent resource; empty for the root."""
    part: str


class GatewayResponse(NamedTuple):
    """An error response that API Gateway returns without calling a function."""

    type: str
    status: int | None
    """HTTP status. None: default of the response type."""
    code: str
    message: str | None = None
    """Error message. None: the message of API Gateway."""
    details: str = ""
    """API Gateway variable with the details of the error. Empty: no details."""
    headers: Mapping[str, str] = MappingProxyType({})
    """Headers in addition to those of every error response."""


GATEWAY_RESPONSES = (
    GatewayResponse("DEFAULT_4XX", None, "$context.error.responseType"),
    GatewayResponse("DEFAULT_5XX", None, "$context.error.responseType", "Internal server error. Try again."),
    GatewayResponse("BAD_REQUEST_BODY", 400, "INVALID_REQUEST", details="$context.error.validationErrorString"),
    GatewayResponse("BAD_REQUEST_PARAMETERS", 400, "INVALID_REQUEST"),
    GatewayResponse(
        "INVALID_API_KEY", 403, "FORBIDDEN", "Missing or invalid API key. Send a valid key in the x-api-key header."
    ),
    GatewayResponse("MISSING_AUTHENTICATION_TOKEN", 404, "NOT_FOUND", "No route matches this path and method."),
)
"""Customized response types. All other types use the two defaults, with AWS's response type as code, e.g. THROTTLED."""
AUTHORIZATION_RESPONSES: Mapping[str, tuple[GatewayResponse, ...]] = {
    "AWS_IAM": (
        GatewayResponse("ACCESS_DENIED", 403, "FORBIDDEN"),
        # With IAM authorization, API Gateway also returns this type for existing routes if the signature is missing.
        GatewayResponse(
            "MISSING_AUTHENTICATION_TOKEN",
            403,
            "FORBIDDEN",
            "Missing signature or unknown route. Sign the request with AWS Signature Version 4; check path and method.",
        ),
    ),
    "COGNITO_USER_POOLS": (
        GatewayResponse(
            "UNAUTHORIZED",
            401,
            "UNAUTHORIZED",
            "Missing or invalid access token. Send Authorization: Bearer with a token for the scope of the route.",
        ),
    ),
}
"""Additional response types by authorization type."""
AUTHORIZER_RESPONSES = (
    GatewayResponse(
        "UNAUTHORIZED",
        401,
        "UNAUTHORIZED",
        "Missing or invalid credentials. Send the credentials that the API reference describes for the route.",
        headers={"WWW-Authenticate": "Bearer"},
    ),
    GatewayResponse("ACCESS_DENIED", 403, "FORBIDDEN", "The credentials do not allow this request."),
    # The request is not at fault: the authorizer failed or its issuer did not respond.
    GatewayResponse(
        "AUTHORIZER_FAILURE",
        503,
        "SERVICE_UNAVAILABLE",
        "The credentials could not be checked. Send the request again.",
        headers={"Retry-After": str(RETRY_AFTER_SECONDS)},
    ),
)
"""Additional response types of an API with Lambda authorizers."""


def gateway_responses(authorization: str | None, has_authorizers: bool = False) -> list[GatewayResponse]:
    """Return the gateway responses of an API with an authorization type and, optionally, Lambda authorizers."""
    by_authorization = AUTHORIZATION_RESPONSES.get(authorization or "", ())
    responses = (*GATEWAY_RESPONSES, *by_authorization, *(AUTHORIZER_RESPONSES if has_authorizers else ()))
    return list({response.type: response for response in responses}.values())


def body_template(response: GatewayResponse) -> str:
    """Return the body template of a gateway response, with the same fields as the errors of handlers."""
    message = "$context.error.messageString" if response.message is None else json.dumps(response.message)
    details = json.dumps([response.details] if response.details else [])
    return f'{{"error":{message},"code":"{response.code}","requestId":"$context.requestId","details":{details}}}'


def resource_paths(routes: Iterable[Route]) -> list[Path]:
    """Return the paths of the routes and all their parent paths, parents first."""
    paths: dict[str, Path] = {}
    for route in routes:
        parent = ""
        for part in filter(None, route.path.split("/")):
            path = f"{parent}/{part}"
            paths.setdefault(path, Path(path, parent, part))
            parent = path
    return list(paths.values())


def methods_by_path(routes: Iterable[Route]) -> dict[str, list[str]]:
    """Return the methods of each path with routes, in the order of `METHODS`."""
    methods: dict[str, set[str]] = {}
    for route in routes:
        methods.setdefault(route.path, set()).update(route.methods())
    return {path: sorted(allowed, key=METHODS.index) for path, allowed in methods.items()}


def headers_by_path(routes: Iterable[Route], authorizers: Iterable[LambdaAuthorizer] = ()) -> dict[str, list[str]]:
    """Return the headers that the routes of each path declare, and those that their authorizers read, in addition to
    `REQUEST_HEADERS`."""
    known = {name.lower() for name in (*REQUEST_HEADERS, *BROWSER_HEADERS)}
    read = {authorizer.name: authorizer.request_headers() for authorizer in authorizers}
    headers: dict[str, dict[str, str]] = {}
    for route in routes:
        key = (route.idempotency_header,) if route.idempotent else ()
        names = (*route.headers, *key, *read.get(route.authorizer or "", ()))
        declared = {name.lower(): name for name in names if name.lower() not in known}
        headers.setdefault(route.path, {}).update(declared)
    return {path: [*names.values()] for path, names in headers.items()}


def cors_headers(origin: str | None) -> dict[str, str]:
    """Return the headers that let web pages of `origin` read a response. Empty without an origin."""
    return {"Access-Control-Allow-Origin": origin} if origin else {}


def error_headers(origin: str | None, additional: Mapping[str, str] = MappingProxyType({})) -> dict[str, str]:
    """Return the headers of gateway responses."""
    exposed = {"Access-Control-Expose-Headers": ",".join(REQUEST_ID_HEADERS)} if origin else {}
    vary = {"Vary": "Origin"} if origin == REQUEST_ORIGIN else {}
    return {
        **dict.fromkeys(REQUEST_ID_HEADERS, "context.requestId"),
        **cors_headers(origin),
        **exposed,
        **vary,
        **additional,
    }


def preflight_headers(origin: str | None, allowed: Sequence[str], headers: Sequence[str] = ()) -> dict[str, str]:
    """Return the headers of a preflight response. Empty without an origin."""
    if not origin:
        return {}
    return {**cors_headers(origin), **preflight_constants(allowed, headers)}


def preflight_constants(allowed: Sequence[str], headers: Sequence[str] = ()) -> dict[str, str]:
    """Return the headers of a preflight response that do not depend on the origin.

    `allowed` are the methods of the path, and `headers` the request headers in addition to `REQUEST_HEADERS`.
    """
    return {
        "Access-Control-Allow-Methods": ",".join([*allowed, "OPTIONS"]),
        "Access-Control-Allow-Headers": ",".join([*REQUEST_HEADERS, *headers]),
        "Access-Control-Max-Age": str(MAX_AGE_SECONDS),
    }


class MockResponse(NamedTuple):
    """A constant response that API Gateway returns without calling a function."""

    method: str
    status: int
    headers: Callable[[str | None], Mapping[str, str]]
    """Return the headers for an allowed CORS origin."""
    body: str = ""


def preflight(allowed: Sequence[str], headers: Sequence[str] = ()) -> MockResponse:
    """Return the response to OPTIONS requests on a path with these methods and declared request headers."""
    return MockResponse("OPTIONS", 204, partial(preflight_headers, allowed=allowed, headers=headers))


def health_headers(origin: str | None) -> dict[str, str]:
    """Return the headers of the response at `HEALTH_PATH`."""
    return {"Content-Type": "application/json", "Cache-Control": "no-store", **cors_headers(origin)}


HEALTH_PATH = "/health"
HEALTH = MockResponse("GET", 200, health_headers, '{"status":"ok","requestId":"$context.requestId"}')
"""Response at `HEALTH_PATH`. It shows only that API Gateway is available, not the functions."""


def response_parameters(headers: Mapping[str, str], prefix: str) -> dict[str, str]:
    """Return header mappings, e.g. `{"method.response.header.X": "'constant'"}`. Variables are not quoted."""
    variables = ("context.", "method.request.")
    values = {name: value if value.startswith(variables) else f"'{value}'" for name, value in headers.items()}
    return {f"{prefix}.header.{name}": value for name, value in values.items()}


def request_parameters(route: Route) -> dict[str, bool]:
    """Return the request parameters of a method. The values state whether each is required."""
    path = {f"method.request.path.{name}": True for name in route.path_parameters()}
    query = {f"method.request.querystring.{name}": is_required(schema) for name, schema in route.query.items()}
    headers = {f"method.request.header.{name}": is_required(schema) for name, schema in route.headers.items()}
    return {**path, **query, **headers}


def requires_key(route: Route, authorization: str) -> bool:
    """Return whether a method requires an API key with an authorization type."""
    if route.authorizer or authorization == "NONE":
        return route.key_required
    return authorization == "API_KEY" and bool(route.required_scope())


def json_types(route: Route) -> list[str]:
    """Return the media types that a route accepts and that API Gateway validates."""
    return [media_type for media_type in route.accepted_types() if is_json(media_type)]


def model_names(routes: Iterable[Route]) -> list[str]:
    """Return the names of the schemas of request bodies that API Gateway validates, sorted."""
    return sorted({route.body for route in routes if route.body and json_types(route)})


def method_path(route: Route) -> str:
    """Return the key of a method in the settings of a stage, in which slashes of the path are escaped."""
    return f"{route.path.replace('/', '~1')}/{route.method}"


def authorizer_properties(authorizer: LambdaAuthorizer) -> dict[str, Any]:
    """Return the properties of an authorizer, except for its function."""
    # The provider sets the header Authorization for a missing identity source, and API Gateway rejects requests without
    # an identity source. The IP address of the caller is never missing. It is no key, because nothing is cached.
    always_present = ("context.identity.sourceIp",)
    sources = authorizer.identity_sources
    if authorizer.optional or not sources:
        sources = always_present
    return {
        "name": authorizer.name,
        "type": authorizer.type,
        "identity_source": ",".join(sources),
        "identity_validation_expression": authorizer.validation or None,
        "authorizer_result_ttl_in_seconds": authorizer.cache_seconds,
    }


def model_schema(schema: Schema) -> str:
    """Return a JSON Schema as the `schema` of an API Gateway model."""
    return json.dumps({"$schema": "http://json-schema.org/draft-04/schema#", **schema}, sort_keys=True)


def fingerprint(captured: Any) -> str:
    """Return a hash of the properties that a deployment captures. Empty values count as absent, as in API Gateway."""
    return hashlib.sha256(json.dumps(_without_empty(captured), sort_keys=True).encode()).hexdigest()


def _without_empty(value: Any) -> Any:
    if isinstance(value, Mapping):
        items = {key: _without_empty(item) for key, item in value.items()}
        return {key: item for key, item in items.items() if item not in (None, "", [], {})}
    return [_without_empty(item) for item in value] if isinstance(value, list | tuple) else value
