"""What a request reads and writes does not depend on how much was reserved before."""

from __future__ import annotations

import json

import pytest

from ...support.fake_aws import FakeAws
from .conftest import Shop
from .consistency import check

pytestmark = pytest.mark.slow

ENDED = 120


def calls(wire: FakeAws) -> list[str]:
    """The operations that were called since the last look, with the index that was read."""
    found = []
    for asked in wire.asked:
        operation = asked.headers["x-amz-target"].rpartition(".")[2]
        index = json.loads(asked.body).get("IndexName")
        found.append(f"{operation} {index}" if index else operation)
    wire.asked.clear()
    return found


@pytest.fixture(name="busy")
def busy_fixture(shop: Shop) -> Shop:
    """A shop with many holds that have expired and are not released."""
    shop.create(stock_count=ENDED + 20, threshold_level=5)
    for number in range(ENDED):
        shop.reserve(f"r{number}", lifetime_minutes=1)
    shop.clock.now += 120
    return shop


def test_requests_that_need_no_expired_units_release_none(busy: Shop, wire: FakeAws) -> None:
    wire.asked.clear()
    assert busy.reserve("new", 10).status == 201
    assert calls(wire) == ["Query", "TransactWriteItems"]
    assert busy.reserve("large", ENDED + 11).status == 409
    # What has the id might be the same reservation.
    assert calls(wire) == ["Query", "Query"]
    assert busy.update(adjustment=-ENDED - 21, reason="x").status == 409
    assert calls(wire) == ["Query"]
    check(busy)


def test_a_status_is_worth_one_transaction(busy: Shop, wire: FakeAws) -> None:
    wire.asked.clear()
    assert busy.fulfill(quantity=16).status == 200
    read = ["Query", "Query product-index", "BatchGetItem", "TransactWriteItems"]
    assert calls(wire) == [*read, "Query", "TransactWriteItems"]
    assert busy.row()["reserved_count"] == ENDED - 48
    check(busy)


@pytest.mark.parametrize(("units", "rounds"), [(62, 1), (69, 2)])
@pytest.mark.untraced
def test_so_many_holds_are_given_back_as_units_are_needed(busy: Shop, wire: FakeAws, units: int, rounds: int) -> None:
    wire.asked.clear()
    assert busy.reserve("new", units).status == 201
    assert calls(wire).count("Query product-index") == rounds
    check(busy)


def test_holds_of_the_warehouse_that_is_asked_for_are_given_back_first(shop: Shop) -> None:
    for warehouse in ("north", "south"):
        shop.create(warehouse_id=warehouse, stock_count=60, threshold_level=0)
        for number in range(50):
            shop.reserve(f"{warehouse}{number}", warehouse_id=warehouse, lifetime_minutes=1)
    shop.clock.now += 60
    assert shop.reserve("r", 20, warehouse_id="south").status == 201
    assert (shop.row("lamp", "north")["reserved_count"], shop.row("lamp", "south")["reserved_count"]) == (50, 22)
    check(shop)


def test_ends_that_no_sweep_removes_are_removed_by_requests(shop: Shop) -> None:
    shop.create(stock_count=500, threshold_level=0)
    most = 0
    for number in range(100):
        shop.reserve(f"r{number}", lifetime_minutes=1)
        shop.clock.now += 3
        most = max(most, len(shop.row()["holds"]))
    assert most == 64
    check(shop)
