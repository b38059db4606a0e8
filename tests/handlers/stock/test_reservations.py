"""Units held for a while, one product's or a cart's, and given back."""

from __future__ import annotations

from typing import Any

import pytest

from ...support.worker import refused
from .conftest import CART_RESERVE, NOON, RELEASE, Shop
from .consistency import check


def line(product_id: str, quantity: int = 1, warehouse_id: str | None = None) -> dict[str, Any]:
    """A line of a cart."""
    where = {"warehouse_id": warehouse_id} if warehouse_id else {}
    return {"product_id": product_id, "quantity": quantity, **where}


def counts(shop: Shop, product_id: str = "lamp") -> tuple[int, int, int]:
    """On hand, held, available."""
    found = shop.read(product_id)
    return found["stock_count"], found["reserved_count"], found["available"]


def test_a_reservation_ends_on_a_grid_and_is_stored_for_a_week_more(shop: Shop) -> None:
    shop.create()
    shop.clock.now = NOON + 59.5
    assert shop.reserve("r", lifetime_minutes=30).body["expiry"] == "2027-01-15T08:31:00.000000Z"
    (row,) = shop.rows("reservations")
    assert row["ends"] == NOON + 31 * 60
    assert row["reservation_expiry"] == row["ends"] + 7 * 24 * 3600


def test_the_service_has_a_lifetime_of_its_own(shop: Shop, worker_environment: pytest.MonkeyPatch) -> None:
    worker_environment.setenv("RESERVATION_MINUTES", "2")
    shop.create()
    assert "08:02:00" in shop.reserve("r").body["expiry"]


def test_the_same_again_gets_the_same_answer(shop: Shop) -> None:
    shop.create()
    first = shop.reserve("r", 6)
    shop.clock.now += 70
    assert shop.reserve("r", 6) == first
    shop.create("other")
    again = shop.reserve("r", 6)
    assert (again.text, counts(shop)) == (first.text, (10, 6, 4))
    check(shop)


def test_another_reservation_under_an_id_in_use_is_a_conflict(shop: Shop) -> None:
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
        refused(shop.reserve("r", **other), 409, "RESERVATION_CONFLICT", "reservationId 'r' holds other lines")
    assert (counts(shop), counts(shop, "desk")) == ((10, 2, 8), (10, 0, 10))
    check(shop)


@pytest.mark.parametrize("seconds", [0, 3600])
def test_an_id_that_sold_something_is_used_up(shop: Shop, seconds: int) -> None:
    shop.create()
    shop.reserve("r", 2)
    shop.fulfill(reservationId="r")
    shop.clock.now += seconds
    for quantity in (2, 3, 99):
        refused(shop.reserve("r", quantity), 409, "RESERVATION_FULFILLED", "reservationId 'r'")
    refused(shop.reserve("r", 2, "none"), 409, "RESERVATION_FULFILLED", "reservationId 'r'")
    assert counts(shop) == (8, 0, 8)
    check(shop)


def test_an_id_is_used_up_by_a_part_that_was_sold(shop: Shop) -> None:
    shop.create()
    shop.create("desk")
    shop.reserve_cart("r", line("lamp"), line("desk"))
    shop.fulfill(reservationId="r")
    for _ in range(2):
        refused(shop.reserve_cart("r", line("lamp"), line("desk")), 409, "RESERVATION_FULFILLED", "reservationId 'r'")
        shop.clock.now += 3600
    check(shop)


def test_a_fulfilled_reservation_stays_long_enough_for_returns(shop: Shop) -> None:
    shop.create()
    shop.reserve("r")
    shop.clock.now += 60
    shop.fulfill(reservationId="r")
    (row,) = shop.rows("reservations")
    assert row["reservation_expiry"] == shop.clock.now + 400 * 24 * 3600


@pytest.mark.parametrize("ending", ["released", "expired", "given back"])
def test_an_id_whose_reservation_is_over_may_be_used_again(shop: Shop, ending: str) -> None:
    for product in ("a", "b", "c"):
        shop.create(product)
    shop.reserve_cart("r", line("a"), line("b"), line("c"), lifetime_minutes=1)
    if ending == "released":
        assert shop.release_cart("r").status == 204
    else:
        shop.clock.now += 60
    if ending == "given back":
        shop.expire()
    again = shop.reserve("r", 10, "b")
    assert (again.status, [told["product_id"] for told in again.body["lines"]]) == (201, ["b"])
    assert shop.reserve("r", 10, "b").text == again.text
    assert [counts(shop, product)[1] for product in ("a", "b", "c")] == [0, 10, 0]
    check(shop)
    assert shop.release_cart("r").status == 204
    assert shop.reserve_cart("r", line("a"), line("b")).status == 201
    check(shop)


def test_what_was_given_back_in_part_is_no_longer_what_was_asked_for(shop: Shop) -> None:
    shop.create()
    shop.create("desk")
    cart = (line("lamp"), line("desk"))
    shop.reserve_cart("r", *cart)
    shop.release("r", "lamp")
    refused(shop.reserve_cart("r", *cart), 409, "RESERVATION_CONFLICT", "part of it was released")
    assert shop.release("r", "desk").status == 204
    assert shop.reserve_cart("r", *cart).status == 201
    check(shop)


def test_a_certain_warehouse_or_any_with_enough(shop: Shop) -> None:
    shop.create(warehouse_id="north", stock_count=2)
    shop.create(warehouse_id="south", stock_count=5)
    assert shop.reserve("r1", 5).body["warehouse_id"] == "south"
    refused(shop.reserve("r2", 3), 409, "INSUFFICIENT_STOCK", "2 are available")
    refused(shop.reserve("r2", 1, warehouse_id="south"), 409, "INSUFFICIENT_STOCK", "0 are available")
    assert shop.reserve("r2", 1, warehouse_id="north").status == 201
    assert shop.reserve("r3", 1).body["warehouse_id"] == "north"
    check(shop)


def test_any_warehouse_with_enough_is_taken_in_turns(shop: Shop) -> None:
    for warehouse in ("a", "b"):
        shop.create(warehouse_id=warehouse, stock_count=100)
    taken = {shop.reserve(f"r{number}").body["warehouse_id"] for number in range(20)}
    assert taken == {"a", "b"}, "by chance: one time in half a million they are not"


def test_a_cart_is_held_as_a_whole(shop: Shop) -> None:
    shop.create()
    shop.create("desk", stock_count=1)
    answer = shop.reserve_cart("cart", line("lamp", 3), line("desk"))
    assert (answer.status, answer.body.keys()) == (201, {"reservationId", "expiry", "reserved_at", "lines"})
    assert sorted(told["product_id"] for told in answer.body["lines"]) == ["desk", "lamp"]
    refused(shop.reserve_cart("two", line("lamp", 3), line("desk")), 409, "INSUFFICIENT_STOCK", "product_id desk")
    refused(shop.reserve_cart("three", line("lamp"), line("none")), 404, "NOT_FOUND", "no product 'none'")
    assert (counts(shop), counts(shop, "desk")) == ((10, 3, 7), (1, 1, 0))
    check(shop)


def test_lines_of_the_same_product_are_added_up(shop: Shop) -> None:
    shop.create()
    refused(shop.reserve_cart("cart", line("lamp", 6), line("lamp", 5)), 409, "INSUFFICIENT_STOCK", "11 of lamp")
    answer = shop.reserve_cart("cart", line("lamp", 6), line("lamp", 4))
    assert [told["quantity"] for told in answer.body["lines"]] == [10]
    assert shop.reserve_cart("cart", line("lamp", 9), line("lamp", 1)).text == answer.text
    assert len(shop.moved()) == 2
    check(shop)


def test_a_line_of_any_warehouse_gives_way_to_one_of_a_certain(shop: Shop) -> None:
    shop.create(warehouse_id="north", stock_count=3)
    shop.create(warehouse_id="south", stock_count=3)
    for _ in range(5):
        answer = shop.reserve_cart("cart", line("lamp", 3), line("lamp", 3, "north"))
        assert answer.status == 201
        shop.release_cart("cart")
    cart = (line("lamp", 2), line("lamp", 2, "north"), line("lamp", 2, "south"))
    answer = shop.reserve_cart("cart", *cart)
    refused(answer, 409, "INSUFFICIENT_STOCK", "2 of lamp are wanted, 1 are available")
    check(shop)


def test_a_cart_has_up_to_twenty_five_lines(shop: Shop) -> None:
    cart = []
    for number in range(26):
        shop.create(f"p{number}")
        cart.append(line(f"p{number}"))
    refused(shop.reserve_cart("cart", *cart), 400, "INVALID_REQUEST", "body.lines must contain less than or equal")
    answer = shop.api(
        "POST", CART_RESERVE, {"reservationId": "cart", "lines": cart[:25]}, headers={"Idempotency-Key": "k"}
    )
    assert (answer.status, len(answer.body["lines"])) == (201, 25)
    check(shop)
    assert len(shop.fulfill_cart(reservationId="cart").body["lines"]) == 25
    check(shop)
    shop.reserve_cart("again", *cart[1:], lifetime_minutes=1)
    shop.clock.now += 60
    assert shop.reserve_cart("again", *cart[:25]).status == 201, "all that has ended under the id is given back"
    check(shop)
    assert shop.release_cart("again").status == 204
    check(shop)


def test_a_product_of_a_cart_is_released_alone_in_all_its_warehouses(shop: Shop) -> None:
    shop.create(warehouse_id="north")
    shop.create(warehouse_id="south")
    shop.create("desk")
    shop.reserve_cart("cart", line("lamp", 1, "north"), line("lamp", 2, "south"), line("desk", 3))
    refused(shop.release("cart", "none"), 404, "NOT_FOUND", "'none'")
    assert shop.release("cart").status == 204
    assert (counts(shop), counts(shop, "desk")) == ((20, 0, 20), (10, 3, 7))
    check(shop)
    assert shop.release_cart("cart").status == 204
    assert counts(shop, "desk") == (10, 0, 10)
    check(shop)


def test_what_has_ended_cannot_be_released(shop: Shop) -> None:
    shop.create()
    shop.reserve("r", lifetime_minutes=1)
    shop.clock.now += 59.9
    assert len(shop.held()) == 1
    shop.clock.now += 0.1
    refused(shop.release("r"), 404, "NOT_FOUND", "'r'")
    shop.expire()
    refused(shop.release("r"), 404, "NOT_FOUND", "'r'")
    check(shop)


def test_what_is_held_is_listed_what_ends_first_first(shop: Shop) -> None:
    shop.create()
    for minutes in (5, 1, 3):
        shop.reserve(f"r{minutes}", minutes, lifetime_minutes=minutes)
    shop.reserve("gone")
    shop.release("gone")
    assert [found["reservationId"] for found in shop.held(page_size="1")] == ["r1", "r3", "r5"]
    assert shop.held()[0] == {
        "reservationId": "r1",
        "product_id": "lamp",
        "warehouse_id": "main",
        "quantity": 1,
        "expiry": "2027-01-15T08:01:00.000000Z",
        "reserved_at": "2027-01-15T08:00:00.000000Z",
        "actor": "anonymous",
    }
    assert shop.held("none") == []
    shop.clock.now += 60
    assert [found["reservationId"] for found in shop.held()] == ["r3", "r5"]


def test_a_page_goes_on_after_what_has_ended_meanwhile(shop: Shop, wire: Any) -> None:
    shop.create()
    for number in range(4):
        shop.reserve(f"r{number}", lifetime_minutes=number + 1)
    path = "/inventory/{productId}/reservations"
    page = shop.api("GET", path, keys=("lamp",), query={"page_size": "1"}).body
    shop.clock.now += 61
    asked = len(wire.asked)
    rest = shop.api("GET", path, keys=("lamp",), query={"page_token": page["next_page_token"]}).body
    assert [found["reservationId"] for found in rest["reservations"]] == ["r1", "r2", "r3"]
    (query,) = wire.asked[asked:]
    assert b":now" not in query.body, "AWS refuses a page that begins outside of what is asked for"


def test_invalid_ids_are_not_found(shop: Shop) -> None:
    shop.create()
    for bad in ("a b", "a#b", "ü", "", "x" * 101, "a/b"):
        refused(shop.api("GET", "/inventory/{productId}", keys=(bad,)), 404, "NOT_FOUND", "productId")
        refused(shop.api("DELETE", RELEASE, keys=("lamp", bad)), 404, "NOT_FOUND", "reservationId")
        refused(shop.release_cart(bad), 404, "NOT_FOUND", "reservationId")
        refused(shop.reserve("r", 1, bad), 404, "NOT_FOUND", "productId")


def test_an_id_may_have_a_hundred_signs(shop: Shop) -> None:
    name = "Az09._~:@-" * 10
    shop.create(name, warehouse_id=name)
    assert shop.reserve(name, 1, name, warehouse_id=name).status == 201
    assert shop.release(name, name).status == 204
    check(shop)
