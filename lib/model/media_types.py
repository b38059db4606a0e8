"""Media types of requests and responses, and those that API Gateway must treat as binary."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .triggers import Route

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
ANY = "*/*"
MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]*/[a-z0-9][a-z0-9!#$&^_.+-]*")
MEDIA_RANGE = re.compile(rf"{MEDIA_TYPE.pattern}|[a-z0-9][a-z0-9!#$&^_.+-]*/\*|\*/\*")
TEXT = re.compile(
    r"text/.*|(application|image)/([^/]*\+)?(json|xml)|application/(x-www-form-urlencoded|javascript|graphql|yaml)"
)
"""Media types whose bodies are UTF-8."""


def is_json(media_type: str) -> bool:
    """Return whether bodies of a media type are JSON."""
    return media_type == JSON or media_type.endswith("+json")


def response_types(response: object) -> tuple[str, ...]:
    """Return the media types that a value of `Route.responses` declares. Empty for the name of a schema, and None."""
    if isinstance(response, tuple):
        return response
    return (response,) if isinstance(response, str) and "/" in response else ()


def is_text(media_type: str) -> bool:
    """Return whether API Gateway can pass bodies of a media type as text, because they are UTF-8."""
    return TEXT.fullmatch(media_type) is not None


def binary_media_types(routes: Iterable[Route]) -> list[str]:
    """Return the binary media types of the API of the routes. Empty if all bodies are text.

    A binary response requires all media types: API Gateway compares only the first media type in `Accept`, and browsers
    and HTTP clients send others there, such as `text/html`.
    """
    routes = list(routes)
    types = {media_type for route in routes for media_type in route.content_types if not is_text(media_type)}
    responses = [name for route in routes for response in route.responses.values() for name in response_types(response)]
    if ANY in types or not all(map(is_text, responses)):
        return [ANY]
    return sorted(types)
