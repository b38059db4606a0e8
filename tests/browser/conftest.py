"""The pages of a deployed stock service, in a browser."""

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

from ..integration.conftest import Http, caller, clients, deployed_fixture

__all__ = ["deployed_fixture"]

# A machine that runs other tests at the same time can be slow: what is expected has to come, not to come soon.
expect.set_options(timeout=20_000)

CHROMIUM = shutil.which("chromium-headless-shell") or shutil.which("chromium")
"""The shell, which is Chromium without its windows, takes two thirds of the processor time."""
ARGUMENTS = [
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
    # Pages that a test makes up come from nowhere, from where a local deployment may not be called.
    "--disable-features=LocalNetworkAccessChecks",
]
AXE = Path(__file__).parents[2] / "lib/services/stock/site/node_modules/axe-core/axe.min.js"
SEVERE = """() => axe.run(document, { resultTypes: ["violations"] }).then(({ violations }) => violations
  .filter(({ impact }) => impact === "serious" || impact === "critical")
  .map(({ id, nodes }) => [id, ...nodes.map(({ target, failureSummary }) => `${target}: ${failureSummary}`)]))"""


class Stock(NamedTuple):
    """Where the service and its pages are."""

    site_url: str
    api_url: str
    api_key: str


@pytest.fixture(scope="session", name="stock")
def stock_fixture(deployed: Callable[[str], dict[str, Any]]) -> Stock:
    """A deployment with its pages, which are built where they are not."""
    if "TAP_OUTPUTS" not in os.environ and not build([SERVICES["stock"]], Terminal()):
        pytest.skip("there is no npm to build the pages with")
    outputs = deployed("stock")
    with clients(outputs) as client:
        key = caller(outputs, client).key["x-api-key"]
    return Stock(outputs["site_url"].rstrip("/"), outputs["api_url"].rstrip("/"), key)


@pytest.fixture(scope="session", name="api")
def api_fixture(stock: Stock) -> Http:
    """Somebody else who calls the service at the same time."""
    return Http({"api_url": stock.api_url}, stock.api_key)


@pytest.fixture(name="category")
def category_fixture() -> str:
    """A category that nobody else uses."""
    return f"Test {uuid.uuid4().hex[:8]}"


@pytest.fixture(name="product")
def product_fixture(api: Http, category: str) -> Callable[..., str]:
    """Makes products in that category and tells their ids, which begin alike."""
    prefix = category.lower().replace(" ", "-")

    def product(stock_count: int = 20, name: str = "desk", **more: Any) -> str:
        made = {"product_id": f"{prefix}-{name}", "stock_count": stock_count, "category": category, **more}
        answer = api("POST", "/inventory", {"threshold_level": 5, **made})
        assert answer.status == 201, answer.body
        return str(made["product_id"])

    return product


@pytest.fixture(name="reserve")
def reserve_fixture(api: Http) -> Callable[..., None]:
    """Reserve units of a product; the id of the reservation ends with their number."""

    def reserve(product_id: str, quantity: int, **more: int) -> None:
        reservation = {"reservationId": f"{product_id}.{quantity}", "quantity": quantity, **more}
        assert api("POST", f"/inventory/{product_id}/reserve", reservation).status == 201

    return reserve


@pytest.fixture(scope="package", name="browser")
def browser_fixture(stock: Stock) -> Iterator[Browser]:
    """One browser for all tests here.

    While it is open an event loop runs, beside which nothing can be deployed: it comes after the service, and goes
    before the tests of other folders.
    """
    assert stock
    if CHROMIUM is None:
        pytest.skip("there is no Chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()
    # Playwright leaves the thread without a loop, and with word that none is to be made.
    asyncio.set_event_loop_policy(None)


@pytest.fixture(scope="package", name="context")
def context_fixture(browser: Browser) -> Iterator[BrowserContext]:
    """One context for all tests: a new one would cost each of them as much as loading the page.

    The site keeps nothing outside a tab's session storage; cookies of the sign-in pages are deleted after each test.
    """
    with browser.new_context() as context:
        context.new_page()  # an open page keeps the renderer process for the next one
        yield context


@pytest.fixture(name="visitor")
def visitor_fixture(browser: Browser, context: BrowserContext) -> Iterator[Callable[..., Page]]:
    """Open empty tabs; errors of their scripts and violations of their policy fail the test.

    A page whose clock is replaced needs `own_context`: the clock of a context stays replaced in later pages.
    """
    errors: list[str] = []

    def on_console(message: ConsoleMessage) -> None:
        if message.type == "error" and "Failed to load resource" not in message.text:
            errors.append(message.text)

    with ExitStack() as stack:

        def visitor(width: int = 1280, *, own_context: bool = False) -> Page:
            opened = stack.enter_context(browser.new_context()) if own_context else context
            page = stack.enter_context(opened.new_page())
            page.set_viewport_size({"width": width, "height": 900})
            page.on("pageerror", lambda error: errors.append(str(error)))
            page.on("console", on_console)
            return page

        yield visitor
    context.clear_cookies()
    assert not errors


@pytest.fixture(name="visit")
def visit_fixture(visitor: Callable[..., Page], stock: Stock) -> Callable[..., Page]:
    """Opens a page of the site with the key entered before."""

    def visit(path: str, **options: Any) -> Page:
        page = visitor(**options)
        page.add_init_script(f"sessionStorage.setItem('stock-api-key', '{stock.api_key}')")
        page.goto(f"{stock.site_url}/{path}")
        return page

    return visit


@pytest.fixture(scope="session", name="accessible")
def accessible_fixture() -> Callable[[Page], None]:
    """Fails where axe finds something serious in what a page shows, light or dark."""
    if not AXE.exists():
        pytest.skip("axe-core is not installed: run npm ci in the site's folder")
    axe = AXE.read_text(encoding="utf-8")

    def accessible(page: Page) -> None:
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            page.evaluate(axe)
            assert page.evaluate(SEVERE) == [], scheme
        page.emulate_media(color_scheme="light")

    return accessible
