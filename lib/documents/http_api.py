"""Properties of API Gateway HTTP APIs and of function URLs, derived from routes and settings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from ..model import METHODS, LambdaAuthorizer, Route
from ..runtime.event_handler import EXPOSED_HEADERS
from ..settings.origins import ANY
from .rest_api import MAX_AGE_SECONDS, REQUEST_HEADERS, headers_by_path

DEFAULT_STAGE = "$default"
"""Stage without a segment in the path."""
PAYLOAD_FORMAT = "2.0"
TIMEOUT_MILLISECONDS = 30_000
"""Maximum of HTTP APIs."""


def identity_source(expression: str) -> str:
    """Return the identity source of an authorizer from the mapping expression of a REST API, such as
    `method.request.header.Authorization`."""
    return f"${expression.removeprefix('method.')}"


def route_key(route: Route, method: str = "") -> str:
    """Return the key of a route, such as `GET /items/{id}`. `method` is one of the methods of a route for `ANY`."""
    return f"{method or route.method} {route.path}"


def cors(
    routes: Iterable[Route],
    origins: Sequence[Any],
    *,
    authorizers: Iterable[LambdaAuthorizer] = (),
    credentials: bool = False,
) -> dict[str, Any] | None:
    """Return the CORS configuration for allowed origins, or None without origins.

    `authorizers` are those of the routes, and `credentials` is whether pages of exact origins can send cookies,
    because no browser sends them to `*`.
    """
    if not origins:
        return None
    routes = list(routes)
    declared = {header for headers in headers_by_path(routes, authorizers).values() for header in headers}
    methods = {method for route in routes for method in route.methods()}
    return {
        "allow_origins": list(origins),
        "allow_methods": sorted(methods, key=METHODS.index),
        "allow_headers": [*REQUEST_HEADERS, *sorted(declared)],
        "expose_headers": EXPOSED_HEADERS["Access-Control-Expose-Headers"].split(","),
        "max_age": MAX_AGE_SECONDS,
        **({"allow_credentials": True} if credentials and ANY not in origins else {}),
    }
