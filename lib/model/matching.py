"""Selection of the route of a call, as API Gateway and functions with a URL select it."""

from __future__ import annotations

from typing import NamedTuple

from .call import Call
from .service import Service
from .triggers import ANY_METHOD, Route


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

    It prefers `/items/search` to `/items/{id}`, both to `/{path+}`, and `GET` to `ANY`. HTTP APIs and function URLs
    prefer every complete path to a greedy one: `/{area}/search` to `/items/{path+}`, which a REST API selects.
    """
    apis = service.described_apis()
    for name in service.endpoints_of(call):
        if routes := [route for route in service.routes_of(name) if call.calls(route)]:
            is_rest = name in apis and apis[name].protocol == "REST"
            return EndpointRoute(name, min(routes, key=_rest_precedence if is_rest else _http_precedence))
    return None


def _rest_precedence(route: Route) -> tuple[list[int], bool]:
    """Return the sort key of a route: in each segment, literal names precede parameters and greedy parameters."""
    return [part.startswith("{") + part.endswith("+}") for part in route.path.split("/")], route.method == ANY_METHOD


def _http_precedence(route: Route) -> tuple[bool, list[int], bool]:
    return route.path.endswith("+}"), *_rest_precedence(route)
