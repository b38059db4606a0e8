"""Pages of several origins call one API, over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from lib.local.emulator import Emulator

from ..integration.conftest import Answer, Http
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


def send(outputs: dict[str, Any], method: str, path: str, origin: str | None, **headers: str) -> Answer:
    """Send a request as a page of an origin, or without one."""
    return Http(outputs, None)(method, path, **({} if origin is None else {"Origin": origin}), **headers)


@pytest.fixture(scope="module", name="deploy")
def deploy_fixture(emulator: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., dict[str, Any]]:
    """Deploy programs into the emulator."""
    return Run(emulator, tmp_path_factory.mktemp("cors"))


@pytest.fixture(scope="module", name="several")
def several_fixture(deploy: Callable[..., dict[str, Any]]) -> dict[str, Any]:
    """Return the outputs of a stack with two origins."""
    return deploy(ITEMS, suffix="several", origins=f"{A}, {B}")


@pytest.mark.parametrize(("path", "status"), [("/items", 200), ("/items/x/y", 404), ("/items?nothing=1", 400)])
def test_functions_return_the_origin_of_the_caller_if_it_is_allowed(
    several: dict[str, Any], path: str, status: int
) -> None:
    for origin in (A, B, OTHER, None):
        answer = send(several, "GET", path, origin, x_api_key=several["api_key"])
        assert (answer.status, answer.headers["vary"]) == (status, "Origin")
        if origin in (A, B):
            assert answer.headers[ALLOW] == origin
            assert "X-Request-Id" in answer.headers[EXPOSE]
        else:
            assert not [name for name in answer.headers if name.startswith("access-control")]


@pytest.mark.parametrize(
    ("path", "methods"), [("/items", "GET,POST,OPTIONS"), ("/items/x/y", "GET,PUT,DELETE,OPTIONS")]
)
def test_preflight_of_every_path_needs_no_key(several: dict[str, Any], path: str, methods: str) -> None:
    for origin, allowed in ((B, B), (OTHER, None)):
        answer = send(several, "OPTIONS", path, origin, Access_Control_Request_Method="GET")
        assert (answer.status, answer.body, answer.headers.get(ALLOW)) == (204, None, allowed)
        assert (answer.headers[PREFLIGHT[0]], answer.headers["vary"]) == (methods, "Origin")
        assert {"X-Api-Key", "Idempotency-Key"} <= {*answer.headers[PREFLIGHT[1]].split(",")}
        assert answer.headers[PREFLIGHT[2]] == "7200"


@pytest.mark.parametrize("origin", [B, OTHER])
@pytest.mark.parametrize(("path", "status"), [("/items", 403), ("/nothing", 404)])
def test_pages_can_read_the_errors_of_api_gateway_itself(
    several: dict[str, Any], origin: str, path: str, status: int
) -> None:
    answer = send(several, "GET", path, origin)
    assert (answer.status, answer.headers[ALLOW], answer.headers["vary"]) == (status, origin, "Origin")
    assert "access-control-allow-credentials" not in answer.headers
    assert "X-Request-Id" in answer.headers[EXPOSE]


def test_errors_of_api_gateway_have_no_origin_for_a_caller_without_one(several: dict[str, Any]) -> None:
    answer = send(several, "GET", "/nothing", None)
    assert (answer.status, answer.headers["vary"]) == (404, "Origin")
    assert ALLOW not in answer.headers


def test_health_is_public_to_pages(several: dict[str, Any]) -> None:
    answer = send(several, "GET", "/health", OTHER)
    assert (answer.status, answer.headers[ALLOW]) == (200, "*")


def test_output_is_the_list(several: dict[str, Any]) -> None:
    assert several["cors_origin"] == f"{A},{B}"


@pytest.mark.untraced
def test_single_origin_is_in_every_response(deploy: Callable[..., dict[str, Any]]) -> None:
    single = deploy(ITEMS, suffix="single", origins=A)
    for caller in (A, OTHER, None):
        for method, path, status in (("GET", "/items", 200), ("OPTIONS", "/items", 204), ("GET", "/nothing", 404)):
            answer = send(single, method, path, caller, x_api_key=single["api_key"])
            assert (answer.status, answer.headers[ALLOW]) == (status, A)
            assert "vary" not in answer.headers


def test_own_site_and_a_further_origin_both_call(deploy: Callable[..., dict[str, Any]]) -> None:
    origins = 'api=ApiSettings(cors_origin="site,https://shop.example.com")'
    shop = deploy(PROGRAM.format(name="cors-shop", folder=str(PAGES), args=origins))
    assert shop["cors_origin"] == f"{shop['site_url']},{A}"
    for origin, allowed in ((shop["site_url"], shop["site_url"]), (A, A), (OTHER, None)):
        for method, status in (("OPTIONS", 204), ("GET", 404)):
            answer = send(shop, method, "/items/x", origin, Access_Control_Request_Method="GET")
            assert (answer.status, answer.headers.get(ALLOW), answer.headers["vary"]) == (status, allowed, "Origin")
