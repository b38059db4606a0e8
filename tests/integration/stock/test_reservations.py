"""Feature 4.3, FR-3, FR-4 and FR-5: units are held for a cart, given back, and sold."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ..conftest import eventually, refused
from .conftest import Shop, counts, new_id

pytestmark = pytest.mark.untraced


def until(reservation: Any) -> timedelta:
    """How long it is until a reservation ends."""
    return datetime.fromisoformat(reservation["expiry"]) - datetime.now(UTC)


def test_units_are_held_under_the_callers_id(shop: Shop) -> None:
    """4.3, FR-3: what is held counts as held, what is on hand stays; the answer confirms all of it."""
    product, reservation = shop.make(10), new_id("cart")
    answer = shop.reserve(product, 3, reservation)
    assert answer.status == 201
    line = {"product_id": product, "warehouse_id": "main", "quantity": 3}
    times = {name: answer.body[name] for name in ("expiry", "reserved_at")}
    assert answer.body == {"reservationId": reservation, **times, **line, "lines": [line]}
    assert counts(shop.level(product)) == (10, 3, 7)
    shop.balanced(product)


def test_a_reservation_is_a_row_of_its_own_with_its_end(shop: Shop) -> None:
    """4.3, FR-3: with the attribute that DynamoDB deletes it by, no sooner than it has ended."""
    product = shop.make(10)
    reservation = shop.held(product, 3)
    (row,) = shop.lines(reservation)
    assert (row["product_id"], row["warehouse_id"], row["quantity"]) == ({"S": product}, {"S": "main"}, {"N": "3"})
    ends = datetime.fromisoformat(row["expiry"]["S"]).timestamp()
    assert int(row["reservation_expiry"]["N"]) >= ends
    assert "reservation_expiry" not in shop.row(product)


@pytest.mark.parametrize("minutes", [1, 15, 1440])
def test_a_reservation_lasts_as_long_as_is_asked(shop: Shop, minutes: int) -> None:
    """4.3, FR-3: and up to 5 % longer."""
    answer = shop.reserve(shop.make(), lifetime_minutes=minutes)
    asked, most = timedelta(minutes=minutes), timedelta(minutes=minutes * 1.05)
    assert asked - timedelta(seconds=10) < until(answer.body) < most + timedelta(seconds=10)


def test_a_reservation_that_does_not_say_lasts_as_the_service_says(shop: Shop) -> None:
    """4.3, FR-3: the period is configured."""
    minutes = shop.chosen("reserve", "RESERVATION_MINUTES")
    left = until(shop.reserve(shop.make()).body)
    assert timedelta(minutes=minutes - 1) < left < timedelta(minutes=minutes + 2)


def test_no_more_is_held_than_is_available(shop: Shop) -> None:
    """4.3, FR-3, edge: the refusal says how many there are, and nothing is held by it."""
    product = shop.make(10)
    shop.held(product, 8)
    answer = shop.reserve(product, 3)
    refused(answer, 409, "INSUFFICIENT_STOCK")
    assert "available 2" in answer.body["details"]
    assert counts(shop.level(product)) == (10, 8, 2)
    shop.held(product, 2)
    refused(shop.reserve(product, 1), 409, "INSUFFICIENT_STOCK")
    shop.balanced(product)


def test_a_reservation_of_a_missing_product_is_not_found(shop: Shop) -> None:
    """4.3, edge."""
    refused(shop.reserve(new_id()), 404, "NOT_FOUND")


def test_the_same_reservation_again_is_held_once(shop: Shop) -> None:
    """4.3, edge: a caller whose answer was lost may ask again."""
    product, reservation = shop.make(10), new_id("cart")
    first, again = (shop.reserve(product, 3, reservation) for _ in range(2))
    assert (first.status, again.status, again.body) == (201, 201, first.body)
    assert counts(shop.level(product)) == (10, 3, 7)
    shop.balanced(product)


def test_a_release_gives_back_what_that_reservation_holds(shop: Shop) -> None:
    """4.3, FR-4: that, and not what others hold."""
    product = shop.make(10)
    mine, others = shop.held(product, 3), shop.held(product, 2)
    answer = shop.release(mine, product)
    assert (answer.status, answer.body) == (204, None)
    assert counts(shop.level(product)) == (10, 2, 8)
    assert [hold["reservationId"] for hold in shop.all_of(product, "reservations")] == [others]
    assert shop.types(product) == ["CREATED", "RESERVED", "RESERVED", "RELEASED"]
    shop.balanced(product)


def test_only_what_is_held_is_released(shop: Shop) -> None:
    """4.3, FR-4, edge: nothing of the sort, another product's, and what was released or sold before."""
    product, other = shop.make(10), shop.make(10)
    refused(shop.release(new_id("cart"), product), 404, "NOT_FOUND")
    refused(shop.release(new_id("cart")), 404, "NOT_FOUND")
    reservation, sold = shop.held(product, 3), shop.held(product, 2)
    refused(shop.release(reservation, other), 404, "NOT_FOUND")
    assert shop.fulfill(product, reservationId=sold).status == 200
    refused(shop.release(sold, product), 404, "NOT_FOUND")
    assert shop.release(reservation, product).status == 204
    refused(shop.release(reservation, product), 404, "NOT_FOUND")
    assert counts(shop.level(product)) == (8, 0, 8)


def test_what_was_held_is_sold(shop: Shop) -> None:
    """4.3, FR-5: it leaves the shelf, and is held no more; nothing else is touched."""
    product = shop.make(10, threshold_level=7)
    reservation, others = shop.held(product, 3), shop.held(product, 2)
    before = shop.level(product, "main")
    answer = shop.fulfill(product, reservationId=reservation, reference="order 1001")
    line = {"product_id": product, "warehouse_id": "main", "quantity": 3}
    after = {"stock_count": 7, "reserved_count": 2, "available": 5, "status": "LOW_STOCK"}
    assert (answer.status, answer.body) == (
        200,
        {"reservationId": reservation, "reference": "order 1001", "lines": [{**line, **after}]},
    )
    level = shop.level(product, "main")
    assert counts(level) == (7, 2, 5)
    assert (level["version"], level["last_updated"] > before["last_updated"]) == (before["version"] + 1, True)
    assert [hold["reservationId"] for hold in shop.all_of(product, "reservations")] == [others]
    shop.balanced(product)


def test_what_is_free_is_sold(shop: Shop) -> None:
    """FR-5: an order without a cart; what others hold it does not get."""
    product = shop.make(10)
    shop.held(product, 4)
    assert shop.fulfill(product, quantity=5).body["lines"][0]["stock_count"] == 5
    answer = shop.fulfill(product, quantity=2)
    refused(answer, 409, "INSUFFICIENT_STOCK")
    assert "available 1" in answer.body["details"]
    assert counts(shop.level(product)) == (5, 4, 1)
    shop.balanced(product)


def test_status_follows_what_was_sold(shop: Shop) -> None:
    """FR-5: down to the last unit."""
    product = shop.make(10, threshold_level=5)
    for quantity, status in ((4, "IN_STOCK"), (1, "LOW_STOCK"), (5, "OUT_OF_STOCK")):
        assert shop.fulfill(product, quantity=quantity).body["lines"][0]["status"] == status
        assert (shop.row(product)["status"], shop.level(product)["status"]) == ({"S": status}, status)


@pytest.mark.parametrize("asked", [2, 4])
def test_a_sale_must_be_of_what_is_held(shop: Shop, asked: int) -> None:
    """FR-5: neither more nor less, if a reservation is named; 4.3, edge: a failed checkout releases nothing."""
    product = shop.make(10)
    reservation = shop.held(product, 3)
    refused(shop.fulfill(product, reservationId=reservation, quantity=asked), 409, "RESERVATION_CONFLICT")
    assert counts(shop.level(product)) == (10, 3, 7)
    assert shop.fulfill(product, reservationId=reservation, quantity=3).status == 200


def test_an_order_is_sold_whole_or_not_at_all(shop: Shop) -> None:
    """FR-5: of what its cart held, or of what is free."""
    lamp, desk, reservation = shop.make(10), shop.make(2), new_id("cart")

    def sell(**body: Any) -> Any:
        return shop.http("POST", "/inventory/fulfill", body)

    lines = [{"product_id": lamp, "quantity": 1}, {"product_id": desk, "quantity": 3}]
    refused(sell(lines=lines), 409, "INSUFFICIENT_STOCK")
    lines[1]["quantity"] = 1
    assert sell(lines=lines, reference="order 1").status == 200
    assert [counts(shop.level(product)) for product in (lamp, desk)] == [(9, 0, 9), (1, 0, 1)]
    assert shop.cart(reservation, {lamp: 4, desk: 1}).status == 201
    answer = sell(reservationId=reservation, reference="order 2")
    assert [(line["product_id"], line["quantity"]) for line in answer.body["lines"]] == [(lamp, 4), (desk, 1)]
    assert [counts(shop.level(product)) for product in (lamp, desk)] == [(5, 0, 5), (0, 0, 0)]
    shop.balanced(lamp, desk)


def test_an_abandoned_cart_is_given_back_by_the_sweep(shop: Shop) -> None:
    """4.3, FR-4, edge: its units, and no others; once, however often it is swept."""
    lamp, desk, reservation = shop.make(10), shop.make(10), new_id("cart")
    shop.cart(reservation, {lamp: 1, desk: 2})
    others = shop.held(lamp, 4)
    shop.end(reservation)

    def given_back() -> None:
        shop.sweep()
        assert [int(shop.row(product)["reserved_count"]["N"]) for product in (lamp, desk)] == [4, 0]

    eventually(given_back)
    shop.sweep()
    assert shop.types(desk) == ["CREATED", "RESERVED", "EXPIRED"]
    assert shop.types(lamp) == ["CREATED", "RESERVED", "RESERVED", "EXPIRED"]
    assert [hold["reservationId"] for hold in shop.all_of(lamp, "reservations")] == [others]
    assert {row["state"]["S"] for row in shop.lines(reservation)} == {"EXPIRED"}
    shop.balanced(lamp, desk)
