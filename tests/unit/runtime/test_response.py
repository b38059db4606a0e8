"""Responses of operations: media types, bytes, headers and cookies."""

from __future__ import annotations

import base64
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from lib.runtime.cookies import cookie, expired_cookie
from lib.runtime.errors import Unauthorized
from lib.runtime.event_handler import Api, Request, Response, Route

from ...support.lambda_context import Context

PNG = b"\x89PNG"


def respond(response: Response | Exception, *, binary: bool = False) -> Any:
    """Return the Lambda response of an operation that returns a response or raises an error."""

    def operation(_: Request) -> Response:
        if isinstance(response, Exception):
            raise response
        return response

    api = Api({("GET", "/a"): Route(operation, None, lambda _, name_prefix: None, {})}, {}, "", binary=binary)
    return api({"resource": "/a", "httpMethod": "GET", "requestContext": {"requestId": "r"}}, Context())


def test_bytes_are_encoded_if_the_api_is_binary() -> None:
    received = respond(Response(200, PNG, {"Content-Type": "image/png"}), binary=True)
    assert (base64.b64decode(received["body"]), received["isBase64Encoded"]) == (PNG, True)
    assert received["headers"]["Content-Type"] == "image/png"


def test_bytes_of_an_api_without_binary_media_types_must_be_utf_8(capsys: pytest.CaptureFixture[str]) -> None:
    received = respond(Response(200, "\u00e9".encode()))
    assert (received["body"], "isBase64Encoded" in received) == ("\u00e9", False)
    with pytest.raises(TypeError, match="Declare its media type in the responses of the route"):
        respond(Response(200, PNG))
    error, request = map(json.loads, capsys.readouterr().out.splitlines()[-2:])
    assert (error["error"], request["message"], request["status"]) == ("TypeError", "request", 502)


def test_strings_of_a_binary_api_are_not_encoded() -> None:
    received = respond(Response.text("a"), binary=True)
    assert (received["body"], "isBase64Encoded" in received) == ("a", False)


def test_header_replaces_the_default_in_any_case() -> None:
    headers = respond(Response(200, "a", {"content-type": "text/csv", "CACHE-CONTROL": "max-age=60", "x-a": "1"}))[
        "headers"
    ]
    assert [name for name in headers if name.lower() in ("content-type", "cache-control")] == [
        "Content-Type",
        "Cache-Control",
    ]
    assert (headers["Content-Type"], headers["Cache-Control"], headers["x-a"]) == ("text/csv", "max-age=60", "1")


def test_repeated_headers_and_cookies() -> None:
    received = respond(Response(204, "", {"Link": ("<a>", "<b>"), "Set-Cookie": ["c=3"]}, cookies=("a=1", "b=2")))
    assert received["multiValueHeaders"] == {"Link": ["<a>", "<b>"], "Set-Cookie": ["a=1", "b=2", "c=3"]}
    assert "Link" not in received["headers"]
    received = respond(Response.json({}).with_cookies("a=1").with_cookies("b=2", "c=3"))
    assert received["multiValueHeaders"] == {"Set-Cookie": ["a=1", "b=2", "c=3"]}
    assert "multiValueHeaders" not in respond(Response(204))


def test_json_has_numbers_for_decimals() -> None:
    response = Response.json({"a": Decimal("1.50"), "b": Decimal(10**20), "c": "\u00e9"}, 202, {"X-A": "1"})
    assert (response.status, response.headers) == (202, {"X-A": "1"})
    assert json.loads(response.body) == {"a": 1.5, "b": 10**20, "c": "\u00e9"}
    with pytest.raises(TypeError, match=r"^values must be JSON types or Decimal, got set\.$"):
        Response.json({1})


def test_constructors_set_the_media_type(tmp_path: Path) -> None:
    assert respond(Response.html("<p>", 404))["headers"]["Content-Type"] == "text/html; charset=utf-8"
    assert Response.text("a").headers["Content-Type"] == "text/plain; charset=utf-8"
    assert Response.binary(PNG).headers["Content-Type"] == "application/octet-stream"
    for name, content, body, media_type in (
        ("a.html", b"<p>", "<p>", "text/html; charset=utf-8"),
        ("a.json", b"{}", "{}", "application/json"),
        ("a.png", PNG, PNG, "image/png"),
        ("a.unknown-type", PNG, PNG, "application/octet-stream"),
    ):
        path = tmp_path / name
        path.write_bytes(content)
        assert Response.file(path) == Response(200, body, {"Content-Type": media_type})
    latin = "text/plain; charset=us-ascii"
    assert Response.file(str(tmp_path / "a.json"), latin, 404) == Response(404, "{}", {"Content-Type": latin})


def test_redirect() -> None:
    received = respond(Response.redirect("/a?b=c"))
    assert (received["statusCode"], received["headers"]["Location"], received["body"]) == (302, "/a?b=c", "")
    assert Response.redirect("https://example.com", 303).status == 303
    for url in ("/\u00e9", "/a\r\nSet-Cookie: a=b"):
        with pytest.raises(ValueError, match=r"url must be printable ASCII, got .* Encode it with urllib.parse.quote"):
            Response.redirect(url)


def test_unauthorized_names_the_authentication_scheme() -> None:
    received = respond(Unauthorized("The signature is invalid.", scheme='Signature realm="hooks"'))
    assert (received["statusCode"], received["headers"]["WWW-Authenticate"]) == (401, 'Signature realm="hooks"')
    assert json.loads(received["body"])["code"] == "UNAUTHORIZED"
    assert Unauthorized("a").headers == {"WWW-Authenticate": "Bearer"}


def test_cookie_is_safe_by_default() -> None:
    assert cookie("id", "a1") == "id=a1; Path=/; SameSite=Lax; Secure; HttpOnly"
    assert cookie("id", "", max_age_seconds=60, path="/a", domain="example.com", same_site="None", http_only=False) == (
        "id=; Path=/a; SameSite=None; Domain=example.com; Max-Age=60; Secure"
    )
    assert expired_cookie("id", path="/a").startswith("id=; Path=/a; ")
    assert "Max-Age=0" in expired_cookie("id")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"name": "a b"}, "cookie name must be letters"),
        ({"name": ""}, "cookie name must be letters"),
        ({"value": "a;b"}, "cookie 'id' value must be printable ASCII without .*, got 'a;b'. Encode it"),
        ({"value": "a\r\n"}, "cookie 'id' value must be"),
        ({"path": "/;Domain=x"}, "cookie 'id' path must be printable ASCII without ';'"),
        ({"domain": "a\n"}, "cookie 'id' domain must be"),
        ({"same_site": "lax"}, "cookie 'id' same_site must be one of Strict, Lax, None, got 'lax'"),
        ({"same_site": "None", "secure": False}, "cookie 'id' secure must be True"),
        ({"name": "__Secure-id", "secure": False}, "cookie '__Secure-id' secure must be True because of the prefix"),
        ({"name": "__Host-id", "secure": False}, "cookie '__Host-id' secure must be True because of the prefix"),
        ({"name": "__Host-id", "path": "/a"}, "cookie '__Host-id' path must be '/' and domain empty, got '/a' and ''"),
        ({"name": "__Host-id", "domain": "a.example"}, "domain empty, got '/' and 'a.example'"),
        ({"max_age_seconds": "1; Domain=a.example"}, "max_age_seconds must be a whole number, got '1; Domain"),
        ({"max_age_seconds": True}, "max_age_seconds must be a whole number, got True"),
    ],
)
def test_invalid_cookie_is_rejected(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        cookie(**{"name": "id", "value": "a", **arguments})


HOSTILE = "a\r\nSet-Cookie: session=stolen"


@pytest.mark.parametrize(
    "response",
    [
        Response(200, "", {"X-Name": HOSTILE}),
        Response(200, "", {"Link": ("</a>", HOSTILE)}),
        Response(200, "", {HOSTILE: "a"}),
        Response(200, "", {"X Name": "a"}),
        Response(200, "", {"X-Name": "a\x00"}),
        Response(200, "", cookies=(HOSTILE,)),
        Response.binary(b"a", HOSTILE),
        Unauthorized("no", scheme=HOSTILE),
    ],
    ids=repr,
)
def test_header_that_could_add_headers_is_an_error(response: Any) -> None:
    with pytest.raises(ValueError, match="response header"):
        respond(response)


@pytest.mark.parametrize(
    ("response", "message"),
    [
        (Response(200, "", {"Retry-After": 5}), "The response header Retry-After must be a string, got int."),  # type: ignore[dict-item]
        (Response(200, "", {"Link": (1,)}), "The response header Link must be a string, got int."),  # type: ignore[dict-item]
        (Response(200, "", cookies=cookie("a", "1")), "cookies of a response must be a tuple of strings, got 'a=1;"),
    ],
)
def test_header_of_another_type_is_an_error(response: Response, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        respond(response)


def test_header_of_a_response_replaces_every_default_in_any_case() -> None:
    names = {"x-request-id": "1", "X-CORRELATION-ID": ("2", "3")}
    received = respond(Response(200, "", names))
    assert received["headers"]["X-Request-Id"] == "1"
    assert "X-Correlation-Id" not in received["headers"]
    assert received["multiValueHeaders"] == {"X-Correlation-Id": ["2", "3"]}


def test_every_way_to_set_a_cookie_results_in_one_repeated_header() -> None:
    assert respond(Response(200, "", {"set-cookie": "b=2"}, ("a=1",)))["multiValueHeaders"] == {
        "Set-Cookie": ["a=1", "b=2"]
    }
    assert respond(Response(200, "", {"SET-COOKIE": ["b=2", "c=3"]}))["multiValueHeaders"] == {
        "Set-Cookie": ["b=2", "c=3"]
    }


@pytest.mark.parametrize(
    ("origins", "vary", "expected"),
    [
        ("https://a.example,https://b.example", "Accept", "Origin, Accept"),
        ("https://a.example,https://b.example", ("Accept", "Origin"), "Origin, Accept"),
        ("*", ("Accept", "Cookie"), "Accept, Cookie"),
    ],
)
def test_vary_of_a_response_keeps_the_origin(origins: str, vary: str | tuple[str, ...], expected: str) -> None:
    operation = Response(200, "", {"vary": vary})
    api = Api({("GET", "/a"): Route(lambda _: operation, None, lambda _, name_prefix: None, {})}, {}, origins)
    event = {"resource": "/a", "httpMethod": "GET", "requestContext": {"requestId": "r"}}
    assert api(event, Context())["headers"]["Vary"] == expected


@pytest.mark.parametrize("value", [float("nan"), float("inf"), Decimal("NaN"), Decimal("-Infinity")])
def test_number_that_json_lacks_is_an_error(value: Any) -> None:
    with pytest.raises(ValueError, match="JSON"):
        Response.json({"n": value})


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        ({"statusCode": 204}, Response(204)),
        ({"statusCode": "200", "body": None, "headers": None}, Response(200)),
        ({"statusCode": 200, "headers": {"X-Count": 2}, "body": "a"}, Response(200, "a", {"X-Count": "2"})),
        (
            {"statusCode": 200, "multiValueHeaders": {"Content-Type": ["text/csv"], "Link": ["</a>", "</b>"]}},
            Response(200, "", {"Content-Type": "text/csv", "Link": ["</a>", "</b>"]}),
        ),
        (
            {"statusCode": 200, "headers": {"A": "1", "B": "2"}, "multiValueHeaders": {"A": ["1"], "B": ["3"]}},
            Response(200, "", {"A": "1", "B": ["3", "2"]}),
        ),
        (
            {"statusCode": 200, "body": base64.b64encode(PNG).decode(), "isBase64Encoded": True},
            Response(200, PNG),
        ),
        ({"statusCode": 200, "cookies": ["a=1", "b=2"]}, Response(200, "", {}, ["a=1", "b=2"])),
    ],
)
def test_result_of_another_handler_is_returned(result: dict[str, Any], expected: Response) -> None:
    assert Response.from_proxy(result) == expected


def test_content_type_of_another_handler_replaces_the_default() -> None:
    result = {"statusCode": 200, "multiValueHeaders": {"content-type": ["text/csv"], "Set-Cookie": ["a=1", "b=2"]}}
    received = respond(Response.from_proxy(result))
    assert received["headers"]["Content-Type"] == "text/csv"
    assert "content-type" not in received["headers"]
    assert received["multiValueHeaders"] == {"Set-Cookie": ["a=1", "b=2"]}


@pytest.mark.parametrize(
    ("result", "message"),
    [
        (None, "must be an object with a statusCode, got NoneType"),
        ({"status": 200, "body": ""}, "must be an object with a statusCode, got members status, body"),
    ],
)
def test_result_without_a_status_is_rejected(result: Any, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        Response.from_proxy(result)


def test_cookies_with_a_prefix_are_accepted() -> None:
    assert cookie("__Host-id", "a", max_age_seconds=9).startswith("__Host-id=a; Path=/; ")
    assert cookie("__Secure-id", "a", path="/a").endswith("; Secure; HttpOnly")


def test_redirect_needs_a_status_of_a_redirection() -> None:
    assert Response.redirect("/a", 308).status == 308
    with pytest.raises(ValueError, match="status must be one of 301, 302, 303, 307, 308, got 200"):
        Response.redirect("/a", 200)
