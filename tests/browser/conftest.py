"""Fixtures of browser tests: a deployment of the stock service, and tabs of its pages."""

from __future__ import annotations

import asyncio
import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright

from lib.assets.npm import build
from lib.console import Terminal
from lib.services import SERVICES

from ..integration.conftest import Http, authorized_http, clients, deployed_fixture

__all__ = ["deployed_fixture"]

# Other tests can slow down the machine, so allow more than the default of 5 seconds.
expect.set_options(timeout=20_000)

CHROMIUM = shutil.which("chromium-headless-shell") or shutil.which("chromium")
"""Path of the browser. The headless shell uses two thirds of the processor time of Chromium."""
CHROMIUM_ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Tabs share one renderer process: starting one takes longer than loading a page.
    "--renderer-process-limit=1",
    "--disable-site-isolation-trials",
    # Pages that a test generates have no network address, so Chromium would block their requests to loopback addresses.
    "--disable-features=LocalNetworkAccessChecks",
]
AXE = Path(__file__).parents[2] / "lib/services/stock/site/node_modules/axe-core/axe.min.js"
FIND_VIOLATIONS = """() => axe.run(document, { resultTypes: ["violations"] }).then(({ violations }) => violations
  .filter(({ impact }) => impact === "serious" || impact === "critical")
  .map(({ id, nodes }) => [id, ...nodes.map(({ target, failureSummary }) => `${target}: ${failureSummary}`)]))"""


class Stock(NamedTuple):
    """URLs and API key of a deployment of the stock service."""

    site_url: str
    api_url: str
    api_key: str


@pytest.fixture(scope="session", name="stock")
def stock_fixture(deployed: Callable[[str], dict[str, Any]]) -> Stock:
    """Build the pages if necessary, and return a deployment of the service."""
    if "TAP_OUTPUTS" not in os.environ and not build([SERVICES["stock"]], Terminal()):
        pytest.skip("npm is not installed")
    outputs = deployed("stock")
    with clients(outputs) as client:
        api_key = authorized_http(outputs, client).key["x-api-key"]
    return Stock(outputs["site_url"].rstrip("/"), outputs["api_url"].rstrip("/"), api_key)


@pytest.fixture(scope="session", name="api")
def api_fixture(stock: Stock) -> Http:
    """Return a client of the service that does not use the browser."""
    return Http({"api_url": stock.api_url}, stock.api_key)


@pytest.fixture(name="category")
def category_fixture() -> str:
    """Return a category that only one test uses."""
    return f"Test {uuid.uuid4().hex[:8]}"


@pytest.fixture(name="product")
def product_fixture(api: Http, category: str) -> Callable[..., str]:
    """Create products in the category and return their IDs, which share a prefix."""
    prefix = category.lower().replace(" ", "-")

    def product(stock_count: int = 20, name: str = "desk", **attributes: Any) -> str:
        level = {"product_id": f"{prefix}-{name}", "stock_count": stock_count, "category": category, **attributes}
        response = api("POST", "/inventory", {"threshold_level": 5, **level})
        assert response.status == 201, response.body
        return str(level["product_id"])

    return product


@pytest.fixture(name="reserve")
def reserve_fixture(api: Http) -> Callable[..., None]:
    """Reserve units of a product. The reservation ID ends with the quantity."""

    def reserve(product_id: str, quantity: int, **attributes: int) -> None:
        reservation = {"reservationId": f"{product_id}.{quantity}", "quantity": quantity, **attributes}
        assert api("POST", f"/inventory/{product_id}/reserve", reservation).status == 201

    return reserve


@pytest.fixture(scope="package", name="browser")
def browser_fixture(stock: Stock) -> Iterator[Browser]:
    """Start one browser for all tests of this folder.

    Playwright's event loop prevents deployments in this thread. Deploy the service before starting the browser, and
    close the browser before the tests of other folders.
    """
    assert stock
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGUMENTS)
        yield browser
        browser.close()
    # Playwright leaves an event loop policy that creates no new loops.
    asyncio.set_event_loop_policy(None)


@pytest.fixture(scope="package", name="context")
def context_fixture(browser: Browser) -> Iterator[BrowserContext]:
    """Create one context for all tests: creating a context takes as long as loading a page.

    The site stores data only in the session storage of a tab. Cookies of the sign-in page are deleted after each test.
    """
    with browser.new_context() as context:
        context.new_page()  # an open page keeps the renderer process running
        yield context


@pytest.fixture(name="visitor")
def visitor_fixture(browser: Browser, context: BrowserContext) -> Iterator[Callable[..., Page]]:
    """Open empty tabs. Script errors and violations of the content security policy fail the test.

    A page with a fake clock requires `own_context`: the clock remains installed in all later pages of a context.
    """
    errors: list[str] = []

    def on_console(message: ConsoleMessage) -> None:
        if message.type == "error" and "Failed to load resource" not in message.text:
            errors.append(message.text)

    with ExitStack() as stack:

        def visitor(width: int = 1280, *, own_context: bool = False) -> Page:
            page_context = stack.enter_context(browser.new_context()) if own_context else context
            page = stack.enter_context(page_context.new_page())
            page.set_viewport_size({"width": width, "height": 900})
            page.on("pageerror", lambda error: errors.append(str(error)))
            page.on("console", on_console)
            return page

        yield visitor
    context.clear_cookies()
    assert not errors


@pytest.fixture(name="visit")
def visit_fixture(visitor: Callable[..., Page], stock: Stock) -> Callable[..., Page]:
    """Open a page of the site with a stored API key."""

    def visit(path: str, **options: Any) -> Page:
        page = visitor(**options)
        page.add_init_script(f"sessionStorage.setItem('stock-api-key', '{stock.api_key}')")
        page.goto(f"{stock.site_url}/{path}")
        return page

    return visit


@pytest.fixture(scope="session", name="accessible")
def accessible_fixture() -> Callable[[Page], None]:
    """Raise `AssertionError` if axe finds serious accessibility violations in the light or dark theme."""
    if not AXE.exists():
        pytest.skip("axe-core is not installed; run npm ci in lib/services/stock/site")
    axe = AXE.read_text(encoding="utf-8")

    def accessible(page: Page) -> None:
        for color_scheme in ("light", "dark"):
            page.emulate_media(color_scheme=color_scheme, reduced_motion="reduce")
            page.evaluate(axe)
            assert page.evaluate(FIND_VIOLATIONS) == [], color_scheme
        page.emulate_media(color_scheme="light")

    return accessible
