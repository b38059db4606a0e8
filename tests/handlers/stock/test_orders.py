"""Available units that are sold with a reference: once for each product and line_id of it."""

from __future__ import annotations

from typing import Any

import pytest

from ...support.fake_aws import Asked, FakeAws
from ...support.worker import Answer, refused
from .conftest import FULFILL, Shop
from .consistency import check
from .test_reservations import counts, line

DAY = 24 * 3600


def test_a_sale_with_a_reference_is_made_once(shop: Shop) -> None:
    shop.create()
    first = shop.fulfill(quantity=2, reference="order 1")
    assert first.status == 200
    shop.fulfill(quantity=3)
    for _ in range(2):
        assert shop.fulfill(quantity=2, reference="order 1").text == first.text
    assert counts(shop) == (5, 0, 5)
    assert shop.fulfill(quantity=2, reference="order 2").status == 200
    check(shop)


def test_without_a_reference_every_sale_is_another(shop: Shop) -> None:
    shop.create()
    for _ in range(2):
        assert shop.fulfill(quantity=2).status == 200
    assert counts(shop) == (6, 0, 6)
    assert not [row for row in shop.rows("management") if row["warehouse_id"] == "tap#"]


def test_another_quantity_under_the_same_reference_is_refused(shop: Shop) -> None:
    shop.create()
    shop.fulfill(quantity=2, reference="order 1")
    for _ in range(2):
        answer = shop.fulfill(quantity=3, reference="order 1")
        refused(
            answer, 409, "REFERENCE_CONFLICT", "reference 'order 1' has sold 2 of lamp in main: repeat that request"
        )
        assert answer.body["details"] == ["2 of lamp in main"]
    assert shop.fulfill(quantity=3, reference="order 1", line_id="b").status == 200
    refused(shop.fulfill(quantity=1, reference="order 1", line_id="b"), 409, "REFERENCE_CONFLICT", "line_id 'b'")
    assert counts(shop) == (5, 0, 5)
    check(shop)


def test_a_repetition_gets_the_response_when_nothing_is_left(shop: Shop) -> None:
    shop.create()
    first = shop.fulfill(quantity=10, reference="order 1")
    assert shop.fulfill(quantity=10, reference="order 1").text == first.text
    shop.erase("management", product_id="lamp", warehouse_id="main")
    assert shop.fulfill(quantity=10, reference="order 1").text == first.text
    refused(shop.fulfill(quantity=1, reference="order 2"), 404, "NOT_FOUND", "no product 'lamp'")


def test_what_a_reference_has_not_sold_yet_is_sold(shop: Shop) -> None:
    for product in ("lamp", "desk"):
        shop.create(product)
    cart = (line("lamp", 2), line("desk", 1))
    first = shop.fulfill_cart(cart[0], reference="order 1")
    both = shop.fulfill_cart(*cart, reference="order 1")
    assert (both.status, both.body["lines"][0]) == (200, first.body["lines"][0])
    assert shop.fulfill_cart(*cart, reference="order 1").text == both.text
    assert shop.fulfill("desk", quantity=1, reference="order 1").body["lines"] == both.body["lines"][1:]
    assert (counts(shop), counts(shop, "desk")) == ((8, 0, 8), (9, 0, 9))
    check(shop)


def test_lines_of_a_product_are_one_unless_they_have_ids(shop: Shop) -> None:
    for warehouse in ("north", "south"):
        shop.create(warehouse_id=warehouse)
    parts = (line("lamp", 2, "north"), line("lamp", 3, "south"))
    first = shop.fulfill_cart(*parts, reference="order 1")
    assert sorted(sold["quantity"] for sold in first.body["lines"]) == [2, 3]
    assert shop.fulfill_cart(*parts[::-1], reference="order 1").text == first.text
    refused(shop.fulfill_cart(parts[0], reference="order 1"), 409, "REFERENCE_CONFLICT", "3 of lamp in south")
    named: list[dict[str, Any]] = [{**line("lamp", 1), "line_id": name} for name in ("a", "b")]
    second = shop.fulfill_cart(*named, reference="order 1")
    assert [sold["quantity"] for sold in second.body["lines"]] == [1, 1]
    assert shop.fulfill_cart(named[0], reference="order 1").body["lines"] == second.body["lines"][:1]
    check(shop)


def test_another_warehouse_under_the_same_reference_is_refused(shop: Shop) -> None:
    for warehouse in ("north", "south"):
        shop.create(warehouse_id=warehouse)
    first = shop.fulfill(quantity=2, reference="order 1", warehouse_id="north")
    assert shop.fulfill(quantity=2, reference="order 1").text == first.text
    for warehouse in ("south", "nowhere"):
        answer = shop.fulfill(quantity=2, reference="order 1", warehouse_id=warehouse)
        refused(answer, 409, "REFERENCE_CONFLICT", "2 of lamp in north")
    assert counts(shop) == (18, 0, 18)


@pytest.mark.parametrize(
    ("south", "lines"),
    [
        (3, [(3, None, "a"), (3, "north", "b")]),
        (6, [(3, "north", "a"), (3, None, "a"), (3, "north", "b")]),
        (3, [(3, None, "a"), (6, None, "b")]),
        (5, [(3, None, "a"), (3, None, "b"), (5, None, "c")]),
    ],
)
def test_lines_that_fit_are_sold_whatever_their_order(
    shop: Shop, south: int, lines: list[tuple[int, str | None, str]]
) -> None:
    for number in range(5):
        shop.create(f"p{number}", warehouse_id="north", stock_count=6)
        shop.create(f"p{number}", warehouse_id="south", stock_count=south)
        cart = [{**line(f"p{number}", units, warehouse), "line_id": name} for units, warehouse, name in lines]
        assert shop.fulfill_cart(*cart[:: 1 if number % 2 else -1], reference="order 1").status == 200
    check(shop)


def test_two_at_once_sell_once(shop: Shop, wire: FakeAws) -> None:
    shop.create(stock_count=3)
    shop.create("desk")
    first: list[Answer] = []

    def another(asked: Asked) -> str:
        if "TransactWriteItems" in asked.headers["x-amz-target"]:
            wire.script = ["pass"]
            first.append(shop.fulfill(quantity=2, reference="order 1"))
        return "pass"

    wire.script = [another]
    answer = shop.fulfill_cart(line("lamp", 2), line("desk"), reference="order 1")
    assert (answer.status, first[0].body["lines"][0] in answer.body["lines"]) == (200, True)
    assert (counts(shop), counts(shop, "desk")) == ((1, 0, 1), (9, 0, 9))
    check(shop)


def test_a_key_and_a_reference_agree(shop: Shop) -> None:
    shop.create()
    first = shop.fulfill(quantity=2, reference="order 1")
    keyed = [shop.fulfill(headers={"Idempotency-Key": "k"}, quantity=2, reference="order 1") for _ in range(2)]
    assert [answer.text for answer in keyed] == [first.text] * 2
    assert counts(shop) == (8, 0, 8)


def test_callers_with_an_identity_have_references_of_their_own(shop: Shop) -> None:
    shop.create()
    body = {"quantity": 2, "reference": "order 1"}
    for name in ("alice", "bob", "alice"):
        context = {"requestId": "request-1", "authorizer": {"claims": {"sub": name}}}
        assert shop.api("POST", FULFILL, body, keys=("lamp",), requestContext=context).status == 200
    assert counts(shop) == (6, 0, 6)


def test_a_reference_is_remembered_for_400_days(shop: Shop) -> None:
    shop.create()
    shop.fulfill(quantity=2, reference="order 1")
    (record,) = [row for row in shop.rows("management") if row["warehouse_id"] == "tap#"]
    assert record["tap#expires"] == shop.clock.now + 400 * DAY
    shop.clock.now += 400 * DAY
    shop.fulfill(quantity=2, reference="order 1")
    assert counts(shop) == (8, 0, 8)
    shop.clock.now += 1
    # DynamoDB deletes it some time later.
    shop.fulfill(quantity=3, reference="order 1")
    assert counts(shop) == (5, 0, 5)


@pytest.mark.parametrize("name", ["reference", "line_id"])
def test_a_name_of_blanks_is_refused(shop: Shop, name: str) -> None:
    shop.create()
    fields: dict[str, Any] = {"quantity": 1, "reference": "order 1", name: "  "}
    refused(shop.fulfill(**fields), 400, "INVALID_REQUEST", name)


@pytest.mark.parametrize("fields", [{}, {"reservationId": "r", "reference": "order 1"}])
def test_a_line_id_needs_a_reference_and_no_reservation(shop: Shop, fields: dict[str, Any]) -> None:
    shop.create()
    shop.reserve("r", 2)
    refused(
        shop.fulfill(quantity=2, line_id="a", **fields), 400, "INVALID_REQUEST", "line_id: tells lines of a reference"
    )


@pytest.mark.slow
def test_an_order_of_25_products_is_sold_once(shop: Shop) -> None:
    for number in range(25):
        shop.create(f"p{number}")
    cart = [{**line(f"p{number}"), "line_id": str(number)} for number in range(25)]
    first = shop.fulfill_cart(*cart, reference="order 1")
    assert (first.status, len(first.body["lines"])) == (200, 25)
    assert shop.fulfill_cart(*cart, reference="order 1").text == first.text
    check(shop)
