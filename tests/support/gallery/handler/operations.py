"""Operations of the gallery."""

from __future__ import annotations

import hashlib
import hmac
import os
from pathlib import Path

from tap_stack.runtime.cookies import cookie, expired_cookie
from tap_stack.runtime.errors import NotFound, Unauthorized
from tap_stack.runtime.event_handler import Request, Response

PNG = b"\x89PNG\r\n\x1a\n"


def show_page(request: Request) -> Response:
    """Return a page that counts the visits in a cookie."""
    visits = int(request.cookies.get("visits", "0")) + 1
    page = Response.html(f"<h1>Visit {visits}</h1>")
    return page._replace(cookies=(cookie("visits", str(visits)), cookie("theme", "dark", http_only=False)))


def end_visit(_: Request) -> Response:
    """Delete the cookie."""
    return Response(204, cookies=(expired_cookie("visits"),))


def receive_hook(request: Request) -> Response:
    """Verify the signature over the raw body, and return the body."""
    expected = hmac.new(os.environ["SIGNING_KEY"].encode(), request.raw_body, "sha256").hexdigest()
    if not hmac.compare_digest(request.headers.get("x-signature", ""), expected):
        raise Unauthorized("The signature does not match the body.", scheme="Signature")
    return Response.text(request.text, 202)


def receive_form(request: Request) -> Response:
    """Return the fields of a form of any schema."""
    return Response.json({name: request.form.getlist(name) for name in request.form})


def order(request: Request) -> Response:
    """Return an order, which is JSON or a form."""
    return Response.json(request.body, 201)


def put_picture(request: Request) -> Response:
    """Return the key and the digest of an uploaded picture."""
    return Response.json({"key": request.path["key"], "sha256": hashlib.sha256(request.raw_body).hexdigest()})


def read_picture(request: Request) -> Response:
    """Return bytes that are not UTF-8."""
    if not request.path["key"].endswith(".png"):
        raise NotFound("The picture does not exist.")
    return Response.binary(PNG + request.path["key"].encode(), "image/png")


def read_source(_: Request) -> Response:
    """Return a file of the archive."""
    return Response.file(Path(__file__), "text/x-python")


def move(_: Request) -> Response:
    """Redirect to the page."""
    return Response.redirect("./", 301)


def search(request: Request) -> Response:
    """Return the parsed parameters."""
    return Response.json({"query": request.query, "limit": request.headers["x-limit"], "method": request.method})


def any_method(request: Request) -> Response:
    """Return the method in a repeated header."""
    return Response(200, f'"{request.method}"', {"X-Method": (request.method, "any"), "content-type": "text/plain"})
