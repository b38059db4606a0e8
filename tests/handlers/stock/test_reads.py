"""Strongly consistent reads of all tables."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest

from ...support.fake_aws import FakeAws, RecordedCall
from .conftest import FULFILL, Shop
from .test_fulfillments import remove_sale_attributes
from .test_reservations import line


def reads(call: RecordedCall) -> Iterator[tuple[str, str, bool]]:
    """Yield operation, table and strong consistency of the table reads of an AWS call."""
    action = call.headers["x-amz-target"].partition(".")[2]
    request = json.loads(call.body)
    if action == "BatchGetItem":
        for table, read in request["RequestItems"].items():
            yield action, table, read.get("ConsistentRead", False)
    elif action in ("Query", "Scan", "GetItem") and "IndexName" not in request:
        yield action, request["TableName"], request.get("ConsistentRead", False)


REQUESTS: dict[str, tuple[Callable[[Shop], object], set[tuple[str, str]]]] = {
    "a product": (lambda shop: shop.read(), {("Query", "management")}),
    "a product in a warehouse": (lambda shop: shop.read(warehouse_id="main"), {("BatchGetItem", "management")}),
    "a listing": (lambda shop: shop.list_levels(), {("BatchGetItem", "management")}),
    "movements": (lambda shop: shop.list_movements(), {("Query", "movements")}),
    "a repeated reservation": (lambda shop: shop.reserve("active", 2), {("Query", "reservations")}),
    "a release": (
        lambda shop: shop.release("active"),
        {("Query", "reservations"), ("BatchGetItem", "management")},
    ),
    "a reservation sold by an earlier release": (
        lambda shop: shop.fulfill(reservationId="sold"),
        {("Query", "reservations"), ("BatchGetItem", "movements")},
    ),
    "a cart": (lambda shop: shop.reserve_cart("cart", line("lamp")), {("Query", "management")}),
    "an idempotency key": (
        lambda shop: shop.api("POST", FULFILL, {"quantity": 1}, keys=("lamp",), headers={"Idempotency-Key": "k"}),
        {("Query", "management"), ("BatchGetItem", "management")},
    ),
}


@pytest.mark.slow
def test_tables_are_read_with_strong_consistency(shop: Shop, wire: FakeAws, subtests: pytest.Subtests) -> None:
    shop.create(stock_count=20)
    shop.reserve("active", 2)
    shop.reserve("sold", 2)
    shop.fulfill(reservationId="sold")
    remove_sale_attributes(shop, "sold", 1)
    names = {aws: table for table, aws in shop.api.tables.items()}
    for name, (request, expected) in REQUESTS.items():
        with subtests.test(name):
            before = len(wire.calls)
            request(shop)
            table_reads = [read for call in wire.calls[before:] for read in reads(call)]
            assert {(action, names[table]) for action, table, _ in table_reads} >= expected
            assert [read for read in table_reads if not read[2]] == []
