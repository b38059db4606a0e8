"""A service with a REST API, an HTTP API and function URLs that share a handler, over HTTP."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any, NamedTuple

import pytest

from lib.client import auth, smoke_test
from lib.local.emulator import Emulator
from lib.model import Call, FunctionUrl

from ..support.builders import a_function, a_route, a_service
from ..support.deployments import importable_handler
from .conftest import Run

HANDLER = """
from tap_stack.runtime import errors
from tap_stack.runtime.authorizers import Allow
from tap_stack.runtime.event_handler import Response


def echo(request):
    received = {
        "route": request.route, "path": request.path, "query": request.query, "text": request.text,
        "cookies": request.cookies, "actor": request.actor, "source": request.source_ip,
    }
    return Response.json(received)._replace(cookies=("a=1; Path=/", "b=2; Path=/"), headers={"X-Tag": ("1", "2")})


def check(request):
    if request.token != "open":
        raise errors.Unauthorized("unknown token")
    return Allow("till-4", {"desk": "7"})


def whoami(request):
    return Response.json({"actor": request.actor, "desk": request.claims.get("desk")})


def picture(request):
    return Response.binary(bytes(range(256)), "image/png")


def fail(request):
    raise RuntimeError("not expected")
"""
PROGRAM = """
from tap_stack.model import *
from tap_stack.settings import ApiSettings, AuthorizationSettings
from tap_stack.tap_stack import TapStack, TapStackArgs

GATE = LambdaAuthorizer(name="gate", operation="check", type="REQUEST", cache_seconds=0)
ME = Route(method="GET", path="/me", operation="whoami", authorizer="gate", api="admin-api")
TEXT = {"note": {"type": "string"}, "size": {"type": "integer"}, "tag": {"type": "array", "items": {"type": "string"}}}


def routes(api=""):
    return (
        Route(method="GET", path="/notes/{id}", operation="echo", query=TEXT, api=api),
        Route(method="POST", path="/notes", operation="echo", content_types=("*/*",), api=api),
        Route(method="GET", path="/picture", operation="picture", responses={200: "image/png"}, api=api),
        Route(method="GET", path="/failure", operation="fail", api=api),
    )


def function(name, routes, **fields):
    return Function(name=name, handler="office.desk.operations", routes=routes, **fields)


service = Service(
    name="office",
    functions=(
        function("desk", (*routes(), Route(method="ANY", path="/files/{key+}", operation="echo", api="admin-api"))),
        function("admin", (*routes("admin-api"), ME), authorizers=(GATE,)),
        function("hooks", (*routes(), Route(method="GET", path="/files/{key+}", operation="echo")),
                 url=FunctionUrl(auth="NONE")),
        function("private", routes(), url=FunctionUrl()),
    ),
    apis=(Api(name="admin-api", protocol="HTTP", settings=ApiSettings(cors_origin="https://admin.example.com")),),
)
args = TapStackArgs(service=service, api=ApiSettings(cors_origin="https://shop.example.com"))
for name, value in TapStack("office", args).outputs.items():
    pulumi.export(name, value)
"""


class Received(NamedTuple):
    """A response."""

    status: int
    headers: Any
    content: bytes

    @property
    def body(self) -> Any:
        """The JSON value of the body."""
        return json.loads(self.content)


class Office:
    """The deployed service."""

    def __init__(self, emulator: Emulator, outputs: dict[str, Any]) -> None:
        self.outputs = outputs
        self.urls = {**outputs["api_urls"], **outputs["function_urls"]}
        self.authorization = auth.authorization_of(outputs, emulator)

    def send(
        self, endpoint: str, path: str, method: str = "GET", body: bytes | None = None, **headers: str
    ) -> Received:
        """Send a request to an endpoint."""
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        request = urllib.request.Request(self.urls[endpoint] + path, body, names, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as response:  # the emulator
                return Received(response.status, response.headers, response.read())
        except urllib.error.HTTPError as error:
            with error:
                return Received(error.code, error.headers, error.read())


@pytest.fixture(scope="module", name="office")
def office_fixture(emulator: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Office:
    """Service with an API of each type and two function URLs."""
    folder = tmp_path_factory.mktemp("sources")
    with importable_handler(folder, "office.desk.operations", HANDLER):
        return Office(emulator, Run(emulator, folder)(PROGRAM))


PUBLIC = ("api", "admin-api", "hooks")
"""Endpoints that require no signature."""


@pytest.mark.parametrize("endpoint", PUBLIC)
def test_operation_receives_the_same_request_at_every_endpoint(office: Office, endpoint: str) -> None:
    response = office.send(
        endpoint, "/notes/a%2520b%20c?note=x%2Cy+z&size=7&tag=1&tag=2", Cookie="c=3; d=4", User_Agent="test"
    )
    assert response.status == 200
    assert response.body == {
        "route": "GET /notes/{id}",
        "path": {"id": "a%20b c"},
        "query": {"note": "x,y z", "size": 7, "tag": ["1", "2"]},
        "text": "",
        "cookies": {"c": "3", "d": "4"},
        "actor": "anonymous",
        "source": "127.0.0.1",
    }
    assert response.headers.get_all("Set-Cookie") == ["a=1; Path=/", "b=2; Path=/"]
    assert ",".join(response.headers.get_all("X-Tag")).replace(" ", "") == "1,2"


@pytest.mark.parametrize("endpoint", PUBLIC)
def test_bodies_can_be_any_bytes(office: Office, endpoint: str) -> None:
    posted = office.send(endpoint, "/notes", "POST", "ü=1".encode(), Content_Type="application/x-www-form-urlencoded")
    assert (posted.status, posted.body["text"]) == (200, "ü=1")
    picture = office.send(endpoint, "/picture", Accept="image/png")
    assert (picture.headers["Content-Type"], picture.content) == ("image/png", bytes(range(256)))


@pytest.mark.parametrize("endpoint", PUBLIC)
def test_invalid_requests_have_errors_in_the_format_of_the_service(office: Office, endpoint: str) -> None:
    response = office.send(endpoint, "/notes/1?size=big")
    assert (response.status, response.body["code"]) == (400, "INVALID_REQUEST")
    assert "query.size must be integer" in response.body["details"][0]


def test_each_route_has_one_endpoint(office: Office) -> None:
    assert office.send("hooks", "/files/a/b%2Fc").body["path"] == {"key": "a/b/c"}
    assert office.send("admin-api", "/files/a/b", "PATCH").body["route"] == "PATCH /files/{key+}"
    assert office.send("api", "/files/a").status == 404
    missing = office.send("hooks", "/unknown")
    assert (missing.status, missing.body["code"]) == (404, "NOT_FOUND")


def test_failures_are_server_errors(office: Office) -> None:
    for endpoint in PUBLIC:
        assert office.send(endpoint, "/failure").status in (500, 502)


@pytest.mark.parametrize(
    ("endpoint", "origin"),
    [
        ("api", "https://shop.example.com"),
        ("admin-api", "https://admin.example.com"),
        ("hooks", "https://shop.example.com"),
    ],
)
def test_pages_of_the_allowed_origin_can_call_an_endpoint(office: Office, endpoint: str, origin: str) -> None:
    preflight = office.send(endpoint, "/notes", "OPTIONS", Origin=origin, Access_Control_Request_Method="POST")
    assert preflight.status in (200, 204)
    assert "POST" in preflight.headers["Access-Control-Allow-Methods"]
    assert "Idempotency-Key" in preflight.headers["Access-Control-Allow-Headers"]
    response = office.send(endpoint, "/notes/1", Origin=origin)
    assert response.headers.get_all("Access-Control-Allow-Origin") == [origin]
    assert "X-Request-Id" in response.headers["Access-Control-Expose-Headers"]
    assert office.send(endpoint, "/notes/1", Origin="https://other.example.com").headers[
        "Access-Control-Allow-Origin"
    ] in (None, origin)


def test_lambda_authorizer_authorizes_requests_to_an_http_api(office: Office) -> None:
    allowed = office.send("admin-api", "/me", Authorization="Bearer open")
    assert (allowed.status, allowed.body) == (200, {"actor": "till-4", "desk": "7"})
    assert office.send("admin-api", "/me").status == 401
    rejected = office.send("admin-api", "/me", Authorization="Bearer wrong")
    assert (rejected.status, rejected.body) == (403, {"message": "Forbidden"})


def test_url_with_iam_authorization_requires_a_signature(office: Office) -> None:
    assert office.send("private", "/notes/1").status == 403
    headers = office.authorization("GET", f"{office.urls['private']}/notes/1", None)
    response = office.send(
        "private", "/notes/1", body=None, **{name.replace("-", "_"): value for name, value in headers.items()}
    )
    assert (response.status, response.body["route"]) == (200, "GET /notes/{id}")


def test_smoke_test_sends_each_call_to_its_endpoint(office: Office) -> None:
    desk = a_function(a_route(path="/notes/{id}"))
    hooks = a_function(a_route(path="/files/{key+}"), name="hooks", url=FunctionUrl(auth="NONE"))
    calls = (
        Call(method="GET", path="/notes/1", status=200),
        Call(method="GET", path="/files/1", status=200),
        Call(method="GET", path="/files/2", status=404, api="hooks"),
    )
    service = a_service(functions=(desk, hooks), demo=calls)
    results = smoke_test.run(service, office.outputs, lambda _: None, office.authorization)
    assert [result.status for result in results] == [200, 200, 200]
    assert not smoke_test.has_passed(service, results)
