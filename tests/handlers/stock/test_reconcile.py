"""Reconciliation: drifts between levels, reservations and movements are reported and repaired."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import pytest

from lib.runtime.errors import TooManyRequests
from lib.runtime.event_handler import Api
from lib.runtime.http_client import DEADLINE, AwsError
from lib.services.stock.handler import levels, movements, reconcile
from lib.services.stock.handler.commands import commands
from lib.services.stock.handler.levels import LevelKey
from lib.services.stock.handler.movements import Cause

from ...support.fake_aws import FakeAws, RecordedCall
from ...support.lambda_context import SPENT_SECONDS, Context
from ...support.worker import assert_error
from .conftest import RECONCILE, Shop
from .consistency import check


def wait_until_repairable(shop: Shop) -> None:
    """Advance the clock until repairs are allowed after the last movement."""
    shop.clock.now += reconcile.QUIET_SECONDS + 1


def logged(capsys: pytest.CaptureFixture[str]) -> tuple[list[dict[str, Any]], list[int]]:
    """Return the logged drifts and the values of the metric `Drift`."""
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    drifts = [line for line in lines if line["message"] == "drift"]
    return drifts, [line["Drift"] for line in lines if "Drift" in line]


def scheduled_drifts(shop: Shop, capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """Run the scheduled comparison, check its metric, and return the logged drifts."""
    capsys.readouterr()
    shop.run_schedule("stock-reconciliation")
    drifts, counts = logged(capsys)
    assert counts == [len(drifts)]
    return drifts


def compare(sleep: Callable[[float], None]) -> None:
    """Compare all products in one Lambda invocation."""
    handler = Api({}, {"compare": partial(reconcile.all_products, commands().repository, sleep)}, "")
    handler({"schedule": "compare"}, Context(30))


def put_items(shop: Shop, table: str, items: Iterable[dict[str, Any]]) -> None:
    requests = [{"PutRequest": {"Item": item}} for item in items]
    for start in range(0, len(requests), 25):
        shop.dynamodb.batch_write_item(RequestItems={shop.api.tables[table]: requests[start : start + 25]})


def create_drifts(shop: Shop, keys: list[LevelKey]) -> None:
    """Write levels with a `stock_count` that differs from the last movement."""
    at = levels.format_timestamp(shop.clock.now)
    created = [levels.new_level(key, 10, 0, None, at) for key in keys]
    put_items(
        shop, "movements", [movements.to_item(Cause(movements.CREATED, "me"), 10, level, "c") for level in created]
    )
    put_items(shop, "management", [levels.to_item(level._replace(stock_count=11)) for level in created])


def position(shop: Shop) -> str | None:
    """Return the product at which the next scheduled comparison continues."""
    positions = {item["product_id"]: item.get("position") for item in shop.items("management")}
    return positions.get("tap#reconcile-position")


DRIFTS: dict[str, tuple[dict[str, Any], list[tuple[str, Any, Any]]]] = {
    "reserved_count": ({"reserved_count": 5}, [("reserved_count", 3, 5)]),
    "stock_count": ({"stock_count": 12}, [("stock_count", 20, 12)]),
    "holds": ({"holds": {}}, [("holds", "3 until 2027-01-15T08:30:00.000000Z", "none")]),
    "status": ({"status": "OUT_OF_STOCK"}, [("status", "IN_STOCK", "OUT_OF_STOCK")]),
    "all": (
        {"stock_count": 1, "reserved_count": 0, "holds": {}},
        [
            ("stock_count", 20, 1),
            ("reserved_count", 3, 0),
            ("holds", "3 until 2027-01-15T08:30:00.000000Z", "none"),
        ],
    ),
    "no movement": ({"moved_at": "2027-01-15T07:00:00.000000Z"}, [("sequence", 0, 2)]),
}


@pytest.mark.parametrize("name", DRIFTS)
@pytest.mark.slow
def test_drift_is_reported_logged_and_repaired(shop: Shop, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    shop.create(stock_count=20)
    shop.create("desk")
    shop.reserve("r", 3)
    changes, expected = DRIFTS[name]
    shop.set_attributes(**changes)
    level = {"product_id": "lamp", "warehouse_id": "main"}
    drifts = [{**level, "field": field, "counted": counted, "found": found} for field, counted, found in expected]
    assert shop.reconcile() == {"product_id": "lamp", "repaired": False, "drifts": drifts}
    line = {"level": "ERROR", "message": "drift", "correlationId": "invocation-1"}
    assert scheduled_drifts(shop, capsys) == [{**line, **drift} for drift in drifts]
    wait_until_repairable(shop)
    assert shop.reconcile(repair=True) == {"product_id": "lamp", "repaired": True, "drifts": drifts}
    assert shop.reconcile(repair=True) == {"product_id": "lamp", "repaired": False, "drifts": []}
    assert scheduled_drifts(shop, capsys) == []
    last = shop.list_movements()[-1]
    assert last["type"] == "REPAIRED"
    assert last["reason"] == "; ".join(f"{field} {found} -> {counted}" for field, counted, found in expected)
    assert (shop.read()["stock_count"], shop.read()["reserved_count"]) == (20, 3)
    if name != "no movement":
        check(shop)


def test_units_of_a_deleted_reservation_are_released(shop: Shop) -> None:
    shop.create()
    shop.reserve("r", 3)
    shop.delete_item("reservations", reservation_id="r", line=0)
    wait_until_repairable(shop)
    assert [drift["field"] for drift in shop.reconcile(repair=True)["drifts"]] == ["reserved_count", "holds"]
    assert shop.read()["available"] == 10
    assert shop.reserve("r", 10).status == 201


def test_repair_can_cross_the_threshold(shop: Shop) -> None:
    shop.create(stock_count=12)
    shop.set_attributes(stock_count=50, status="IN_STOCK")
    shop.reserve("r", 5)
    shop.sent_alerts()
    shop.set_attributes(stock_count=12)
    wait_until_repairable(shop)
    assert {drift["field"] for drift in shop.reconcile(repair=True)["drifts"]} == {"stock_count"}


@pytest.fixture(name="small_pages")
def small_pages_fixture(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reduce the page size to ten levels."""
    monkeypatch.setattr(reconcile, "PAGE", 10)


@pytest.mark.usefixtures("small_pages")
def test_consistent_levels_have_no_drifts(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    for number in range(13):
        shop.create(f"p{number}")
        shop.reserve(f"r{number}", 1, f"p{number}", lifetime_minutes=1 + number % 3)
    shop.clock.now += 60
    assert scheduled_drifts(shop, capsys) == []
    shop.run_expiry()
    assert scheduled_drifts(shop, capsys) == []
    assert shop.reconcile("p7") == {"product_id": "p7", "repaired": False, "drifts": []}


def reserve_during_comparisons(shop: Shop, wire: FakeAws, moves: int) -> None:
    """Reserve a unit between the reads of the reservations and the level, in the first `moves` comparisons."""
    numbers = iter(range(moves))

    def reserve(call: RecordedCall) -> str:
        if "BatchGetItem" in call.headers["x-amz-target"] and b"holds" not in call.body:
            wire.script = ["pass"]
            number = next(numbers, None)
            if number is not None:
                assert shop.reserve(f"reserve_during_comparisons-{number}", lifetime_minutes=2).status == 201
                wire.script = ["pass", reserve]  # Skip the read of the movement.
        return "pass"

    wire.script = [reserve]


def test_concurrent_reservations_are_not_reported_as_drifts(
    shop: Shop, wire: FakeAws, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.create(stock_count=100)
    reserve_during_comparisons(shop, wire, 3)
    assert scheduled_drifts(shop, capsys) == []
    wire.script = ["pass"]
    reserve_during_comparisons(shop, wire, 3)
    assert shop.reconcile(repair=True)["drifts"] == []
    wire.script = ["pass"]
    check(shop)


class ConstantReservations:
    """Script that reserves a unit before each query of the index and returns an outdated page."""

    def __init__(self, shop: Shop, wire: FakeAws, prefix: str) -> None:
        self.shop = shop
        self.wire = wire
        self.prefix = prefix
        self.page = shop.query_product_index("lamp")
        self.count = 0

    def __call__(self, call: RecordedCall) -> object:
        if b"product-index" not in call.body:
            return "pass"
        self.wire.script = ["pass"]
        self.count += 1
        assert self.shop.reserve(f"{self.prefix}-{self.count}").status == 201
        self.wire.script = [self]
        return (200, self.page)


def test_constantly_changing_level_is_not_repaired(
    shop: Shop, wire: FakeAws, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.create(stock_count=100)
    shop.reserve("r", 2)
    wire.script = [ConstantReservations(shop, wire, "first")]
    response = shop.api("POST", RECONCILE, {"repair": True}, keys=("lamp",))
    assert (response.status, response.body["code"]) == (429, "THROTTLED")
    assert "Product 'lamp' is being modified in main." in response.body["error"]
    wire.script = ["pass"]
    check(shop)
    assert scheduled_drifts(shop, capsys) == []
    wire.script = [ConstantReservations(shop, wire, "second")]
    capsys.readouterr()
    shop.run_schedule("stock-reconciliation")
    wire.script = ["pass"]
    out = capsys.readouterr().out
    assert '"level not compared","product":"lamp","warehouse":"main"' in out
    assert '"Drift":0' in out


def test_lagging_index_is_queried_again(shop: Shop, wire: FakeAws) -> None:
    shop.create()
    page = shop.query_product_index("lamp")
    shop.reserve("r", 2)
    lagging = iter([page, page])

    def respond(call: RecordedCall) -> object:
        if b"product-index" not in call.body:
            return "pass"
        outdated = next(lagging, None)
        return (200, outdated) if outdated else "pass"

    wire.script = [respond]
    assert shop.reconcile(repair=True)["drifts"] == []
    assert next(lagging, None) is None
    wire.script = ["pass"]
    check(shop)


def test_hold_missing_in_the_index_is_reported_but_not_removed(shop: Shop, wire: FakeAws) -> None:
    shop.create()
    page = shop.query_product_index("lamp")
    wait_until_repairable(shop)
    shop.reserve("r", 2)
    shop.clock.now += reconcile.QUIET_SECONDS - 1
    wire.script = [lambda call: (200, page) if b"product-index" in call.body else "pass"]
    assert [drift["field"] for drift in shop.reconcile()["drifts"]] == ["reserved_count", "holds"]
    response = shop.api("POST", RECONCILE, {"repair": True}, keys=("lamp",))
    assert_error(response, 429, "THROTTLED", "Product 'lamp' is being modified in main. Try again in a minute.")
    wire.script = ["pass"]
    assert shop.read()["available"] == 8
    check(shop)


def test_recently_modified_warehouse_does_not_block_repair_of_others(shop: Shop) -> None:
    for warehouse in ("a", "b", "c"):
        shop.create(warehouse_id=warehouse)
    wait_until_repairable(shop)
    for warehouse in ("a", "b"):
        assert shop.update(warehouse_id=warehouse, stock_count=20).status == 200
    for warehouse in ("a", "b", "c"):
        shop.set_attributes(warehouse_id=warehouse, reserved_count=5)
    response = shop.api("POST", RECONCILE, {"repair": True}, keys=("lamp",))
    assert_error(response, 429, "THROTTLED", "Product 'lamp' is being modified in a, b.")
    assert [shop.level_item(warehouse_id=warehouse)["reserved_count"] for warehouse in ("a", "b", "c")] == [5, 5, 0]
    wait_until_repairable(shop)
    assert [drift["warehouse_id"] for drift in shop.reconcile(repair=True)["drifts"]] == ["a", "b"]
    check(shop)


def test_repair_fails_after_a_concurrent_update(shop: Shop, wire: FakeAws) -> None:
    shop.create()
    shop.reserve("r", 2)
    shop.set_attributes(reserved_count=5)
    wait_until_repairable(shop)

    def update(call: RecordedCall) -> str:
        if "TransactWriteItems" in call.headers["x-amz-target"]:
            wire.script = ["pass"]
            assert shop.update(stock_count=20).status == 200
        return "pass"

    wire.script = [update]
    response = shop.api("POST", RECONCILE, {"repair": True}, keys=("lamp",))
    assert (response.status, response.body["code"]) == (429, "THROTTLED")
    assert shop.level_item()["reserved_count"] == 5
    wait_until_repairable(shop)
    assert shop.reconcile(repair=True)["repaired"]
    assert shop.level_item()["reserved_count"] == 2


def test_concurrently_deleted_level_has_no_drifts(shop: Shop, wire: FakeAws) -> None:
    shop.create()
    shop.set_attributes(reserved_count=5)

    def remove(call: RecordedCall) -> str:
        if b"product-index" in call.body:
            wire.script = ["pass"]
            shop.delete_item("management", product_id="lamp", warehouse_id="main")
        return "pass"

    wire.script = [remove]
    assert shop.reconcile()["drifts"] == []


def test_comparison_without_remaining_time_raises_an_error(shop: Shop) -> None:
    shop.create()
    with pytest.raises(TooManyRequests, match="ran out of time"):
        shop.api.handler({"schedule": "stock-reconciliation"}, Context(SPENT_SECONDS))


def test_drifts_are_logged_if_a_later_read_fails(
    shop: Shop, wire: FakeAws, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reconcile, "PAGE", 1)
    monkeypatch.setattr(reconcile, "MAX_CANDIDATES", 1)
    for product in ("desk", "lamp"):
        shop.create(product)
        shop.set_attributes(product, stock_count=11)
    wire.script = [lambda call: (400, {"__type": "Broken"}) if b"ExclusiveStartKey" in call.body else "pass"]
    capsys.readouterr()
    with pytest.raises(AwsError, match="Broken"):
        shop.run_schedule("stock-reconciliation")
    drifts, counts = logged(capsys)
    assert ([drift["field"] for drift in drifts], counts) == (["stock_count"], [1])
    assert position(shop) is None


def test_drifts_are_logged_if_time_is_used_up_by_changing_levels(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    for product in ("desk", "lamp"):
        shop.create(product)
        shop.set_attributes(product, stock_count=11)
    sleeps: list[float] = []

    def sleep(seconds: float) -> None:
        sleeps.append(seconds)
        shop.set_attributes("desk", stock_count=11 + len(sleeps))
        if len(sleeps) == reconcile.CONFIRMATIONS:
            DEADLINE.start(SPENT_SECONDS)

    capsys.readouterr()
    with pytest.raises(TooManyRequests, match="ran out of time"):
        compare(sleep)
    drifts, counts = logged(capsys)
    assert ([drift["product_id"] for drift in drifts], counts) == (["lamp"], [1])
    assert len(sleeps) == reconcile.CONFIRMATIONS


def test_levels_of_a_product_are_compared_in_the_same_rounds(shop: Shop) -> None:
    for warehouse in ("a", "b"):
        shop.create(warehouse_id=warehouse)
        shop.set_attributes(warehouse_id=warehouse, stock_count=11)
    sleeps: list[float] = []
    assert len(reconcile.product(commands().repository, "lamp", False, "me", sleeps.append)) == 2
    assert len(sleeps) == reconcile.CONFIRMATIONS - 1


@pytest.mark.usefixtures("small_pages")
def test_all_differing_levels_are_compared_in_the_same_rounds(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    products = [f"p{number:02}" for number in range(35)]
    create_drifts(shop, [(product, "main") for product in products])
    sleeps: list[float] = []
    capsys.readouterr()
    compare(sleeps.append)
    drifts, counts = logged(capsys)
    assert (sorted(drift["product_id"] for drift in drifts), counts) == (products, [35])
    assert len(sleeps) == reconcile.CONFIRMATIONS - 1
    assert position(shop) is None


@pytest.mark.parametrize(("limit", "value", "products_from_start"), [("MAX_CANDIDATES", 10, 10), ("MAX_PAGES", 1, 0)])
@pytest.mark.usefixtures("small_pages")
def test_comparison_continues_at_the_position_of_the_previous_run(
    shop: Shop,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    *,
    limit: str,
    value: int,
    products_from_start: int,
) -> None:
    monkeypatch.setattr(reconcile, limit, value)
    products = [f"p{number:02}" for number in range(35)]
    create_drifts(shop, [(product, "main") for product in products])

    def compare_with_timeout(pauses: int) -> list[str]:
        sleeps: list[float] = []

        def sleep(seconds: float) -> None:
            sleeps.append(seconds)
            if len(sleeps) == pauses:
                DEADLINE.start(SPENT_SECONDS)

        capsys.readouterr()
        with pytest.raises(TooManyRequests, match="ran out of time"):
            compare(sleep)
        drifts, counts = logged(capsys)
        assert counts == [len(drifts)]
        return [drift["product_id"] for drift in drifts]

    pauses = 2 * (reconcile.CONFIRMATIONS - 1) + 1
    assert compare_with_timeout(pauses) == products[:20]
    assert position(shop) == "p19"
    assert compare_with_timeout(pauses) == products[19:] + products[:products_from_start]
    last = (products[19:] + products[:products_from_start])[-1]
    assert position(shop) == last
    assert compare_with_timeout(1) == []
    assert position(shop) == last
    start = products.index(last)
    assert [drift["product_id"] for drift in scheduled_drifts(shop, capsys)] == products[start:] + products[:start]
    assert len(shop.list_levels(page_size="100")) == 35


def test_comparison_that_continues_at_the_first_product_compares_each_level_once(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    create_drifts(shop, [("a", "main"), ("b", "main")])
    put_items(shop, "management", [{**levels.service_item_key(reconcile.POSITION), "position": {"S": "a"}}])
    assert [drift["product_id"] for drift in scheduled_drifts(shop, capsys)] == ["a", "b"]


@pytest.mark.usefixtures("small_pages")
def test_product_with_several_pages_of_warehouses_is_repaired(shop: Shop) -> None:
    warehouses = [f"w{number:02}" for number in range(23)]
    create_drifts(shop, [("lamp", warehouse) for warehouse in warehouses])
    wait_until_repairable(shop)
    response = shop.reconcile(repair=True)
    assert [drift["warehouse_id"] for drift in response["drifts"]] == warehouses
    assert shop.reconcile()["drifts"] == []
    check(shop)


def test_product_with_several_pages_of_holds_is_compared(shop: Shop) -> None:
    """A page of a DynamoDB query contains at most one megabyte."""
    shop.create(stock_count=60)
    for number in range(40):
        assert shop.reserve(f"r{number}", 1).status == 201
    put_items(
        shop,
        "reservations",
        [{**item, "padding": {"S": "x" * 30_000}} for item in shop.query_product_index("lamp")["Items"]],
    )
    assert "LastEvaluatedKey" in shop.dynamodb.query(
        TableName=shop.api.tables["reservations"],
        IndexName="product-index",
        KeyConditionExpression="held_for = :product",
        ExpressionAttributeValues={":product": {"S": "lamp"}},
    )
    assert shop.reconcile()["drifts"] == []
    shop.set_attributes(reserved_count=39)
    wait_until_repairable(shop)
    (drift,) = shop.reconcile(repair=True)["drifts"]
    assert (drift["field"], drift["counted"], drift["found"]) == ("reserved_count", 40, 39)
    assert shop.level_item()["reserved_count"] == 40
