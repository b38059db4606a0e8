"""The response that an operation returns."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from types import MappingProxyType
from typing import Any, NamedTuple

TEXT_TYPES = ("text/", "image/svg+xml", "application/javascript", "application/json", "application/xml")
"""Prefixes of the media types of files that `Response.file` returns as text."""

HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
HEADER_VALUE = re.compile(r"[^\x00-\x08\x0a-\x1f\x7f]*")
"""Values without control characters. A line break would let a value from a request add headers to the response."""
REDIRECTS = (301, 302, 303, 307, 308)
SET_COOKIE = "Set-Cookie"
VARY = "Vary"


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
        """Return a JSON response. `Decimal` becomes a number; other types than those of JSON raise `TypeError`, and NaN
        and infinity `ValueError`."""
        body = json.dumps(value, default=to_number, separators=(",", ":"), allow_nan=False)
        return cls(status, body, headers or {})

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
        from pathlib import Path  # pylint: disable=import-outside-toplevel  # only rare calls need it

        content_type = content_type or mimetypes.guess_type(str(path))[0] or "application/octet-stream"
        content = Path(path).read_bytes()
        body = content.decode() if content_type.startswith(TEXT_TYPES) else content
        if content_type.startswith("text/") and "charset" not in content_type:
            content_type += "; charset=utf-8"
        return cls(status, body, {"Content-Type": content_type})

    @classmethod
    def redirect(cls, url: str, status: int = 302) -> Response:
        """Return a redirection to a URL. After a POST, use status 303, which browsers follow with GET.

        Compare a URL from a request with those that you allow. Others can be URLs of any site, also without a scheme:
        `//example.com`.
        """
        if status not in REDIRECTS:
            raise ValueError(f"status must be one of {', '.join(map(str, REDIRECTS))}, got {status!r}.")
        if not url.isascii() or not url.isprintable():
            raise ValueError(f"url must be printable ASCII, got {url!r}. Encode it with urllib.parse.quote.")
        return cls(status, "", {"Location": url})

    @classmethod
    def from_proxy(cls, result: Any) -> Response:
        """Return the result of another Lambda handler for API Gateway, such as `Response.from_proxy(app.resolve(
        request.event, request.context))`.

        The result has the format of REST APIs (`multiValueHeaders`) or of HTTP APIs (`cookies`). Raise `TypeError` for
        another value.
        """
        if not isinstance(result, Mapping) or "statusCode" not in result:
            received = f"members {', '.join(result)}" if isinstance(result, Mapping) else type(result).__name__
            raise TypeError(f"The result of a handler must be an object with a statusCode, got {received}.")
        headers = {name: [*map(str, values)] for name, values in (result.get("multiValueHeaders") or {}).items()}
        for name, value in (result.get("headers") or {}).items():
            if str(value) not in headers.setdefault(name, []):
                headers[name].append(str(value))
        body = result.get("body") or ""
        return cls(
            int(result["statusCode"]),
            _decoded(body) if result.get("isBase64Encoded") else body,
            {name: values[0] if len(values) == 1 else values for name, values in headers.items()},
            result.get("cookies") or (),
        )

    def with_cookies(self, *cookies: str) -> Response:
        """Return the response with further `Set-Cookie` headers, such as those that `cookies.cookie` returns."""
        return Response(self.status, self.body, self.headers, (*self.cookies, *cookies))

    def to_event(self, defaults: dict[str, str], *, binary: bool) -> dict[str, Any]:
        """Return the response of the Lambda function. `defaults` are headers, to which it adds those of the response.

        `binary` is whether API Gateway decodes Base64 bodies.
        """
        if isinstance(self.cookies, str):
            raise TypeError(f"The cookies of a response must be a tuple of strings, got {self.cookies!r}.")
        _check_header(SET_COOKIE, self.cookies)
        headers = defaults
        repeated: dict[str, list[str]] = {SET_COOKIE: [*self.cookies]} if self.cookies else {}
        names = {name.lower(): name for name in (*defaults, SET_COOKIE, VARY)}
        for written, value in self.headers.items():
            name = names.setdefault(written.lower(), written)
            values: Sequence[Any] = value if isinstance(value, (list, tuple)) else [value]
            _check_header(name, values)
            if name == VARY:
                # Without the default `Origin`, a cache could return the CORS headers for one origin to another.
                headers[VARY] = ", ".join(dict.fromkeys([*filter(None, [headers.get(VARY)]), *values]))
            elif name == SET_COOKIE or values is value:
                headers.pop(name, None)
                repeated.setdefault(name, []).extend(values)
            else:
                headers[name] = values[0]
        event: dict[str, Any] = {"statusCode": self.status, "headers": headers, "body": self.body}
        if repeated:
            event["multiValueHeaders"] = repeated
        if isinstance(self.body, bytes):
            event.update(_encoded(self.body, binary=binary))
        return event


def check_response(route: str, response: Any) -> None:
    """Raise `TypeError` unless the result of the operation of a route is a `Response` whose body Lambda can return, and
    `ValueError` for a status that API Gateway does not accept."""
    if not isinstance(response, Response):
        raise TypeError(f"The operation of {route} must return a Response, got {type(response).__name__}.")
    if not isinstance(response.body, (str, bytes)):
        raise TypeError(
            f"The response body of {route} must be a string or bytes, got {type(response.body).__name__}. "
            "Use Response.json for other values."
        )
    if not isinstance(response.status, int) or not 200 <= response.status <= 599:
        raise ValueError(f"The response status of {route} must be an integer from 200 to 599, got {response.status!r}.")


def _check_header(name: str, values: Sequence[str]) -> None:
    if not HEADER_NAME.fullmatch(name):
        raise ValueError(f"The name of a response header must be letters, digits and '-', got {name!r}.")
    for value in values:
        if not isinstance(value, str):
            raise TypeError(f"The response header {name} must be a string, got {type(value).__name__}.")
        if not HEADER_VALUE.fullmatch(value):
            remedy = "Encode values of requests, for example with urllib.parse.quote."
            raise ValueError(f"The response header {name} must have no control characters, got {value!r}. {remedy}")


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


def _decoded(body: str) -> bytes:
    import base64  # pylint: disable=import-outside-toplevel  # shortens cold starts

    return base64.b64decode(body)


def to_number(value: Any) -> int | float:
    """Return a `Decimal` as a JSON number. Raise `TypeError` for another type: the `default` of `json.dumps`."""
    if not isinstance(value, Decimal):
        raise TypeError(f"values must be JSON types or Decimal, got {type(value).__name__}.")
    is_integer = value.is_finite() and value == value.to_integral_value()
    return int(value) if is_integer else float(value)
