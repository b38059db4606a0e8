"""Reservations of one product or a cart, their release and their listing."""

from __future__ import annotations

from typing import Any

import pytest

from ...support.worker import assert_error
from .conftest import CART_RESERVE, NOON, RELEASE, Shop
from .consistency import check


def line(product_id: str, quantity: int = 1, warehouse_id: str | None = None) -> dict[str, Any]:
    warehouse = {"warehouse_id": warehouse_id} if warehouse_id else {}
    return {"product_id": product_id, "quantity": quantity, **warehouse}


def counts(shop: Shop, product_id: str = "lamp") -> tuple[int, int, int]:
    level = shop.read(product_id)
    return level["stock_count"], level["reserved_count"], level["available"]


def test_expiry_is_rounded_up_and_item_is_retained_for_a_week(shop: Shop) -> None:
    shop.create()
    shop.clock.now = NOON + 59.5
    assert shop.reserve("r", lifetime_minutes=30).body["expiry"] == "2027-01-15T08:31:00.000000Z"
    (item,) = shop.items("reservations")
    assert item["ends"] == NOON + 31 * 60
    assert item["reservation_expiry"] == item["ends"] + 7 * 24 * 3600


def test_lifetime_defaults_to_the_service_setting(shop: Shop, worker_environment: pytest.MonkeyPatch) -> None:
    worker_environment.setenv("RESERVATION_MINUTES", "2")
    shop.create()
    assert "08:02:00" in shop.reserve("r").body["expiry"]


def test_repeated_reservation_receives_the_same_response(shop: Shop) -> None:
    shop.create()
    first = shop.reserve("r", 6)
    shop.clock.now += 70
    assert shop.reserve("r", 6) == first
    shop.create("other")
    repeated = shop.reserve("r", 6)
    assert (repeated.text, counts(shop)) == (first.text, (10, 6, 4))
    check(shop)


def test_other_reservation_with_an_active_id_is_rejected(shop: Shop) -> None:
    shop.create()
    shop.create("desk")
    shop.reserve("r", 2)
    others: list[dict[str, Any]] = [
        {"quantity": 3},
        {"quantity": 9},
        {"quantity": 2, "lifetime_minutes": 9},
        {"quantity": 2, "warehouse_id": "main"},
        {"quantity": 2, "product_id": "desk"},
        {"quantity": 2, "product_id": "none"},
    ]
    for other in others:
        assert_error(shop.reserve("r", **other), 409, "RESERVATION_CONFLICT", "Reservation 'r' has other lines")
    assert (counts(shop), counts(shop, "desk")) == ((10, 2, 8), (10, 0, 10))
    check(shop)


@pytest.mark.parametrize("seconds", [0, 3600])
def test_id_of_a_sold_reservation_cannot_be_used_again(shop: Shop, seconds: int) -> None:
    shop.create()
    shop.reserve("r", 2)
    shop.fulfill(reservationId="r")
    shop.clock.now += seconds
    for quantity in (2, 3, 99):
        assert_error(shop.reserve("r", quantity), 409, "RESERVATION_FULFILLED", "Reservation 'r'")
    assert_error(shop.reserve("r", 2, "none"), 409, "RESERVATION_FULFILLED", "Reservation 'r'")
    assert counts(shop) == (8, 0, 8)
    check(shop)


def test_id_of_a_partly_sold_reservation_cannot_be_used_again(shop: Shop) -> None:
    shop.create()
    shop.create("desk")
    shop.reserve_cart("r", line("lamp"), line("desk"))
    shop.fulfill(reservationId="r")
    for _ in range(2):
        assert_error(
            shop.reserve_cart("r", line("lamp"), line("desk")), 409, "RESERVATION_FULFILLED", "Reservation 'r'"
        )
        shop.clock.now += 3600
    check(shop)


def test_fulfilled_reservation_is_retained_for_400_days(shop: Shop) -> None:
    shop.create()
    shop.reserve("r")
    shop.clock.now += 60
    shop.fulfill(reservationId="r")
    (item,) = shop.items("reservations")
    assert item["reservation_expiry"] == shop.clock.now + 400 * 24 * 3600


@pytest.mark.parametrize("ending", ["released", "expired", "expired and released"])
def test_id_of_a_released_or_expired_reservation_can_be_used_again(shop: Shop, ending: str) -> None:
    for product in ("a", "b", "c"):
        shop.create(product)
    shop.reserve_cart("r", line("a"), line("b"), line("c"), lifetime_minutes=1)
    if ending == "released":
        assert shop.release_cart("r").status == 204
    else:
        shop.clock.now += 60
    if ending == "expired and released":
        shop.run_expiry()
    second = shop.reserve("r", 10, "b")
    assert (second.status, [reserved["product_id"] for reserved in second.body["lines"]]) == (201, ["b"])
    assert shop.reserve("r", 10, "b").text == second.text
    assert [counts(shop, product)[1] for product in ("a", "b", "c")] == [0, 10, 0]
    check(shop)
    assert shop.release_cart("r").status == 204
    assert shop.reserve_cart("r", line("a"), line("b")).status == 201
    check(shop)


def test_repeated_reservation_is_rejected_after_a_partial_release(shop: Shop) -> None:
    shop.create()
    shop.create("desk")
    cart = (line("lamp"), line("desk"))
    shop.reserve_cart("r", *cart)
    shop.release("r", "lamp")
    assert_error(shop.reserve_cart("r", *cart), 409, "RESERVATION_CONFLICT", "was released in part")
    assert shop.release("r", "desk").status == 204
    assert shop.reserve_cart("r", *cart).status == 201
    check(shop)


def test_units_are_reserved_in_the_requested_or_any_warehouse(shop: Shop) -> None:
    shop.create(warehouse_id="north", stock_count=2)
    shop.create(warehouse_id="south", stock_count=5)
    assert shop.reserve("r1", 5).body["warehouse_id"] == "south"
    assert_error(shop.reserve("r2", 3), 409, "INSUFFICIENT_STOCK", "2 available")
    assert_error(shop.reserve("r2", 1, warehouse_id="south"), 409, "INSUFFICIENT_STOCK", "0 available")
    assert shop.reserve("r2", 1, warehouse_id="north").status == 201
    assert shop.reserve("r3", 1).body["warehouse_id"] == "north"
    check(shop)


def test_warehouse_is_chosen_randomly(shop: Shop) -> None:
    for warehouse in ("a", "b"):
        shop.create(warehouse_id=warehouse, stock_count=100)
    warehouses = {shop.reserve(f"r{number}").body["warehouse_id"] for number in range(20)}
    assert warehouses == {"a", "b"}, "random choice; fails with a probability of 1 in 500,000"


def test_cart_is_reserved_as_a_whole(shop: Shop) -> None:
    shop.create()
    shop.create("desk", stock_count=1)
    response = shop.reserve_cart("cart", line("lamp", 3), line("desk"))
    assert (response.status, response.body.keys()) == (201, {"reservationId", "expiry", "reserved_at", "lines"})
    assert sorted(reserved["product_id"] for reserved in response.body["lines"]) == ["desk", "lamp"]
    assert_error(shop.reserve_cart("two", line("lamp", 3), line("desk")), 409, "INSUFFICIENT_STOCK", "product_id desk")
    assert_error(shop.reserve_cart("three", line("lamp"), line("none")), 404, "NOT_FOUND", "Product 'none'")
    assert (counts(shop), counts(shop, "desk")) == ((10, 3, 7), (1, 1, 0))
    check(shop)


def test_lines_of_the_same_product_are_merged(shop: Shop) -> None:
    shop.create()
    assert_error(shop.reserve_cart("cart", line("lamp", 6), line("lamp", 5)), 409, "INSUFFICIENT_STOCK", "11 requested")
    response = shop.reserve_cart("cart", line("lamp", 6), line("lamp", 4))
    assert [reserved["quantity"] for reserved in response.body["lines"]] == [10]
    assert shop.reserve_cart("cart", line("lamp", 9), line("lamp", 1)).text == response.text
    assert len(shop.list_movements()) == 2
    check(shop)


def test_lines_with_a_warehouse_are_allocated_first(shop: Shop) -> None:
    shop.create(warehouse_id="north", stock_count=3)
    shop.create(warehouse_id="south", stock_count=3)
    for _ in range(5):
        response = shop.reserve_cart("cart", line("lamp", 3), line("lamp", 3, "north"))
        assert response.status == 201
        shop.release_cart("cart")
    cart = (line("lamp", 2), line("lamp", 2, "north"), line("lamp", 2, "south"))
    response = shop.reserve_cart("cart", *cart)
    assert_error(response, 409, "INSUFFICIENT_STOCK", "Insufficient stock for lamp: 2 requested, 1 available")
    check(shop)


def test_cart_has_up_to_25_lines(shop: Shop) -> None:
    cart = []
    for number in range(26):
        shop.create(f"p{number}")
        cart.append(line(f"p{number}"))
    assert_error(shop.reserve_cart("cart", *cart), 400, "INVALID_REQUEST", "body.lines must contain less than or equal")
    response = shop.api(
        "POST", CART_RESERVE, {"reservationId": "cart", "lines": cart[:25]}, headers={"Idempotency-Key": "k"}
    )
    assert (response.status, len(response.body["lines"])) == (201, 25)
    check(shop)
    assert len(shop.fulfill_cart(reservationId="cart").body["lines"]) == 25
    check(shop)
    shop.reserve_cart("again", *cart[1:], lifetime_minutes=1)
    shop.clock.now += 60
    assert shop.reserve_cart("again", *cart[:25]).status == 201, "all expired lines with the ID are released"
    check(shop)
    assert shop.release_cart("again").status == 204
    check(shop)


def test_product_of_a_cart_is_released_in_all_warehouses(shop: Shop) -> None:
    shop.create(warehouse_id="north")
    shop.create(warehouse_id="south")
    shop.create("desk")
    shop.reserve_cart("cart", line("lamp", 1, "north"), line("lamp", 2, "south"), line("desk", 3))
    assert_error(shop.release("cart", "none"), 404, "NOT_FOUND", "'none'")
    assert shop.release("cart").status == 204
    assert (counts(shop), counts(shop, "desk")) == ((20, 0, 20), (10, 3, 7))
    check(shop)
    assert shop.release_cart("cart").status == 204
    assert counts(shop, "desk") == (10, 0, 10)
    check(shop)


def test_expired_reservation_cannot_be_released(shop: Shop) -> None:
    shop.create()
    shop.reserve("r", lifetime_minutes=1)
    shop.clock.now += 59.9
    assert len(shop.list_reservations()) == 1
    shop.clock.now += 0.1
    assert_error(shop.release("r"), 404, "NOT_FOUND", "'r'")
    shop.run_expiry()
    assert_error(shop.release("r"), 404, "NOT_FOUND", "'r'")
    check(shop)


def test_reservations_are_listed_by_expiry(shop: Shop) -> None:
    shop.create()
    for minutes in (5, 1, 3):
        shop.reserve(f"r{minutes}", minutes, lifetime_minutes=minutes)
    shop.reserve("gone")
    shop.release("gone")
    assert [reserved["reservationId"] for reserved in shop.list_reservations(page_size="1")] == ["r1", "r3", "r5"]
    assert shop.list_reservations()[0] == {
        "reservationId": "r1",
        "product_id": "lamp",
        "warehouse_id": "main",
        "quantity": 1,
        "expiry": "2027-01-15T08:01:00.000000Z",
        "reserved_at": "2027-01-15T08:00:00.000000Z",
        "actor": "anonymous",
    }
    assert shop.list_reservations("none") == []
    shop.clock.now += 60
    assert [reserved["reservationId"] for reserved in shop.list_reservations()] == ["r3", "r5"]


def test_next_page_starts_after_an_expired_line(shop: Shop, wire: Any) -> None:
    shop.create()
    for number in range(4):
        shop.reserve(f"r{number}", lifetime_minutes=number + 1)
    path = "/inventory/{productId}/reservations"
    page = shop.api("GET", path, keys=("lamp",), query={"page_size": "1"}).body
    shop.clock.now += 61
    previous_calls = len(wire.calls)
    rest = shop.api("GET", path, keys=("lamp",), query={"page_token": page["next_page_token"]}).body
    assert [reserved["reservationId"] for reserved in rest["reservations"]] == ["r1", "r2", "r3"]
    (query,) = wire.calls[previous_calls:]
    assert b":now" not in query.body, "DynamoDB rejects a start key that does not match the query"


def test_invalid_ids_are_not_found(shop: Shop) -> None:
    shop.create()
    for invalid in ("a b", "a#b", "ü", "", "x" * 101, "a/b"):
        assert_error(shop.api("GET", "/inventory/{productId}", keys=(invalid,)), 404, "NOT_FOUND", "productId")
        assert_error(shop.api("DELETE", RELEASE, keys=("lamp", invalid)), 404, "NOT_FOUND", "reservationId")
        assert_error(shop.release_cart(invalid), 404, "NOT_FOUND", "reservationId")
        assert_error(shop.reserve("r", 1, invalid), 404, "NOT_FOUND", "productId")


def test_ids_have_up_to_100_characters(shop: Shop) -> None:
    name = "Az09._~:@-" * 10
    shop.create(name, warehouse_id=name)
    assert shop.reserve(name, 1, name, warehouse_id=name).status == 201
    assert shop.release(name, name).status == 204
    check(shop)
