"""The admin panel."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from ..integration.conftest import Http
from .conftest import Stock
from .routes import CORS, aborted, collecting, losing, rejecting

PANEL = "admin-panel.html"
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


def rows(page: Page) -> Locator:
    return page.locator("tr.level")


def row(page: Page, product_id: str) -> Locator:
    return rows(page).filter(has=page.get_by_role("rowheader", name=product_id, exact=True))


def expect_cells(page: Page, product_id: str, **labels: str) -> None:
    for label, text in labels.items():
        cell = row(page, product_id).locator(f"[data-label='{label.replace('_', ' ')}']")
        expect(cell).to_have_text(text)


def filter_by(page: Page, label: str, text: str) -> None:
    """Fill in a filter, and wait until its rows are loaded: the previous rows could match as well."""
    page.get_by_label(label).fill(text)
    expect(page.locator(".listing")).to_have_attribute("aria-busy", "false")


def filter_by_id(page: Page, product_id: str) -> None:
    """Show only products with a prefix of their ID, such as those of one test."""
    filter_by(page, "Product ID starts with", product_id)
    expect(rows(page)).not_to_have_count(0)
    expect(rows(page).filter(has_not_text=product_id)).to_have_count(0)


def open_editor(page: Page, product_id: str) -> Locator:
    """Open the editor of a product."""
    filter_by_id(page, product_id)
    row(page, product_id).get_by_role("button", name="Edit").click()
    return page.get_by_role("form", name=f"Edit {product_id} in main")


def test_panel_rejects_an_invalid_key_and_opens_with_a_valid_key(
    visitor: Callable[..., Page], stock: Stock, accessible: Callable[[Page], None]
) -> None:
    page = visitor()
    page.goto(f"{stock.site_url}/{PANEL}")
    key = page.get_by_label("API key")
    expect(key).to_be_focused()
    accessible(page)
    key.fill("wrong")
    key.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("The key was rejected")
    expect(page.get_by_role("alert")).to_contain_text("The API key is invalid")
    expect(key).to_have_value("wrong")
    expect(key).to_be_focused()
    accessible(page)
    page.get_by_role("button", name="Show key").click()
    expect(key).to_have_attribute("type", "text")
    accessible(page)
    page.get_by_role("button", name="Show key").click()
    expect(key).to_have_attribute("type", "password")
    key.fill(stock.api_key)
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", name="All stock")).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", name="All stock")).to_be_visible()
    page.get_by_role("button", name="Clear API key").click()
    expect(page.get_by_label("API key")).to_be_focused()
    assert page.evaluate("sessionStorage.getItem('stock-api-key')") is None


def test_key_that_cannot_be_checked_is_not_reported_as_rejected(visitor: Callable[..., Page], stock: Stock) -> None:
    page = visitor()
    page.route(f"{stock.api_url}/inventory*", aborted)
    page.goto(f"{stock.site_url}/{PANEL}")
    page.get_by_label("API key").fill("a-key")
    page.get_by_label("API key").press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("The key could not be checked")
    expect(page.get_by_label("API key")).to_have_value("a-key")


def test_stored_key_that_was_replaced_can_be_corrected(visitor: Callable[..., Page], stock: Stock) -> None:
    page = visitor()
    page.add_init_script("sessionStorage.setItem('stock-api-key', 'replaced')")
    page.goto(f"{stock.site_url}/{PANEL}")
    page.get_by_role("button", name="Change API key").click()
    key = page.get_by_label("API key")
    expect(key).to_be_focused()
    expect(key).to_have_value("replaced")
    key.fill(stock.api_key)
    key.press("Enter")
    expect(page.get_by_role("heading", name="All stock")).to_be_visible()
    assert page.evaluate("sessionStorage.getItem('stock-api-key')") == stock.api_key


def test_rejected_key_saves_no_change_and_can_be_corrected(
    visit: Callable[..., Page], product: Callable[..., str], stock: Stock, accessible: Callable[[Page], None]
) -> None:
    product_id = product(20)
    page = visit(PANEL)
    form = open_editor(page, product_id)
    page.route(f"**/inventory/{product_id}", rejecting("PUT"))
    form.get_by_label("On hand").fill("7")
    form.get_by_role("button", name="Save").click()
    expect(form.get_by_role("alert")).to_contain_text("No changes were saved")
    expect(form.get_by_role("alert")).to_contain_text("The API key is invalid")
    expect(form.get_by_role("alert")).not_to_contain_text("may have been")
    accessible(page)
    form.get_by_role("button", name="Change API key").click()
    expect(page.get_by_label("API key")).to_have_value(stock.api_key)


def test_rejected_key_does_not_hide_that_an_earlier_change_may_have_been_saved(
    visit: Callable[..., Page], product: Callable[..., str]
) -> None:
    product_id = product(20)
    page = visit(PANEL)
    form = open_editor(page, product_id)
    page.route(f"**/inventory/{product_id}", losing("PUT"))
    form.get_by_label("On hand").fill("7")
    form.get_by_role("button", name="Save").click()
    expect(form.get_by_role("alert")).to_contain_text(
        "The change may have been saved: The service could not be reached"
    )
    page.unroute(f"**/inventory/{product_id}")
    page.route(f"**/inventory/{product_id}", rejecting("PUT"))
    form.get_by_role("button", name="Save").click()
    expect(form.get_by_role("alert")).to_contain_text("The change may have been saved")
    form.get_by_label("On hand").fill("8")
    form.get_by_role("button", name="Save").click()
    expect(form.get_by_role("alert")).to_contain_text("This change was not saved")
    expect(form.get_by_role("alert")).to_contain_text("An earlier change might have been saved")
    page.unroute(f"**/inventory/{product_id}")
    form.get_by_label("On hand").fill("7")
    form.get_by_role("button", name="Save").click()
    expect_cells(page, product_id, On_hand="7")


def test_stock_is_searched_and_filtered(
    visit: Callable[..., Page], product: Callable[..., str], category: str, accessible: Callable[[Page], None]
) -> None:
    available, low, sold_out = product(1200, "plenty"), product(4, "few"), product(0, "none")
    page = visit(PANEL)
    filter_by(page, "Category", category)
    expect(rows(page)).to_have_count(3)
    expect_cells(
        page,
        available,
        Status="In stock",
        Available="1,200",
        On_hand="1,200",
        Reserved="0",
        Alert_at="5",
        Category=category,
    )
    expect_cells(page, low, Status="Low stock", Available="4")
    expect_cells(page, sold_out, Status="Out of stock", Available="0")
    accessible(page)
    page.get_by_label("Status").select_option("Low stock")
    expect(rows(page)).to_have_count(1)
    page.get_by_label("Status").select_option("Any")
    filter_by(page, "Product ID starts with", sold_out)
    expect(rows(page)).to_have_count(1)
    filter_by(page, "Product ID starts with", f"{sold_out}-not")
    expect(page.get_by_text("No products match these filters.")).to_be_visible()
    accessible(page)
    page.get_by_role("button", name="Clear filters").click()
    expect(page.get_by_label("Category")).to_have_value("")
    expect(rows(page)).not_to_have_count(0)


def test_pages_are_loaded_on_demand_for_the_current_filters(
    visit: Callable[..., Page], product: Callable[..., str], category: str
) -> None:
    for number in range(27):
        product(9, f"desk-{number:02}")
    page = visit(PANEL)
    more = page.get_by_role("button", name="Load more")
    filter_by(page, "Category", category)
    expect(rows(page)).to_have_count(25)
    more.click()
    expect(rows(page)).to_have_count(27)
    expect(more).to_have_count(0)
    expect(rows(page).nth(25).get_by_role("link")).to_be_focused()

    filter_by(page, "Category", "")
    filter_by(page, "Category", category)
    requests: list[Route] = []
    page.route("**/inventory?*search=*", collecting(requests), times=1)
    with page.expect_request("**/inventory?*search=*"):
        page.get_by_label("Product ID starts with").fill(category.lower().replace(" ", "-"))
        assert more.is_disabled(), "as soon as the filter is edited"
    expect(page.locator(".listing")).to_have_attribute("aria-busy", "true")
    requests[0].continue_()
    more.click()
    expect(rows(page)).to_have_count(27)


def test_stock_can_be_set_with_the_keyboard(
    visit: Callable[..., Page], product: Callable[..., str], accessible: Callable[[Page], None]
) -> None:
    product_id = product(20)
    page = visit(PANEL)
    filter_by_id(page, product_id)
    row(page, product_id).get_by_role("link").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("textbox", name="On hand")).to_be_focused()
    accessible(page)
    page.keyboard.type("7")
    page.keyboard.press("Tab")
    page.keyboard.type("8")
    page.keyboard.press("Enter")
    expect_cells(page, product_id, On_hand="7", Alert_at="8", Status="Low stock")
    expect(row(page, product_id).get_by_role("button", name="Edit")).to_be_focused()
    expect(page.locator("#messages")).to_contain_text("7 on hand")
    page.keyboard.press("Enter")
    page.keyboard.type("99")
    page.keyboard.press("Escape")
    expect(page.get_by_role("textbox", name="On hand")).to_have_count(0)
    expect(row(page, product_id).get_by_role("button", name="Edit")).to_be_focused()
    expect_cells(page, product_id, On_hand="7")


def test_stock_is_adjusted_with_a_reason(visit: Callable[..., Page], product: Callable[..., str], api: Http) -> None:
    product_id = product(20)
    page = visit(PANEL)
    form = open_editor(page, product_id)
    form.get_by_text("Change by").click()
    form.get_by_label("Add or remove").fill("-3")
    expect(form.get_by_text("New quantity on hand: 17")).to_be_visible()
    form.get_by_role("button", name="Save").click()
    expect(form.get_by_label("Reason")).to_be_focused()
    expect(form.get_by_text("Enter a reason")).to_be_visible()
    form.get_by_label("Reason").fill("Damaged")
    form.get_by_label("Category").fill("")
    form.get_by_role("button", name="Save").click()
    expect_cells(page, product_id, On_hand="17", Category="none")
    newest = api("GET", f"/inventory/{product_id}/movements").body["movements"][0]
    assert (newest["type"], newest["quantity"], newest["reason"]) == ("ADJUSTED", -3, "Damaged")


def test_invalid_value_is_reported_at_its_field(
    visit: Callable[..., Page],
    product: Callable[..., str],
    reserve: Callable[..., None],
    accessible: Callable[[Page], None],
) -> None:
    product_id = product(20)
    reserve(product_id, 5)
    page = visit(PANEL)
    form = open_editor(page, product_id)
    count = form.get_by_label("On hand")
    count.fill("-1")
    count.press("Enter")
    expect(count).to_have_attribute("aria-invalid", "true")
    expect(form.get_by_text("Enter a whole number of 0 or more")).to_be_visible()
    count.fill("2")
    count.press("Enter")
    alert = form.get_by_role("alert")
    expect(alert).to_contain_text("cannot be lower than the reserved quantity")
    expect(alert).to_contain_text("Request ID")
    expect(count).not_to_have_attribute("aria-invalid", "true")
    accessible(page)


@pytest.fixture(name="open_conflict")
def open_conflict_fixture(
    visit: Callable[..., Page], product: Callable[..., str], api: Http
) -> Callable[..., tuple[Page, str]]:
    """Open an editor, change several fields of its product with the API, and try to save the editor."""

    def open_conflict(width: int = 1280, **changes: str) -> tuple[Page, str]:
        product_id = product(50)
        page = visit(PANEL, width=width)
        form = open_editor(page, product_id)
        form.get_by_label("On hand").fill("45")
        update = {"stock_count": 40, "threshold_level": 8, **changes}
        assert api("PUT", f"/inventory/{product_id}", update).status == 200
        form.get_by_label("On hand").press("Enter")
        dialog = page.get_by_role("alertdialog", name="This item was changed while you were editing it")
        expect(dialog.get_by_role("row", name="On hand")).to_have_text(re.compile("^On hand4540$"))
        expect(dialog.get_by_role("row", name="Alert at")).to_contain_text("not edited")
        expect(dialog).to_contain_text("Your change was not saved.")
        expect(dialog.get_by_role("button", name="Keep the current values")).to_be_focused()
        return page, product_id

    return open_conflict


@pytest.fixture(name="conflict")
def conflict_fixture(open_conflict: Callable[..., tuple[Page, str]]) -> tuple[Page, str]:
    """Open a page with a conflict."""
    return open_conflict()


def test_conflict_can_keep_the_current_values(
    conflict: tuple[Page, str], api: Http, accessible: Callable[[Page], None]
) -> None:
    page, product_id = conflict
    accessible(page)
    page.get_by_role("button", name="Keep the current values").click()
    expect_cells(page, product_id, On_hand="40", Alert_at="8")
    assert api("GET", f"/inventory/{product_id}").body["stock_count"] == 40


def test_conflict_can_overwrite_the_current_values(conflict: tuple[Page, str], api: Http) -> None:
    page, product_id = conflict
    page.get_by_role("button", name="Overwrite with my values").click()
    expect_cells(page, product_id, On_hand="45", Alert_at="8")
    level = api("GET", f"/inventory/{product_id}").body
    assert (level["stock_count"], level["threshold_level"]) == (45, 8)


def test_overwriting_can_cause_another_conflict(conflict: tuple[Page, str], api: Http) -> None:
    page, product_id = conflict
    assert api("PUT", f"/inventory/{product_id}", {"stock_count": 30}).status == 200
    page.get_by_role("button", name="Overwrite with my values").click()
    dialog = page.get_by_role("alertdialog")
    expect(dialog.get_by_role("row", name="On hand")).to_have_text(re.compile("^On hand4530$"))
    page.get_by_role("button", name="Overwrite with my values").click()
    expect_cells(page, product_id, On_hand="45")


def test_change_without_a_response_can_be_saved_again_safely(
    visit: Callable[..., Page], product: Callable[..., str], accessible: Callable[[Page], None]
) -> None:
    product_id = product(20)
    page = visit(PANEL)
    form = open_editor(page, product_id)
    requests: list[tuple[str, str | None]] = []

    def lose(route: Route) -> None:
        if route.request.method != "PUT":
            route.continue_()
            return
        requests.append((route.request.headers["idempotency-key"], route.request.post_data))
        if "Counted again" in (route.request.post_data or ""):
            conflict = {"error": "Changed", "code": "VERSION_CONFLICT", "details": ["version 2"]}
            route.fulfill(status=409, json=conflict, headers=CORS)
        else:
            route.abort()

    page.route(f"**/inventory/{product_id}", lose)
    form.get_by_text("Change by").click()
    form.get_by_label("Add or remove").fill("+5")
    form.get_by_label("Reason").fill("Counted")
    for attempts in (3, 6):
        form.get_by_role("button", name="Save").click()
        expect(form.get_by_role("alert")).to_contain_text("The change may have been saved")
        expect(form).to_have_attribute("aria-busy", "false")
        assert len(requests) == attempts
    accessible(page)
    assert len(set(requests)) == 1
    form.get_by_label("Reason").fill("Counted again")
    form.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alertdialog")).to_contain_text("Your earlier change may have been saved")
    assert len({key for key, _ in requests}) == 2


def test_empty_pages_are_skipped(visit: Callable[..., Page], product: Callable[..., str], stock: Stock) -> None:
    page = visit(f"{PANEL}#/product/{product()}")
    expect(page.locator(".tiles")).to_be_visible()
    level = {"product_id": "late", "warehouse_id": "main", "stock_count": 3, "reserved_count": 0, "available": 3}
    level |= {"threshold_level": 5, "status": "LOW_STOCK", "last_updated": "2026-01-01T00:00:00Z", "version": 1}

    def respond(route: Route) -> None:
        is_first = "page_token" not in route.request.url
        page_of_levels = {"levels": [] if is_first else [level], "next_page_token": "second" if is_first else None}
        route.fulfill(json=page_of_levels, headers=CORS)

    page.route(f"{stock.api_url}/inventory*", respond)
    page.reload()
    expect(page.locator("#attention-count")).to_have_text("2")
    page.get_by_role("link", name="All stock").last.click()
    expect(rows(page)).to_have_count(1)
    expect(page.get_by_role("button", name="Load more")).to_have_count(0)


def test_products_that_need_attention_are_listed(
    visit: Callable[..., Page], product: Callable[..., str], accessible: Callable[[Page], None]
) -> None:
    available, low, sold_out = product(20, "plenty"), product(4, "few"), product(0, "none")
    page = visit(PANEL)
    page.get_by_role("link", name="Needs attention").click()
    expect(page.get_by_role("heading", name="Needs attention")).to_be_visible()
    expect(rows(page)).not_to_have_count(0)
    more = page.get_by_role("button", name="Load more")
    while more.count():
        before = rows(page).count()
        more.click()
        expect(rows(page)).not_to_have_count(before)
        expect(page.locator(".below .loading")).to_have_count(0)
    expect_cells(page, low, Status="Low stock")
    expect_cells(page, sold_out, Status="Out of stock")
    expect(row(page, available)).to_have_count(0)
    expect(rows(page).first).to_contain_text("Out of stock")
    expect(page.locator("#attention-count")).not_to_have_text("0")
    accessible(page)


def test_reservations_of_a_product_can_be_released(
    visit: Callable[..., Page],
    product: Callable[..., str],
    reserve: Callable[..., None],
    accessible: Callable[[Page], None],
) -> None:
    product_id = product(20)
    reserve(product_id, 1, lifetime_minutes=60)
    reserve(product_id, 2, lifetime_minutes=5)
    page = visit(f"{PANEL}#/product/{product_id}")
    reservations = page.get_by_role("region", name="Reservations").locator("tbody tr")
    expect(reservations).to_have_count(2)
    expect(reservations.first).to_contain_text(f"{product_id}.2")
    expect(reservations.first.locator(".time-left")).to_have_text(re.compile(r"^[45]:\d\d$|^6:00$|^5:\d\d$"))
    expect_cells(page, product_id, Reserved="3", Available="17")
    accessible(page)
    reservations.first.get_by_role("button", name="Release").click()
    dialog = page.get_by_role("dialog", name="Release this reservation?")
    accessible(page)
    dialog.get_by_role("button", name="Cancel").click()
    expect(reservations).to_have_count(2)
    reservations.first.get_by_role("button", name="Release").click()
    dialog.get_by_role("button", name="Release").click()
    expect(reservations).to_have_count(1)
    expect_cells(page, product_id, Reserved="1", Available="19")


def test_movements_appear_in_a_table_and_a_chart(
    visit: Callable[..., Page], product: Callable[..., str], api: Http, accessible: Callable[[Page], None]
) -> None:
    product_id = product(20)
    for count in range(21, 73):
        assert api("PUT", f"/inventory/{product_id}", {"stock_count": count}).status == 200
    page = visit(f"{PANEL}#/product/{product_id}")
    movements = page.get_by_role("region", name="Movements")
    expect(movements.locator("tbody tr")).to_have_count(50)
    expect(movements.locator("tbody tr").first).to_contain_text("Updated+1")
    chart = page.get_by_role("img", name=f"Stock of {product_id} in main over time")
    expect(chart).to_be_visible()
    expect(chart.locator("path.stock")).to_have_attribute("d", re.compile(r"^M[\d.]+ [\d.]+H"))
    expect(chart.locator("path.threshold")).to_have_attribute("d", re.compile(r"^M[\d.]+ [\d.]+H"))
    expect(chart.locator("desc")).to_contain_text("from 23 to 72")
    movements.get_by_role("button", name="Load more").click()
    expect(movements.locator("tbody tr")).to_have_count(53)
    expect(movements.locator("tbody tr").last).to_contain_text("Created")
    expect(chart.locator("desc")).to_contain_text("from 20 to 72")
    chart.hover()
    expect(page.locator(".chart-reading")).to_contain_text("on hand")
    accessible(page)


def test_each_warehouse_has_a_level_and_a_chart(visit: Callable[..., Page], product: Callable[..., str]) -> None:
    product(20)
    product_id = product(3, warehouse_id="north")
    page = visit(f"{PANEL}#/product/{product_id}")
    expect(rows(page)).to_have_count(2)
    expect(page.get_by_role("img", name="in main over time")).to_be_visible()
    page.get_by_label("Warehouse").select_option("north")
    expect(page.get_by_role("img", name="in north over time")).to_be_visible()
    expect(page.locator(".tiles")).to_contain_text("23")


def test_change_of_a_product_appears_in_its_movements(visit: Callable[..., Page], product: Callable[..., str]) -> None:
    product_id = product(20)
    page = visit(f"{PANEL}#/product/{product_id}")
    row(page, product_id).get_by_role("button", name="Edit").click()
    page.get_by_role("textbox", name="On hand").fill("2")
    page.get_by_role("textbox", name="On hand").press("Enter")
    expect(page.locator(".tiles")).to_contain_text("Low stock")
    expect(page.get_by_role("region", name="Movements").locator("tbody tr").first).to_contain_text("\N{MINUS SIGN}18")


def test_outdated_response_is_ignored(visit: Callable[..., Page], product: Callable[..., str], api: Http) -> None:
    product_id = product(20)
    page = visit(f"{PANEL}#/product/{product_id}")
    expect(page.locator(".tiles")).to_contain_text("20")
    outdated: list[Route] = []

    def collect(route: Route) -> None:
        if outdated:
            route.continue_()
        else:
            outdated.append(route)

    page.route(f"**/inventory/{product_id}/level", collect)
    page.get_by_role("button", name="Refresh").click()
    with page.expect_response(f"**/inventory/{product_id}/level"):
        page.get_by_role("button", name="Refresh").click()
    old = api("GET", f"/inventory/{product_id}").body
    for level in (old, *old["warehouses"]):
        level["stock_count"] = 77
    with page.expect_response(f"**/inventory/{product_id}/level"):
        outdated[0].fulfill(json=old, headers=CORS)
    page.wait_for_timeout(300)
    expect(page.locator(".tiles")).not_to_contain_text("77")
    expect_cells(page, product_id, On_hand="20")


def test_missing_product_is_reported(visit: Callable[..., Page], accessible: Callable[[Page], None]) -> None:
    page = visit(f"{PANEL}#/product/no-such-product")
    expect(page.get_by_role("alert")).to_contain_text("The product could not be loaded")
    accessible(page)


@pytest.fixture(name="reserved")
def reserved_fixture(
    visit: Callable[..., Page], product: Callable[..., str], reserve: Callable[..., None]
) -> tuple[Page, str]:
    """Open the details of a product and the dialog that confirms the release of its only reservation."""
    product_id = product(20)
    reserve(product_id, 2)
    page = visit(f"{PANEL}#/product/{product_id}")
    page.get_by_role("button", name=f"Release {product_id}.2").click()
    return page, product_id


def test_release_uses_the_route_for_administrators(reserved: tuple[Page, str]) -> None:
    page, product_id = reserved
    with page.expect_request(f"**/inventory/{product_id}/reservations/{product_id}.2") as request:
        page.get_by_role("dialog").get_by_role("button", name="Release").click()
    assert request.value.method == "DELETE"
    expect(page.get_by_text("There are no reservations of this product.")).to_be_visible()
    expect(page.locator("#messages")).to_contain_text(f"Released 2 units of {product_id}.")


def test_rejected_key_releases_no_reservation(reserved: tuple[Page, str], accessible: Callable[[Page], None]) -> None:
    page, _ = reserved
    page.route("**/reservations/*", rejecting("DELETE"))
    page.get_by_role("dialog").get_by_role("button", name="Release").click()
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("The reservation was not released")
    expect(alert.get_by_role("button", name="Change API key")).to_be_visible()
    accessible(page)


def test_release_without_a_response_can_be_repeated(reserved: tuple[Page, str]) -> None:
    page, product_id = reserved
    page.route("**/reservations/*", aborted)
    page.get_by_role("dialog").get_by_role("button", name="Release").click()
    expect(page.get_by_role("alert")).to_contain_text("The reservation may have been released")
    page.unroute("**/reservations/*")
    page.get_by_role("button", name=f"Release {product_id}.2").click()
    page.get_by_role("dialog").get_by_role("button", name="Release").click()
    expect(page.get_by_text("There are no reservations of this product.")).to_be_visible()
    expect(page.get_by_role("alert")).to_have_count(0)


def test_reservation_that_no_longer_exists_is_reported_and_removed(reserved: tuple[Page, str], api: Http) -> None:
    page, product_id = reserved
    assert api("DELETE", f"/inventory/{product_id}/reserve/{product_id}.2").status == 204
    page.get_by_role("dialog").get_by_role("button", name="Release").click()
    expect(page.get_by_role("alert")).to_contain_text("The reservation was not released")
    expect(page.get_by_text("There are no reservations of this product.")).to_be_visible()


@pytest.mark.parametrize(
    ("respond", "title"),
    [
        (rejecting("POST"), "The stock level was not repaired"),
        (aborted, "The stock level may have been repaired"),
    ],
    ids=["rejected", "lost"],
)
def test_outcome_of_a_repair_is_reported(
    visit: Callable[..., Page], product: Callable[..., str], respond: Callable[[Route], None], title: str
) -> None:
    product_id = product()
    page = visit(f"{PANEL}#/product/{product_id}")
    drift = {"warehouse_id": "main", "field": "reserved_count", "counted": 0, "found": 2}
    body = {"product_id": product_id, "repaired": False, "drifts": [drift]}
    page.route("**/reconcile", lambda route: route.fulfill(json=body, headers=CORS))
    page.get_by_role("button", name="Reconcile").click()
    page.get_by_role("button", name="Repair").click()
    page.unroute("**/reconcile")
    page.route("**/reconcile", respond)
    page.get_by_role("dialog").get_by_role("button", name="Repair").click()
    expect(page.get_by_role("alert")).to_contain_text(title)


def test_failed_check_is_not_reported_as_a_repair(visit: Callable[..., Page], product: Callable[..., str]) -> None:
    page = visit(f"{PANEL}#/product/{product()}")
    page.route("**/reconcile", aborted)
    page.get_by_role("button", name="Reconcile").click()
    expect(page.get_by_role("alert")).to_contain_text("The stock level could not be checked")


def test_reconciling_reports_that_no_differences_were_found(
    visit: Callable[..., Page], product: Callable[..., str], accessible: Callable[[Page], None]
) -> None:
    page = visit(f"{PANEL}#/product/{product()}")
    page.get_by_role("button", name="Reconcile").click()
    expect(page.get_by_text("No differences found")).to_be_visible()
    accessible(page)


def test_reconciling_reports_and_repairs_differences(
    visit: Callable[..., Page], product: Callable[..., str], accessible: Callable[[Page], None]
) -> None:
    product_id = product()
    page = visit(f"{PANEL}#/product/{product_id}")

    def drifted(route: Route) -> None:
        if route.request.method != "POST":
            route.continue_()
            return
        drift = {"warehouse_id": "main", "field": "reserved_count", "counted": 0, "found": 2}
        repaired = json.loads(route.request.post_data or "{}")["repair"]
        body = {"product_id": product_id, "repaired": repaired, "drifts": [drift]}
        route.fulfill(json=body, headers=CORS)

    page.route("**/reconcile", drifted)
    page.get_by_role("button", name="Reconcile").click()
    expect(page.get_by_text("main: reserved_count is 2, expected 0")).to_be_visible()
    accessible(page)
    page.get_by_role("button", name="Repair").click()
    page.get_by_role("dialog").get_by_role("button", name="Repair").click()
    expect(page.get_by_text("Repaired", exact=True)).to_be_visible()


def test_product_is_added(
    visit: Callable[..., Page], category: str, api: Http, accessible: Callable[[Page], None]
) -> None:
    product_id = f"{category.lower().replace(' ', '-')}-new"
    page = visit(PANEL)
    for is_new in (True, False):
        page.goto(page.url.split("#", maxsplit=1)[0] + "#/")
        page.get_by_role("button", name="New product").click()
        dialog = page.get_by_role("dialog", name="New product")
        dialog.get_by_role("button", name="Add product").click()
        expect(dialog.get_by_text("Enter a product ID")).to_be_visible()
        accessible(page)
        for label, text in {"Product ID": product_id, "On hand": "6", "Alert at": "2", "Category": category}.items():
            dialog.get_by_label(label).fill(text)
        dialog.get_by_label("Category").press("Enter")
        if is_new:
            expect(page.get_by_role("heading", name=product_id)).to_be_visible()
    expect(dialog.get_by_role("alert")).to_contain_text("This item already exists")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    level = api("GET", f"/inventory/{product_id}?warehouse_id=main").body
    assert (level["stock_count"], level["threshold_level"], level["category"]) == (6, 2, category)


def test_product_is_added_once_if_the_response_is_lost(
    visit: Callable[..., Page], category: str, accessible: Callable[[Page], None]
) -> None:
    product_id = f"{category.lower().replace(' ', '-')}-new"
    page = visit(PANEL)
    page.get_by_role("button", name="New product").click()
    dialog = page.get_by_role("dialog", name="New product")
    dialog.get_by_label("Product ID").fill(product_id)
    dialog.get_by_label("On hand").fill("6")
    page.route("**/inventory", losing("POST"))
    dialog.get_by_role("button", name="Add product").click()
    expect(dialog.get_by_role("alert")).to_contain_text("The change may have been saved")
    accessible(page)
    page.unroute("**/inventory")
    dialog.get_by_role("button", name="Add product").click()
    expect(page.get_by_role("heading", name=product_id)).to_be_visible()


def test_rejected_key_adds_no_product_and_can_be_corrected(
    visit: Callable[..., Page], category: str, stock: Stock
) -> None:
    page = visit(PANEL)
    page.get_by_role("button", name="New product").click()
    dialog = page.get_by_role("dialog", name="New product")
    dialog.get_by_label("Product ID").fill(category.replace(" ", "-"))
    dialog.get_by_label("On hand").fill("6")
    page.route("**/inventory", rejecting("POST"))
    dialog.get_by_role("button", name="Add product").click()
    expect(dialog.get_by_role("alert")).to_contain_text("No changes were saved")
    dialog.get_by_role("button", name="Change API key").click()
    expect(dialog).to_have_count(0)
    expect(page.get_by_label("API key")).to_have_value(stock.api_key)


def test_failed_request_can_be_retried(
    visit: Callable[..., Page], stock: Stock, accessible: Callable[[Page], None]
) -> None:
    page = visit(f"{PANEL}#/product/none")
    body = {"error": "Out of order", "code": "INTERNAL_ERROR", "requestId": "request-7", "details": []}

    def fail(route: Route) -> None:
        route.fulfill(status=500, json=body, headers=CORS)

    page.route(f"{stock.api_url}/inventory*", fail)
    page.get_by_role("link", name="All stock").last.click()
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("Out of order")
    expect(alert).to_contain_text("request-7")
    accessible(page)
    page.unroute(f"{stock.api_url}/inventory*", fail)
    page.get_by_role("button", name="Try again").click()
    expect(alert).to_have_count(0)


def test_markup_in_stored_values_is_escaped(visit: Callable[..., Page], product: Callable[..., str], api: Http) -> None:
    product_id = product(5)
    markup = "<img src=x onerror=alert(1)>"
    changes = {"adjustment": 1, "reason": markup, "category": markup}
    assert api("PUT", f"/inventory/{product_id}", changes).status == 200
    page = visit(f"{PANEL}#/product/{product_id}")
    expect(page.get_by_role("region", name="Movements")).to_contain_text(markup)
    expect_cells(page, product_id, Category=markup)
    assert page.locator("img[src=x]").count() == 0


def test_panel_fits_a_phone(
    visit: Callable[..., Page], product: Callable[..., str], accessible: Callable[[Page], None]
) -> None:
    product_id = product(4, name="a-product-with-quite-a-long-name-as-real-ones-have")
    page = visit(PANEL, width=375)
    open_editor(page, product_id).get_by_text("Change by").click()
    assert page.evaluate(OVERFLOW) <= 0
    accessible(page)
    page.keyboard.press("Escape")
    row(page, product_id).get_by_role("link").click()
    expect(page.get_by_role("img", name="over time")).to_be_visible()
    expect(page.get_by_role("region", name="Movements")).to_contain_text("Created")
    assert page.evaluate(OVERFLOW) <= 0
    accessible(page)


def test_conflict_fits_a_phone(
    open_conflict: Callable[..., tuple[Page, str]], accessible: Callable[[Page], None]
) -> None:
    page, _ = open_conflict(width=375, category="A category with a long name " * 3)
    assert page.evaluate(OVERFLOW) <= 0
    accessible(page)


def test_link_skips_to_the_main_content(visit: Callable[..., Page], product: Callable[..., str]) -> None:
    product()
    page = visit(PANEL)
    expect(rows(page)).not_to_have_count(0)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to main content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    expect(page.get_by_role("heading", name="All stock")).to_be_visible()


def test_missing_configuration_is_reported(visitor: Callable[..., Page], stock: Stock) -> None:
    page = visitor()
    page.route("**/config.json", lambda route: route.fulfill(status=404))
    page.goto(f"{stock.site_url}/{PANEL}")
    expect(page.get_by_role("alert")).to_contain_text("config.json is missing")
