"""Requests that operations receive: raw bodies, forms, parameters, headers and cookies."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from decimal import Decimal
from typing import Any

import pytest

from lib.assets.validators import header_schema, query_schema, validator
from lib.model import Route as ModelRoute
from lib.runtime.errors import BadRequest, UnsupportedMediaType
from lib.runtime.event_handler import Api, Request, Response, Route

from ...support.lambda_context import Context

FORM = "application/x-www-form-urlencoded"
KEY = b"secret"


def accept(_value: Any, name_prefix: str) -> None:
    """Accept every value."""
    assert name_prefix in ("body", "query", "headers")


def load(schema: dict[str, Any]) -> Any:
    """Return the generated validator of a schema."""
    namespace: dict[str, Any] = {}
    exec(validator(schema), namespace)  # noqa: S102  # pylint: disable=exec-used  # generated code, as Lambda imports it
    return namespace["validate"]


def send(method: str, route: Route | None, context: Any, event: dict[str, Any]) -> tuple[list[Request], Any]:
    """Send an event to an API with one route. Return the requests that the operation received, and the response."""
    requests: list[Request] = []

    def operation(request: Request) -> Response:
        requests.append(request)
        return Response(200)

    route = (route or Route(operation, None, accept, {}))._replace(operation=operation)
    api = Api({("POST", "/a"): route, ("ANY", "/any"): route}, {}, "")
    defaults = {"resource": "/a", "httpMethod": method, "requestContext": {"requestId": "r"}}
    return requests, api({**defaults, **event}, context or Context())


def call(method: str = "POST", *, route: Route | None = None, context: Any = None, **event: Any) -> Request:
    """Return the request that the operation receives for an event."""
    (request,), _ = send(method, route, context, event)
    return request


def rejection(method: str = "POST", *, route: Route | None = None, **event: Any) -> tuple[int, Any]:
    """Return the status and the body of the error response to an event."""
    requests, response = send(method, route, None, event)
    assert not requests
    return response["statusCode"], json.loads(response["body"])


def sign(body: bytes) -> str:
    return hmac.new(KEY, body, hashlib.sha256).hexdigest()


@pytest.mark.parametrize(
    "body", [b'{\n "a": 1\n}', b'{"a":1e2}', b'{"a":"\\u00e9"}', b'{"a":1,"a":2}', '{"a":"\u00e9"}'.encode(), b""]
)
def test_signature_of_the_raw_body_matches(body: bytes) -> None:
    text = call(body=body.decode() or None)
    binary = call(body=base64.b64encode(body).decode(), isBase64Encoded=True)
    assert sign(text.raw_body) == sign(binary.raw_body) == sign(body)
    assert text.text == binary.text == body.decode()
    assert text.body is None


def test_bytes_that_are_not_utf_8() -> None:
    request = call(body=base64.b64encode(b"\x89PNG").decode(), isBase64Encoded=True)
    assert request.raw_body == b"\x89PNG"
    with pytest.raises(BadRequest, match="valid UTF-8"):
        _ = request.text


def test_unpaired_surrogate_is_rejected_only_when_the_text_is_read() -> None:
    request = call(body="\ud800")
    assert request.raw_body
    with pytest.raises(BadRequest, match="valid UTF-8"):
        _ = request.text


def test_json_without_a_schema() -> None:
    assert call(body='{"a": 1.5}').json() == {"a": Decimal("1.5")}
    for body, message in (('{"a":1,"a":2}', "unique names"), ("{", "not valid JSON"), ("", "not valid JSON")):
        with pytest.raises(BadRequest, match=message):
            call(body=body).json()


def test_form_without_a_schema() -> None:
    form = call(body="a=1&b=%C3%BC+x&a=&c", headers={"content-type": f"{FORM}; charset=utf-8"}).form
    assert dict(form) == {"a": "1", "b": "\u00fc x", "c": ""}
    assert (form.getlist("a"), form.getlist("z"), len(form)) == (["1", ""], [], 3)


def test_form_of_another_content_type_is_rejected() -> None:
    with pytest.raises(UnsupportedMediaType, match=f"must be {FORM}, got 'text/plain'"):
        _ = call(body="a=1", headers={"Content-Type": "text/plain"}).form


def test_form_that_is_not_utf_8_is_rejected() -> None:
    with pytest.raises(BadRequest, match="percent-encoded UTF-8"):
        _ = call(body="a=%FF", headers={"Content-Type": FORM}).form


ORDER = {
    "type": "object",
    "required": ["copies"],
    "properties": {
        "copies": {"type": "integer"},
        "name": {"type": "string"},
        "tags": {"type": "array", "items": {"type": "number"}},
    },
}
ORDERS = Route(
    lambda _: Response(200),
    load(ORDER),
    accept,
    {},
    content_types=("application/json", FORM),
    form_types={"copies": "integer", "tags": ("number",)},
)


def test_form_with_a_schema_is_converted_by_type() -> None:
    form: dict[str, Any] = {"headers": {"Content-Type": FORM}, "route": ORDERS}
    assert call(body="copies=2&name=7&tags=1&tags=2.5", **form).body == {
        "copies": 2,
        "name": "7",
        "tags": [1, Decimal("2.5")],
    }
    assert call(body='{"copies": 2}', route=ORDERS).body == {"copies": 2}
    encoded: dict[str, Any] = {"body": base64.b64encode(b'{"copies": 2}').decode(), "isBase64Encoded": True}
    assert call(**encoded, route=ORDERS).body == {"copies": 2}
    for body, detail in (("copies=x", "body.copies must be integer"), ("name=a", "body must contain ['copies']")):
        status, error = rejection(body=body, **form)
        assert (status, error["error"]) == (400, "Invalid request body; see details.")
        assert error["details"][0].startswith(detail)
    status, error = rejection(body="copies=1&copies=2", **form)
    assert (status, error["error"]) == (400, "copies must be specified once, got 2 values.")


@pytest.mark.parametrize(
    ("accepted", "sent", "is_accepted"),
    [
        (("text/plain",), "Text/Plain; charset=utf-8", True),
        (("text/plain",), "text/html", False),
        (("image/*", "text/csv"), "image/png", True),
        (("image/*",), "imagex/png", False),
        (("*/*",), "anything/else", True),
        (("text/plain",), None, False),
        (("application/json",), None, True),
        ((), "anything/else", True),
    ],
)
def test_content_type_of_a_route(accepted: tuple[str, ...], sent: str | None, is_accepted: bool) -> None:
    route = Route(lambda _: Response(200), None, accept, {}, content_types=accepted)
    headers = {"Content-Type": sent} if sent else {}
    if is_accepted:
        assert call(body="x", headers=headers, route=route).text == "x"
    else:
        status, error = rejection(body="x", headers=headers, route=route)
        assert status == 415
        assert error["error"].startswith(f"Content-Type must be {' or '.join(accepted)}, got ")
    assert not call(headers=headers, route=route).text, "A request without a body has no content type."


DECLARED = ModelRoute(
    method="GET",
    path="/a",
    operation="a",
    query={
        "q": {"type": "string", "required": True},
        "n": {"type": ["integer", "null"]},
        "tag": {"type": "array", "items": {"type": "integer"}, "maxItems": 2},
    },
    headers={
        "X-Limit": {"type": "integer", "required": True},
        "x-list": {"type": "array", "items": {"type": "boolean"}},
        "X-Name": {"pattern": "^[a-z]+$"},
    },
)
PARAMETERS = Route(
    lambda _: Response(200),
    None,
    load(query_schema(DECLARED)),
    {"n": "integer", "tag": ("integer",)},
    validate_headers=load(header_schema(DECLARED)),
    header_types={"x-limit": "integer", "x-list": ("boolean",), "x-name": "string"},
)
HEADERS = {"X-Limit": ["5"]}


def declared(query: dict[str, list[str]], headers: dict[str, list[str]]) -> dict[str, Any]:
    """Return query parameters and headers as API Gateway passes them, and the route that declares them."""
    single = {name: values[-1] for name, values in headers.items()}
    return {
        "route": PARAMETERS,
        "multiValueQueryStringParameters": query,
        "multiValueHeaders": headers,
        "headers": single,
    }


def test_parameters_and_headers_are_converted() -> None:
    request = call(
        **declared(
            {"q": [""], "tag": ["1", "2"]}, {"x-LIMIT": ["5"], "X-List": ["true, false,", "true"], "Other": ["a", "b"]}
        )
    )
    assert request.query == {"q": "", "tag": [1, 2]}
    assert (request.headers["x-limit"], request.headers["x-list"]) == (5, [True, False, True])
    assert (request.headers["other"], "x-name" in request.headers) == ("b", False)


@pytest.mark.parametrize(
    ("query", "headers", "message"),
    [
        ({}, HEADERS, "query must contain ['q']"),
        ({"q": ["a"], "other": ["a"]}, HEADERS, "query must not contain {'other'}"),
        ({"q": ["a"], "tag": ["1", "x"]}, HEADERS, "query.tag[1] must be integer"),
        ({"q": ["a"], "tag": ["1", "2", "3"]}, HEADERS, "query.tag must contain less than or equal to 2 items"),
        ({"q": ["a", "b"]}, HEADERS, "q must be specified once, got 2 values."),
        ({"q": ["\ud800"]}, HEADERS, "q must be percent-encoded UTF-8"),
        ({"q": ["a"]}, {}, "headers must contain ['x-limit']"),
        ({"q": ["a"]}, {"X-Limit": ["x"]}, "headers.x-limit must be integer"),
        ({"q": ["a"]}, {"X-Limit": ["1", "2"]}, "x-limit must be specified once, got 2 values."),
        ({"q": ["a"]}, {**HEADERS, "X-Name": ["B"]}, "headers.x-name must match pattern"),
    ],
)
def test_invalid_parameter_or_header_is_rejected(
    query: dict[str, list[str]], headers: dict[str, list[str]], message: str
) -> None:
    status, error = rejection(**declared(query, headers))
    assert status == 400
    assert message in " ".join([error["error"], *error["details"]])


def test_last_value_of_an_undeclared_parameter_is_used() -> None:
    route = Route(lambda _: Response(200), None, accept, {"n": "string"}, additional_query=True)
    assert call(route=route, multiValueQueryStringParameters={"x": ["1", "2"]}).query == {"x": "2"}
    assert rejection(route=route, multiValueQueryStringParameters={"n": ["1", "2"]})[0] == 400


def test_any_serves_every_method() -> None:
    request = call("HEAD", resource="/any")
    assert (request.method, request.route) == ("HEAD", "HEAD /any")
    assert rejection("GET", resource="/a")[0] == 404


def test_first_cookie_of_a_name_is_used() -> None:
    cookies = ['a=1; b="2"; a=3; junk', "c=4=5"]
    assert call(multiValueHeaders={"Cookie": cookies}).cookies == {"a": "1", "b": "2", "c": "4=5"}
    assert call(headers={"cookie": "a=1"}).cookies == {"a": "1"}
    assert call().cookies == {}


def test_claims_and_groups_of_a_user_pool_token() -> None:
    claims = {"sub": "s", "cognito:groups": "[staff admins]"}
    request = call(requestContext={"requestId": "r", "authorizer": {"claims": claims}})
    assert (request.claims, request.groups) == (claims, ("staff", "admins"))
    for authorizer in (None, {}, {"claims": "a string"}):
        request = call(requestContext={"requestId": "r", "authorizer": authorizer})
        assert (request.claims, request.groups) == ({}, ())


def test_client_and_stage() -> None:
    context = Context()
    identity = {"sourceIp": "192.0.2.1", "userAgent": "curl"}
    request = call(
        context=context, requestContext={"requestId": "r", "identity": identity}, stageVariables={"color": "blue"}
    )
    assert (request.source_ip, request.user_agent) == ("192.0.2.1", "curl")
    assert (request.stage_variables, request.context) == ({"color": "blue"}, context)
    assert request.event["httpMethod"] == "POST"
    request = call(headers={"User-Agent": "wget"})
    assert (request.source_ip, request.user_agent, request.stage_variables) == ("", "wget", {})


@pytest.mark.parametrize(
    ("event", "url"),
    [
        pytest.param(
            {"requestContext": {"requestId": "r", "path": "/dev/a", "domainName": "a1.execute-api.example"}},
            "https://a1.execute-api.example/dev/a",
            id="without a query",
        ),
        pytest.param(
            {
                "headers": {"Host": "127.0.0.1:4566", "X-Forwarded-Proto": "http"},
                "requestContext": {"requestId": "r", "path": "/shop/a%2Fb/ü (1)"},
                "multiValueQueryStringParameters": {"b": ["2", "1 +"], "a": [""]},
            },
            "http://127.0.0.1:4566/shop/a%2Fb/%C3%BC%20(1)?b=2&b=1%20%2B&a=",
            id="rebuilt query of a REST API",
        ),
        pytest.param(
            {
                "headers": {"host": "example.com"},
                "requestContext": {"requestId": "r", "path": "/a"},
                "multiValueQueryStringParameters": {"a": ["1 2"]},
                "rawQueryString": "a=1+2&&",
            },
            "https://example.com/a?a=1+2&&",
            id="query as it was sent",
        ),
    ],
)  # fmt: skip
def test_url_of_the_client(event: dict[str, Any], url: str) -> None:
    request = call(route=Route(lambda _: Response(200), None, accept, {}, additional_query=True), **event)
    assert request.url == url
    assert request.raw_query == url.partition("?")[2]


@pytest.mark.parametrize("body", [b"{}{}", b"\x89PNG"])
def test_body_with_more_bytes_than_the_route_accepts_is_rejected_before_it_is_parsed(body: bytes) -> None:
    binary = {"body": base64.b64encode(body).decode(), "isBase64Encoded": True}
    text = {"body": "{}\u00e9"}
    for event in (binary, text):
        route = Route(lambda _: Response(200), accept, accept, {}, max_body_bytes=3)
        status, error = rejection(route=route, **event)
        assert (status, error["code"]) == (413, "REQUEST_TOO_LARGE")
        assert error["error"] == "The body must have at most 3 bytes, got 4."
        assert call(route=route._replace(validate=None, max_body_bytes=4), **event).raw_body


def test_request_without_a_content_type_has_json() -> None:
    json_or_form = Route(lambda _: Response(200), accept, accept, {}, content_types=("application/json", FORM))
    assert call(route=json_or_form, body='{"a": 1}').body == {"a": 1}
    assert rejection(route=json_or_form._replace(content_types=(FORM,)), body="a=1")[0] == 415
