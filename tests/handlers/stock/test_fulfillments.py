"""Sales of reserved and available units."""

from __future__ import annotations

from typing import Any

import pytest

from lib.runtime.attributes import to_item

from ...support.worker import assert_error
from .conftest import Shop
from .consistency import check
from .test_reservations import counts, line


def test_available_units_are_sold_from_the_requested_or_any_warehouse(shop: Shop) -> None:
    shop.create(warehouse_id="north", stock_count=2)
    shop.create(warehouse_id="south", stock_count=5)
    assert shop.fulfill(quantity=4).body["lines"][0]["warehouse_id"] == "south"
    assert_error(shop.fulfill(quantity=2, warehouse_id="south"), 409, "INSUFFICIENT_STOCK", "1 available")
    assert shop.fulfill(quantity=1, warehouse_id="south").status == 200
    check(shop)


def test_reserved_cart_is_sold_as_a_whole_or_by_product(shop: Shop) -> None:
    for product in ("a", "b", "c"):
        shop.create(product)
    shop.reserve_cart("cart", line("a"), line("b", 2), line("c", 3))
    assert [sold["product_id"] for sold in shop.fulfill("b", reservationId="cart").body["lines"]] == ["b"]
    assert [sold["product_id"] for sold in shop.fulfill_cart(reservationId="cart").body["lines"]] == ["a", "c"]
    assert [counts(shop, product)[:2] for product in ("a", "b", "c")] == [(9, 0), (8, 0), (7, 0)]
    check(shop)


@pytest.mark.parametrize("fields", [{}, {"quantity": 4}, {"quantity": 4, "warehouse_id": "main"}])
def test_repeated_fulfillment_receives_the_same_response(shop: Shop, fields: dict[str, Any]) -> None:
    shop.create()
    shop.reserve("r", 4)
    first = shop.fulfill(reservationId="r", reference="order 1", **fields)
    assert first.status == 200
    shop.fulfill(quantity=1)
    shop.clock.now += 90_000
    assert shop.fulfill(reservationId="r", reference="order 1", **fields).text == first.text
    assert counts(shop) == (5, 0, 5)
    check(shop)


def test_repeated_fulfillment_of_a_cart_compares_each_product(shop: Shop) -> None:
    cart = [line("lamp", 1), line("desk", 2), line("bed", 3)]
    for part in cart:
        shop.create(part["product_id"], stock_count=20 + part["quantity"])
    shop.reserve_cart("cart", *cart)
    first = shop.fulfill_cart(reservationId="cart")
    assert first.status == 200
    assert shop.fulfill_cart(reservationId="cart").text == first.text
    assert shop.fulfill_cart(*cart, reservationId="cart").text == first.text
    assert_error(
        shop.fulfill_cart(line("lamp", 2), reservationId="cart"), 409, "RESERVATION_CONFLICT", "1 of lamp in main"
    )


def test_repeated_fulfillment_of_one_product_receives_its_response(shop: Shop) -> None:
    cart = [line("lamp", 1), line("desk", 2), line("bed", 3)]
    for part in cart:
        shop.create(part["product_id"])
    shop.reserve_cart("cart", *cart)
    first = shop.fulfill("lamp", reservationId="cart", quantity=1)
    second = shop.fulfill("desk", reservationId="cart", quantity=2, reference="order 1")
    last = shop.fulfill_cart(line("bed", 3), reservationId="cart")
    assert (first.status, second.status, last.status) == (200, 200, 200)
    assert shop.fulfill_cart(line("bed", 3), reservationId="cart").text == last.text
    assert shop.fulfill_cart(line("bed", 1), line("bed", 2, "main"), reservationId="cart").text == last.text
    assert shop.fulfill("lamp", reservationId="cart", quantity=1).text == first.text
    assert shop.fulfill_cart(line("desk", 2), reservationId="cart", reference="order 1").text == second.text
    assert_error(
        shop.fulfill_cart(line("bed", 2), reservationId="cart"), 409, "RESERVATION_CONFLICT", "3 of bed in main"
    )
    assert_error(
        shop.fulfill_cart(line("bed", 3, "north"), reservationId="cart"), 409, "RESERVATION_CONFLICT", "3 of bed"
    )
    check(shop)


def test_reservation_is_sold_with_one_reference(shop: Shop) -> None:
    shop.create()
    shop.create("desk")
    shop.reserve_cart("cart", line("lamp"), line("desk"))
    first = shop.fulfill(reservationId="cart", reference="order 1")
    for response in (
        shop.fulfill(reservationId="cart", reference="order 2"),
        shop.fulfill_cart(reservationId="cart", reference="order 2"),
    ):
        assert_error(
            response, 409, "RESERVATION_CONFLICT", "must match reservation 'cart' or be omitted, got 'order 2'"
        )
    second = shop.fulfill_cart(reservationId="cart", reference="order 1")
    assert [sold["product_id"] for sold in second.body["lines"]] == ["desk"]
    assert shop.fulfill(reservationId="cart", reference="order 1").text == first.text
    assert shop.fulfill_cart(reservationId="cart", reference="order 1").text == second.text
    assert shop.fulfill_cart(reservationId="cart").body["lines"] == second.body["lines"]
    check(shop)


@pytest.mark.parametrize("ending", ["released", "expired", "expired and released"])
def test_repeated_sale_ignores_lines_that_ended_before(shop: Shop, ending: str) -> None:
    for product in ("a", "b", "c"):
        shop.create(product)
    shop.reserve_cart("cart", line("a"), line("b", 2), line("c"), lifetime_minutes=1)
    if ending == "released":
        shop.release("cart", "a")
    parcel = shop.fulfill("b", reservationId="cart", reference="order 1")
    first = shop.fulfill_cart(reservationId="cart", reference="order 1")
    assert [sold["product_id"] for sold in first.body["lines"]] == (["c"] if ending == "released" else ["a", "c"])
    if ending != "released":
        shop.clock.now += 60
    if ending == "expired and released":
        shop.run_expiry()
    for _ in range(2):
        assert shop.fulfill_cart(reservationId="cart", reference="order 1").text == first.text
        assert shop.fulfill("b", reservationId="cart", reference="order 1").text == parcel.text
    check(shop)


def test_cart_sold_by_product_is_returned_as_a_whole(shop: Shop) -> None:
    for product in ("a", "b"):
        shop.create(product)
    shop.reserve_cart("cart", line("a"), line("b"))
    parcels = [shop.fulfill(product, reservationId="cart") for product in ("a", "b")]
    whole = [parcel.body["lines"][0] for parcel in parcels]
    assert shop.fulfill_cart(reservationId="cart").body["lines"] == whole
    assert shop.fulfill_cart(line("a"), line("b"), reservationId="cart").body["lines"] == whole
    assert shop.fulfill_cart(line("b"), reservationId="cart").body["lines"] == whole[1:]


def test_repeated_sale_returns_the_recorded_counts(shop: Shop) -> None:
    shop.create(stock_count=100)
    shop.reserve("short", 30, lifetime_minutes=1)
    shop.reserve("r", 4)
    shop.clock.now += 60
    first = shop.fulfill(reservationId="r")
    assert first.body["lines"][0]["reserved_count"] == 0
    assert shop.fulfill(reservationId="r").text == first.text


def remove_sale_attributes(shop: Shop, reservation_id: str, lines: int) -> None:
    """Remove the attributes that an earlier release does not write to sold lines."""
    for number in range(lines):
        shop.dynamodb.update_item(
            TableName=shop.api.tables["reservations"],
            Key=to_item({"reservation_id": reservation_id, "line": number}),
            UpdateExpression="REMOVE sale, #reference",
            ExpressionAttributeNames={"#reference": "reference"},
        )


def test_sale_of_an_earlier_release_can_be_repeated(shop: Shop) -> None:
    for product in ("a", "b"):
        shop.create(product)
    shop.reserve_cart("cart", line("a"), line("b", 2))
    first = shop.fulfill_cart(reservationId="cart", reference="order 1")
    remove_sale_attributes(shop, "cart", 2)
    assert shop.fulfill_cart(reservationId="cart", reference="order 1").text == first.text
    assert_error(shop.fulfill_cart(reservationId="cart", reference="order 2"), 409, "RESERVATION_CONFLICT", "'order 2'")


def test_lines_that_differ_from_the_reservation_are_rejected(shop: Shop) -> None:
    for product in ("lamp", "desk", "bed"):
        shop.create(product, warehouse_id="north")
    shop.reserve_cart("cart", line("lamp", 4), line("desk", 1))
    for lines in (
        [line("lamp", 3)],
        [line("lamp", 4), line("desk", 2)],
        [line("lamp", 4), line("desk", 1), line("bed")],
        [line("lamp", 3), line("desk", 1)],
        [line("lamp", 4, "south"), line("desk", 1)],
        [line("lamp", 4), line("lamp", 4, "north"), line("desk", 1)],
        [line("bed")],
    ):
        assert_error(shop.fulfill_cart(*lines, reservationId="cart"), 409, "RESERVATION_CONFLICT", "4 of lamp in north")
    assert counts(shop) == (10, 4, 6)
    assert shop.fulfill_cart(line("desk"), line("lamp", 1), line("lamp", 3), reservationId="cart").status == 200
    check(shop)


def test_cart_is_sold_with_the_lines_of_its_reservation(shop: Shop) -> None:
    shop.create(warehouse_id="north")
    cart = [line("lamp", 1), line("lamp", 2, "north")]
    shop.reserve_cart("cart", *cart)
    assert shop.fulfill_cart(*cart, reservationId="cart").status == 200
    check(shop)


def test_released_lines_are_not_sold(shop: Shop) -> None:
    shop.create()
    shop.create("desk")
    shop.reserve_cart("cart", line("lamp"), line("desk"))
    shop.release("cart", "lamp")
    lines = (line("lamp"), line("desk"))
    assert_error(shop.fulfill_cart(*lines, reservationId="cart"), 409, "RESERVATION_CONFLICT", "1 of desk in main")
    assert_error(
        shop.fulfill(reservationId="cart"), 404, "NOT_FOUND", "Reservation 'cart' of product 'lamp' does not exist"
    )
    assert [sold["product_id"] for sold in shop.fulfill_cart(reservationId="cart").body["lines"]] == ["desk"]
    check(shop)


def test_fulfillment_without_products_is_rejected(shop: Shop) -> None:
    shop.create()
    shop.reserve("r", 4)
    assert_error(shop.fulfill(reservationId="r", warehouse_id="north"), 400, "INVALID_REQUEST", "quantity")
    assert_error(shop.fulfill(reference="order 1"), 400, "INVALID_REQUEST", "must set at least one of reservationId")
    assert_error(shop.fulfill_cart(), 400, "INVALID_REQUEST", "must set at least one of reservationId")


@pytest.mark.parametrize("is_released", [False, True])
def test_expired_reservation_is_not_sold(shop: Shop, is_released: bool) -> None:
    shop.create()
    shop.reserve("r", 4, lifetime_minutes=1)
    shop.clock.now += 60
    if is_released:
        shop.run_expiry()
    assert_error(shop.fulfill(reservationId="r"), 409, "RESERVATION_EXPIRED", "expired at 2027-01-15T08:01:00")
    assert counts(shop) == (10, 0, 10)
    check(shop)


def test_released_or_unknown_reservation_is_not_found(shop: Shop) -> None:
    shop.create()
    shop.create("desk")
    shop.reserve("r", 4)
    assert_error(
        shop.fulfill("desk", reservationId="r"), 404, "NOT_FOUND", "Reservation 'r' of product 'desk' does not exist"
    )
    shop.release("r")
    assert_error(shop.fulfill(reservationId="r"), 404, "NOT_FOUND", "Reservation 'r'")
    assert_error(shop.fulfill_cart(reservationId="r"), 404, "NOT_FOUND", "Reservation 'r'")
    assert_error(shop.fulfill(reservationId="never"), 404, "NOT_FOUND", "Reservation 'never'")
    check(shop)


@pytest.mark.parametrize("ending", ["expired", "expired and released", "released"])
def test_partly_fulfilled_cart_lists_the_state_of_each_line(shop: Shop, ending: str) -> None:
    shop.create()
    shop.create("desk")
    cart = (line("lamp"), line("desk", 2))
    shop.reserve_cart("cart", *cart, lifetime_minutes=1)
    sold = shop.fulfill(reservationId="cart")
    if ending == "released":
        shop.release("cart", "desk")
    else:
        shop.clock.now += 60
    if ending == "expired and released":
        shop.run_expiry()
    for lines in ((), cart):
        response = shop.fulfill_cart(*lines, reservationId="cart")
        assert_error(
            response, 409, "RESERVATION_CONFLICT", "Reservation 'cart' was sold in part, and the other lines have ended"
        )
        state = "RELEASED" if ending == "released" else "EXPIRED"
        assert response.body["details"] == ["FULFILLED: 1 of lamp in main", f"{state}: 2 of desk in main"]
    assert shop.fulfill_cart(line("lamp"), reservationId="cart").text == sold.text, "the repeated sale"
    rest = shop.fulfill("desk", reservationId="cart")
    assert (rest.status, rest.body["code"]) == (
        (404, "NOT_FOUND") if ending == "released" else (409, "RESERVATION_EXPIRED")
    )
    assert counts(shop, "desk") == (10, 0, 10)
    check(shop)
