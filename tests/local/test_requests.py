"""Requests and responses other than JSON, over HTTP."""

from __future__ import annotations

import hashlib
import hmac
import urllib.request
from collections.abc import Callable
from typing import Any, NamedTuple
from urllib.error import HTTPError
from urllib.parse import urlencode

import pytest

from lib.client import smoke_test
from lib.client.auth import OPENER
from lib.local.emulator import Emulator

from ..support.gallery.handler.operations import PNG
from ..support.gallery.service import FORM, SERVICE
from .conftest import Run

PROGRAM = """
from lib.settings import ApiSettings
from lib.tap_stack import TapStack, TapStackArgs
from tests.support.gallery.service import SERVICE
stack = TapStack("tap", TapStackArgs("dev", service=SERVICE, api=ApiSettings(cors_origin="*")))
for name, value in stack.outputs.items():
    pulumi.export(name, value)
"""
JSON = "application/json"


class Answer(NamedTuple):
    status: int
    body: bytes
    headers: Any


Send = Callable[..., Answer]


@pytest.fixture(scope="module", name="outputs")
def outputs_fixture(emulator: Emulator, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Deploy the gallery."""
    return Run(emulator, tmp_path_factory.mktemp("requests"))(PROGRAM)


@pytest.fixture(name="send")
def send_fixture(outputs: dict[str, Any]) -> Send:
    """Return a function that sends a request."""

    def send(method: str, path: str, body: bytes | None = None, content_type: str = "", **headers: str) -> Answer:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        sent |= {"Content-Type": content_type} if content_type else {}
        request = urllib.request.Request(outputs["api_url"] + path, body, {"Accept": "*/*", **sent}, method=method)
        try:
            with OPENER.open(request, timeout=60) as response:
                return Answer(response.status, response.read(), response.headers)
        except HTTPError as error:
            with error:
                return Answer(error.code, error.read(), error.headers)

    return send


def sign(body: bytes) -> str:
    return hmac.new(b"not-a-secret", body, "sha256").hexdigest()


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b'{\n "a": 1\n}', JSON),
        (b'{"a":1e2}', JSON),
        (b'{"a":"\\u00e9"}', JSON),
        (b'{"a":1,"a":2}', JSON),
        ('{"a":"\u00e9"}'.encode(), JSON),
        (urlencode({"Body": "a b&c", "From": "+1"}).encode(), FORM),
    ],
)
def test_signature_covers_the_body_as_it_was_sent(send: Send, body: bytes, content_type: str) -> None:
    answer = send("POST", "/hooks", body, content_type, X_Signature=sign(body))
    assert (answer.status, answer.body) == (202, body)
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"


def test_other_signature_is_unauthorized(send: Send) -> None:
    answer = send("POST", "/hooks", b"{}", JSON, X_Signature=sign(b"{ }"))
    assert (answer.status, answer.headers["www-authenticate"]) == (401, "Signature")
    assert b'"code": "UNAUTHORIZED"' in answer.body


def test_form_without_a_schema(send: Send) -> None:
    answer = send("POST", "/forms", b"a=1&b=%C3%BC&a=&c=x+y", f"{FORM}; charset=utf-8")
    assert (answer.status, answer.body) == (200, b'{"a":["1",""],"b":["\\u00fc"],"c":["x y"]}')
    assert send("POST", "/forms", b"{}", JSON).status == 415


def test_form_with_a_schema_is_converted_and_validated(send: Send) -> None:
    answer = send("POST", "/orders", b"name=Sunset&copies=2&framed=true&tags=a&tags=b", FORM)
    assert (answer.status, answer.body) == (201, b'{"name":"Sunset","copies":2,"framed":true,"tags":["a","b"]}')
    assert send("POST", "/orders", b'{"name":"Sunset","copies":2}', JSON).status == 201
    for body, content_type in ((b"name=Sunset&copies=many", FORM), (b"name=Sunset", FORM), (b"{}", JSON)):
        assert send("POST", "/orders", body, content_type).status == 400
    assert send("POST", "/orders", b"<name/>", "application/xml").status in (400, 415)


def test_binary_upload_and_download(send: Send) -> None:
    picture = PNG + bytes(range(256))
    answer = send("PUT", "/pictures/2026/sun%20set.png", picture, "image/png")
    assert answer.body.decode() == f'{{"key":"2026/sun set.png","sha256":"{hashlib.sha256(picture).hexdigest()}"}}'
    answer = send("GET", "/pictures/2026/sunset.png")
    assert (answer.status, answer.body) == (200, PNG + b"2026/sunset.png")
    assert answer.headers["content-type"] == "image/png"
    assert send("GET", "/pictures/a.gif").status == 404
    assert send("GET", "/pictures").status == 404


@pytest.mark.parametrize("accept", ["text/html,image/png;q=0.8", "image/png", ""])
def test_bytes_do_not_depend_on_accept(send: Send, accept: str) -> None:
    assert send("GET", "/pictures/a.png", Accept=accept).body == PNG + b"a.png"


def test_head_has_headers_and_no_body(send: Send) -> None:
    answer = send("HEAD", "/pictures/a.png")
    assert (answer.status, answer.body, answer.headers["content-type"]) == (200, b"", "image/png")
    assert send("HEAD", "/pictures/a.gif").status == 404


def test_page_at_the_root_counts_visits_in_a_cookie(send: Send) -> None:
    for path in ("", "/"):
        answer = send("GET", path, Cookie="theme=dark; visits=6")
        assert (answer.status, answer.body) == (200, b"<h1>Visit 7</h1>")
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        visits, theme = answer.headers.get_all("set-cookie")
        assert visits == "visits=7; Path=/; SameSite=Lax; Secure; HttpOnly"
        assert theme == "theme=dark; Path=/; SameSite=Lax; Secure"
    answer = send("DELETE", "/")
    assert (answer.status, answer.body) == (204, b"")
    assert answer.headers["set-cookie"].startswith("visits=; ")
    assert "Max-Age=0" in answer.headers["set-cookie"]


def test_redirect_and_file(send: Send) -> None:
    answer = send("GET", "/old")
    assert (answer.status, answer.headers["location"], answer.body) == (301, "./", b"")
    answer = send("GET", "/source/")
    assert answer.body.startswith(b'"""Operations of the gallery."""')
    assert answer.headers["content-type"] == "text/x-python; charset=utf-8"


def test_parameters_are_required_repeated_and_converted(send: Send) -> None:
    answer = send("GET", "/search?q=a&tag=1&tag=2&other=x&other=y", X_Limit="5")
    assert answer.body == b'{"query":{"q":"a","tag":[1,2],"other":"y"},"limit":5,"method":"GET"}'
    assert send("GET", "/search?q=a", X_Limit="five").status == 400
    assert send("GET", "/search?q=a&tag=x", X_Limit="5").status == 400
    for path, headers in (("/search?tag=1", {"X_Limit": "5"}), ("/search?q=a", {})):
        answer = send("GET", path, **headers)
        assert (answer.status, b"Missing required request parameters" in answer.body) == (400, True)


def test_any_serves_every_other_method(send: Send) -> None:
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        answer = send(method, "/search")
        assert (answer.status, answer.body) == (200, f'"{method}"'.encode())
        assert answer.headers.get_all("x-method") == [method, "any"]
        assert answer.headers.get_all("content-type") == ["text/plain"]
    assert send("HEAD", "/search").headers["x-method"] == "HEAD"


@pytest.mark.parametrize(
    ("path", "methods", "headers"),
    [
        ("/", "GET,DELETE,OPTIONS", ""),
        ("/pictures/a/b", "GET,HEAD,PUT,OPTIONS", ""),
        ("/search", "GET,HEAD,POST,PUT,PATCH,DELETE,OPTIONS", ",X-Limit"),
    ],
)
def test_preflight_allows_the_methods_and_headers_of_a_path(send: Send, path: str, methods: str, headers: str) -> None:
    answer = send("OPTIONS", path, Origin="https://shop.example.com")
    assert (answer.status, answer.headers["access-control-allow-methods"]) == (204, methods)
    assert answer.headers["access-control-allow-headers"].endswith(f"X-Correlation-Id{headers}")


def test_smoke_test_passes(outputs: dict[str, Any]) -> None:
    results = smoke_test.run(SERVICE, outputs, lambda result: None)
    assert not [*smoke_test.unexpected_bodies(results)]
    assert smoke_test.has_passed(SERVICE, results)
