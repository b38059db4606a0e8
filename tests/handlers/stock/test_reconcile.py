"""What differs between levels, reservations and movements is found, told and mended."""

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
from lib.services.stock.handler.levels import Place
from lib.services.stock.handler.movements import Cause

from ...support.fake_aws import Asked, FakeAws
from ...support.lambda_context import SPENT_SECONDS, Context
from ...support.worker import refused
from .conftest import RECONCILE, Shop
from .consistency import check


def quiet(shop: Shop) -> None:
    """Nobody changes anything for as long as a repair wants."""
    shop.clock.now += reconcile.QUIET_SECONDS + 1


def logged(capsys: pytest.CaptureFixture[str]) -> tuple[list[dict[str, Any]], list[int]]:
    """The drifts in the log, and the numbers of them that were counted."""
    lines = [json.loads(text) for text in capsys.readouterr().out.splitlines()]
    told = [line for line in lines if line["message"] == "drift"]
    return told, [line["Drift"] for line in lines if "Drift" in line]


def nightly(shop: Shop, capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """What the night's comparison tells, and the number that it counts."""
    capsys.readouterr()
    shop.run("stock-reconciliation")
    told, counted = logged(capsys)
    assert counted == [len(told)]
    return told


def compare(sleep: Callable[[float], None]) -> None:
    """Compare everything, in an invocation of its own."""
    frame = Api({}, {"compare": partial(reconcile.everything, commands().repository, sleep)}, "")
    frame({"schedule": "compare"}, Context(30))


def put(shop: Shop, table: str, rows: Iterable[dict[str, Any]]) -> None:
    """Write rows behind the service's back."""
    requests = [{"PutRequest": {"Item": row}} for row in rows]
    for start in range(0, len(requests), 25):
        shop.dynamodb.batch_write_item(RequestItems={shop.api.tables[table]: requests[start : start + 25]})


def drifting(shop: Shop, places: list[Place]) -> None:
    """Levels of which the last movement left another count."""
    at = levels.format_timestamp(shop.clock.now)
    created = [levels.created(place, 10, 0, None, at) for place in places]
    put(shop, "movements", [movements.row(Cause(movements.CREATED, "me"), 10, level, "c") for level in created])
    put(shop, "management", [levels.row(level._replace(stock_count=11)) for level in created])


def position(shop: Shop) -> str | None:
    """The product at which the next comparison of everything continues."""
    names = {row["product_id"]: row.get("position") for row in shop.rows("management")}
    return names.get("tap#reconcile-position")


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
    "unmoved": ({"moved_at": "2027-01-15T07:00:00.000000Z"}, [("sequence", 0, 2)]),
}


@pytest.mark.parametrize("name", DRIFTS)
@pytest.mark.slow
def test_a_drift_is_found_told_and_mended(shop: Shop, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    shop.create(stock_count=20)
    shop.create("desk")
    shop.reserve("r", 3)
    changes, wanted = DRIFTS[name]
    shop.tamper(**changes)
    told = [{"product_id": "lamp", "warehouse_id": "main", "field": f, "counted": c, "found": s} for f, c, s in wanted]
    assert shop.reconcile() == {"product_id": "lamp", "repaired": False, "drifts": told}
    line = {"level": "ERROR", "message": "drift", "correlationId": "invocation-1"}
    assert nightly(shop, capsys) == [{**line, **drift} for drift in told]
    quiet(shop)
    assert shop.reconcile(repair=True) == {"product_id": "lamp", "repaired": True, "drifts": told}
    assert shop.reconcile(repair=True) == {"product_id": "lamp", "repaired": False, "drifts": []}
    assert nightly(shop, capsys) == []
    last = shop.moved()[-1]
    assert last["type"] == "REPAIRED"
    assert last["reason"] == "; ".join(f"{field} {found} -> {counted}" for field, counted, found in wanted)
    assert (shop.read()["stock_count"], shop.read()["reserved_count"]) == (20, 3)
    if name != "unmoved":
        check(shop)


def test_a_reservation_that_is_gone_is_no_longer_held(shop: Shop) -> None:
    shop.create()
    shop.reserve("r", 3)
    shop.erase("reservations", reservation_id="r", line=0)
    quiet(shop)
    assert [drift["field"] for drift in shop.reconcile(repair=True)["drifts"]] == ["reserved_count", "holds"]
    assert shop.read()["available"] == 10
    assert shop.reserve("r", 10).status == 201


def test_a_repair_takes_a_level_over_its_threshold(shop: Shop) -> None:
    shop.create(stock_count=12)
    shop.tamper(stock_count=50, status="IN_STOCK")
    shop.reserve("r", 5)
    shop.told()
    shop.tamper(stock_count=12)
    quiet(shop)
    assert {drift["field"] for drift in shop.reconcile(repair=True)["drifts"]} == {"stock_count"}


@pytest.fixture(name="small_pages")
def small_pages_fixture(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a page have ten levels."""
    monkeypatch.setattr(reconcile, "PAGE", 10)


@pytest.mark.usefixtures("small_pages")
def test_a_shop_in_order_has_nothing_to_find(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    for number in range(13):
        shop.create(f"p{number}")
        shop.reserve(f"r{number}", 1, f"p{number}", lifetime_minutes=1 + number % 3)
    shop.clock.now += 60
    assert nightly(shop, capsys) == []
    shop.expire()
    assert nightly(shop, capsys) == []
    assert shop.reconcile("p7") == {"product_id": "p7", "repaired": False, "drifts": []}


def busy(shop: Shop, wire: FakeAws, moves: int) -> None:
    """Let somebody hold another unit between what is read of reservations and what is read of the level."""
    left = iter(range(moves))

    def play(asked: Asked) -> str:
        if "BatchGetItem" in asked.headers["x-amz-target"] and b"holds" not in asked.body:
            wire.script = ["pass"]
            number = next(left, None)
            if number is not None:
                assert shop.reserve(f"busy-{number}", lifetime_minutes=2).status == 201
                wire.script = ["pass", play]  # the level, its movement, then the next look
        return "pass"

    wire.script = [play]


def test_a_busy_shop_has_nothing_to_find(shop: Shop, wire: FakeAws, capsys: pytest.CaptureFixture[str]) -> None:
    shop.create(stock_count=100)
    busy(shop, wire, 3)
    assert nightly(shop, capsys) == []
    wire.script = ["pass"]
    busy(shop, wire, 3)
    assert shop.reconcile(repair=True)["drifts"] == []
    wire.script = ["pass"]
    check(shop)


class Moving:
    """A level of which units are held all the time, by somebody the index does not know of yet."""

    def __init__(self, shop: Shop, wire: FakeAws, day: str) -> None:
        self.shop = shop
        self.wire = wire
        self.day = day
        self.page = shop.index("lamp")
        self.count = 0

    def __call__(self, asked: Asked) -> object:
        if b"product-index" not in asked.body:
            return "pass"
        self.wire.script = ["pass"]
        self.count += 1
        assert self.shop.reserve(f"{self.day}-{self.count}").status == 201
        self.wire.script = [self]
        return (200, self.page)


def test_a_level_that_never_stands_still_is_not_mended(
    shop: Shop, wire: FakeAws, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.create(stock_count=100)
    shop.reserve("r", 2)
    wire.script = [Moving(shop, wire, "monday")]
    answer = shop.api("POST", RECONCILE, {"repair": True}, keys=("lamp",))
    assert (answer.status, answer.body["code"]) == (429, "THROTTLED")
    assert "lamp in main is being changed" in answer.body["error"]
    wire.script = ["pass"]
    check(shop)
    assert nightly(shop, capsys) == []
    wire.script = [Moving(shop, wire, "tuesday")]
    capsys.readouterr()
    shop.run("stock-reconciliation")
    wire.script = ["pass"]
    out = capsys.readouterr().out
    assert '"not compared","product":"lamp","warehouse":"main"' in out
    assert '"Drift":0' in out


def test_an_index_that_lags_is_given_time(shop: Shop, wire: FakeAws) -> None:
    shop.create()
    page = shop.index("lamp")
    shop.reserve("r", 2)
    lagging = iter([page, page])

    def play(asked: Asked) -> object:
        if b"product-index" not in asked.body:
            return "pass"
        found = next(lagging, None)
        return (200, found) if found else "pass"

    wire.script = [play]
    assert shop.reconcile(repair=True)["drifts"] == []
    assert next(lagging, None) is None
    wire.script = ["pass"]
    check(shop)


def test_a_hold_that_the_index_does_not_know_for_long_is_told_but_not_erased(shop: Shop, wire: FakeAws) -> None:
    shop.create()
    page = shop.index("lamp")
    quiet(shop)
    shop.reserve("r", 2)
    shop.clock.now += reconcile.QUIET_SECONDS - 1
    wire.script = [lambda asked: (200, page) if b"product-index" in asked.body else "pass"]
    assert [drift["field"] for drift in shop.reconcile()["drifts"]] == ["reserved_count", "holds"]
    answer = shop.api("POST", RECONCILE, {"repair": True}, keys=("lamp",))
    refused(answer, 429, "THROTTLED", "lamp in main is being changed; try again in a minute")
    wire.script = ["pass"]
    assert shop.read()["available"] == 8
    check(shop)


def test_a_warehouse_that_is_being_changed_keeps_no_other_from_being_mended(shop: Shop) -> None:
    for warehouse in ("a", "b", "c"):
        shop.create(warehouse_id=warehouse)
    quiet(shop)
    for warehouse in ("a", "b"):
        assert shop.update(warehouse_id=warehouse, stock_count=20).status == 200
    for warehouse in ("a", "b", "c"):
        shop.tamper(warehouse_id=warehouse, reserved_count=5)
    answer = shop.api("POST", RECONCILE, {"repair": True}, keys=("lamp",))
    refused(answer, 429, "THROTTLED", "lamp in a, b is being changed")
    assert [shop.row(warehouse_id=warehouse)["reserved_count"] for warehouse in ("a", "b", "c")] == [5, 5, 0]
    quiet(shop)
    assert [drift["warehouse_id"] for drift in shop.reconcile(repair=True)["drifts"]] == ["a", "b"]
    check(shop)


def test_a_repair_that_is_overtaken_mends_nothing(shop: Shop, wire: FakeAws) -> None:
    shop.create()
    shop.reserve("r", 2)
    shop.tamper(reserved_count=5)
    quiet(shop)

    def overtake(asked: Asked) -> str:
        if "TransactWriteItems" in asked.headers["x-amz-target"]:
            wire.script = ["pass"]
            assert shop.update(stock_count=20).status == 200
        return "pass"

    wire.script = [overtake]
    answer = shop.api("POST", RECONCILE, {"repair": True}, keys=("lamp",))
    assert (answer.status, answer.body["code"]) == (429, "THROTTLED")
    assert shop.row()["reserved_count"] == 5
    quiet(shop)
    assert shop.reconcile(repair=True)["repaired"]
    assert shop.row()["reserved_count"] == 2


def test_a_level_that_is_removed_meanwhile_differs_from_nothing(shop: Shop, wire: FakeAws) -> None:
    shop.create()
    shop.tamper(reserved_count=5)

    def remove(asked: Asked) -> str:
        if b"product-index" in asked.body:
            wire.script = ["pass"]
            shop.erase("management", product_id="lamp", warehouse_id="main")
        return "pass"

    wire.script = [remove]
    assert shop.reconcile()["drifts"] == []


def test_a_comparison_for_which_no_time_is_left_says_so(shop: Shop) -> None:
    shop.create()
    with pytest.raises(TooManyRequests, match="ran out of time"):
        shop.api.handler({"schedule": "stock-reconciliation"}, Context(SPENT_SECONDS))


def test_what_was_found_is_told_though_a_later_read_fails(
    shop: Shop, wire: FakeAws, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reconcile, "PAGE", 1)
    monkeypatch.setattr(reconcile, "MAX_CANDIDATES", 1)
    for product in ("desk", "lamp"):
        shop.create(product)
        shop.tamper(product, stock_count=11)
    wire.script = [lambda asked: (400, {"__type": "Broken"}) if b"ExclusiveStartKey" in asked.body else "pass"]
    capsys.readouterr()
    with pytest.raises(AwsError, match="Broken"):
        shop.run("stock-reconciliation")
    told, counted = logged(capsys)
    assert ([drift["field"] for drift in told], counted) == (["stock_count"], [1])
    assert position(shop) is None


def test_what_was_found_is_told_though_time_runs_out_over_what_moves(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    for product in ("desk", "lamp"):
        shop.create(product)
        shop.tamper(product, stock_count=11)
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        shop.tamper("desk", stock_count=11 + len(slept))
        if len(slept) == reconcile.LOOKS:
            DEADLINE.start(SPENT_SECONDS)

    capsys.readouterr()
    with pytest.raises(TooManyRequests, match="ran out of time"):
        compare(sleep)
    told, counted = logged(capsys)
    assert ([drift["product_id"] for drift in told], counted) == (["lamp"], [1])
    assert len(slept) == reconcile.LOOKS


def test_levels_of_a_product_share_the_pauses_between_looks(shop: Shop) -> None:
    for warehouse in ("a", "b"):
        shop.create(warehouse_id=warehouse)
        shop.tamper(warehouse_id=warehouse, stock_count=11)
    slept: list[float] = []
    assert len(reconcile.product(commands().repository, "lamp", False, "me", slept.append)) == 2
    assert len(slept) == reconcile.LOOKS - 1


@pytest.mark.usefixtures("small_pages")
def test_levels_that_differ_share_the_looks_however_many(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    products = [f"p{number:02}" for number in range(35)]
    drifting(shop, [(product, "main") for product in products])
    slept: list[float] = []
    capsys.readouterr()
    compare(slept.append)
    drifts, counted = logged(capsys)
    assert (sorted(drift["product_id"] for drift in drifts), counted) == (products, [35])
    assert len(slept) == reconcile.LOOKS - 1
    assert position(shop) is None


@pytest.mark.parametrize(("limit", "value", "wrapped"), [("MAX_CANDIDATES", 10, 10), ("MAX_PAGES", 1, 0)])
@pytest.mark.usefixtures("small_pages")
def test_a_comparison_continues_where_the_one_before_ran_out_of_time(
    shop: Shop,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    *,
    limit: str,
    value: int,
    wrapped: int,
) -> None:
    monkeypatch.setattr(reconcile, limit, value)
    products = [f"p{number:02}" for number in range(35)]
    drifting(shop, [(product, "main") for product in products])

    def interrupted(pauses: int) -> list[str]:
        slept: list[float] = []

        def sleep(seconds: float) -> None:
            slept.append(seconds)
            if len(slept) == pauses:
                DEADLINE.start(SPENT_SECONDS)

        capsys.readouterr()
        with pytest.raises(TooManyRequests, match="ran out of time"):
            compare(sleep)
        drifts, counted = logged(capsys)
        assert counted == [len(drifts)]
        return [drift["product_id"] for drift in drifts]

    pauses = 2 * (reconcile.LOOKS - 1) + 1
    assert interrupted(pauses) == products[:20]
    assert position(shop) == "p19"
    assert interrupted(pauses) == products[19:] + products[:wrapped]
    last = (products[19:] + products[:wrapped])[-1]
    assert position(shop) == last
    assert interrupted(1) == []
    assert position(shop) == last
    start = products.index(last)
    assert [drift["product_id"] for drift in nightly(shop, capsys)] == products[start:] + products[:start]
    assert len(shop.listed(page_size="100")) == 35


def test_a_comparison_that_continues_at_the_first_product_compares_each_level_once(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    drifting(shop, [("a", "main"), ("b", "main")])
    put(shop, "management", [{**levels.own_row(reconcile.POSITION), "position": {"S": "a"}}])
    assert [drift["product_id"] for drift in nightly(shop, capsys)] == ["a", "b"]


@pytest.mark.usefixtures("small_pages")
def test_a_product_in_more_warehouses_than_a_page_is_repaired(shop: Shop) -> None:
    warehouses = [f"w{number:02}" for number in range(23)]
    drifting(shop, [("lamp", warehouse) for warehouse in warehouses])
    quiet(shop)
    answer = shop.reconcile(repair=True)
    assert [drift["warehouse_id"] for drift in answer["drifts"]] == warehouses
    assert shop.reconcile()["drifts"] == []
    check(shop)


def test_a_product_with_more_holds_than_a_page_is_compared(shop: Shop) -> None:
    """A page of DynamoDB's is a megabyte."""
    shop.create(stock_count=60)
    for number in range(40):
        assert shop.reserve(f"r{number}", 1).status == 201
    put(shop, "reservations", [{**row, "padding": {"S": "x" * 30_000}} for row in shop.index("lamp")["Items"]])
    assert "LastEvaluatedKey" in shop.dynamodb.query(
        TableName=shop.api.tables["reservations"],
        IndexName="product-index",
        KeyConditionExpression="held_for = :product",
        ExpressionAttributeValues={":product": {"S": "lamp"}},
    )
    assert shop.reconcile()["drifts"] == []
    shop.tamper(reserved_count=39)
    quiet(shop)
    (drift,) = shop.reconcile(repair=True)["drifts"]
    assert (drift["field"], drift["counted"], drift["found"]) == ("reserved_count", 40, 39)
    assert shop.row()["reserved_count"] == 40
