"""Expired holds: available from the second of their expiry, and released by the scheduled job."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from lib.runtime.errors import TooManyRequests
from lib.runtime.http_client import DEADLINE
from lib.services.stock.handler import changes, expiry

from ...support.fake_aws import FakeAws, RecordedCall
from ...support.lambda_context import SPENT_SECONDS, Context
from ...support.metric_assertions import last_metrics
from .conftest import Shop
from .consistency import check
from .test_reservations import counts


def test_units_are_available_from_the_second_of_expiry(shop: Shop) -> None:
    shop.create()
    shop.reserve("r", 10, lifetime_minutes=1)
    shop.clock.now += 59.999
    assert counts(shop) == (10, 10, 0)
    assert shop.reserve("other").status == 409
    shop.clock.now += 0.001
    assert counts(shop) == (10, 0, 10)
    assert [move["type"] for move in shop.list_movements()] == ["CREATED", "RESERVED"]
    assert shop.reserve("other", 10).status == 201
    assert [move["type"] for move in shop.list_movements()] == ["CREATED", "RESERVED", "EXPIRED", "RESERVED"]
    check(shop)


def test_job_releases_only_expired_holds(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    shop.create()
    shop.create("desk", warehouse_id="north")
    shop.reserve("expired", 2, lifetime_minutes=1)
    shop.reserve("active", 3, lifetime_minutes=5)
    shop.reserve("expired-later", 4, "desk", lifetime_minutes=2)
    shop.clock.now += 150
    shop.run_expiry()
    assert last_metrics(capsys.readouterr().out, "SweepAge", "ReservationsExpired") == {
        "SweepAge": 90,
        "ReservationsExpired": 2,
    }
    assert (shop.level_item()["reserved_count"], shop.level_item("desk", "north")["reserved_count"]) == (3, 0)
    last = shop.list_movements()[-1]
    assert (last["type"], last["reservationId"], last["actor"], last["quantity"]) == ("EXPIRED", "expired", "expiry", 2)
    check(shop)
    movements = len(shop.items("movements"))
    shop.run_expiry()
    assert last_metrics(capsys.readouterr().out, "SweepAge", "ReservationsExpired") == {"SweepAge": 0}
    assert len(shop.items("movements")) == movements
    check(shop)


def test_job_processes_all_pages_of_levels_and_holds(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expiry, "PAGE", 2)
    monkeypatch.setattr(changes, "PAGE", 2)
    for product in ("a", "b", "c"):
        shop.create(product)
        for number in range(3):
            shop.reserve(f"{product}{number}", 1, product, lifetime_minutes=1)
    shop.clock.now += 60
    shop.run_expiry()
    assert {item["state"] for item in shop.items("reservations")} == {"EXPIRED"}
    check(shop)


@pytest.mark.slow
def test_failure_of_one_level_does_not_block_others(
    shop: Shop, wire: FakeAws, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(3):
        shop.create(f"p{number}")
        shop.reserve(f"r{number}", 1, f"p{number}", lifetime_minutes=number + 1)
    shop.clock.now += 180

    def throttle(call: RecordedCall) -> object:
        writes = b"TransactWriteItems" in call.headers["x-amz-target"].encode() and b'"p0"' in call.body
        return (400, {"__type": "ProvisionedThroughputExceededException"}) if writes else "pass"

    wire.script = [throttle]
    with pytest.raises(TooManyRequests):
        shop.run_expiry()
    wire.script = ["pass"]
    out = capsys.readouterr().out
    assert '"release failed","product":"p0"' in out
    assert last_metrics(out, "SweepAge", "ReservationsExpired") == {"SweepAge": 120, "ReservationsExpired": 2}
    assert [shop.level_item(f"p{number}")["reserved_count"] for number in range(3)] == [1, 0, 0]
    check(shop)
    shop.run_expiry()
    assert shop.level_item("p0")["reserved_count"] == 0
    check(shop)


def test_job_stops_before_the_lambda_timeout(shop: Shop) -> None:
    shop.create()
    shop.reserve("r", lifetime_minutes=1)
    shop.clock.now += 60
    shop.api.handler({"schedule": "stock-expiry"}, Context(SPENT_SECONDS))
    assert shop.level_item()["reserved_count"] == 1
    check(shop)


@pytest.mark.slow
def test_job_stops_between_transactions_if_time_is_used_up(shop: Shop, wire: FakeAws) -> None:
    shop.create(stock_count=100)
    for number in range(60):
        shop.reserve(f"r{number}", lifetime_minutes=1)
    shop.clock.now += 60
    # The first transaction succeeds. The remaining time is too short for another one.
    wire.script = ["pass", "pass", "pass", use_up_time]
    shop.run_expiry()
    assert 0 < shop.level_item()["reserved_count"] < 60
    wire.script = ["pass"]
    check(shop)
    shop.run_expiry()
    check(shop)


def use_up_time(_: RecordedCall) -> str:
    DEADLINE.start(SPENT_SECONDS)
    return "pass"


def test_concurrent_jobs_release_each_hold_once(shop: Shop, wire: FakeAws, capsys: pytest.CaptureFixture[str]) -> None:
    shop.create()
    shop.reserve("r", 2, lifetime_minutes=1)
    shop.clock.now += 60

    def run_concurrently(_: RecordedCall) -> str:
        wire.script = ["pass"]
        shop.run_expiry()
        return "pass"

    wire.script = ["pass", run_concurrently]
    shop.run_expiry()
    assert '"no reservation for expired hold","product":"lamp"' in capsys.readouterr().out
    assert counts(shop) == (10, 0, 10)
    check(shop)


def stale_index(wire: FakeAws, page: bytes) -> Callable[[RecordedCall], object]:
    """Return a fake response with an outdated page of the index."""

    def respond(call: RecordedCall) -> object:
        if b"product-index" not in call.body:
            return "pass"
        wire.script = ["pass"]
        return (200, json.loads(page))

    return respond


@pytest.mark.parametrize("later", ["released", "sold", "reserved again"])
def test_lagging_index_does_not_release_units_twice(shop: Shop, wire: FakeAws, later: str) -> None:
    shop.create()
    shop.reserve("lagging", 2, lifetime_minutes=1)
    shop.reserve("expired", 3, lifetime_minutes=1)
    page = json.dumps(shop.query_product_index("lamp")).encode()
    if later == "sold":
        shop.fulfill(reservationId="lagging")
    else:
        shop.release("lagging")
    if later == "reserved again":
        shop.reserve("lagging", 2, lifetime_minutes=5)
    before = counts(shop)
    shop.clock.now += 60
    wire.script = [stale_index(wire, page)]
    shop.run_expiry()
    assert counts(shop) == (before[0], before[1] - 3, before[2] + 3)
    check(shop)


def test_hold_without_reservation_is_logged(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    shop.create()
    shop.reserve("r", 2, lifetime_minutes=1)
    shop.delete_item("reservations", reservation_id="r", line=0)
    shop.clock.now += 60
    shop.run_expiry()
    assert '"no reservation for expired hold","product":"lamp","warehouse":"main"' in capsys.readouterr().out


def test_expired_units_that_cannot_be_released_are_not_sold(shop: Shop) -> None:
    shop.create()
    shop.reserve("r", 8, lifetime_minutes=1)
    shop.clock.now += 60
    shop.api.seconds = SPENT_SECONDS
    response = shop.reserve("other", 5)
    assert (response.status, response.body["code"]) == (409, "INSUFFICIENT_STOCK")
    shop.api.seconds = 30.0
    assert shop.reserve("other", 5).status == 201
    check(shop)


def test_expired_hold_does_not_raise_an_alert_for_a_sale(shop: Shop) -> None:
    shop.create(stock_count=20, threshold_level=5)
    shop.reserve("expired", 10, lifetime_minutes=1)
    shop.clock.now += 61
    sold = shop.fulfill(quantity=5).body["lines"][0]
    assert (sold["reserved_count"], sold["available"], sold["status"]) == (0, 15, "IN_STOCK")
    assert [move["type"] for move in shop.list_movements()] == ["CREATED", "RESERVED", "EXPIRED", "FULFILLED"]
    assert shop.sent_alerts() == []
    check(shop)


def test_responses_exclude_expired_holds_without_releasing_them(shop: Shop) -> None:
    shop.create(stock_count=100)
    shop.reserve("expired", 10, lifetime_minutes=1)
    shop.reserve("active", 10, lifetime_minutes=5)
    shop.clock.now += 61
    for response in (shop.fulfill(reservationId="active"), shop.fulfill(quantity=1)):
        assert response.body["lines"][0]["reserved_count"] == 0
    types = [move["type"] for move in shop.list_movements()]
    assert types == ["CREATED", "RESERVED", "RESERVED", "FULFILLED", "FULFILLED"]
    check(shop)


def test_units_that_another_request_released_concurrently_are_available(shop: Shop, wire: FakeAws) -> None:
    shop.create()
    shop.reserve("expired", 10, lifetime_minutes=1)
    shop.clock.now += 61
    released: list[bool] = []

    def release_first(call: RecordedCall) -> str:
        if not released and b"product-index" in call.body:
            released.append(True)
            shop.run_expiry()
        return "pass"

    wire.script = [release_first]
    assert shop.reserve("r", 10).status == 201
    assert released
    check(shop)


def test_response_excludes_expired_holds_that_cannot_be_released(shop: Shop) -> None:
    shop.create(stock_count=20, threshold_level=5)
    shop.reserve("lost", 18, lifetime_minutes=1)
    shop.delete_item("reservations", reservation_id="lost", line=0)
    shop.clock.now += 61
    assert shop.fulfill(quantity=1).body["lines"][0]["available"] == 19
