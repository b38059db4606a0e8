"""The demo shop: reserve, release, and sell items as one or two visitors."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from ..integration.conftest import Http
from .conftest import Stock
from .routes import CORS, aborted, losing, rejecting


def product_card(page: Page, name: str) -> Locator:
    return page.get_by_role("listitem").filter(has=page.get_by_role("heading", name=name))


def add_button(page: Page, name: str) -> Locator:
    return product_card(page, name).get_by_role("button", name="Add to cart")


def cart(page: Page) -> Locator:
    return page.get_by_role("complementary", name="Your cart")


def title(product_id: str) -> str:
    return product_id.replace("-", " ").capitalize()


def cart_line(quantity: int, name: str) -> str:
    return f"{quantity} \N{MULTIPLICATION SIGN} {name}"


@pytest.fixture(name="shop")
def shop_fixture(visit: Callable[..., Page], category: str) -> Callable[..., Page]:
    """Open the shop with the products of the current test."""

    def shop(**options: Any) -> Page:
        return visit(f"index.html?category={quote(category)}", **options)

    return shop


def counts(api: Http, product_id: str) -> tuple[int, int]:
    level = api("GET", f"/inventory/{product_id}").body
    return level["stock_count"], level["reserved_count"]


def test_shop_explains_and_prompts_for_the_api_key(
    visitor: Callable[..., Page], stock: Stock, accessible: Callable[[Page], None]
) -> None:
    page = visitor()
    page.goto(f"{stock.site_url}/index.html")
    expect(page.get_by_text("browsers never receive it")).to_be_visible()
    accessible(page)
    page.get_by_label("API key").fill("wrong")
    page.get_by_role("button", name="Open the shop").click()
    expect(page.get_by_role("alert")).to_contain_text("The API key is invalid")
    page.get_by_label("API key").fill(stock.api_key)
    page.get_by_role("button", name="Open the shop").click()
    expect(page.get_by_role("heading", name="Your cart")).to_be_visible()
    page.get_by_role("button", name="Clear API key").click()
    expect(page.get_by_label("API key")).to_be_visible()


def test_item_is_reserved_released_and_sold(
    shop: Callable[..., Page], product: Callable[..., str], api: Http, accessible: Callable[[Page], None]
) -> None:
    desk, lamp = product(20, "desk"), product(3, "lamp")
    page = shop()
    expect(product_card(page, title(lamp)).get_by_role("status")).to_have_text("Low Stock (3 left)")
    expect(cart(page)).to_contain_text("Your cart is empty")
    for name in (desk, lamp, lamp):
        add_button(page, title(name)).click()
        expect(add_button(page, title(name))).not_to_have_attribute("aria-busy", "true")
    expect(cart(page)).to_contain_text(cart_line(2, title(lamp)))
    expect(cart(page).get_by_role("timer").first).to_contain_text("Reserved for 1")
    expect(product_card(page, title(lamp)).get_by_role("status")).to_have_text("Low Stock (1 left)")
    assert (counts(api, desk), counts(api, lamp)) == ((20, 1), (3, 2))
    accessible(page)
    page.reload()
    expect(cart(page)).to_contain_text(cart_line(2, title(lamp)))
    cart(page).get_by_role("button", name=f"Remove {title(lamp)}").click()
    expect(product_card(page, title(lamp)).get_by_role("status")).to_have_text("Low Stock (3 left)")
    assert counts(api, lamp) == (3, 0)
    cart(page).get_by_role("button", name="Check out").click()
    expect(cart(page).get_by_role("status")).to_contain_text(cart_line(1, title(desk)))
    expect(cart(page)).to_contain_text("Your cart is empty")
    assert counts(api, desk) == (19, 0)
    accessible(page)


def test_only_one_visitor_reserves_the_last_unit(
    shop: Callable[..., Page], product: Callable[..., str], api: Http, accessible: Callable[[Page], None]
) -> None:
    product_id = product(1)
    name = title(product_id)
    first, second = shop(), shop()
    for page in (first, second):
        expect(add_button(page, name)).to_be_enabled()
    # The second visitor has an outdated page.
    second.route(
        f"**/inventory/{product_id}",
        lambda route: route.fulfill(json={"available": 1, "status": "LOW_STOCK"}, headers=CORS),
    )
    add_button(first, name).click()
    expect(cart(first)).to_contain_text(cart_line(1, name))
    expect(product_card(first, name).get_by_role("status").first).to_have_text("Out of Stock")
    expect(add_button(first, name)).to_be_disabled()
    add_button(second, name).click()
    expect(product_card(second, name).get_by_role("alert")).to_contain_text("This item has sold out")
    accessible(second)
    second.unroute(f"**/inventory/{product_id}")
    expect(add_button(second, name)).to_be_disabled(timeout=10_000)
    cart(first).get_by_role("button", name="Remove").click()
    expect(add_button(second, name)).to_be_enabled(timeout=10_000)
    add_button(second, name).click()
    cart(second).get_by_role("button", name="Check out").click()
    expect(cart(second)).to_contain_text("Thank you!")
    assert counts(api, product_id) == (0, 0)


def test_checkout_reports_an_expired_reservation(
    shop: Callable[..., Page], product: Callable[..., str], api: Http, accessible: Callable[[Page], None]
) -> None:
    desk, lamp = product(20, "desk"), product(20, "lamp")
    page = shop()
    for name in (desk, lamp):
        add_button(page, title(name)).click()
        expect(cart(page)).to_contain_text(title(name))
    reservation_id = api("GET", f"/inventory/{lamp}/reservations").body["reservations"][0]["reservationId"]
    assert api("DELETE", f"/inventory/{lamp}/reserve/{reservation_id}").status == 204
    cart(page).get_by_role("button", name="Check out").click()
    alert = cart(page).get_by_role("alert")
    expect(alert).to_contain_text(f"{title(lamp)} was not sold")
    expect(alert).to_contain_text("The reservation expired")
    expect(cart(page).get_by_role("status")).to_contain_text(cart_line(1, title(desk)))
    accessible(page)
    assert (counts(api, desk), counts(api, lamp)) == ((19, 0), (20, 0))


def test_cart_shows_the_time_left_of_a_reservation(shop: Callable[..., Page], product: Callable[..., str]) -> None:
    name = title(product(20))
    page = shop(own_context=True)
    page.clock.install()
    page.reload()
    page.get_by_label("Reserve items for").select_option("1 minute")
    add_button(page, name).click()
    expect(cart(page).get_by_role("timer")).to_contain_text("Reserved for")
    page.clock.fast_forward("03:00")
    expect(cart(page).get_by_role("timer")).to_have_text("Reservation expired")
    expect(page.locator("#messages")).to_contain_text("has expired")


def bad_gateway(route: Route) -> None:
    route.fulfill(status=502, json={"message": "Bad gateway"}, headers=CORS)


@pytest.mark.parametrize("respond", [aborted, bad_gateway])
def test_item_is_reserved_once_if_the_response_is_lost(
    shop: Callable[..., Page], product: Callable[..., str], api: Http, respond: Callable[[Route], None]
) -> None:
    product_id = product(20)
    page = shop()
    page.route("**/reserve", losing("POST", respond))
    add_button(page, title(product_id)).click()
    expect(product_card(page, title(product_id)).get_by_role("alert")).to_contain_text(
        "The item may have been reserved"
    )
    page.unroute("**/reserve")
    product_card(page, title(product_id)).get_by_role("button", name="Try again").click()
    expect(cart(page)).to_contain_text(cart_line(1, title(product_id)))
    assert counts(api, product_id) == (20, 1)


def test_item_is_sold_once_if_the_response_is_lost(
    shop: Callable[..., Page], product: Callable[..., str], api: Http
) -> None:
    product_id = product(20)
    page = shop()
    add_button(page, title(product_id)).click()
    page.route("**/fulfill", losing("POST"))
    cart(page).get_by_role("button", name="Check out").click()
    expect(cart(page).get_by_role("alert")).to_contain_text("may have been sold")
    page.unroute("**/fulfill")
    page.reload()
    cart(page).get_by_role("button", name="Check out").click()
    expect(cart(page).get_by_role("status")).to_contain_text(cart_line(1, title(product_id)))
    expect(cart(page)).to_contain_text("Your cart is empty")
    assert counts(api, product_id) == (19, 0)


def test_failed_release_is_reported_and_can_be_repeated(
    shop: Callable[..., Page], product: Callable[..., str], api: Http
) -> None:
    product_id = product(20)
    page = shop()
    add_button(page, title(product_id)).click()
    remove = cart(page).get_by_role("button", name="Remove")
    page.route("**/inventory/reserve/*", bad_gateway)
    remove.click()
    expect(cart(page).get_by_role("alert")).to_contain_text(f"{title(product_id)} may still be reserved")
    expect(page.locator("#messages")).not_to_contain_text("was removed")
    page.unroute("**/inventory/reserve/*")
    remove.click()
    expect(page.locator("#messages")).to_contain_text("was removed")
    expect(cart(page).get_by_role("alert")).to_have_count(0)
    assert counts(api, product_id) == (20, 0)


def test_rejected_key_adds_no_item_to_the_cart(shop: Callable[..., Page], product: Callable[..., str]) -> None:
    product_id = product(20)
    page = shop()
    page.route("**/reserve", rejecting("POST"))
    add_button(page, title(product_id)).click()
    expect(product_card(page, title(product_id)).get_by_role("alert")).to_contain_text("The item was not added")
    expect(cart(page)).to_contain_text("Your cart is empty")


@pytest.mark.parametrize("product_id", ["constructor", "toString", "hasOwnProperty"])
def test_products_named_like_object_properties_are_sold(
    shop: Callable[..., Page], visit: Callable[..., Page], api: Http, category: str, product_id: str
) -> None:
    level = {"product_id": product_id, "warehouse_id": uuid.uuid4().hex, "category": category, "stock_count": 20}
    assert api("POST", "/inventory", {"threshold_level": 5, **level}).status == 201
    name = product_id[0].upper() + product_id[1:]
    page = shop()
    expect(product_card(page, name).get_by_role("status")).to_contain_text("In Stock")
    for quantity in (1, 2):
        add_button(page, name).click()
        expect(cart(page)).to_contain_text(cart_line(quantity, name))
    page.reload()
    cart(page).get_by_role("button", name=f"Remove {name}").click()
    expect(cart(page)).to_contain_text("Your cart is empty")
    add_button(page, name).click()
    expect(cart(page)).to_contain_text(cart_line(1, name))
    cart(page).get_by_role("button", name="Check out").click()
    expect(cart(page).get_by_role("status")).to_contain_text(cart_line(1, name))
    panel = visit(f"admin-panel.html#/product/{product_id}")
    expect(panel.get_by_role("heading", name=product_id, exact=True)).to_be_visible()
    expect(panel.get_by_role("region", name="Movements")).to_contain_text("Sold")


def test_product_with_the_id_proto_can_be_reserved(shop: Callable[..., Page], stock: Stock) -> None:
    level = {"product_id": "__proto__", "available": 9, "status": "IN_STOCK"}
    requests: list[dict[str, Any]] = []

    def respond(route: Route) -> None:
        if route.request.method == "POST":
            requests.append(json.loads(route.request.post_data or "{}"))
            reservation = {**requests[-1], "expiry": "2100-01-01T00:00:00Z", "lines": []}
            route.fulfill(status=201, json=reservation, headers=CORS)
        elif "/inventory/" in route.request.url:
            route.fulfill(json=level, headers=CORS)
        elif route.request.method == "GET":
            route.fulfill(json={"levels": [level], "next_page_token": None}, headers=CORS)
        else:
            route.continue_()

    page = shop()
    page.route(f"{stock.api_url}/inventory**", respond)
    page.reload()
    for quantity in (1, 2):
        add_button(page, "Proto").click()
        expect(cart(page)).to_contain_text(cart_line(quantity, "Proto"))
    assert len({request["reservationId"] for request in requests}) == 2
    page.reload()
    expect(cart(page)).to_contain_text(cart_line(2, "Proto"))


def test_shop_fits_a_phone(
    shop: Callable[..., Page], product: Callable[..., str], accessible: Callable[[Page], None]
) -> None:
    name = title(product(20))
    page = shop(width=375)
    add_button(page, name).click()
    expect(cart(page)).to_contain_text(name)
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    accessible(page)
