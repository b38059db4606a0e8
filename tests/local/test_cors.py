"""CORS with several allowed origins, over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from lib.local.emulator import Emulator

from ..integration.conftest import Http, HttpResponse
from ..support.builders import PAGES
from .conftest import Run
from .test_sites import PROGRAM

A, B, OTHER = "https://shop.example.com", "http://127.0.0.1:1234", "https://other.example.com"
ALLOW, EXPOSE = "access-control-allow-origin", "access-control-expose-headers"
PREFLIGHT = ("access-control-allow-methods", "access-control-allow-headers", "access-control-max-age")

ITEMS = """
from lib.settings import *
from lib.tap_stack import TapStack, TapStackArgs
api = ApiSettings(cors_origin=pulumi.Config().get("origins"), health_route=True)
args = TapStackArgs(pulumi.Config().get("suffix"), api=api, authorization=AuthorizationSettings(type="API_KEY"))
stack = TapStack("tap", args)
for name, value in stack.outputs.items():
    pulumi.export(name, value)
"""


def send(outputs: dict[str, Any], method: str, path: str, origin: str | None, **headers: str) -> HttpResponse:
    """Send a request with an `Origin` header, or without one."""
    return Http(outputs, None)(method, path, **({} if origin is None else {"Origin": origin}), **headers)


@pytest.fixture(scope="module", name="deploy")
def deploy_fixture(emulator: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., dict[str, Any]]:
    """Deploy programs to the emulator."""
    return Run(emulator, tmp_path_factory.mktemp("cors"))


@pytest.fixture(scope="module", name="several")
def several_fixture(deploy: Callable[..., dict[str, Any]]) -> dict[str, Any]:
    """Return the outputs of a stack with two origins."""
    return deploy(ITEMS, suffix="several", origins=f"{A}, {B}")


@pytest.mark.parametrize(("path", "status"), [("/items", 200), ("/items/x/y", 404), ("/items?nothing=1", 400)])
def test_functions_return_an_allowed_origin(several: dict[str, Any], path: str, status: int) -> None:
    for origin in (A, B, OTHER, None):
        response = send(several, "GET", path, origin, x_api_key=several["api_key"])
        assert (response.status, response.headers["vary"]) == (status, "Origin")
        if origin in (A, B):
            assert response.headers[ALLOW] == origin
            assert "X-Request-Id" in response.headers[EXPOSE]
        else:
            assert not [name for name in response.headers if name.startswith("access-control")]


@pytest.mark.parametrize(
    ("path", "methods"), [("/items", "GET,POST,OPTIONS"), ("/items/x/y", "GET,PUT,DELETE,OPTIONS")]
)
def test_preflight_requires_no_api_key(several: dict[str, Any], path: str, methods: str) -> None:
    for origin, allowed in ((B, B), (OTHER, None)):
        response = send(several, "OPTIONS", path, origin, Access_Control_Request_Method="GET")
        assert (response.status, response.body, response.headers.get(ALLOW)) == (204, None, allowed)
        assert (response.headers[PREFLIGHT[0]], response.headers["vary"]) == (methods, "Origin")
        assert {"X-Api-Key", "Idempotency-Key"} <= {*response.headers[PREFLIGHT[1]].split(",")}
        assert response.headers[PREFLIGHT[2]] == "7200"


@pytest.mark.parametrize("origin", [B, OTHER])
@pytest.mark.parametrize(("path", "status"), [("/items", 403), ("/nothing", 404)])
def test_pages_can_read_error_responses_of_api_gateway(
    several: dict[str, Any], origin: str, path: str, status: int
) -> None:
    response = send(several, "GET", path, origin)
    assert (response.status, response.headers[ALLOW], response.headers["vary"]) == (status, origin, "Origin")
    assert "access-control-allow-credentials" not in response.headers
    assert "X-Request-Id" in response.headers[EXPOSE]


def test_error_responses_of_api_gateway_without_an_origin_have_no_cors_headers(several: dict[str, Any]) -> None:
    response = send(several, "GET", "/nothing", None)
    assert (response.status, response.headers["vary"]) == (404, "Origin")
    assert ALLOW not in response.headers


def test_health_route_allows_every_origin(several: dict[str, Any]) -> None:
    response = send(several, "GET", "/health", OTHER)
    assert (response.status, response.headers[ALLOW]) == (200, "*")


def test_output_lists_the_origins(several: dict[str, Any]) -> None:
    assert several["cors_origin"] == f"{A},{B}"


@pytest.mark.untraced
def test_single_origin_is_in_every_response(deploy: Callable[..., dict[str, Any]]) -> None:
    single = deploy(ITEMS, suffix="single", origins=A)
    for caller in (A, OTHER, None):
        for method, path, status in (("GET", "/items", 200), ("OPTIONS", "/items", 204), ("GET", "/nothing", 404)):
            response = send(single, method, path, caller, x_api_key=single["api_key"])
            assert (response.status, response.headers[ALLOW]) == (status, A)
            assert "vary" not in response.headers


def test_site_and_an_additional_origin_can_call(deploy: Callable[..., dict[str, Any]]) -> None:
    origins = 'api=ApiSettings(cors_origin="site,https://shop.example.com")'
    shop = deploy(PROGRAM.format(name="cors-shop", folder=str(PAGES), args=origins))
    assert shop["cors_origin"] == f"{shop['site_url']},{A}"
    for origin, allowed in ((shop["site_url"], shop["site_url"]), (A, A), (OTHER, None)):
        for method, status in (("OPTIONS", 204), ("GET", 404)):
            response = send(shop, method, "/items/x", origin, Access_Control_Request_Method="GET")
            assert (response.status, response.headers.get(ALLOW), response.headers["vary"]) == (
                status,
                allowed,
                "Origin",
            )
