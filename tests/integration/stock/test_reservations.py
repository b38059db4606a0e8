"""Feature 4.3, FR-3, FR-4 and FR-5: reservations, their release and expiry, and sales."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ..conftest import assert_error, eventually
from .conftest import Shop, counts, new_id

pytestmark = pytest.mark.untraced


def remaining_time(reservation: Any) -> timedelta:
    """Return the time until a reservation expires."""
    return datetime.fromisoformat(reservation["expiry"]) - datetime.now(UTC)


def test_units_are_reserved_with_the_id_of_the_caller(shop: Shop) -> None:
    """4.3, FR-3: the reserved count increases, the stock count is unchanged, and the response contains all fields."""
    product, reservation = shop.create(10), new_id("cart")
    response = shop.reserve(product, 3, reservation)
    assert response.status == 201
    line = {"product_id": product, "warehouse_id": "main", "quantity": 3}
    times = {name: response.body[name] for name in ("expiry", "reserved_at")}
    assert response.body == {"reservationId": reservation, **times, **line, "lines": [line]}
    assert counts(shop.level(product)) == (10, 3, 7)
    shop.check_consistency(product)


def test_reservation_is_stored_with_its_expiry(shop: Shop) -> None:
    """4.3, FR-3: the TTL attribute is not before the expiry."""
    product = shop.create(10)
    reservation = shop.new_reservation(product, 3)
    (item,) = shop.reservation_items(reservation)
    assert (item["product_id"], item["warehouse_id"], item["quantity"]) == ({"S": product}, {"S": "main"}, {"N": "3"})
    assert int(item["reservation_expiry"]["N"]) >= datetime.fromisoformat(item["expiry"]["S"]).timestamp()
    assert "reservation_expiry" not in shop.level_item(product)


@pytest.mark.parametrize("minutes", [1, 15, 1440])
def test_reservation_lasts_for_the_requested_lifetime(shop: Shop, minutes: int) -> None:
    """4.3, FR-3: and up to 5 % longer."""
    response = shop.reserve(shop.create(), lifetime_minutes=minutes)
    minimum, maximum = timedelta(minutes=minutes), timedelta(minutes=minutes * 1.05)
    assert minimum - timedelta(seconds=10) < remaining_time(response.body) < maximum + timedelta(seconds=10)


def test_reservation_has_a_default_lifetime(shop: Shop) -> None:
    """4.3, FR-3: configured in the environment of the function."""
    minutes = shop.int_variable("reserve", "RESERVATION_MINUTES")
    remaining = remaining_time(shop.reserve(shop.create()).body)
    assert timedelta(minutes=minutes - 1) < remaining < timedelta(minutes=minutes + 2)


def test_reservation_above_the_available_units_is_rejected(shop: Shop) -> None:
    """4.3, FR-3, edge: the error contains the available units, and no units are reserved."""
    product = shop.create(10)
    shop.new_reservation(product, 8)
    response = shop.reserve(product, 3)
    assert_error(response, 409, "INSUFFICIENT_STOCK")
    assert "available 2" in response.body["details"]
    assert counts(shop.level(product)) == (10, 8, 2)
    shop.new_reservation(product, 2)
    assert_error(shop.reserve(product, 1), 409, "INSUFFICIENT_STOCK")
    shop.check_consistency(product)


def test_reservation_of_a_missing_product_is_not_found(shop: Shop) -> None:
    """4.3, edge."""
    assert_error(shop.reserve(new_id()), 404, "NOT_FOUND")


def test_repeated_reservation_reserves_once(shop: Shop) -> None:
    """4.3, edge: callers can repeat a request after a lost response."""
    product, reservation = shop.create(10), new_id("cart")
    first, repeated = (shop.reserve(product, 3, reservation) for _ in range(2))
    assert (first.status, repeated.status, repeated.body) == (201, 201, first.body)
    assert counts(shop.level(product)) == (10, 3, 7)
    shop.check_consistency(product)


def test_release_returns_the_units_of_the_reservation(shop: Shop) -> None:
    """4.3, FR-4: other reservations are unchanged."""
    product = shop.create(10)
    released, other = shop.new_reservation(product, 3), shop.new_reservation(product, 2)
    response = shop.release(released, product)
    assert (response.status, response.body) == (204, None)
    assert counts(shop.level(product)) == (10, 2, 8)
    assert [reserved["reservationId"] for reserved in shop.list_all(product, "reservations")] == [other]
    assert shop.movement_types(product) == ["CREATED", "RESERVED", "RESERVED", "RELEASED"]
    shop.check_consistency(product)


def test_only_active_reservations_are_released(shop: Shop) -> None:
    """4.3, FR-4, edge: unknown, released and sold reservations, and those of another product, are not found."""
    product, other = shop.create(10), shop.create(10)
    assert_error(shop.release(new_id("cart"), product), 404, "NOT_FOUND")
    assert_error(shop.release(new_id("cart")), 404, "NOT_FOUND")
    reservation, sold = shop.new_reservation(product, 3), shop.new_reservation(product, 2)
    assert_error(shop.release(reservation, other), 404, "NOT_FOUND")
    assert shop.fulfill(product, reservationId=sold).status == 200
    assert_error(shop.release(sold, product), 404, "NOT_FOUND")
    assert shop.release(reservation, product).status == 204
    assert_error(shop.release(reservation, product), 404, "NOT_FOUND")
    assert counts(shop.level(product)) == (8, 0, 8)


def test_reserved_units_are_sold(shop: Shop) -> None:
    """4.3, FR-5: stock count and reserved count decrease; other reservations are unchanged."""
    product = shop.create(10, threshold_level=7)
    reservation, other = shop.new_reservation(product, 3), shop.new_reservation(product, 2)
    before = shop.level(product, "main")
    response = shop.fulfill(product, reservationId=reservation, reference="order 1001")
    line = {"product_id": product, "warehouse_id": "main", "quantity": 3}
    after = {"stock_count": 7, "reserved_count": 2, "available": 5, "status": "LOW_STOCK"}
    assert (response.status, response.body) == (
        200,
        {"reservationId": reservation, "reference": "order 1001", "lines": [{**line, **after}]},
    )
    level = shop.level(product, "main")
    assert counts(level) == (7, 2, 5)
    assert (level["version"], level["last_updated"] > before["last_updated"]) == (before["version"] + 1, True)
    assert [reserved["reservationId"] for reserved in shop.list_all(product, "reservations")] == [other]
    shop.check_consistency(product)


def test_available_units_are_sold(shop: Shop) -> None:
    """FR-5: an order without a cart does not sell reserved units."""
    product = shop.create(10)
    shop.new_reservation(product, 4)
    assert shop.fulfill(product, quantity=5).body["lines"][0]["stock_count"] == 5
    response = shop.fulfill(product, quantity=2)
    assert_error(response, 409, "INSUFFICIENT_STOCK")
    assert "available 1" in response.body["details"]
    assert counts(shop.level(product)) == (5, 4, 1)
    shop.check_consistency(product)


def test_sale_updates_the_status(shop: Shop) -> None:
    """FR-5: down to the last unit."""
    product = shop.create(10, threshold_level=5)
    for quantity, status in ((4, "IN_STOCK"), (1, "LOW_STOCK"), (5, "OUT_OF_STOCK")):
        assert shop.fulfill(product, quantity=quantity).body["lines"][0]["status"] == status
        assert (shop.level_item(product)["status"], shop.level(product)["status"]) == ({"S": status}, status)


@pytest.mark.parametrize("quantity", [2, 4])
def test_sale_must_match_the_reservation(shop: Shop, quantity: int) -> None:
    """FR-5: neither more nor fewer units; 4.3, edge: a failed checkout releases no units."""
    product = shop.create(10)
    reservation = shop.new_reservation(product, 3)
    assert_error(shop.fulfill(product, reservationId=reservation, quantity=quantity), 409, "RESERVATION_CONFLICT")
    assert counts(shop.level(product)) == (10, 3, 7)
    assert shop.fulfill(product, reservationId=reservation, quantity=3).status == 200


def test_order_is_sold_as_a_whole(shop: Shop) -> None:
    """FR-5: for reserved and available units."""
    lamp, desk, reservation = shop.create(10), shop.create(2), new_id("cart")

    def sell(**body: Any) -> Any:
        return shop.http("POST", "/inventory/fulfill", body)

    lines = [{"product_id": lamp, "quantity": 1}, {"product_id": desk, "quantity": 3}]
    assert_error(sell(lines=lines), 409, "INSUFFICIENT_STOCK")
    lines[1]["quantity"] = 1
    assert sell(lines=lines, reference="order 1").status == 200
    assert [counts(shop.level(product)) for product in (lamp, desk)] == [(9, 0, 9), (1, 0, 1)]
    assert shop.reserve_cart(reservation, {lamp: 4, desk: 1}).status == 201
    response = sell(reservationId=reservation, reference="order 2")
    assert [(line["product_id"], line["quantity"]) for line in response.body["lines"]] == [(lamp, 4), (desk, 1)]
    assert [counts(shop.level(product)) for product in (lamp, desk)] == [(5, 0, 5), (0, 0, 0)]
    shop.check_consistency(lamp, desk)


def test_scheduled_job_releases_an_expired_cart(shop: Shop) -> None:
    """4.3, FR-4, edge: only its units, and only once if the job runs again."""
    lamp, desk, reservation = shop.create(10), shop.create(10), new_id("cart")
    shop.reserve_cart(reservation, {lamp: 1, desk: 2})
    other = shop.new_reservation(lamp, 4)
    shop.expire(reservation)

    def check() -> None:
        shop.run_expiry()
        assert [int(shop.level_item(product)["reserved_count"]["N"]) for product in (lamp, desk)] == [4, 0]

    eventually(check)
    shop.run_expiry()
    assert shop.movement_types(desk) == ["CREATED", "RESERVED", "EXPIRED"]
    assert shop.movement_types(lamp) == ["CREATED", "RESERVED", "RESERVED", "EXPIRED"]
    assert [reserved["reservationId"] for reserved in shop.list_all(lamp, "reservations")] == [other]
    assert {item["state"]["S"] for item in shop.reservation_items(reservation)} == {"EXPIRED"}
    shop.check_consistency(lamp, desk)
