"""What API Gateway is told, derived from routes and settings: pure data, and the hash that makes a deployment."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

from ..model import METHODS, Route, Schema

MAX_AGE_SECONDS = 7200
"""How long a browser keeps a preflight's answer: the most that Chromium does."""
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
REQUEST_ORIGIN = "method.request.header.Origin"
"""The origin of the caller, in the mappings of gateway responses. API Gateway omits the header if there is none."""
REQUEST_IDS = ("X-Request-Id", "X-Correlation-Id")
"""What tells on every answer which request it is of.  API Gateway itself knows but one id."""


class Path(NamedTuple):
    """A resource of the API."""

    path: str
    parent: str
    """The path above, empty for the root."""
    part: str


class GatewayResponse(NamedTuple):
    """How the gateway itself refuses."""

    type: str
    status: int | None
    """None leaves API Gateway's own."""
    code: str
    message: str | None = None
    """None passes on API Gateway's."""
    details: str = ""
    """An API Gateway variable with more."""


GATEWAY_RESPONSES = (
    GatewayResponse("DEFAULT_4XX", None, "$context.error.responseType"),
    GatewayResponse("DEFAULT_5XX", None, "$context.error.responseType", "something went wrong on our side; try again"),
    GatewayResponse("BAD_REQUEST_BODY", 400, "INVALID_REQUEST", details="$context.error.validationErrorString"),
    GatewayResponse("BAD_REQUEST_PARAMETERS", 400, "INVALID_REQUEST"),
    GatewayResponse("INVALID_API_KEY", 403, "FORBIDDEN", "send a valid API key in the x-api-key header"),
    GatewayResponse("MISSING_AUTHENTICATION_TOKEN", 404, "NOT_FOUND", "this API has no such path or method"),
)
"""Each type of its own, and the two defaults for all others, whose codes are AWS's: THROTTLED, EXPIRED_TOKEN, ..."""
AUTHORIZATION_RESPONSES: Mapping[str, tuple[GatewayResponse, ...]] = {
    "AWS_IAM": (
        GatewayResponse("ACCESS_DENIED", 403, "FORBIDDEN"),
        # Said of every request without a signature, too, and so no longer that there is no such path.
        GatewayResponse(
            "MISSING_AUTHENTICATION_TOKEN",
            403,
            "FORBIDDEN",
            "sign the request with AWS Signature Version 4, to a path and method that this API has",
        ),
    ),
    "COGNITO_USER_POOLS": (
        GatewayResponse(
            "UNAUTHORIZED",
            401,
            "UNAUTHORIZED",
            "send Authorization: Bearer with an access token that has not expired and has the scope of this route",
        ),
    ),
}
"""Those that depend on how callers show who they are."""

ACCESS_LOG = {
    "requestId": "requestId",
    "requestTime": "requestTime",
    "ip": "identity.sourceIp",
    "user": "identity.user",
    "apiKeyId": "identity.apiKeyId",
    "method": "httpMethod",
    "path": "path",
    "resourcePath": "resourcePath",
    "protocol": "protocol",
    "status": "status",
    "responseLength": "responseLength",
    "responseLatencyMs": "responseLatency",
    "integrationLatencyMs": "integration.latency",
    "integrationStatus": "integration.status",
    "integrationError": "integration.error",
    "errorType": "error.responseType",
    "errorMessage": "error.message",
    "traceId": "xrayTraceId",
}
"""What the access log says of each request, and the API Gateway variable that tells it."""
# Numbers are quoted, too: API Gateway writes `-` for what it does not know.
ACCESS_LOG_FORMAT = json.dumps({name: f"$context.{variable}" for name, variable in ACCESS_LOG.items()})
"""A line of the access log."""


def responses(authorization: str | None) -> list[GatewayResponse]:
    """How the gateway refuses where callers show who they are in that way."""
    rows = (*GATEWAY_RESPONSES, *AUTHORIZATION_RESPONSES.get(authorization or "", ()))
    return list({row.type: row for row in rows}.values())


def template(response: GatewayResponse) -> str:
    """The body of a gateway response, in the shape that handlers' errors have."""
    message = "$context.error.messageString" if response.message is None else json.dumps(response.message)
    details = json.dumps([response.details] if response.details else [])
    return f'{{"error":{message},"code":"{response.code}","requestId":"$context.requestId","details":{details}}}'


def paths(routes: Iterable[Route]) -> list[Path]:
    """Every path of the routes and every one above it, parents first."""
    found: dict[str, Path] = {}
    for route in routes:
        parent = ""
        for part in route.path.strip("/").split("/"):
            path = f"{parent}/{part}"
            found.setdefault(path, Path(path, parent, part))
            parent = path
    return list(found.values())


def methods(routes: Iterable[Route]) -> dict[str, list[str]]:
    """The methods of each path that has any."""
    found: dict[str, list[str]] = {}
    for route in sorted(routes, key=lambda route: METHODS.index(route.method)):
        found.setdefault(route.path, []).append(route.method)
    return found


def cors_headers(origin: str | None) -> dict[str, str]:
    """What lets a page of `origin` read an answer; nothing where no origin may."""
    return {"Access-Control-Allow-Origin": origin} if origin else {}


def refusal_headers(origin: str | None) -> dict[str, str]:
    """What the gateway's own refusals carry."""
    exposed = {"Access-Control-Expose-Headers": ",".join(REQUEST_IDS)} if origin else {}
    varying = {"Vary": "Origin"} if origin == REQUEST_ORIGIN else {}
    return {**dict.fromkeys(REQUEST_IDS, "context.requestId"), **cors_headers(origin), **exposed, **varying}


def preflight_headers(origin: str | None, allowed: Sequence[str]) -> dict[str, str]:
    """What an OPTIONS request is answered."""
    if not origin:
        return {}
    return {**cors_headers(origin), **preflight_constants(allowed)}


def preflight_constants(allowed: Sequence[str]) -> dict[str, str]:
    """Return the headers of a preflight response that do not depend on the origin."""
    return {
        "Access-Control-Allow-Methods": ",".join([*allowed, "OPTIONS"]),
        "Access-Control-Allow-Headers": ",".join(REQUEST_HEADERS),
        "Access-Control-Max-Age": str(MAX_AGE_SECONDS),
    }


class Said(NamedTuple):
    """What the gateway answers a method by itself."""

    method: str
    status: int
    headers: Callable[[str | None], Mapping[str, str]]
    """By the origin whose pages may call."""
    body: str = ""


def preflight(allowed: Sequence[str]) -> Said:
    """The answer to OPTIONS on a path with these methods."""
    return Said("OPTIONS", 204, partial(preflight_headers, allowed=allowed))


def health_headers(origin: str | None) -> dict[str, str]:
    """What the answer at `HEALTH_PATH` carries."""
    return {"Content-Type": "application/json", "Cache-Control": "no-store", **cors_headers(origin)}


HEALTH_PATH = "/health"
HEALTH = Said("GET", 200, health_headers, '{"status":"ok","requestId":"$context.requestId"}')
"""The answer there: the gateway stands, and nothing is said of what is behind it."""


def mapped(headers: Mapping[str, str], place: str) -> dict[str, str]:
    """Headers as API Gateway maps them: `{"method.response.header.X": "'a constant'"}`, its variables as they are."""
    variables = ("context.", "method.request.")
    values = {name: value if value.startswith(variables) else f"'{value}'" for name, value in headers.items()}
    return {f"{place}.header.{name}": value for name, value in values.items()}


def request_parameters(route: Route) -> dict[str, bool]:
    """The parameters a method declares, and whether it insists on them."""
    found = {f"method.request.path.{name}": True for name in route.path_parameters()}
    found.update({f"method.request.querystring.{name}": False for name in route.query})
    return found


def method_path(route: Route) -> str:
    """Return the key of a method in the settings of a stage, in which slashes of the path are escaped."""
    return f"{route.path.replace('/', '~1')}/{route.method}"


def model(schema: Schema) -> str:
    """A schema as API Gateway's models want it."""
    return json.dumps({"$schema": "http://json-schema.org/draft-04/schema#", **schema}, sort_keys=True)


def fingerprint(captured: Any) -> str:
    """Return a hash of what a deployment captures; empty values count as absent, as API Gateway stores them."""
    return hashlib.sha256(json.dumps(_without_empty(captured), sort_keys=True).encode()).hexdigest()


def _without_empty(value: Any) -> Any:
    if isinstance(value, Mapping):
        items = {key: _without_empty(item) for key, item in value.items()}
        return {key: item for key, item in items.items() if item not in (None, "", [], {})}
    return [_without_empty(item) for item in value] if isinstance(value, list | tuple) else value
