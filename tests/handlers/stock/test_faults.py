"""Consistency after crashes between AWS calls, lost responses, throttling and concurrent changes."""

from __future__ import annotations

import contextlib
import json
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest

from lib.runtime import dynamodb
from lib.runtime.http_client import AwsError

from ...support.fake_aws import FakeAws, RecordedCall
from ...support.lambda_context import SPENT_SECONDS
from ...support.worker import HandlerResponse, assert_error
from .conftest import FULFILL, PRODUCT, RECONCILE, RESERVE, Shop
from .consistency import check
from .test_reservations import counts, line

pytestmark = pytest.mark.slow

THROTTLED = (400, {"__type": "ProvisionedThroughputExceededException"})
KEY = {"Idempotency-Key": "k"}
ADJUSTMENT = {"adjustment": 1, "reason": "x", "expected_version": 1}
CRASH = ["lose", "hang up"]
"""Script for a crash of the execution environment right after AWS has executed a call."""
LOST_RESPONSE_ACTIONS = (
    *("create", "update", "reserve an expired ID", "release", "fulfill reserved", "fulfill available"),
    "expire",
)


class Action(NamedTuple):
    """Request or scheduled job, with the status codes of its first and repeated execution."""

    run: Callable[[Shop], HandlerResponse | None]
    first: int
    repeated: int


CART = (line("a", 2), line("b"))
ACTIONS: dict[str, Action] = {
    "create": Action(
        lambda shop: shop.api("POST", "/inventory", {"product_id": "new", "stock_count": 5}, headers=KEY), 201, 201
    ),
    "update": Action(lambda shop: shop.update("a", stock_count=13, expected_version=1), 200, 409),
    "adjust with a key": Action(lambda shop: shop.api("PUT", PRODUCT, ADJUSTMENT, keys=("a",), headers=KEY), 200, 200),
    "reserve": Action(lambda shop: shop.reserve("r", 2, "a"), 201, 201),
    "reserve with a key": Action(
        lambda shop: shop.api("POST", RESERVE, {"reservationId": "r", "quantity": 2}, keys=("a",), headers=KEY),
        201,
        201,
    ),
    "reserve a cart": Action(lambda shop: shop.reserve_cart("r", *CART), 201, 201),
    "reserve an expired ID": Action(lambda shop: shop.reserve_cart("expired", *CART), 201, 201),
    "reserve all": Action(lambda shop: shop.reserve("r", 8, "a"), 201, 201),
    "release": Action(lambda shop: shop.release_cart("active"), 204, 404),
    "fulfill reserved": Action(lambda shop: shop.fulfill_cart(reservationId="active"), 200, 200),
    "fulfill available": Action(
        lambda shop: shop.api("POST", FULFILL, {"quantity": 2}, keys=("a",), headers=KEY), 200, 200
    ),
    "reconcile": Action(lambda shop: shop.api("POST", RECONCILE, {"repair": True}, keys=("a",)), 200, 200),
    "expire": Action(lambda shop: shop.run_schedule("stock-expiry"), 0, 0),
    "send alerts": Action(lambda shop: shop.run_schedule("stock-thresholds"), 0, 0),
    "list": Action(lambda shop: shop.api("GET", "/inventory", query={"page_size": "1"}), 200, 200),
}


def fill(shop: Shop) -> None:
    """Create levels with active and expired reservations. 8 units of `a` are available, because 2 have expired."""
    shop.create("a", stock_count=12, threshold_level=8)
    shop.create("b", stock_count=5)
    shop.reserve_cart("expired", line("a", 2), line("b"), lifetime_minutes=1)
    shop.reserve_cart("active", line("a", 4), line("b"), lifetime_minutes=9)
    shop.clock.now += 60


def clear(shop: Shop) -> None:
    keys = {
        "management": ("product_id", "warehouse_id"),
        "reservations": ("reservation_id", "line"),
        "movements": ("product_id", "movement_id"),
    }
    for table, names in keys.items():
        shop.delete_items(table, [{name: item[name] for name in names} for item in shop.items(table)])


def run_with_script(shop: Shop, wire: FakeAws, script: list[Any], action: Action) -> bool:
    """Run an action in a new execution environment with a script. Return whether it finished before the failure."""
    wire.script = script
    calls = script.count("pass")
    before = len(wire.calls)
    shop.start_environment(pauses=())
    with contextlib.suppress(AwsError):  # Raised by scheduled jobs.
        action.run(shop)
    wire.script = ["pass"]
    shop.start_environment()
    return len(wire.calls) - before <= calls


def states(shop: Shop) -> Iterator[Any]:
    """Yield the movements without their times."""
    for item in sorted(shop.items("movements"), key=lambda item: (item["product_id"], item["sequence"])):
        yield item["product_id"], item["type"], item["quantity"], item.get("reservationId")


@pytest.mark.parametrize("name", [name for name in ACTIONS if name not in ("reserve", "list")])
def test_data_is_consistent_after_a_crash_between_calls(shop: Shop, wire: FakeAws, name: str) -> None:
    action = ACTIONS[name]
    fill(shop)
    before = [*states(shop)]
    action.run(shop)
    expected = [*states(shop)]
    clear(shop)
    calls, finished = 0, False
    while not finished:
        shop.clock.now -= 60
        fill(shop)
        finished = run_with_script(shop, wire, [*["pass"] * calls, *CRASH], action)
        with shop.snapshot():
            check(shop)
            is_done = [*states(shop)] == expected
        response = action.run(shop)
        if response:
            assert response.status == (action.repeated if is_done and before != expected else action.first)
        with shop.snapshot():
            if name == "reserve all":
                assert {*states(shop)} == {*expected}
            else:
                assert [*states(shop)] == expected, "the repeated action runs once"
            check(shop)
            clear(shop)
        calls += 1
    assert calls >= 2


@pytest.mark.parametrize("name", LOST_RESPONSE_ACTIONS)
@pytest.mark.untraced
def test_lost_response_does_not_change_the_result(shop: Shop, wire: FakeAws, name: str) -> None:
    fill(shop)
    before = len(wire.calls)
    first = ACTIONS[name].run(shop)
    expected = [*states(shop)]
    clear(shop)
    for call in range(len(wire.calls) - before):
        shop.clock.now -= 60
        fill(shop)
        wire.script = [*["pass"] * call, "lose", "pass"]
        repeated = ACTIONS[name].run(shop)
        assert (repeated and repeated.status) == (first and first.status)
        with shop.snapshot():
            assert [*states(shop)] == expected
            check(shop)
            clear(shop)


@pytest.mark.parametrize("calls", range(6))
def test_alert_is_sent_after_a_crash(shop: Shop, wire: FakeAws, calls: int) -> None:
    fill(shop)
    run_with_script(shop, wire, [*["pass"] * calls, *CRASH], ACTIONS["send alerts"])
    shop.clock.now += 60
    alerts = [(alert["product_id"], alert["sequence"]) for alert in shop.sent_alerts()]
    assert set(alerts) == {("a", 3), ("b", 1)}
    # A batch is sent again as a whole if its response is lost.
    assert max(Counter(alerts).values()) <= 2
    assert shop.sent_alerts() == []
    check(shop)


def test_throttled_table_returns_429(shop: Shop, wire: FakeAws, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dynamodb, "BACKOFF_SECONDS", ())
    fill(shop)
    shop.api.seconds = SPENT_SECONDS
    wire.script = [THROTTLED]
    for name in ("create", "update", "reserve", "release", "fulfill reserved", "fulfill available", "list"):
        response = ACTIONS[name].run(shop)
        assert response
        assert_error(response, 429, "THROTTLED", "DynamoDB throttles requests")
    wire.script = ["pass"]
    check(shop)


def test_persistent_conflicts_of_a_level_return_429(shop: Shop, wire: FakeAws) -> None:
    fill(shop)
    stale = shop.raw_level_item("a")
    shop.update("a", stock_count=11)
    wire.script = [lambda call: (200, {"Items": [stale]}) if b"product_id = :value" in call.body else "pass"]
    response = shop.update("a", stock_count=10)
    assert (response.status, response.body["stock_count"]) == (200, 10), "the failed condition returns the current item"

    def conflict(call: RecordedCall) -> object:
        if "TransactWriteItems" not in call.headers["x-amz-target"]:
            return "pass"
        lost = {"Code": "ConditionalCheckFailed", "Item": stale}
        return (400, {"__type": "TransactionCanceledException", "CancellationReasons": [lost, {"Code": "None"}]})

    wire.script = [conflict]
    shop.api.seconds = SPENT_SECONDS
    assert_error(shop.update("a", stock_count=9), 429, "THROTTLED", "Too many concurrent changes of a.")
    wire.script = ["pass"]
    check(shop)


@pytest.mark.parametrize("name", ["reserve", "release", "fulfill reserved"])
def test_persistent_conflicts_of_a_reservation_return_429(shop: Shop, wire: FakeAws, name: str) -> None:
    fill(shop)

    def conflict(call: RecordedCall) -> object:
        if "TransactWriteItems" not in call.headers["x-amz-target"]:
            return "pass"
        tables = [next(iter(action.values()))["TableName"] for action in json.loads(call.body)["TransactItems"]]
        codes = ["ConditionalCheckFailed" if name == shop.api.tables["reservations"] else "None" for name in tables]
        return (
            400,
            {"__type": "TransactionCanceledException", "CancellationReasons": [{"Code": code} for code in codes]},
        )

    wire.script = [conflict]
    shop.api.seconds = SPENT_SECONDS
    response = ACTIONS[name].run(shop)
    assert response
    assert_error(response, 429, "THROTTLED", "changes of reservation ")
    wire.script = ["pass"]
    check(shop)


def run_before_write(wire: FakeAws, other: Callable[[], HandlerResponse | None]) -> None:
    """Run another request between the reads and the transaction of the next request."""

    def run_other(call: RecordedCall) -> str:
        if "TransactWriteItems" in call.headers["x-amz-target"]:
            wire.script = ["pass"]
            response = other()
            assert response is None or response.status < 300, response.text
        return "pass"

    wire.script = [run_other]


@pytest.mark.parametrize(
    ("name", "other", "status"),
    [
        ("update", lambda shop: shop.reserve("x", 1, "a"), 200),
        ("update", lambda shop: shop.update("a", stock_count=30), 409),
        ("adjust with a key", ACTIONS["adjust with a key"].run, 200),
        ("reserve", lambda shop: shop.reserve("r", 2, "a"), 201),
        ("reserve", lambda shop: shop.reserve("r", 1, "a"), 409),
        ("reserve", lambda shop: shop.fulfill("a", quantity=7), 409),
        ("reserve", lambda shop: shop.fulfill("a", quantity=2), 201),
        ("reserve with a key", ACTIONS["reserve with a key"].run, 201),
        ("reserve an expired ID", Shop.run_expiry, 201),
        ("reserve an expired ID", lambda shop: shop.reserve("expired", 1, "b"), 409),
        ("reserve an expired ID", lambda shop: shop.reserve_cart("expired", *CART), 201),
        ("release", lambda shop: shop.release_cart("active"), 404),
        ("release", lambda shop: shop.release("active", "a"), 204),
        ("release", lambda shop: shop.fulfill_cart(reservationId="active"), 404),
        ("fulfill reserved", lambda shop: shop.fulfill_cart(reservationId="active"), 200),
        ("fulfill reserved", lambda shop: shop.release_cart("active"), 404),
        ("fulfill reserved", lambda shop: shop.update("b", stock_count=30), 200),
        ("fulfill available", ACTIONS["fulfill available"].run, 200),
        ("create", ACTIONS["create"].run, 201),
        ("create", lambda shop: shop.api("POST", "/inventory", {"product_id": "new", "stock_count": 1}), 409),
        ("expire", lambda shop: shop.reserve("x", 1, "a"), 0),
    ],
)
def test_request_applies_to_the_state_after_a_concurrent_request(
    shop: Shop, wire: FakeAws, name: str, other: Callable[[Shop], HandlerResponse | None], status: int
) -> None:
    fill(shop)
    run_before_write(wire, lambda: other(shop))
    response = ACTIONS[name].run(shop)
    assert wire.script == ["pass"], "the other request was executed"
    assert (response.status if response else 0) == status
    check(shop)


def run_before_read(wire: FakeAws, number: int, other: Callable[[], object]) -> None:
    """Run another request before a read of a reservation. The first read has the number 0."""
    reads = iter(range(9))

    def run_other(call: RecordedCall) -> str:
        if b"reservation_id = :value" in call.body and next(reads) == number:
            wire.script = ["pass"]
            other()
            wire.script = [run_other]
        return "pass"

    wire.script = [run_other]


def test_concurrent_reservation_with_the_same_id_is_not_released(shop: Shop, wire: FakeAws) -> None:
    fill(shop)
    # The first read compares the expired reservation with the request, the second returns the lines to release.
    run_before_read(wire, 1, lambda: shop.reserve("expired", 3, "b"))
    assert_error(shop.reserve_cart("expired", *CART), 409, "RESERVATION_CONFLICT", "has other lines")
    wire.script = ["pass"]
    assert [reserved["reservationId"] for reserved in shop.list_reservations("b")].count("expired") == 1
    assert counts(shop, "b") == (5, 4, 1)
    check(shop)


def test_expired_reservation_that_is_released_in_part_concurrently_is_replaced(shop: Shop, wire: FakeAws) -> None:
    fill(shop)
    run_before_read(wire, 2, lambda: shop.release_expired("a"))
    assert shop.reserve_cart("expired", *CART).status == 201
    wire.script = ["pass"]
    check(shop)


def test_released_lines_without_line_0_are_replaced(shop: Shop) -> None:
    fill(shop)
    shop.run_expiry()
    shop.delete_item("reservations", reservation_id="expired", line=0)
    assert shop.reserve_cart("expired", *CART).status == 201
    check(shop)


def test_active_lines_without_line_0_are_not_replaced(shop: Shop) -> None:
    fill(shop)
    shop.delete_item("reservations", reservation_id="active", line=0)
    assert_error(shop.reserve_cart("active", *CART), 409, "RESERVATION_CONFLICT", "'active'")
    assert [reserved["reservationId"] for reserved in shop.list_reservations("b")] == ["active"]


def test_deleted_level_is_not_found(shop: Shop, wire: FakeAws) -> None:
    fill(shop)
    shop.delete_item("management", product_id="b", warehouse_id="main")
    assert_error(shop.release_cart("active"), 404, "NOT_FOUND", "Product 'b' in warehouse 'main' does not exist")
    run_before_write(wire, lambda: shop.delete_item("management", product_id="a", warehouse_id="main"))
    assert_error(shop.reserve("x", 1, "a"), 404, "NOT_FOUND", "Product 'a'")
