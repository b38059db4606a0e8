"""The URL of a request, from the parts that AWS passes. Only operations that read it import this."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

PATH_CHARACTERS = "/%:@!$&'()*+,;=~"
"""Characters of a path that need no encoding, and `%`, because REST APIs and function URLs pass the path encoded."""


def url_of(event: Mapping[str, Any], headers: Mapping[str, Any]) -> str:
    """Return the URL of a request in payload format 1.0. `headers` are by lowercase name."""
    context = event["requestContext"]
    scheme = headers.get("x-forwarded-proto") or "https"
    host = headers.get("host") or context.get("domainName") or ""
    path = quote(context.get("path") or event.get("path") or "/", safe=PATH_CHARACTERS)
    query = query_of(event)
    return f"{scheme}://{host}{path}{'?' if query else ''}{query}"


def query_of(event: Mapping[str, Any]) -> str:
    """Return the query as it was sent, or rebuilt if the event has only the decoded parameters."""
    if "rawQueryString" in event:
        return str(event["rawQueryString"])
    return urlencode(event.get("multiValueQueryStringParameters") or {}, doseq=True, quote_via=quote)
