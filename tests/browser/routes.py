"""Responses that tests give in place of the service."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Route

CORS = {"access-control-allow-origin": "*"}
FORBIDDEN = {"error": "Invalid API key", "code": "FORBIDDEN", "requestId": "request-7", "details": []}


def aborted(route: Route) -> None:
    """Respond nothing."""
    route.abort()


def rejecting(method: str) -> Callable[[Route], None]:
    """Reject the key of requests with a method as API Gateway does."""

    def reject(route: Route) -> None:
        if route.request.method == method:
            route.fulfill(status=403, json=FORBIDDEN, headers=CORS)
        else:
            route.fallback()

    return reject


def losing(method: str, respond: Callable[[Route], None] = aborted) -> Callable[[Route], None]:
    """Process a change and lose its response."""

    def lose(route: Route) -> None:
        if route.request.method == method:
            route.fetch()
            respond(route)
        else:
            route.fallback()

    return lose


def keeping(routes: list[Route]) -> Callable[[Route], None]:
    """Collect requests, to which the test can respond later. Playwright accepts no built-in function."""

    def keep(route: Route) -> None:
        routes.append(route)

    return keep
