"""CORS response headers, and the function that responds to preflight requests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

ALLOW_ORIGIN = "Access-Control-Allow-Origin"


class Cors:
    """CORS response headers for the allowed origins: one, `*`, several separated by commas, or none if empty."""

    def __init__(self, allowed: str) -> None:
        self._fixed = {ALLOW_ORIGIN: allowed} if allowed else {}
        self._origins = frozenset(allowed.split(",")) if "," in allowed else None

    def headers(self, origin: str) -> dict[str, str]:
        """Return the headers for a request from `origin`, which is empty if the request has no `Origin` header.

        Caches must distinguish the callers of several origins, including those that get no header.
        """
        if self._origins is None:
            return self._fixed
        return {"Vary": "Origin", **({ALLOW_ORIGIN: origin} if origin in self._origins else {})}


class Preflight:
    """A Lambda handler for OPTIONS requests to an API that several origins can call.

    API Gateway alone can only map constants, and so allow a single origin.
    """

    def __init__(self, allowed: str, headers: Mapping[str, Mapping[str, str]]) -> None:
        """Take the allowed origins, separated by commas, and the other response headers of each path."""
        self._cors = Cors(allowed)
        self._headers = headers

    def __call__(self, event: dict[str, Any], context: Any) -> dict[str, Any]:
        sent = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
        headers = {**self._headers[event["resource"]], **self._cors.headers(sent.get("origin", ""))}
        return {"statusCode": 204, "headers": headers, "body": ""}
