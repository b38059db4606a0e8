"""The response that an operation returns."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from types import MappingProxyType
from typing import Any, NamedTuple

TEXT_TYPES = ("text/", "image/svg+xml", "application/javascript", "application/json", "application/xml")
"""Prefixes of the media types of files that `Response.file` returns as text."""

DEFAULT_NAMES = {"content-type": "Content-Type", "cache-control": "Cache-Control", "vary": "Vary"}
"""Names of default headers by their lowercase name, which a response can write in another case."""


class Response(NamedTuple):
    """The response of an operation. The default content type is JSON.

    `Route.responses` declares the status and the media type. An undeclared one is returned all the same, but bytes that
    are not UTF-8 require a route that declares a binary media type, from which the API is configured.
    """

    status: int
    body: str | bytes = ""
    headers: Mapping[str, str | Sequence[str]] = MappingProxyType({})
    """Headers by name. A header with several values, as a list or a tuple, is repeated."""
    cookies: Sequence[str] = ()
    """Values of `Set-Cookie` headers, such as those that `cookies.cookie` returns."""

    @classmethod
    def json(cls, value: Any, status: int = 200, headers: Mapping[str, str | Sequence[str]] | None = None) -> Response:
        """Return a JSON response. `Decimal` becomes a number; other types than those of JSON raise `TypeError`."""
        return cls(status, json.dumps(value, default=_to_number, separators=(",", ":")), headers or {})

    @classmethod
    def html(cls, body: str, status: int = 200) -> Response:
        """Return an HTML page. Escape all values from requests with `html.escape`."""
        return cls(status, body, {"Content-Type": "text/html; charset=utf-8"})

    @classmethod
    def text(cls, body: str, status: int = 200) -> Response:
        """Return plain text."""
        return cls(status, body, {"Content-Type": "text/plain; charset=utf-8"})

    @classmethod
    def binary(cls, body: bytes, content_type: str = "application/octet-stream", status: int = 200) -> Response:
        """Return bytes. Lambda limits the response to 6 MB in Base64, which are about 4.5 MB of bytes."""
        return cls(status, body, {"Content-Type": content_type})

    @classmethod
    def file(cls, path: Any, content_type: str = "", status: int = 200) -> Response:
        """Return the content of a file, such as `Path(__file__).with_name("logo.png")` in the archive of the function.

        By default, the content type follows from the file name. Text must be UTF-8.
        """
        import mimetypes  # pylint: disable=import-outside-toplevel  # shortens cold starts
        from pathlib import Path  # pylint: disable=import-outside-toplevel

        content_type = content_type or mimetypes.guess_type(str(path))[0] or "application/octet-stream"
        content = Path(path).read_bytes()
        body = content.decode() if content_type.startswith(TEXT_TYPES) else content
        if content_type.startswith("text/") and "charset" not in content_type:
            content_type += "; charset=utf-8"
        return cls(status, body, {"Content-Type": content_type})

    @classmethod
    def redirect(cls, url: str, status: int = 302) -> Response:
        """Return a redirection to a URL. After a POST, use status 303, which browsers follow with GET."""
        if not url.isascii() or not url.isprintable():
            raise ValueError(f"url must be printable ASCII, got {url!r}. Encode it with urllib.parse.quote.")
        return cls(status, "", {"Location": url})

    def with_cookies(self, *cookies: str) -> Response:
        """Return the response with further `Set-Cookie` headers, such as those that `cookies.cookie` returns."""
        return Response(self.status, self.body, self.headers, (*self.cookies, *cookies))

    def to_event(self, defaults: dict[str, str], *, binary: bool) -> dict[str, Any]:
        """Return the response of the Lambda function. `defaults` are headers, to which it adds those of the response.

        `binary` is whether API Gateway decodes Base64 bodies.
        """
        headers: dict[str, str] = defaults
        repeated: dict[str, list[str]] = {"Set-Cookie": [*self.cookies]} if self.cookies else {}
        for name, value in self.headers.items():
            if isinstance(value, str):
                headers[DEFAULT_NAMES.get(name.lower(), name)] = value
            else:
                repeated.setdefault(name, []).extend(value)
        event: dict[str, Any] = {"statusCode": self.status, "headers": headers, "body": self.body}
        if repeated:
            event["multiValueHeaders"] = repeated
        if isinstance(self.body, bytes):
            event.update(_encoded(self.body, binary=binary))
        return event


def _encoded(body: bytes, *, binary: bool) -> dict[str, Any]:
    if binary:
        import base64  # pylint: disable=import-outside-toplevel  # shortens cold starts

        return {"body": base64.b64encode(body).decode(), "isBase64Encoded": True}
    try:
        return {"body": body.decode()}
    except UnicodeDecodeError as exc:
        raise TypeError(
            f"The response body must be UTF-8 because the API has no binary media types, got {body[:16]!r}. Declare "
            'its media type in the responses of the route, such as responses={200: "image/png"}.'
        ) from exc


def _to_number(value: Any) -> int | float:
    if not isinstance(value, Decimal):
        raise TypeError(f"The response must contain only JSON types and Decimal, got {type(value).__name__}.")
    return int(value) if value == value.to_integral_value() else float(value)
