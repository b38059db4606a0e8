"""Number of reads and writes of a request, independent of the number of expired reservations."""

from __future__ import annotations

import json

import pytest

from ...support.fake_aws import FakeAws
from .conftest import Shop
from .consistency import check

pytestmark = pytest.mark.slow

EXPIRED = 120


def calls(wire: FakeAws) -> list[str]:
    """Return the DynamoDB operations since the last call, with the index of queries."""
    operations = []
    for call in wire.calls:
        operation = call.headers["x-amz-target"].rpartition(".")[2]
        index = json.loads(call.body).get("IndexName")
        operations.append(f"{operation} {index}" if index else operation)
    wire.calls.clear()
    return operations


@pytest.fixture(name="busy")
def busy_fixture(shop: Shop) -> Shop:
    """Return a client of a service with many expired holds that are not released."""
    shop.create(stock_count=EXPIRED + 20, threshold_level=5)
    for number in range(EXPIRED):
        shop.reserve(f"r{number}", lifetime_minutes=1)
    shop.clock.now += 120
    return shop


def test_requests_that_need_no_expired_units_release_none(busy: Shop, wire: FakeAws) -> None:
    wire.calls.clear()
    assert busy.reserve("new", 10).status == 201
    assert calls(wire) == ["Query", "TransactWriteItems"]
    assert busy.reserve("large", EXPIRED + 11).status == 409
    # The second query checks whether the reservation exists.
    assert calls(wire) == ["Query", "Query"]
    assert busy.update(adjustment=-EXPIRED - 21, reason="x").status == 409
    assert calls(wire) == ["Query"]
    check(busy)


def test_status_change_releases_expired_holds_in_one_transaction(busy: Shop, wire: FakeAws) -> None:
    wire.calls.clear()
    assert busy.fulfill(quantity=16).status == 200
    read = ["Query", "Query product-index", "BatchGetItem", "TransactWriteItems"]
    assert calls(wire) == [*read, "Query", "TransactWriteItems"]
    assert busy.level_item()["reserved_count"] == EXPIRED - 48
    check(busy)


@pytest.mark.parametrize(("units", "rounds"), [(62, 1), (69, 2)])
@pytest.mark.untraced
def test_requested_units_determine_the_released_holds(busy: Shop, wire: FakeAws, units: int, rounds: int) -> None:
    wire.calls.clear()
    assert busy.reserve("new", units).status == 201
    assert calls(wire).count("Query product-index") == rounds
    check(busy)


def test_holds_of_the_requested_warehouse_are_released_first(shop: Shop) -> None:
    for warehouse in ("north", "south"):
        shop.create(warehouse_id=warehouse, stock_count=60, threshold_level=0)
        for number in range(50):
            shop.reserve(f"{warehouse}{number}", warehouse_id=warehouse, lifetime_minutes=1)
    shop.clock.now += 60
    assert shop.reserve("r", 20, warehouse_id="south").status == 201
    reserved = [shop.level_item("lamp", warehouse)["reserved_count"] for warehouse in ("north", "south")]
    assert reserved == [50, 22]
    check(shop)


def test_requests_limit_the_number_of_expiry_times(shop: Shop) -> None:
    shop.create(stock_count=500, threshold_level=0)
    maximum = 0
    for number in range(100):
        shop.reserve(f"r{number}", lifetime_minutes=1)
        shop.clock.now += 3
        maximum = max(maximum, len(shop.level_item()["holds"]))
    assert maximum == 64
    check(shop)
