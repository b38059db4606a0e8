"""CORS: pages of several origins call one API.

Real servers serve the pages: Playwright responds to preflight requests itself once it intercepts requests of a page.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

import pytest
import requests
from playwright.sync_api import Browser, Page

from lib.local.emulator import Emulator

from ..integration.conftest import Http, eventually
from ..support.deployments import deploy_service

CREATE = """async ([url, key, product]) => {
  const headers = { "content-type": "application/json", "x-api-key": key };
  try {
    const response = await fetch(`${url}/inventory`, { method: "POST", headers, body: JSON.stringify(product) });
    return [response.status, (await response.json()).product_id, response.headers.get("x-request-id") !== null];
  } catch (error) {
    return error.name;
  }
}"""
READ = """async (url) => {
  try {
    const response = await fetch(url);
    return [response.status, (await response.json()).code ?? ""];
  } catch (error) {
    return error.name;
  }
}"""


class EmptyPage(BaseHTTPRequestHandler):
    """Serves an empty page."""

    def do_GET(self) -> None:  # pylint: disable=invalid-name  # the standard library's name
        """Respond with the page."""
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html>")

    def log_message(self, *_: Any) -> None:  # pylint: disable=arguments-differ
        """Disable logging."""


class Origins(NamedTuple):
    """Origins, each of which serves an empty page."""

    shop: str
    panel: str
    other: str
    """An origin that is not allowed to call the API."""


@pytest.fixture(scope="module", name="origins")
def origins_fixture() -> Iterator[Origins]:
    """Start a server for each origin."""
    with ExitStack() as stack:

        def serve() -> str:
            server = stack.enter_context(ThreadingHTTPServer(("127.0.0.1", 0), EmptyPage))
            thread = threading.Thread(target=server.serve_forever)
            thread.start()
            stack.callback(thread.join)
            stack.callback(server.shutdown)
            return f"http://127.0.0.1:{server.server_port}"

        yield Origins(serve(), serve(), serve())


def check_preflight(api_url: str, origin: str) -> None:
    """Raise `AssertionError` unless an origin may send a POST request."""
    headers = {"Origin": origin, "Access-Control-Request-Method": "POST"}
    response = requests.options(f"{api_url}/inventory", headers=headers, timeout=60)
    assert (response.ok, response.headers.get("Access-Control-Allow-Origin")) == (True, origin), response.text


@pytest.fixture(scope="module", name="outputs")
def outputs_fixture(origins: Origins, emulator: Emulator) -> dict[str, Any]:
    """Deploy the stock service for its site and two additional origins, and return its outputs."""
    allowed = f"site,{origins.shop},{origins.panel}"
    with ThreadPoolExecutor(1) as executor:  # the browser's event loop runs in this thread
        outputs = executor.submit(deploy_service, emulator, "stock", "origins", cors_origin=allowed).result()
    # The first request starts the function that responds to preflight requests.
    eventually(lambda: check_preflight(outputs["api_url"], origins.shop), seconds=60)
    return outputs


@pytest.fixture(name="open_page")
def open_page_fixture(browser: Browser) -> Iterator[Callable[[str], Page]]:
    """Open a page of an origin. All pages share one cache."""
    context = browser.new_context()

    def open_page(origin: str) -> Page:
        page = context.new_page()
        page.goto(f"{origin}/")
        return page

    yield open_page
    context.close()


def test_only_allowed_origins_can_call_the_api(
    open_page: Callable[[str], Page], origins: Origins, outputs: dict[str, Any]
) -> None:
    http = Http(outputs, outputs["api_key"])
    allowed = (outputs["site_url"], origins.shop, origins.panel)
    for origin in (*allowed, origins.other):
        product_id = f"cors-{uuid.uuid4().hex[:8]}"
        product = {"product_id": product_id, "stock_count": 3, "threshold_level": 1, "category": "CORS"}
        page = open_page(origin)
        created = page.evaluate(CREATE, [outputs["api_url"], outputs["api_key"], product])
        read = page.evaluate(READ, f"{outputs['api_url']}/inventory/{product_id}")
        if origin in allowed:
            assert (created, read) == ([201, product_id, True], [200, ""]), origin
        else:
            assert (created, read) == ("TypeError", "TypeError")
        assert http("GET", f"/inventory/{product_id}").status == (200 if origin in allowed else 404)


def test_cached_responses_are_not_shared_between_origins(
    open_page: Callable[[str], Page], origins: Origins, outputs: dict[str, Any]
) -> None:
    url = f"{outputs['api_url']}/inventory/missing-{uuid.uuid4().hex[:8]}"
    shop, panel, other = origins
    for origin in (shop, other, panel, other, shop):
        expected = "TypeError" if origin == other else [404, "NOT_FOUND"]
        assert open_page(origin).evaluate(READ, url) == expected


def test_allowed_origin_can_read_errors_of_api_gateway(
    open_page: Callable[[str], Page], origins: Origins, outputs: dict[str, Any]
) -> None:
    assert open_page(origins.shop).evaluate(READ, f"{outputs['api_url']}/missing") == [404, "NOT_FOUND"]
