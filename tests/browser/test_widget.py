"""The stock label on a product page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from .conftest import Stock
from .routes import CORS, aborted, collecting

UNKNOWN_LABEL = "Availability unknown"
POLICY = (
    "default-src 'none'; script-src 'self'; connect-src *; require-trusted-types-for 'script'; trusted-types 'none'"
)
PAGE = f"""<!doctype html><html lang="en"><head><title>A product</title><meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="{POLICY}">
<script src="inventory-widget.js" defer></script></head><body><main><h1>A product</h1>%s
<button id="buy">Add to cart</button></main></body></html>"""
COUNT_FAILURES = """random => {
  Math.random = () => random;
  Object.assign(window, { requests: 0, failures: 0, available: null });
  window.fetch = async () => {
    window.requests += 1;
    await null;
    if (window.available !== null) return Response.json({ available: window.available, status: "IN_STOCK" });
    window.failures += 1;
    throw new TypeError("offline");
  };
}"""
LISTEN = """window.events = []; addEventListener("inventory-status", ({ detail }) => window.events.push(detail))"""


def label(page: Page) -> Any:
    return page.locator("inventory-widget").get_by_role("status")


def level_response(available: Any, status: str = "IN_STOCK") -> Callable[[Route], None]:
    return json_response({"available": available, "status": status})


def json_response(body: Any, status: int = 200) -> Callable[[Route], None]:
    return lambda route: route.fulfill(status=status, headers=CORS, json=body)


def without_counts(in_stock: bool, low_stock: bool) -> Callable[[Route], None]:
    """Respond like a service that does not publish counts."""
    return json_response({"product_id": "desk", "in_stock": in_stock, "low_stock": low_stock})


def in_sequence(*responses: Callable[[Route], None]) -> Callable[[Route], None]:
    remaining = iter(responses)

    def respond(route: Route) -> None:
        next(remaining)(route)

    return respond


@pytest.fixture(name="show")
def show_fixture(visitor: Callable[..., Page], stock: Stock) -> Callable[..., Page]:
    """Open a product page that contains the label, optionally with a clock that the test advances.

    Attribute names contain `_` in place of `-`.
    """

    def show(
        product_id: str, respond: Callable[[Route], None] | None = None, *, clock: bool = False, **attributes: Any
    ) -> Page:
        page = visitor(own_context=clock)
        all_attributes = {"product-id": product_id, "api-url": stock.api_url, "for": "buy", **attributes}
        markup = " ".join(f'{name.replace("_", "-")}="{value}"' for name, value in all_attributes.items())
        body = PAGE % f"<inventory-widget {markup}></inventory-widget>"
        page.route("**/product.html", lambda route: route.fulfill(content_type="text/html", body=body))
        if respond:
            page.route(f"{stock.api_url}/inventory/**", respond)
        page.add_init_script(LISTEN)
        if clock:
            page.clock.install()
        page.goto(f"{stock.site_url}/product.html")
        return page

    return show


@pytest.mark.parametrize(
    ("stock_count", "text"), [(20, "In Stock (20 available)"), (3, "Low Stock (3 left)"), (0, "Out of Stock")]
)
def test_label_and_button_show_the_availability(
    show: Callable[..., Page],
    product: Callable[..., str],
    accessible: Callable[[Page], None],
    stock_count: int,
    text: str,
) -> None:
    product_id = product(stock_count)
    page = show(product_id)
    expect(label(page)).to_have_text(text)
    expect(page.locator("#buy")).to_be_enabled(enabled=stock_count > 0)
    assert page.evaluate("events.at(-1)") == {
        "productId": product_id,
        "status": {20: "IN_STOCK", 3: "LOW_STOCK", 0: "OUT_OF_STOCK"}[stock_count],
        "available": stock_count,
        "purchasable": stock_count > 0,
    }
    accessible(page)


def test_reserved_units_are_not_available(
    show: Callable[..., Page], product: Callable[..., str], reserve: Callable[..., None]
) -> None:
    product_id = product(6)
    page = show(product_id)
    expect(label(page)).to_have_text("In Stock (6 available)")
    reserve(product_id, 4)
    page.evaluate("document.querySelector('inventory-widget').refresh()")
    expect(label(page)).to_have_text("Low Stock (2 left)")


def test_label_can_show_one_warehouse(show: Callable[..., Page], product: Callable[..., str]) -> None:
    product(20, warehouse_id="main")
    page = show(product(2, warehouse_id="north"))
    expect(label(page)).to_have_text("In Stock (22 available)")
    page.locator("inventory-widget").evaluate("widget => widget.setAttribute('warehouse-id', 'north')")
    expect(label(page)).to_have_text("Low Stock (2 left)")


def test_label_shows_that_it_is_loading(show: Callable[..., Page], accessible: Callable[[Page], None]) -> None:
    requests: list[Route] = []
    page = show("desk", collecting(requests))
    expect(label(page)).to_have_text("Checking stock…")
    expect(label(page)).to_have_attribute("aria-busy", "true")
    expect(page.locator("#buy")).to_be_disabled()
    accessible(page)
    level_response(9)(requests[0])
    expect(label(page)).to_have_text("In Stock (9 available)")
    expect(label(page)).to_have_attribute("aria-busy", "false")
    assert page.evaluate("events.map(({ status }) => status)") == ["LOADING", "IN_STOCK"]


@pytest.mark.parametrize(
    "respond",
    [
        pytest.param(lambda route: route.fulfill(status=500, headers=CORS, body='{"available": 5}'), id="server error"),
        pytest.param(lambda route: route.fulfill(headers=CORS, body="<html>"), id="not JSON"),
        pytest.param(lambda route: route.fulfill(headers=CORS, body="{}"), id="not a level"),
        pytest.param(json_response(None), id="null"),
        pytest.param(json_response({"in_stock": True}), id="incomplete level"),
        pytest.param(json_response({"in_stock": "yes", "low_stock": False}), id="not a boolean"),
        pytest.param(aborted, id="network error"),
        pytest.param(None, id="unknown product"),
    ],
)
def test_unknown_availability_has_a_label_and_disables_the_button(
    show: Callable[..., Page],
    accessible: Callable[[Page], None],
    category: str,
    respond: Callable[[Route], None] | None,
) -> None:
    page = show(category.replace(" ", "-"), respond)
    expect(label(page)).to_have_text(UNKNOWN_LABEL)
    expect(page.locator("#buy")).to_be_disabled()
    event = page.evaluate("events.at(-1)")
    assert (event["status"], event["available"], event["purchasable"]) == ("UNAVAILABLE", None, False)
    accessible(page)


def test_button_can_stay_enabled_while_the_availability_is_unknown(show: Callable[..., Page]) -> None:
    page = show("desk", json_response({"error": "No"}, 503), when_unknown="enable", label_unavailable="Ask us")
    expect(label(page)).to_have_text("Ask us")
    expect(page.locator("#buy")).to_be_enabled()
    assert page.evaluate("events.at(-1)") == {
        "productId": "desk",
        "status": "UNAVAILABLE",
        "available": None,
        "purchasable": True,
    }
    page.locator("inventory-widget").evaluate("widget => widget.setAttribute('when-unknown', 'disable')")
    expect(page.locator("#buy")).to_be_disabled()
    assert page.evaluate("events.at(-1)")["purchasable"] is False


def test_when_unknown_does_not_enable_the_button_out_of_stock(show: Callable[..., Page]) -> None:
    page = show("desk", level_response(0), when_unknown="enable")
    expect(label(page)).to_have_text("Out of Stock")
    expect(page.locator("#buy")).to_be_disabled()


@pytest.mark.parametrize(("attributes", "random"), [({}, 1), ({"refresh_seconds": 0}, 0)])
def test_failures_are_retried_with_growing_delays(
    show: Callable[..., Page], attributes: dict[str, Any], random: int
) -> None:
    requests: list[Route] = []
    page = show("desk", collecting(requests), clock=True, **attributes)
    page.clock.pause_at(page.evaluate("Date.now()") / 1000 + 1)
    page.evaluate(COUNT_FAILURES, random)
    page.locator("inventory-widget").evaluate("widget => void widget.refresh()")
    for failures, longest in enumerate((1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000), 1):
        page.wait_for_function("failures => window.failures === failures", arg=failures)
        expect(label(page)).to_have_text(UNKNOWN_LABEL)
        page.clock.run_for(longest * (1 + random) // 2 - 1)
        assert page.evaluate("requests") == failures
        page.clock.run_for(1)
        assert page.evaluate("requests") == failures + 1
    page.evaluate("window.available = 9")
    page.wait_for_function("window.failures === 9")
    page.clock.run_for(60_000)
    expect(label(page)).to_have_text("In Stock (9 available)")
    page.evaluate("window.available = null")
    page.locator("inventory-widget").evaluate("widget => widget.refresh()")
    expect(label(page)).to_have_text(UNKNOWN_LABEL)
    previous = page.evaluate("requests")
    page.clock.run_for(1000)
    assert page.evaluate("requests") == previous + 1, "a success resets the delay"


@pytest.mark.parametrize(
    ("in_stock", "low_stock", "status", "text"),
    [
        (True, False, "IN_STOCK", "In Stock"),
        (True, True, "LOW_STOCK", "Low Stock"),
        (False, False, "OUT_OF_STOCK", "Out of Stock"),
        (False, True, "OUT_OF_STOCK", "Out of Stock"),
    ],
)
def test_response_without_counts_has_a_label_without_counts(  # pylint: disable=too-many-arguments,too-many-positional-arguments
    show: Callable[..., Page],
    accessible: Callable[[Page], None],
    in_stock: bool,
    low_stock: bool,
    status: str,
    text: str,
) -> None:
    page = show("desk", without_counts(in_stock, low_stock))
    expect(label(page)).to_have_text(text)
    expect(page.locator("#buy")).to_be_enabled(enabled=in_stock)
    assert page.evaluate("events.at(-1)") == {
        "productId": "desk",
        "status": status,
        "available": None,
        "purchasable": in_stock,
    }
    accessible(page)


def test_response_without_counts_supports_one_warehouse(show: Callable[..., Page]) -> None:
    level = {"product_id": "desk", "warehouse_id": "north", "in_stock": True, "low_stock": False}
    page = show("desk", json_response(level), warehouse_id="north")
    expect(label(page)).to_have_text("In Stock")


@pytest.mark.parametrize(
    ("show_count", "texts"),
    [
        ("always", ["In Stock (9 available)", "Low Stock (3 left)", "Out of Stock"]),
        ("low", ["In Stock", "Low Stock (3 left)", "Out of Stock"]),
        ("never", ["In Stock", "Low Stock", "Out of Stock"]),
    ],
)
def test_show_count_selects_labels_with_or_without_counts(
    show: Callable[..., Page], show_count: str, texts: list[str]
) -> None:
    page = show(
        "desk", in_sequence(level_response(9), level_response(3, "LOW_STOCK"), level_response(0)), show_count=show_count
    )
    expect(label(page)).to_have_text(texts[0])
    for text in texts[1:]:
        page.locator("inventory-widget").evaluate("widget => widget.refresh()")
        expect(label(page)).to_have_text(text)


def test_labels_without_a_count_can_be_replaced(show: Callable[..., Page]) -> None:
    page = show("desk", without_counts(in_stock=True, low_stock=True), label_low_stock="Nur noch {available} da")
    widget = page.locator("inventory-widget")
    expect(label(page)).to_have_text("Low Stock")
    widget.evaluate("widget => widget.setAttribute('label-low-stock', 'Bald weg')")
    expect(label(page)).to_have_text("Bald weg")
    widget.evaluate("widget => widget.setAttribute('label-low-stock-without-count', 'Nur noch wenige da')")
    expect(label(page)).to_have_text("Nur noch wenige da")
    widget.evaluate("widget => { widget.labels = { LOW_STOCK_WITHOUT_COUNT: () => 'Bientôt épuisé' }; }")
    expect(label(page)).to_have_text("Bientôt épuisé")


def test_request_times_out(show: Callable[..., Page]) -> None:
    page = show("desk", collecting([]), clock=True, timeout_ms=2000)
    expect(label(page)).to_have_text("Checking stock…")
    page.clock.fast_forward(2000)
    expect(label(page)).to_have_text(UNKNOWN_LABEL)


def test_label_is_refreshed_at_an_interval(show: Callable[..., Page]) -> None:
    respond = in_sequence(level_response(9), level_response(0), aborted, level_response(1, "LOW_STOCK"))
    page = show("desk", respond, clock=True, refresh_seconds=10)
    expect(label(page)).to_have_text("In Stock (9 available)")
    for text, enabled in (("Out of Stock", False), (UNKNOWN_LABEL, False), ("Low Stock (1 left)", True)):
        page.clock.fast_forward(10_000)
        expect(label(page)).to_have_text(text)
        expect(page.locator("#buy")).to_be_enabled(enabled=enabled)


def test_hidden_page_is_refreshed_when_it_becomes_visible(show: Callable[..., Page]) -> None:
    requests: list[Route] = []

    def respond(route: Route) -> None:
        requests.append(route)
        level_response(len(requests), "LOW_STOCK")(route)

    page = show("desk", respond, clock=True, refresh_seconds=10)
    expect(label(page)).to_have_text("Low Stock (1 left)")
    hidden = "hidden => { Object.defineProperty(document, 'hidden', { value: hidden, configurable: true }); }"
    page.evaluate(hidden, True)
    page.clock.fast_forward(60_000)
    assert len(requests) == 1
    page.evaluate(hidden, False)
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(label(page)).to_have_text("Low Stock (2 left)")


def test_response_for_the_previous_product_is_ignored(show: Callable[..., Page]) -> None:
    requests: list[Route] = []
    page = show("first", collecting(requests))
    page.route("**/inventory/second", level_response(2, "LOW_STOCK"))
    expect(label(page)).to_have_text("Checking stock…")
    page.locator("inventory-widget").evaluate("widget => widget.setAttribute('product-id', 'second')")
    expect(label(page)).to_have_text("Low Stock (2 left)")
    for route in requests:
        level_response(7)(route)
    expect(label(page)).to_have_text("Low Stock (2 left)")
    assert [event["productId"] for event in page.evaluate("events")] == ["first", "second", "second"]


def test_button_that_the_page_disabled_stays_disabled(show: Callable[..., Page]) -> None:
    page = show("desk", level_response(9), **{"for": ""})
    expect(label(page)).to_have_text("In Stock (9 available)")
    page.locator("#buy").evaluate("button => { button.disabled = true; }")
    page.locator("inventory-widget").evaluate("widget => widget.setAttribute('for', 'buy')")
    page.locator("inventory-widget").evaluate("widget => widget.refresh()")
    expect(page.locator("#buy")).to_be_disabled()


def test_removed_label_enables_its_button(show: Callable[..., Page]) -> None:
    page = show("desk", level_response(0))
    expect(page.locator("#buy")).to_be_disabled()
    page.locator("inventory-widget").evaluate("widget => widget.remove()")
    expect(page.locator("#buy")).to_be_enabled()


def test_labels_can_be_translated(show: Callable[..., Page]) -> None:
    page = show("desk", level_response(3, "LOW_STOCK"), label_low_stock="Nur noch {available} da")
    expect(label(page)).to_have_text("Nur noch 3 da")
    labels = "widget => { widget.labels = { LOW_STOCK: (left) => `Il en reste ${left}` }; }"
    page.locator("inventory-widget").evaluate(labels)
    expect(label(page)).to_have_text("Il en reste 3")


def test_colors_can_be_customized(show: Callable[..., Page]) -> None:
    page = show("desk", level_response(9))
    expect(label(page)).to_have_text("In Stock (9 available)")
    page.locator("inventory-widget").evaluate(
        "widget => widget.style.setProperty('--inventory-in-stock-color', 'rgb(1, 2, 3)')"
    )
    expect(label(page)).to_have_css("color", "rgb(1, 2, 3)")
