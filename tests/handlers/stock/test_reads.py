"""What is told is what was written last: nothing is read from where it may be a moment behind."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest

from ...support.fake_aws import Asked, FakeAws
from .conftest import FULFILL, Shop
from .test_fulfilments import forget_sale
from .test_reservations import line


def reads(asked: Asked) -> Iterator[tuple[str, str, bool]]:
    """What a call of AWS reads of tables themselves: how, of which, and whether strongly consistent."""
    action = asked.headers["x-amz-target"].partition(".")[2]
    request = json.loads(asked.body)
    if action == "BatchGetItem":
        for table, wanted in request["RequestItems"].items():
            yield action, table, wanted.get("ConsistentRead", False)
    elif action in ("Query", "Scan", "GetItem") and "IndexName" not in request:
        yield action, request["TableName"], request.get("ConsistentRead", False)


REQUESTS: dict[str, tuple[Callable[[Shop], object], set[tuple[str, str]]]] = {
    "a product": (lambda shop: shop.read(), {("Query", "management")}),
    "a product in a warehouse": (lambda shop: shop.read(warehouse_id="main"), {("BatchGetItem", "management")}),
    "a listing": (lambda shop: shop.listed(), {("BatchGetItem", "management")}),
    "movements": (lambda shop: shop.moved(), {("Query", "movements")}),
    "a reservation that stands": (lambda shop: shop.reserve("held", 2), {("Query", "reservations")}),
    "a reservation that is released": (
        lambda shop: shop.release("held"),
        {("Query", "reservations"), ("BatchGetItem", "management")},
    ),
    "a reservation that an earlier release sold": (
        lambda shop: shop.fulfill(reservationId="sold"),
        {("Query", "reservations"), ("BatchGetItem", "movements")},
    ),
    "a cart": (lambda shop: shop.reserve_cart("cart", line("lamp")), {("Query", "management")}),
    "a key": (
        lambda shop: shop.api("POST", FULFILL, {"quantity": 1}, keys=("lamp",), headers={"Idempotency-Key": "k"}),
        {("Query", "management"), ("BatchGetItem", "management")},
    ),
}


@pytest.mark.slow
def test_tables_are_read_strongly_consistent(shop: Shop, wire: FakeAws, subtests: pytest.Subtests) -> None:
    shop.create(stock_count=20)
    shop.reserve("held", 2)
    shop.reserve("sold", 2)
    shop.fulfill(reservationId="sold")
    forget_sale(shop, "sold", 1)
    names = {aws: table for table, aws in shop.api.tables.items()}
    for name, (request, expected) in REQUESTS.items():
        with subtests.test(name):
            before = len(wire.asked)
            request(shop)
            found = [read for call in wire.asked[before:] for read in reads(call)]
            assert {(action, names[table]) for action, table, _ in found} >= expected
            assert [read for read in found if not read[2]] == []
