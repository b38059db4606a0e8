"""CORS response headers, and the function that responds to preflight requests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

ALLOW_ORIGIN = "Access-Control-Allow-Origin"
ALLOW_CREDENTIALS = {"Access-Control-Allow-Credentials": "true"}
"""Header that lets pages of the allowed origin send cookies and read the response."""


class Cors:
    """CORS response headers. `allowed_origins` is an origin, `*`, a comma-separated list, or empty to disable CORS.
    `credentials` is whether pages of these origins can send cookies; browsers do not allow it for `*`."""

    def __init__(self, allowed_origins: str, credentials: bool = False) -> None:
        self._credentials = ALLOW_CREDENTIALS if credentials else {}
        self._constant_headers = {ALLOW_ORIGIN: allowed_origins, **self._credentials} if allowed_origins else {}
        self._origins = frozenset(allowed_origins.split(",")) if "," in allowed_origins else None

    def headers(self, origin: str) -> dict[str, str]:
        """Return the headers for a request from `origin`, which is empty if the request has no `Origin` header.

        With several allowed origins, every response has `Vary: Origin`, so that caches store one response per origin.
        """
        if self._origins is None:
            return self._constant_headers
        return {"Vary": "Origin", **({ALLOW_ORIGIN: origin, **self._credentials} if origin in self._origins else {})}


class Preflight:
    """A Lambda handler for OPTIONS requests to an API that several origins can call.

    A mock integration of API Gateway returns constant headers, so it can allow only one origin.
    """

    def __init__(
        self, allowed_origins: str, headers: Mapping[str, Mapping[str, str]], credentials: bool = False
    ) -> None:
        """`allowed_origins` is a comma-separated list, `headers` the other response headers of each path, and
        `credentials` the argument of `Cors`."""
        self._cors = Cors(allowed_origins, credentials)
        self._headers = headers

    def __call__(self, event: dict[str, Any], context: Any) -> dict[str, Any]:
        request_headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
        headers = {**self._headers[event["resource"]], **self._cors.headers(request_headers.get("origin", ""))}
        return {"statusCode": 204, "headers": headers, "body": ""}
