"""CORS response headers, and the function that responds to preflight requests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

ALLOW_ORIGIN = "Access-Control-Allow-Origin"


class Cors:
    """CORS response headers. `allowed_origins` is an origin, `*`, a comma-separated list, or empty to disable CORS."""

    def __init__(self, allowed_origins: str) -> None:
        self._constant_headers = {ALLOW_ORIGIN: allowed_origins} if allowed_origins else {}
        self._origins = frozenset(allowed_origins.split(",")) if "," in allowed_origins else None

    def headers(self, origin: str) -> dict[str, str]:
        """Return the headers for a request from `origin`, which is empty if the request has no `Origin` header.

        With several allowed origins, every response has `Vary: Origin`, so that caches store one response per origin.
        """
        if self._origins is None:
            return self._constant_headers
        return {"Vary": "Origin", **({ALLOW_ORIGIN: origin} if origin in self._origins else {})}


class Preflight:
    """A Lambda handler for OPTIONS requests to an API that several origins can call.

    A mock integration of API Gateway returns constant headers, so it can allow only one origin.
    """

    def __init__(self, allowed_origins: str, headers: Mapping[str, Mapping[str, str]]) -> None:
        """`allowed_origins` is a comma-separated list, and `headers` the other response headers of each path."""
        self._cors = Cors(allowed_origins)
        self._headers = headers

    def __call__(self, event: dict[str, Any], context: Any) -> dict[str, Any]:
        request_headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
        headers = {**self._headers[event["resource"]], **self._cors.headers(request_headers.get("origin", ""))}
        return {"statusCode": 204, "headers": headers, "body": ""}
