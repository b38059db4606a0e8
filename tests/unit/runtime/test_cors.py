"""CORS headers of the functions, and the function that responds to preflight requests."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from lib.assets.lambda_archive import preflight_sources, zip_files
from lib.documents import rest_api
from lib.runtime.cors import Cors, Preflight
from lib.runtime.event_handler import Api, Request, Response, Route

from ...support.lambda_context import Context

A, B, OTHER = "https://shop.example.com", "http://localhost:3000", "https://other.example.com"
SEVERAL = f"{A},{B}"
ORIGIN, EXPOSED = "Access-Control-Allow-Origin", "Access-Control-Expose-Headers"


def response(allowed: str, body: str = "{}", **headers: str) -> dict[str, Any]:
    """Return the response of an API of one route to a request with these headers."""

    def operation(_: Request) -> Response:
        return Response(200, "{}")

    def valid(_value: Any, name_prefix: str) -> None:
        assert name_prefix

    event = {"resource": "/a", "httpMethod": "POST", "body": body, "requestContext": {"requestId": "r"}}
    api = Api({("POST", "/a"): Route(operation, valid, valid, {})}, {}, allowed)
    return api({**event, "headers": headers or None}, Context())


@pytest.mark.parametrize("origin", [A, B])
@pytest.mark.parametrize("name", ["Origin", "origin", "ORIGIN"])
@pytest.mark.parametrize(("body", "status"), [("{}", 200), ("{", 400)])
def test_response_allows_the_origin_of_an_allowed_caller(origin: str, name: str, body: str, status: int) -> None:
    received = response(SEVERAL, body, **{name: origin})
    headers = received["headers"]
    assert (received["statusCode"], headers[ORIGIN], headers["Vary"]) == (status, origin, "Origin")
    assert headers[EXPOSED] == "ETag,Location,Retry-After,X-Request-Id,X-Correlation-Id"


@pytest.mark.parametrize(
    "origin",
    [
        OTHER,
        "",
        "*",
        "null",
        SEVERAL,
        A.upper(),
        f"{A}/",
        f"{A}:443",
        f"{A}.evil.example",
        f" {A}",
        A.removeprefix("https://"),
        "https://shop.example.co",
        None,
    ],
)
@pytest.mark.parametrize("body", ["{}", "{"])
def test_other_origins_receive_only_the_header_vary(origin: str | None, body: str) -> None:
    headers = response(SEVERAL, body, **({} if origin is None else {"Origin": origin}))["headers"]
    assert headers["Vary"] == "Origin"
    assert not [name for name in headers if name.startswith("Access-Control")]


@pytest.mark.parametrize("allowed", [A, "*"])
@pytest.mark.parametrize("headers", [{}, {"Origin": A}, {"Origin": OTHER}])
def test_response_for_a_single_origin_is_the_same_for_every_caller(allowed: str, headers: dict[str, str]) -> None:
    assert list(response(allowed, **headers)["headers"].items()) == [
        ("Content-Type", "application/json"),
        ("Cache-Control", "no-store"),
        (ORIGIN, allowed),
        (EXPOSED, "ETag,Location,Retry-After,X-Request-Id,X-Correlation-Id"),
        ("X-Request-Id", "r"),
        ("X-Correlation-Id", "r"),
    ]


def test_response_without_an_allowed_origin_has_no_cors_headers() -> None:
    assert {*response("", Origin=A)["headers"]} == {"Content-Type", "Cache-Control", "X-Request-Id", "X-Correlation-Id"}


CONSTANTS = {
    "/parcels": rest_api.preflight_constants(["GET", "POST"]),
    "/parcels/{id}": rest_api.preflight_constants(["PATCH"]),
}


@pytest.mark.parametrize(
    ("headers", "allowed"),
    [
        ({"origin": A}, {ORIGIN: A}),
        ({"Origin": B}, {ORIGIN: B}),
        ({"Origin": OTHER}, {}),
        ({"Origin": "null"}, {}),
        ({}, {}),
        (None, {}),
    ],
)
@pytest.mark.parametrize(
    ("path", "methods"), [("/parcels", "GET,POST,OPTIONS"), ("/parcels/{id}", "PATCH,OPTIONS")], ids=["list", "item"]
)
def test_preflight_response_has_the_methods_of_the_path_and_an_allowed_origin(
    headers: dict[str, str] | None, allowed: dict[str, str], path: str, methods: str
) -> None:
    handler = Preflight(SEVERAL, CONSTANTS)
    assert handler({"resource": path, "httpMethod": "OPTIONS", "headers": headers}, Context()) == {
        "statusCode": 204,
        "headers": {
            "Access-Control-Allow-Methods": methods,
            "Access-Control-Allow-Headers": ",".join(rest_api.REQUEST_HEADERS),
            "Access-Control-Max-Age": "7200",
            "Vary": "Origin",
            **allowed,
        },
        "body": "",
    }


def test_preflight_archive_contains_only_the_cors_module_of_the_runtime(tmp_path: Path) -> None:
    files = preflight_sources(CONSTANTS)
    runtime = ["tap_stack/__init__.py", "tap_stack/runtime/__init__.py", "tap_stack/runtime/cors.py"]
    assert list(files) == ["index.py", *runtime]
    imported = [
        node.module or "" if isinstance(node, ast.ImportFrom) else node.names[0].name
        for node in ast.walk(ast.parse(files["tap_stack/runtime/cors.py"]))
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    assert imported == ["__future__", "collections.abc", "typing"]
    path = tmp_path / "function.zip"
    path.write_bytes(zip_files(files))
    event = {"resource": "/parcels", "httpMethod": "OPTIONS", "headers": {"Origin": A}}
    program = (
        f"import json, sys; sys.path.insert(0, {str(path)!r}); import index; "
        f"print(json.dumps(index.handler(json.loads({json.dumps(event)!r}), None)))"
    )
    command, variables = [sys.executable, "-I", "-S", "-c", program], {**os.environ, "CORS_ORIGIN": SEVERAL}
    received = json.loads(subprocess.run(command, capture_output=True, text=True, check=True, env=variables).stdout)
    assert (received["statusCode"], received["headers"][ORIGIN]) == (204, A)


def test_preflight_archive_does_not_depend_on_the_order_of_paths() -> None:
    files = preflight_sources(dict(reversed(CONSTANTS.items())))
    assert list(files.items()) == list(preflight_sources(CONSTANTS).items())


def test_gateway_responses_for_several_origins_echo_the_caller_without_credentials() -> None:
    headers = rest_api.response_parameters(rest_api.error_headers(rest_api.REQUEST_ORIGIN), "gatewayresponse")
    assert headers == {
        "gatewayresponse.header.X-Request-Id": "context.requestId",
        "gatewayresponse.header.X-Correlation-Id": "context.requestId",
        "gatewayresponse.header.Access-Control-Allow-Origin": "method.request.header.Origin",
        "gatewayresponse.header.Access-Control-Expose-Headers": "'X-Request-Id,X-Correlation-Id'",
        "gatewayresponse.header.Vary": "'Origin'",
    }


CREDENTIALS = "Access-Control-Allow-Credentials"


@pytest.mark.parametrize("allowed", [A, SEVERAL])
def test_credentials_are_allowed_only_for_allowed_origins(allowed: str) -> None:
    cors = Cors(allowed, credentials=True)
    assert cors.headers(A)[CREDENTIALS] == "true"
    assert (CREDENTIALS in cors.headers(OTHER)) == (cors.headers(OTHER).get(ORIGIN) is not None)
    assert CREDENTIALS not in Cors(allowed).headers(A)
    assert Cors("", credentials=True).headers(A) == {}


@pytest.mark.parametrize("credentials", [True, False])
def test_preflight_function_allows_credentials_if_the_api_does(credentials: bool) -> None:
    event = {"resource": "/parcels", "headers": {"Origin": A}}
    headers = Preflight(SEVERAL, CONSTANTS, credentials)(event, Context())["headers"]
    assert (CREDENTIALS in headers) == credentials
    index = preflight_sources(CONSTANTS, credentials)["index.py"]
    assert ("credentials=True" in index) == credentials
    ast.parse(index)
