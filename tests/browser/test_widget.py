"""The stock label as a shop's product page has it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from ..integration.conftest import Http
from .conftest import Stock

CORS = {"access-control-allow-origin": "*"}
NOT_KNOWN = "Stock status unavailable"
POLICY = (
    "default-src 'none'; script-src 'self'; connect-src *; require-trusted-types-for 'script'; trusted-types 'none'"
)
PAGE = f"""<!doctype html><html lang="en"><head><title>A product</title><meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="{POLICY}">
<script src="inventory-widget.js" defer></script></head><body><main><h1>A product</h1>%s
<button id="buy">Add to cart</button></main></body></html>"""
LISTEN = """window.heard = []; addEventListener("inventory-status", ({ detail }) => window.heard.push(detail))"""


def label(page: Page) -> Any:
    return page.locator("inventory-widget").get_by_role("status")


def answering(available: Any, status: str = "IN_STOCK") -> Callable[[Route], None]:
    level = json.dumps({"available": available, "status": status})
    return lambda route: route.fulfill(status=200, headers=CORS, content_type="application/json", body=level)


def keeping(routes: list[Route]) -> Callable[[Route], None]:
    """Answers nothing, so that the test can, when it wants."""

    def keep(route: Route) -> None:
        routes.append(route)

    return keep


@pytest.fixture(name="show")
def show_fixture(visitor: Callable[..., Page], stock: Stock) -> Callable[..., Page]:
    """Opens a product page with the label in it, its attributes' `_` for `-`."""

    def show(product_id: str, answer: Callable[[Route], None] | None = None, **attributes: Any) -> Page:
        page = visitor()
        given = {"product-id": product_id, "api-url": stock.api_url, "for": "buy", **attributes}
        written = " ".join(f'{name.replace("_", "-")}="{value}"' for name, value in given.items())
        body = PAGE % f"<inventory-widget {written}></inventory-widget>"
        page.route("**/product.html", lambda route: route.fulfill(content_type="text/html", body=body))
        if answer:
            page.route(f"{stock.api_url}/inventory/**", answer)
        page.add_init_script(LISTEN)
        page.clock.install()
        page.goto(f"{stock.site_url}/product.html")
        return page

    return show


@pytest.mark.parametrize(("stock_count", "text"), [(20, "In Stock"), (3, "Only 3 left!"), (0, "Out of Stock")])
def test_label_and_button_tell_what_is_available(
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
    assert page.evaluate("heard.at(-1)") == {
        "productId": product_id,
        "status": {20: "IN_STOCK", 3: "LOW_STOCK", 0: "OUT_OF_STOCK"}[stock_count],
        "available": stock_count,
        "purchasable": stock_count > 0,
    }
    accessible(page)


def test_what_others_hold_is_not_available(show: Callable[..., Page], product: Callable[..., str], api: Http) -> None:
    product_id = product(6)
    page = show(product_id)
    expect(label(page)).to_have_text("In Stock")
    held = {"reservationId": f"{product_id}.1", "quantity": 4}
    assert api("POST", f"/inventory/{product_id}/reserve", held).status == 201
    page.evaluate("document.querySelector('inventory-widget').refresh()")
    expect(label(page)).to_have_text("Only 2 left!")


def test_one_warehouse_may_be_meant(show: Callable[..., Page], product: Callable[..., str]) -> None:
    product(20, warehouse_id="main")
    page = show(product(2, warehouse_id="north"))
    expect(label(page)).to_have_text("In Stock")
    page.locator("inventory-widget").evaluate("widget => widget.setAttribute('warehouse-id', 'north')")
    expect(label(page)).to_have_text("Only 2 left!")


def test_until_an_answer_comes_it_is_loading(show: Callable[..., Page], accessible: Callable[[Page], None]) -> None:
    waiting: list[Route] = []
    page = show("desk", keeping(waiting))
    expect(label(page)).to_have_text("Checking stock…")
    expect(label(page)).to_have_attribute("aria-busy", "true")
    expect(page.locator("#buy")).to_be_disabled()
    accessible(page)
    answering(9)(waiting[0])
    expect(label(page)).to_have_text("In Stock")
    expect(label(page)).to_have_attribute("aria-busy", "false")
    assert page.evaluate("heard.map(({ status }) => status)") == ["LOADING", "IN_STOCK"]


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(lambda route: route.fulfill(status=500, headers=CORS, body='{"available": 5}'), id="a fault"),
        pytest.param(lambda route: route.fulfill(headers=CORS, body="<html>"), id="not JSON"),
        pytest.param(lambda route: route.fulfill(headers=CORS, body="{}"), id="not a level"),
        pytest.param(lambda route: route.abort(), id="no network"),
        pytest.param(None, id="an unknown product"),
    ],
)
def test_where_nobody_knows_it_says_so_and_nothing_is_sold(
    show: Callable[..., Page],
    accessible: Callable[[Page], None],
    category: str,
    answer: Callable[[Route], None] | None,
) -> None:
    page = show(category.replace(" ", "-"), answer)
    expect(label(page)).to_have_text(NOT_KNOWN)
    expect(page.locator("#buy")).to_be_disabled()
    assert page.evaluate("heard.at(-1)")["status"] == "UNAVAILABLE"
    accessible(page)


def test_an_answer_that_takes_too_long_is_none(show: Callable[..., Page]) -> None:
    page = show("desk", keeping([]), timeout_ms=2000)
    expect(label(page)).to_have_text("Checking stock…")
    page.clock.fast_forward(2000)
    expect(label(page)).to_have_text(NOT_KNOWN)


def test_it_asks_again_every_few_seconds(show: Callable[..., Page]) -> None:
    answers = iter([answering(9), answering(0), lambda route: route.abort(), answering(1, "LOW_STOCK")])

    def answer(route: Route) -> None:
        next(answers)(route)

    page = show("desk", answer, refresh_seconds=10)
    expect(label(page)).to_have_text("In Stock")
    for text, enabled in (("Out of Stock", False), (NOT_KNOWN, False), ("Only 1 left!", True)):
        page.clock.fast_forward(10_000)
        expect(label(page)).to_have_text(text)
        expect(page.locator("#buy")).to_be_enabled(enabled=enabled)


def test_it_asks_when_the_page_is_seen_again_and_not_while_it_is_hidden(show: Callable[..., Page]) -> None:
    asked: list[Route] = []

    def answer(route: Route) -> None:
        asked.append(route)
        answering(len(asked), "LOW_STOCK")(route)

    page = show("desk", answer, refresh_seconds=10)
    expect(label(page)).to_have_text("Only 1 left!")
    hidden = "hidden => { Object.defineProperty(document, 'hidden', { value: hidden, configurable: true }); }"
    page.evaluate(hidden, True)
    page.clock.fast_forward(60_000)
    assert len(asked) == 1
    page.evaluate(hidden, False)
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(label(page)).to_have_text("Only 2 left!")


def test_an_answer_about_the_product_before_is_dropped(show: Callable[..., Page]) -> None:
    late: list[Route] = []
    page = show("first", keeping(late))
    page.route("**/inventory/second", answering(2, "LOW_STOCK"))
    expect(label(page)).to_have_text("Checking stock…")
    page.locator("inventory-widget").evaluate("widget => widget.setAttribute('product-id', 'second')")
    expect(label(page)).to_have_text("Only 2 left!")
    for route in late:
        answering(7)(route)
    expect(label(page)).to_have_text("Only 2 left!")
    assert [event["productId"] for event in page.evaluate("heard")] == ["first", "second", "second"]


def test_a_button_that_the_page_disabled_stays_so(show: Callable[..., Page]) -> None:
    page = show("desk", answering(9), **{"for": ""})
    expect(label(page)).to_have_text("In Stock")
    page.locator("#buy").evaluate("button => { button.disabled = true; }")
    page.locator("inventory-widget").evaluate("widget => widget.setAttribute('for', 'buy')")
    page.locator("inventory-widget").evaluate("widget => widget.refresh()")
    expect(page.locator("#buy")).to_be_disabled()


def test_a_label_that_is_taken_away_lets_go_of_its_button(show: Callable[..., Page]) -> None:
    page = show("desk", answering(0))
    expect(page.locator("#buy")).to_be_disabled()
    page.locator("inventory-widget").evaluate("widget => widget.remove()")
    expect(page.locator("#buy")).to_be_enabled()


def test_texts_may_be_in_another_language(show: Callable[..., Page]) -> None:
    page = show("desk", answering(3, "LOW_STOCK"), label_low_stock="Nur noch {available} da")
    expect(label(page)).to_have_text("Nur noch 3 da")
    labels = "widget => { widget.labels = { LOW_STOCK: (left) => `Il en reste ${left}` }; }"
    page.locator("inventory-widget").evaluate(labels)
    expect(label(page)).to_have_text("Il en reste 3")


def test_colours_are_the_shops_to_choose(show: Callable[..., Page]) -> None:
    page = show("desk", answering(9))
    expect(label(page)).to_have_text("In Stock")
    page.locator("inventory-widget").evaluate(
        "widget => widget.style.setProperty('--inventory-in-stock-color', 'rgb(1, 2, 3)')"
    )
    expect(label(page)).to_have_css("color", "rgb(1, 2, 3)")
