"""Corrections of the emulated HTTP APIs."""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

Execute = Callable[..., Coroutine[Any, Any, Any]]
Limits = Mapping[str, float | None]
THROTTLED = 429, {"Content-Type": "application/json"}, json.dumps({"message": "Too Many Requests"}).encode()


def with_throttling(
    execute: Execute,
    find_route: Callable[[str, str, str], Mapping[str, Any] | None],
    find_stages: Callable[[str, Mapping[str, Any]], Mapping[str, Any]],
    take_token: Callable[[tuple[str, ...], Limits], bool],
) -> Execute:
    """Return a function that handles the requests to HTTP APIs within the limits of their routes.

    `find_route` receives the API, the method and the path, and `find_stages` the API and a default value. `take_token`
    returns whether a bucket of tokens with limits contains one.
    """

    async def execute_within_limits(
        api: str, stage: str, path: str, method: str, *arguments: Any, **options: Any
    ) -> Any:
        route = find_route(api, method, "/" + path.lstrip("/")) if method != "OPTIONS" else None
        if route is not None:
            key = route["routeKey"]
            if not take_token(("http", api, stage, key), limits(find_stages(api, {}).get(stage) or {}, key)):
                status, headers, body = THROTTLED
                return status, {**headers}, body
        return await execute(api, stage, path, method, *arguments, **options)

    return execute_within_limits


def limits(stage: Mapping[str, Any], route_key: str) -> Limits:
    """Return the throttling limits of a route, or those of all routes of the stage."""
    settings = (stage.get("routeSettings") or {}).get(route_key) or stage.get("defaultRouteSettings") or {}
    return {"rateLimit": settings.get("throttlingRateLimit"), "burstLimit": settings.get("throttlingBurstLimit")}
