"""Requests and responses in payload format 2.0."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from lib.runtime.event_handler import Api, Request, Response, Route
from lib.runtime.http_events import HttpEvents, RouteTable, to_response

from ...support.lambda_context import Context

PATHS = [
    ("GET", "/items"),
    ("GET", "/items/{id}"),
    ("GET", "/items/special"),
    ("POST", "/items/{id}"),
    ("GET", "/{area}/{id}"),
    ("GET", "/files/{key+}"),
    ("GET", "/files/large/{key+}"),
    ("ANY", "/files/report"),
    ("PUT", "/files/report"),
    ("GET", "/"),
]


def an_event(method: str = "POST", path: str = "/a/7", route: str = "POST /a/{b}", **changes: Any) -> dict[str, Any]:
    """Return an event as an HTTP API sends it. `context` adds members to `requestContext`."""
    http = {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1", "userAgent": "curl"}
    context = {"requestId": "r", "apiId": "a1", "stage": "$default", "http": http, **changes.pop("context", {})}
    return {
        "version": "2.0",
        "routeKey": route,
        "rawPath": path,
        "rawQueryString": "",
        "headers": {},
        "requestContext": context,
        "isBase64Encoded": False,
        **changes,
    }


def call(event: dict[str, Any], routes: tuple[tuple[str, str], ...] = ()) -> tuple[Any, Request | None]:
    """Send an event to a function with `POST /a/{b}` and a route for each of `routes`. Return response and request."""
    requests: list[Request] = []

    def operation(request: Request) -> Response:
        requests.append(request)
        return Response(201, '{"ok":true}', {"Location": "/a/7"})

    def accept(_value: Any, **_: Any) -> None:
        """Accept every value."""

    route = Route(operation, None, accept, {})
    with_body = Route(operation, accept, accept, {})
    api = Api({("POST", "/a/{b}"): with_body, **dict.fromkeys(routes, route)}, {}, "")
    response = HttpEvents(api, routes)(event, Context())
    return response, requests[0] if requests else None


def test_operation_receives_the_parts_of_the_request() -> None:
    event = an_event(
        path="/a/c d",
        pathParameters={"b": "c d"},
        rawQueryString="x=1%2C2&y=&z=%C3%BC+b",
        queryStringParameters={"x": "1,2", "y": "", "z": "ü b"},
        headers={"content-type": "application/json", "x-thing": "yes"},
        body=base64.b64encode(b'{"n": 7}').decode(),
        isBase64Encoded=True,
    )
    response, request = call(event)
    assert request is not None
    assert (request.route, request.path, request.id) == ("POST /a/{b}", {"b": "c d"}, "r")
    assert request.query == {"x": "1,2", "y": "", "z": "ü b"}
    assert (request.body, request.headers["x-thing"], request.actor) == ({"n": 7}, "yes", "anonymous")
    assert (response["statusCode"], response["headers"]["Location"]) == (201, "/a/7")


def test_repeated_query_parameters_are_not_joined() -> None:
    event = an_event(rawQueryString="x=1&x=2", queryStringParameters={"x": "1,2"}, body="{}")
    response, _ = call(event)
    assert response["statusCode"] == 400
    assert "x must be specified once, got 2 values" in response["body"]


def test_query_that_is_not_utf_8_is_rejected() -> None:
    response, _ = call(an_event(rawQueryString="x=%C3", body="{}"))
    assert response["statusCode"] == 400
    assert "must be percent-encoded UTF-8" in response["body"]


def test_cookies_become_a_header() -> None:
    _, request = call(an_event(cookies=["a=1", "b=2"], body="{}"))
    assert request is not None
    assert request.headers["cookie"] == "a=1; b=2"


@pytest.mark.parametrize(
    ("authorizer", "actor", "owner"),
    [
        ({"jwt": {"claims": {"username": "ann", "scope": "x/read"}, "scopes": None}}, "ann", "ann"),
        ({"lambda": {"principalId": "till-4"}}, "till-4", "till-4"),
        ({"lambda": None}, "anonymous", ""),
        ({"lambda": {"principalId": 7}}, "7", "7"),
        (
            {"iam": {"userArn": "arn:aws:sts::1:assumed-role/shop/i-1", "callerId": "AROA:i-1"}},
            "arn:aws:sts::1:assumed-role/shop/i-1",
            "arn:aws:sts::1:assumed-role/shop",
        ),
    ],
)
def test_caller_is_that_of_each_authorizer(authorizer: dict[str, Any], actor: str, owner: str) -> None:
    _, request = call(an_event(body="{}", context={"authorizer": authorizer}))
    assert request is not None
    assert (request.actor, request.owner) == (actor, owner)


def test_request_to_a_function_url_is_routed_by_its_path() -> None:
    routes = (("GET", "/files/{key+}"),)
    _, request = call(an_event("GET", "/files/a%2Fb/c", "$default"), routes)
    assert request is not None
    assert (request.route, request.path) == ("GET /files/{key+}", {"key": "a/b/c"})


def test_request_to_a_function_url_without_a_route_is_not_found() -> None:
    response, request = call(an_event("GET", "/b", "$default"))
    assert (response["statusCode"], request) == (404, None)
    assert "Route not found: GET /b." in response["body"]


def test_other_events_are_passed_unchanged() -> None:
    passed: list[dict[str, Any]] = []
    handler = HttpEvents(lambda event, _context: passed.append(event))
    events: list[dict[str, Any]] = [
        {"schedule": "nightly"},
        {"Records": []},
        {**an_event(), "type": "REQUEST"},
        {"version": "0", "source": "s"},
    ]
    for event in events:
        assert handler(event, None) is None
    assert passed == events


def test_repeated_headers_become_cookies_or_a_list() -> None:
    response = {
        "statusCode": 200,
        "headers": {"X-A": "1"},
        "multiValueHeaders": {"Set-Cookie": ["a=1", "b=2"], "Vary": ["Origin", "Accept"]},
        "body": "aGk=",
        "isBase64Encoded": True,
    }
    assert to_response(response) == {
        "statusCode": 200,
        "headers": {"X-A": "1", "Vary": "Origin,Accept"},
        "cookies": ["a=1", "b=2"],
        "body": "aGk=",
        "isBase64Encoded": True,
    }


@pytest.mark.parametrize(
    ("method", "path", "route", "parameters"),
    [
        ("GET", "/", "/", {}),
        ("GET", "", "/", {}),
        ("GET", "/items", "/items", {}),
        ("GET", "/items/", "/items", {}),
        ("GET", "/%69tems", "/items", {}),
        ("GET", "/items/special", "/items/special", {}),
        ("GET", "/items/7%2F8", "/items/{id}", {"id": "7%2F8"}),
        ("POST", "/items/special", "/items/{id}", {"id": "special"}),
        ("GET", "/other/7", "/{area}/{id}", {"area": "other", "id": "7"}),
        ("GET", "/files/report", "/files/report", {}),
        ("PUT", "/files/report", "/files/report", {}),
        ("GET", "/files/a", "/{area}/{id}", {"area": "files", "id": "a"}),
        ("GET", "/files/a/b", "/files/{key+}", {"key": "a/b"}),
        ("GET", "/files/large/b", "/files/large/{key+}", {"key": "b"}),
        ("GET", "/files/large/b/c/", "/files/large/{key+}", {"key": "b/c"}),
    ],
)
def test_most_specific_route_matches(method: str, path: str, route: str, parameters: dict[str, str]) -> None:
    assert RouteTable(PATHS).find(method, path) == (route, parameters)
    assert RouteTable(PATHS[::-1]).find(method, path) == (route, parameters)


@pytest.mark.parametrize(
    ("method", "path"),
    [("DELETE", "/items"), ("GET", "/unknown"), ("GET", "/a/b/c"), ("GET", "//7"), ("POST", "/files/a/b")],
)
def test_other_requests_match_no_route(method: str, path: str) -> None:
    assert RouteTable(PATHS).find(method, path) is None


def test_greedy_parameter_is_never_empty() -> None:
    table = RouteTable([("GET", "/files/{key+}")])
    assert table.find("GET", "/files") is None
    assert table.find("GET", "/files//") is None


@pytest.mark.parametrize(
    ("path", "route"),
    [("/t/files/k", "/{tenant}/files/{key+}"), ("/t/other/k", "/{path+}"), ("/a/files/k", "/a/{path+}")],
)
def test_longer_greedy_path_precedes_a_shorter_one(path: str, route: str) -> None:
    routes = [("GET", path) for path in ("/{path+}", "/{tenant}/files/{key+}", "/a/{path+}")]
    for order in (routes, routes[::-1]):
        match = RouteTable(order).find("GET", path)
        assert match is not None
        assert match.path == route


def test_context_of_an_authorizer_has_strings_as_in_a_rest_api() -> None:
    _, request = call(an_event(body="{}", context={"authorizer": {"lambda": {"admin": True, "level": 7, "name": "a"}}}))
    assert request is not None
    assert request.claims == {"admin": "true", "level": "7", "name": "a"}


OTHER_ISSUER = {"sub": "u-1", "username": "admin", "cognito:username": "admin", "client_id": "c"}


def call_with_token(claims: dict[str, str], group: str = "") -> tuple[Any, list[Request]]:
    """Call a route whose HTTP API verifies the tokens of another issuer than the user pool."""
    requests: list[Request] = []

    def operation(request: Request) -> Response:
        requests.append(request)
        return Response(204)

    route = Route(operation, None, lambda _value, **_: None, {}, other_issuer=True)
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("USER_POOL_GROUP", group)
        handler = HttpEvents(Api({("POST", "/a/{b}"): route}, {}, ""))
    event = an_event(context={"authorizer": {"jwt": {"claims": claims, "scopes": None}}})
    return handler(event, Context()), requests


@pytest.mark.parametrize("group", ["", "staff"])
def test_caller_of_another_issuer_is_the_subject_and_not_the_name_that_users_can_choose(group: str) -> None:
    response, (request,) = call_with_token(OTHER_ISSUER, group)
    assert (response["statusCode"], request.actor, request.owner) == (204, "u-1", "u-1")


def test_token_of_another_issuer_without_a_subject_is_rejected() -> None:
    response, requests = call_with_token({"username": "admin"})
    assert (response["statusCode"], requests) == (401, [])


@pytest.mark.parametrize(("method", "status"), [("DELETE", 201), ("OPTIONS", 404)])
def test_any_does_not_include_preflight_requests(method: str, status: int) -> None:
    for route in ("$default", "ANY /files"):
        response, _ = call(an_event(method, "/files", route), (("ANY", "/files"),))
        assert response["statusCode"] == status


EXECUTE_API = "a1.execute-api.us-east-1.amazonaws.com"


@pytest.mark.parametrize(
    ("domain", "stage", "path", "url"),
    [
        (EXECUTE_API, "$default", "/a/7", f"https://{EXECUTE_API}/a/7?x=1+2"),
        (EXECUTE_API, "dev", "/dev/a/7", f"https://{EXECUTE_API}/dev/a/7?x=1+2"),
        ("api.example.com", "dev", "/dev/a/7", "https://api.example.com/a/7?x=1+2"),
        ("api.example.com", "dev", "/dev", "https://api.example.com/?x=1+2"),
        ("api.example.com", "dev", "/device/7", "https://api.example.com/device/7?x=1+2"),
        ("api.example.com", "$default", "/a/c d", "https://api.example.com/a/c%20d?x=1+2"),
    ],
)
def test_url_of_the_client(domain: str, stage: str, path: str, url: str) -> None:
    event = an_event(path=path, rawQueryString="x=1+2", context={"domainName": domain, "stage": stage})
    _, request = call({**event, "routeKey": "GET /b"}, (("POST", "/b"),))
    assert request is not None
    assert (request.url, request.raw_query) == (url, "x=1+2")
