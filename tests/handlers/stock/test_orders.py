"""Sales of available units with a reference, once per product and line_id."""

from __future__ import annotations

from typing import Any

import pytest

from ...support.fake_aws import FakeAws, RecordedCall
from ...support.worker import HandlerResponse, assert_error
from .conftest import FULFILL, Shop
from .consistency import check
from .test_reservations import counts, line

DAY = 24 * 3600


def test_sale_with_a_reference_is_executed_once(shop: Shop) -> None:
    shop.create()
    first = shop.fulfill(quantity=2, reference="order 1")
    assert first.status == 200
    shop.fulfill(quantity=3)
    for _ in range(2):
        assert shop.fulfill(quantity=2, reference="order 1").text == first.text
    assert counts(shop) == (5, 0, 5)
    assert shop.fulfill(quantity=2, reference="order 2").status == 200
    check(shop)


def test_repeated_sale_without_a_reference_sells_again(shop: Shop) -> None:
    shop.create()
    for _ in range(2):
        assert shop.fulfill(quantity=2).status == 200
    assert counts(shop) == (6, 0, 6)
    assert not [item for item in shop.items("management") if item["warehouse_id"] == "tap#"]


def test_another_quantity_with_the_same_reference_is_rejected(shop: Shop) -> None:
    shop.create()
    shop.fulfill(quantity=2, reference="order 1")
    for _ in range(2):
        response = shop.fulfill(quantity=3, reference="order 1")
        assert_error(
            response,
            409,
            "REFERENCE_CONFLICT",
            "already used to sell 2 of lamp in main. Repeat",
        )
        assert response.body["details"] == ["2 of lamp in main"]
    assert shop.fulfill(quantity=3, reference="order 1", line_id="b").status == 200
    assert_error(shop.fulfill(quantity=1, reference="order 1", line_id="b"), 409, "REFERENCE_CONFLICT", "line_id 'b'")
    assert counts(shop) == (5, 0, 5)
    check(shop)


def test_repeated_sale_receives_its_response_without_stock(shop: Shop) -> None:
    shop.create()
    first = shop.fulfill(quantity=10, reference="order 1")
    assert shop.fulfill(quantity=10, reference="order 1").text == first.text
    shop.delete_item("management", product_id="lamp", warehouse_id="main")
    assert shop.fulfill(quantity=10, reference="order 1").text == first.text
    assert_error(shop.fulfill(quantity=1, reference="order 2"), 404, "NOT_FOUND", "Product 'lamp'")


def test_cart_sells_only_products_that_the_reference_has_not_sold(shop: Shop) -> None:
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


def test_lines_of_a_product_are_one_sale_without_line_ids(shop: Shop) -> None:
    for warehouse in ("north", "south"):
        shop.create(warehouse_id=warehouse)
    parts = (line("lamp", 2, "north"), line("lamp", 3, "south"))
    first = shop.fulfill_cart(*parts, reference="order 1")
    assert sorted(sold["quantity"] for sold in first.body["lines"]) == [2, 3]
    assert shop.fulfill_cart(*parts[::-1], reference="order 1").text == first.text
    assert_error(shop.fulfill_cart(parts[0], reference="order 1"), 409, "REFERENCE_CONFLICT", "3 of lamp in south")
    named: list[dict[str, Any]] = [{**line("lamp", 1), "line_id": name} for name in ("a", "b")]
    second = shop.fulfill_cart(*named, reference="order 1")
    assert [sold["quantity"] for sold in second.body["lines"]] == [1, 1]
    assert shop.fulfill_cart(named[0], reference="order 1").body["lines"] == second.body["lines"][:1]
    check(shop)


def test_another_warehouse_with_the_same_reference_is_rejected(shop: Shop) -> None:
    for warehouse in ("north", "south"):
        shop.create(warehouse_id=warehouse)
    first = shop.fulfill(quantity=2, reference="order 1", warehouse_id="north")
    assert shop.fulfill(quantity=2, reference="order 1").text == first.text
    for warehouse in ("south", "nowhere"):
        response = shop.fulfill(quantity=2, reference="order 1", warehouse_id=warehouse)
        assert_error(response, 409, "REFERENCE_CONFLICT", "2 of lamp in north")
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
def test_order_of_lines_does_not_prevent_their_allocation(
    shop: Shop, south: int, lines: list[tuple[int, str | None, str]]
) -> None:
    for number in range(5):
        shop.create(f"p{number}", warehouse_id="north", stock_count=6)
        shop.create(f"p{number}", warehouse_id="south", stock_count=south)
        cart = [{**line(f"p{number}", units, warehouse), "line_id": name} for units, warehouse, name in lines]
        assert shop.fulfill_cart(*cart[:: 1 if number % 2 else -1], reference="order 1").status == 200
    check(shop)


def test_concurrent_sales_with_a_reference_sell_once(shop: Shop, wire: FakeAws) -> None:
    shop.create(stock_count=3)
    shop.create("desk")
    first: list[HandlerResponse] = []

    def run_concurrently(call: RecordedCall) -> str:
        if "TransactWriteItems" in call.headers["x-amz-target"]:
            wire.script = ["pass"]
            first.append(shop.fulfill(quantity=2, reference="order 1"))
        return "pass"

    wire.script = [run_concurrently]
    response = shop.fulfill_cart(line("lamp", 2), line("desk"), reference="order 1")
    assert (response.status, first[0].body["lines"][0] in response.body["lines"]) == (200, True)
    assert (counts(shop), counts(shop, "desk")) == ((1, 0, 1), (9, 0, 9))
    check(shop)


def test_idempotency_key_and_reference_return_the_same_response(shop: Shop) -> None:
    shop.create()
    first = shop.fulfill(quantity=2, reference="order 1")
    keyed = [shop.fulfill(headers={"Idempotency-Key": "k"}, quantity=2, reference="order 1") for _ in range(2)]
    assert [response.text for response in keyed] == [first.text] * 2
    assert counts(shop) == (8, 0, 8)


def test_references_are_unique_per_caller(shop: Shop) -> None:
    shop.create()
    body = {"quantity": 2, "reference": "order 1"}
    for name in ("alice", "bob", "alice"):
        context = {"requestId": "request-1", "authorizer": {"claims": {"sub": name}}}
        assert shop.api("POST", FULFILL, body, keys=("lamp",), requestContext=context).status == 200
    assert counts(shop) == (6, 0, 6)


def test_reference_is_recorded_for_400_days(shop: Shop) -> None:
    shop.create()
    shop.fulfill(quantity=2, reference="order 1")
    (record,) = [item for item in shop.items("management") if item["warehouse_id"] == "tap#"]
    assert record["tap#expires"] == shop.clock.now + 400 * DAY
    shop.clock.now += 400 * DAY
    shop.fulfill(quantity=2, reference="order 1")
    assert counts(shop) == (8, 0, 8)
    shop.clock.now += 1
    # The expired record still exists, because DynamoDB deletes it later.
    shop.fulfill(quantity=3, reference="order 1")
    assert counts(shop) == (5, 0, 5)


@pytest.mark.parametrize("name", ["reference", "line_id"])
def test_blank_reference_or_line_id_is_rejected(shop: Shop, name: str) -> None:
    shop.create()
    fields: dict[str, Any] = {"quantity": 1, "reference": "order 1", name: "  "}
    assert_error(shop.fulfill(**fields), 400, "INVALID_REQUEST", name)


@pytest.mark.parametrize("fields", [{}, {"reservationId": "r", "reference": "order 1"}])
def test_line_id_requires_a_reference_without_reservation(shop: Shop, fields: dict[str, Any]) -> None:
    shop.create()
    shop.reserve("r", 2)
    assert_error(shop.fulfill(quantity=2, line_id="a", **fields), 400, "INVALID_REQUEST", "line_id requires reference")


@pytest.mark.slow
def test_order_with_25_products_is_sold_once(shop: Shop) -> None:
    for number in range(25):
        shop.create(f"p{number}")
    cart = [{**line(f"p{number}"), "line_id": str(number)} for number in range(25)]
    first = shop.fulfill_cart(*cart, reference="order 1")
    assert (first.status, len(first.body["lines"])) == (200, 25)
    assert shop.fulfill_cart(*cart, reference="order 1").text == first.text
    check(shop)
