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


def test_what_is_not_there_cannot_be_held(shop: Shop) -> None:
    """4.3, edge: a product, a warehouse, one of a cart's."""
    nobody, product = new_id(), shop.make()
    refused(shop.reserve(nobody), 404, "NOT_FOUND")
    refused(shop.reserve(product, warehouse_id="nowhere"), 404, "NOT_FOUND")
    refused(shop.cart(new_id("cart"), {product: 1, nobody: 1}), 404, "NOT_FOUND")
    assert counts(shop.level(product)) == (10, 0, 10)


@pytest.mark.parametrize(
    "body",
    [
        {"reservationId": "r"},
        {"quantity": 0},
        {"reservationId": "", "quantity": 1},
        {"reservationId": "a b", "quantity": 1},
        {"reservationId": "r", "quantity": 0},
        {"reservationId": "r", "quantity": -1},
        {"reservationId": "r", "quantity": 1.5},
        {"reservationId": "r", "quantity": "1"},
        {"reservationId": "r", "quantity": 1, "lifetime_minutes": 0},
        {"reservationId": "r", "quantity": 1, "lifetime_minutes": 1441},
        {"reservationId": "r", "quantity": 1, "ttl": 5},
    ],
    ids=str,
)
def test_a_reservation_that_cannot_be_is_refused(shop: Shop, body: Any) -> None:
    """4.3, edge: 400, and nothing is held."""
    product = shop.make()
    refused(shop.http("POST", f"/inventory/{product}/reserve", body), 400, "INVALID_REQUEST")
    assert shop.level(product)["reserved_count"] == 0


def test_the_same_reservation_again_is_held_once(shop: Shop) -> None:
    """4.3, edge: a caller whose answer was lost may ask again."""
    product, reservation = shop.make(10), new_id("cart")
    first, again = (shop.reserve(product, 3, reservation) for _ in range(2))
    assert (first.status, again.status, again.body) == (201, 201, first.body)
    assert counts(shop.level(product)) == (10, 3, 7)
    shop.balanced(product)


def test_the_same_reservation_of_the_last_units_is_no_refusal(shop: Shop) -> None:
    """4.3, edge: it has got them already."""
    product, reservation = shop.make(3), new_id("cart")
    first, again = (shop.reserve(product, 3, reservation) for _ in range(2))
    assert (again.status, again.body) == (201, first.body)


@pytest.mark.parametrize("other", [{"quantity": 4}, {"lifetime_minutes": 7}, {"warehouse_id": "main"}], ids=str)
def test_an_id_stands_for_one_reservation(shop: Shop, other: dict[str, Any]) -> None:
    """4.3: a different one under it is refused, as it is of a different product."""
    product, reservation = shop.make(10), new_id("cart")
    shop.held(product, 3, reservation=reservation)
    asked: dict[str, Any] = {"quantity": 3, "reservation": reservation, **other}
    refused(shop.reserve(product, **asked), 409, "RESERVATION_CONFLICT")
    refused(shop.reserve(shop.make(10), 3, reservation), 409, "RESERVATION_CONFLICT")
    assert counts(shop.level(product)) == (10, 3, 7)


def test_an_idempotency_key_answers_as_before(shop: Shop) -> None:
    """4.3, edge: what was held, and what was sold, whatever became of it since."""
    product, keys = shop.make(10), (new_id("key"), new_id("key"))
    body = {"reservationId": new_id("cart"), "quantity": 3}
    reserved = [shop.http("POST", f"/inventory/{product}/reserve", body, Idempotency_Key=keys[0]) for _ in range(2)]
    assert [answer.status for answer in reserved] == [201, 201]
    sold = [
        shop.http("POST", f"/inventory/{product}/fulfill", {"quantity": 2}, Idempotency_Key=keys[1]) for _ in range(2)
    ]
    assert [answer.body for answer in sold] == [sold[0].body] * 2
    assert counts(shop.level(product)) == (8, 3, 5)
    other = shop.http("POST", f"/inventory/{product}/fulfill", {"quantity": 1}, Idempotency_Key=keys[1])
    refused(other, 409, "IDEMPOTENCY_CONFLICT")
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


def test_an_id_may_be_used_again_once_it_holds_nothing(shop: Shop) -> None:
    """4.3: who took an item out of the cart may put it back."""
    product, reservation = shop.make(10), new_id("cart")
    for quantity in (3, 4):
        shop.held(product, quantity, reservation=reservation)
        assert shop.release(reservation, product).status == 204
    shop.held(product, 5, reservation=reservation)
    assert counts(shop.level(product)) == (10, 5, 5)
    shop.balanced(product)


def test_a_cart_is_held_whole_or_not_at_all(shop: Shop) -> None:
    """4.3: nobody gets half of an order."""
    lamp, desk, reservation = shop.make(10), shop.make(2), new_id("cart")
    refused(shop.cart(reservation, {lamp: 1, desk: 3}), 409, "INSUFFICIENT_STOCK")
    assert [counts(shop.level(product)) for product in (lamp, desk)] == [(10, 0, 10), (2, 0, 2)]
    answer = shop.cart(reservation, {lamp: 1, desk: 2})
    assert answer.status == 201
    assert answer.body.keys() == {"reservationId", "expiry", "reserved_at", "lines"}
    assert [(line["product_id"], line["quantity"]) for line in answer.body["lines"]] == [(lamp, 1), (desk, 2)]
    assert [counts(shop.level(product)) for product in (lamp, desk)] == [(10, 1, 9), (2, 2, 0)]
    shop.balanced(lamp, desk)


def test_a_cart_gives_back_one_product_or_all(shop: Shop) -> None:
    """4.3, FR-4: an item taken out of the cart, then the cart left behind."""
    lamp, desk, chair, reservation = shop.make(10), shop.make(10), shop.make(10), new_id("cart")
    assert shop.cart(reservation, {lamp: 1, desk: 2, chair: 3}).status == 201
    assert shop.release(reservation, desk).status == 204
    assert [shop.level(product)["reserved_count"] for product in (lamp, desk, chair)] == [1, 0, 3]
    assert shop.release(reservation).status == 204
    assert [shop.level(product)["reserved_count"] for product in (lamp, desk, chair)] == [0, 0, 0]
    refused(shop.release(reservation), 404, "NOT_FOUND")
    shop.balanced(lamp, desk, chair)


def test_a_cart_of_the_most_lines_is_held_and_sold(shop: Shop) -> None:
    """4.3: twenty-five products, and not one more."""
    products, reservation = [shop.make(3) for _ in range(25)], new_id("cart")
    assert shop.cart(reservation, dict.fromkeys(products, 2)).status == 201
    answer = shop.http("POST", "/inventory/fulfill", {"reservationId": reservation})
    assert (answer.status, len(answer.body["lines"])) == (200, 25)
    assert {counts(shop.level(product)) for product in products} == {(1, 0, 1)}
    more = dict.fromkeys([*products, new_id()], 1)
    refused(shop.cart(new_id("cart"), more), 400, "INVALID_REQUEST")
    shop.balanced(*products[:3])


def test_lines_of_one_product_are_one(shop: Shop) -> None:
    """4.3: so that they cannot get more together than there is."""
    product, reservation = shop.make(5), new_id("cart")
    lines = [{"product_id": product, "quantity": 3}, {"product_id": product, "quantity": 3}]
    body = {"reservationId": reservation, "lines": lines}
    refused(shop.http("POST", "/inventory/reserve", body), 409, "INSUFFICIENT_STOCK")
    lines[1]["quantity"] = 2
    assert shop.http("POST", "/inventory/reserve", body).body["quantity"] == 5
    shop.balanced(product)


def test_units_are_held_in_a_warehouse_that_has_them(shop: Shop) -> None:
    """4.3: where the customer does not mind, wherever there are enough."""
    product = shop.make(2, warehouse_id="north")
    shop.make(9, product_id=product, warehouse_id="south")
    assert shop.reserve(product, 5).body["warehouse_id"] == "south"
    refused(shop.reserve(product, 3, warehouse_id="north"), 409, "INSUFFICIENT_STOCK")
    assert shop.reserve(product, 2, warehouse_id="north").body["warehouse_id"] == "north"
    shop.balanced(product)


def test_what_is_held_is_listed_the_soonest_to_end_first(shop: Shop) -> None:
    """4.3: with by whom, since when, and until when."""
    product = shop.make(10)
    late = shop.reserve(product, 2, lifetime_minutes=60).body
    soon = shop.reserve(product, 3, lifetime_minutes=5).body

    def listed() -> None:
        found = shop.all_of(product, "reservations")
        assert [hold["reservationId"] for hold in found] == [soon["reservationId"], late["reservationId"]]
        assert {name: found[0][name] for name in ("product_id", "warehouse_id", "quantity", "expiry")} == {
            name: soon[name] for name in ("product_id", "warehouse_id", "quantity", "expiry")
        }
        assert found[0].keys() >= {"reserved_at", "actor"}

    eventually(listed)


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
    """FR-5: neither more nor less, where a reservation is named."""
    product = shop.make(10)
    reservation = shop.held(product, 3)
    refused(shop.fulfill(product, reservationId=reservation, quantity=asked), 409, "RESERVATION_CONFLICT")
    assert counts(shop.level(product)) == (10, 3, 7)
    assert shop.fulfill(product, reservationId=reservation, quantity=3).status == 200


def test_what_is_not_held_is_not_sold(shop: Shop) -> None:
    """FR-5: nothing of the sort, what was released, what is another product's."""
    product, other = shop.make(10), shop.make(10)
    refused(shop.fulfill(product, reservationId=new_id("cart")), 404, "NOT_FOUND")
    reservation = shop.held(product, 3)
    refused(shop.fulfill(other, reservationId=reservation), 404, "NOT_FOUND")
    assert shop.release(reservation, product).status == 204
    refused(shop.fulfill(product, reservationId=reservation), 404, "NOT_FOUND")
    refused(shop.fulfill(new_id(), quantity=1), 404, "NOT_FOUND")
    assert counts(shop.level(product)) == (10, 0, 10)


def test_a_sale_again_is_told_again(shop: Shop) -> None:
    """FR-5: the order service whose answer was lost does not sell twice."""
    product = shop.make(10)
    reservation = shop.held(product, 3)
    first = shop.fulfill(product, reservationId=reservation)
    shop.fulfill(product, quantity=1)
    again = shop.fulfill(product, reservationId=reservation)
    assert (again.status, again.body) == (200, first.body)
    assert counts(shop.level(product)) == (6, 0, 6)
    refused(shop.reserve(product, 4, reservation), 409, "RESERVATION_FULFILLED")
    shop.balanced(product)


@pytest.mark.parametrize("body", [{}, {"quantity": 0}, {"quantity": "1"}, {"reservationId": "a b"}, {"lines": []}])
def test_a_sale_that_cannot_be_is_refused(shop: Shop, body: Any) -> None:
    """FR-5: 400, and nothing is sold."""
    product = shop.make()
    refused(shop.http("POST", f"/inventory/{product}/fulfill", body), 400, "INVALID_REQUEST")
    assert shop.level(product)["stock_count"] == 10


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


def test_an_order_again_is_told_again(shop: Shop) -> None:
    """FR-5: line for line."""
    lamp, desk, reservation = shop.make(10), shop.make(2), new_id("cart")
    shop.cart(reservation, {lamp: 4, desk: 1})
    first, again = (shop.http("POST", "/inventory/fulfill", {"reservationId": reservation}) for _ in range(2))
    assert (again.status, again.body) == (200, first.body)


def test_part_of_a_cart_is_sold_and_the_rest_stays_held(shop: Shop) -> None:
    """FR-5: an order that is sent in two parcels."""
    lamp, desk, reservation = shop.make(10), shop.make(10), new_id("cart")
    shop.cart(reservation, {lamp: 1, desk: 2})
    assert shop.fulfill(lamp, reservationId=reservation).status == 200
    assert [counts(shop.level(product)) for product in (lamp, desk)] == [(9, 0, 9), (10, 2, 8)]
    assert shop.fulfill(desk, reservationId=reservation).status == 200
    assert counts(shop.level(desk)) == (8, 0, 8)
    shop.balanced(lamp, desk)


def test_a_failed_checkout_leaves_what_is_held(shop: Shop) -> None:
    """4.3, edge: until its time is over, so that the customer can try again."""
    product = shop.make(3)
    reservation = shop.held(product, 3)
    refused(shop.fulfill(product, reservationId=reservation, quantity=2), 409, "RESERVATION_CONFLICT")
    refused(shop.reserve(product, 1), 409, "INSUFFICIENT_STOCK")
    assert shop.fulfill(product, reservationId=reservation).status == 200


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


def test_what_has_ended_is_not_in_the_way_of_the_next(shop: Shop) -> None:
    """4.3, edge: whoever needs the units gets them without waiting for a sweep."""
    product = shop.make(3)
    shop.end(shop.held(product, 3))

    def held() -> None:
        assert shop.reserve(product, 2).status == 201

    eventually(held)
    shop.end(shop.held(product, 1))

    def sold() -> None:
        assert shop.fulfill(product, quantity=1).status == 200

    eventually(sold)
    assert counts(shop.level(product)) == (2, 2, 0)
    shop.balanced(product)


def test_what_has_ended_is_neither_released_nor_sold(shop: Shop) -> None:
    """4.3, FR-5, edge: swept or not, who comes too late is told so."""
    product = shop.make(10)
    reservation = shop.held(product, 3)
    shop.end(reservation)
    for _ in range(2):
        refused(shop.release(reservation, product), 404, "NOT_FOUND")
        refused(shop.release(reservation), 404, "NOT_FOUND")
        refused(shop.fulfill(product, reservationId=reservation), 409, "RESERVATION_EXPIRED")
        assert shop.all_of(product, "reservations") == []
        shop.sweep()
    assert counts(shop.level(product)) == (10, 0, 10)


def test_an_id_whose_time_is_over_may_be_used_again(shop: Shop) -> None:
    """4.3: swept or not, with nothing held twice."""
    product, reservation = shop.make(10), new_id("cart")
    shop.held(product, 3, reservation=reservation)
    shop.end(reservation)
    shop.held(product, 4, reservation=reservation)
    assert counts(shop.level(product)) == (10, 4, 6)
    shop.sweep()
    assert counts(shop.level(product)) == (10, 4, 6)
    shop.balanced(product)


def test_counters_that_differ_are_told_and_mended(shop: Shop) -> None:
    """4.3, FR-4: reservations are right about what is held, and the mending is a movement, too."""
    product = shop.make(10)
    shop.held(product, 3)
    row = shop.row(product)
    shop.client("dynamodb").put_item(
        TableName=shop.outputs["table_names"]["management"], Item={**row, "reserved_count": {"N": "5"}}
    )
    path = f"/inventory/{product}/reconcile"
    told = shop.http("POST", path, {}).body
    drift = {"product_id": product, "warehouse_id": "main", "field": "reserved_count", "counted": 3, "found": 5}
    assert told == {"product_id": product, "repaired": False, "drifts": [drift]}
    refused(shop.http("POST", path, {"repair": True}), 429, "THROTTLED")
    shop.rest(product)
    mended = shop.http("POST", path, {"repair": True}).body
    assert mended == {"product_id": product, "repaired": True, "drifts": [drift]}
    assert counts(shop.level(product)) == (10, 3, 7)
    assert shop.types(product)[-1] == "REPAIRED"
    shop.balanced(product)
    refused(shop.http("POST", f"/inventory/{new_id()}/reconcile", {}), 404, "NOT_FOUND")


def test_everything_is_compared_by_a_schedule(shop: Shop) -> None:
    """4.3: which reports, and changes nothing."""
    product = shop.make(10)
    row = {**shop.row(product), "stock_count": {"N": "11"}}
    shop.client("dynamodb").put_item(TableName=shop.outputs["table_names"]["management"], Item=row)
    shop.run("reconcile", "stock-reconciliation")
    assert shop.row(product) == row
    shop.rest(product)
    assert shop.http("POST", f"/inventory/{product}/reconcile", {"repair": True}).body["repaired"]
    shop.balanced(product)
