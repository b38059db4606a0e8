"""Requests of a service's smoke test, load test, seed data and API reference."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from ..settings import Definition, invalid_value
from .media_types import FORM, JSON
from .triggers import Route

PLACEHOLDER = re.compile(r"\{(\w+)\}")
"""Placeholder in a demo call for a value from an earlier response."""


@dataclass(frozen=True, kw_only=True)
class Call(Definition):
    """A request for the smoke test, the load test, seed data, or an example in the API reference."""

    method: str
    path: str
    """Path with its query, such as `/items/pencil?page_size=2`."""
    status: int
    """Expected status of the response. A redirect is not followed."""
    body: Any = None
    """JSON value, or bytes that are sent unchanged, with `Content-Type` in `headers` or `application/octet-stream`."""
    form: Mapping[str, str] | None = None
    """Fields of a URL-encoded form, which is sent instead of `body`."""
    content_type: str = ""
    """Expected media type of the response. Empty: any."""
    captures: Mapping[str, str] = field(default_factory=dict)
    """Members of the response by the placeholder that they replace in the paths, headers and bodies of later calls,
    such as `{"desk": "itemId"}` for `{desk}`."""
    headers: Mapping[str, str] = field(default_factory=dict)
    api: str = ""
    """Name of the API, or of the function whose URL serves the route. Default (empty): the first of these with a
    matching route, in the order default API, other APIs, function URLs."""

    def __post_init__(self) -> None:
        if self.form is not None and self.body is not None:
            raise invalid_value(f"call {self.method} {self.path} body", self.body, "None with a form")

    def calls(self, route: Route) -> bool:
        """Return whether the call matches a route."""
        pattern = re.sub(r"\\\{\w+\\\}", "[^/]+", re.sub(r"\\\{\w+\\\+\\\}", ".+", re.escape(route.path)))
        path = self.path.split("?")[0].rstrip("/") or "/"
        return self.method in route.methods() and re.fullmatch(pattern, path) is not None

    def encode(self) -> tuple[bytes | None, str]:
        """Return the request body and its media type."""
        if self.form is not None:
            return urlencode(self.form).encode(), FORM
        if isinstance(self.body, bytes):
            return self.body, "application/octet-stream"
        return None if self.body is None else json.dumps(self.body).encode(), JSON
