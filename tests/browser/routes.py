"""Route handlers that replace responses of the service."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Route

CORS = {"access-control-allow-origin": "*"}
FORBIDDEN = {"error": "Invalid API key", "code": "FORBIDDEN", "requestId": "request-7", "details": []}


def aborted(route: Route) -> None:
    """Fail the request with a network error."""
    route.abort()


def rejecting(method: str) -> Callable[[Route], None]:
    """Reject the API key of requests with an HTTP method like API Gateway."""

    def reject(route: Route) -> None:
        if route.request.method == method:
            route.fulfill(status=403, json=FORBIDDEN, headers=CORS)
        else:
            route.fallback()

    return reject


def losing(method: str, respond: Callable[[Route], None] = aborted) -> Callable[[Route], None]:
    """Process requests with an HTTP method, but lose the responses of the service."""

    def lose(route: Route) -> None:
        if route.request.method == method:
            route.fetch()
            respond(route)
        else:
            route.fallback()

    return lose


def collecting(routes: list[Route]) -> Callable[[Route], None]:
    """Collect requests, to which the test responds later. Playwright does not accept `routes.append`."""

    def collect(route: Route) -> None:
        routes.append(route)

    return collect
