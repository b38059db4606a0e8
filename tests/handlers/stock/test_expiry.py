"""What was held and has ended is free to the second, and given back by the sweep."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from lib.runtime.errors import TooManyRequests
from lib.runtime.http_client import DEADLINE
from lib.services.stock.handler import changes, expiry

from ...support.fake_aws import Asked, FakeAws
from ...support.lambda_context import SPENT_SECONDS, Context
from ...support.metric_assertions import last_metrics
from .conftest import Shop
from .consistency import check
from .test_reservations import counts


def test_what_ends_is_free_to_the_second(shop: Shop) -> None:
    shop.create()
    shop.reserve("r", 10, lifetime_minutes=1)
    shop.clock.now += 59.999
    assert counts(shop) == (10, 10, 0)
    assert shop.reserve("other").status == 409
    shop.clock.now += 0.001
    assert counts(shop) == (10, 0, 10)
    assert [move["type"] for move in shop.moved()] == ["CREATED", "RESERVED"]
    assert shop.reserve("other", 10).status == 201
    assert [move["type"] for move in shop.moved()] == ["CREATED", "RESERVED", "EXPIRED", "RESERVED"]
    check(shop)


def test_a_sweep_gives_back_what_has_ended_and_nothing_else(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    shop.create()
    shop.create("desk", warehouse_id="north")
    shop.reserve("ended", 2, lifetime_minutes=1)
    shop.reserve("held", 3, lifetime_minutes=5)
    shop.reserve("ended-too", 4, "desk", lifetime_minutes=2)
    shop.clock.now += 150
    shop.expire()
    assert last_metrics(capsys.readouterr().out, "SweepAge", "ReservationsExpired") == {
        "SweepAge": 90,
        "ReservationsExpired": 2,
    }
    assert (shop.row()["reserved_count"], shop.row("desk", "north")["reserved_count"]) == (3, 0)
    last = shop.moved()[-1]
    assert (last["type"], last["reservationId"], last["actor"], last["quantity"]) == ("EXPIRED", "ended", "expiry", 2)
    check(shop)
    moved = len(shop.rows("movements"))
    shop.expire()
    assert last_metrics(capsys.readouterr().out, "SweepAge", "ReservationsExpired") == {"SweepAge": 0}
    assert len(shop.rows("movements")) == moved
    check(shop)


def test_a_sweep_goes_on_after_a_page_of_levels_and_a_page_of_holds(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(expiry, "PAGE", 2)
    monkeypatch.setattr(changes, "PAGE", 2)
    for product in ("a", "b", "c"):
        shop.create(product)
        for number in range(3):
            shop.reserve(f"{product}{number}", 1, product, lifetime_minutes=1)
    shop.clock.now += 60
    shop.expire()
    assert {row["state"] for row in shop.rows("reservations")} == {"EXPIRED"}
    check(shop)


@pytest.mark.slow
def test_one_level_that_fails_keeps_back_no_other(
    shop: Shop, wire: FakeAws, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(3):
        shop.create(f"p{number}")
        shop.reserve(f"r{number}", 1, f"p{number}", lifetime_minutes=number + 1)
    shop.clock.now += 180

    def refuse(asked: Asked) -> object:
        writes = b"TransactWriteItems" in asked.headers["x-amz-target"].encode() and b'"p0"' in asked.body
        return (400, {"__type": "ProvisionedThroughputExceededException"}) if writes else "pass"

    wire.script = [refuse]
    with pytest.raises(TooManyRequests):
        shop.expire()
    wire.script = ["pass"]
    out = capsys.readouterr().out
    assert '"not given back","product":"p0"' in out
    assert last_metrics(out, "SweepAge", "ReservationsExpired") == {"SweepAge": 120, "ReservationsExpired": 2}
    assert [shop.row(f"p{number}")["reserved_count"] for number in range(3)] == [1, 0, 0]
    check(shop)
    shop.expire()
    assert shop.row("p0")["reserved_count"] == 0
    check(shop)


def test_a_sweep_stops_before_lambda_stops_it(shop: Shop) -> None:
    shop.create()
    shop.reserve("r", lifetime_minutes=1)
    shop.clock.now += 60
    shop.api.handler({"schedule": "stock-expiry"}, Context(SPENT_SECONDS))
    assert shop.row()["reserved_count"] == 1
    check(shop)


@pytest.mark.slow
def test_what_is_given_back_ends_between_two_transactions_where_time_ends(shop: Shop, wire: FakeAws) -> None:
    shop.create(stock_count=100)
    for number in range(60):
        shop.reserve(f"r{number}", lifetime_minutes=1)
    shop.clock.now += 60
    # The first transaction goes through; what is left of the time is too little for another.
    wire.script = ["pass", "pass", "pass", out_of_time]
    shop.expire()
    assert 0 < shop.row()["reserved_count"] < 60
    wire.script = ["pass"]
    check(shop)
    shop.expire()
    check(shop)


def out_of_time(_: Asked) -> str:
    """Takes all the time of the invocation."""
    DEADLINE.start(SPENT_SECONDS)
    return "pass"


def test_two_sweeps_at_once_give_back_once(shop: Shop, wire: FakeAws, capsys: pytest.CaptureFixture[str]) -> None:
    shop.create()
    shop.reserve("r", 2, lifetime_minutes=1)
    shop.clock.now += 60

    def another(_: Asked) -> str:
        wire.script = ["pass"]
        shop.expire()
        return "pass"

    wire.script = ["pass", another]
    shop.expire()
    assert '"nothing to give back","product":"lamp"' in capsys.readouterr().out
    assert counts(shop) == (10, 0, 10)
    check(shop)


def stale_index(wire: FakeAws, page: bytes) -> Callable[[Asked], object]:
    """An index that says what it said before."""

    def answer(asked: Asked) -> object:
        if b"product-index" not in asked.body:
            return "pass"
        wire.script = ["pass"]
        return (200, json.loads(page))

    return answer


@pytest.mark.parametrize("since", ["released", "sold", "reserved anew"])
def test_an_index_that_lags_gives_nothing_back_twice(shop: Shop, wire: FakeAws, since: str) -> None:
    shop.create()
    shop.reserve("lagging", 2, lifetime_minutes=1)
    shop.reserve("ended", 3, lifetime_minutes=1)
    page = json.dumps(shop.index("lamp")).encode()
    if since == "sold":
        shop.fulfill(reservationId="lagging")
    else:
        shop.release("lagging")
    if since == "reserved anew":
        shop.reserve("lagging", 2, lifetime_minutes=5)
    before = counts(shop)
    shop.clock.now += 60
    wire.script = [stale_index(wire, page)]
    shop.expire()
    assert counts(shop) == (before[0], before[1] - 3, before[2] + 3)
    check(shop)


def test_a_row_that_holds_what_no_reservation_is_of_is_told(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    shop.create()
    shop.reserve("r", 2, lifetime_minutes=1)
    shop.erase("reservations", reservation_id="r", line=0)
    shop.clock.now += 60
    shop.expire()
    assert '"nothing to give back","product":"lamp","warehouse":"main"' in capsys.readouterr().out


def test_what_cannot_be_given_back_is_still_not_sold(shop: Shop) -> None:
    shop.create()
    shop.reserve("r", 8, lifetime_minutes=1)
    shop.clock.now += 60
    shop.api.seconds = SPENT_SECONDS
    answer = shop.reserve("other", 5)
    assert (answer.status, answer.body["code"]) == (409, "INSUFFICIENT_STOCK")
    shop.api.seconds = 30.0
    assert shop.reserve("other", 5).status == 201
    check(shop)


def test_a_sale_does_not_tell_of_a_crossing_that_an_ended_hold_alone_would_make(shop: Shop) -> None:
    shop.create(stock_count=20, threshold_level=5)
    shop.reserve("ended", 10, lifetime_minutes=1)
    shop.clock.now += 61
    sold = shop.fulfill(quantity=5).body["lines"][0]
    assert (sold["reserved_count"], sold["available"], sold["status"]) == (0, 15, "IN_STOCK")
    assert [move["type"] for move in shop.moved()] == ["CREATED", "RESERVED", "EXPIRED", "FULFILLED"]
    assert shop.told() == []
    check(shop)


def test_what_has_ended_is_not_told_as_held_and_holds_nobody_up(shop: Shop) -> None:
    shop.create(stock_count=100)
    shop.reserve("ended", 10, lifetime_minutes=1)
    shop.reserve("held", 10, lifetime_minutes=5)
    shop.clock.now += 61
    for answer in (shop.fulfill(reservationId="held"), shop.fulfill(quantity=1)):
        assert answer.body["lines"][0]["reserved_count"] == 0
    assert [move["type"] for move in shop.moved()] == ["CREATED", "RESERVED", "RESERVED", "FULFILLED", "FULFILLED"]
    check(shop)


def test_units_that_others_gave_back_meanwhile_are_to_be_had(shop: Shop, wire: FakeAws) -> None:
    shop.create()
    shop.reserve("ended", 10, lifetime_minutes=1)
    shop.clock.now += 61
    swept: list[bool] = []

    def sweep_first(asked: Asked) -> str:
        if not swept and b"product-index" in asked.body:
            swept.append(True)
            shop.expire()
        return "pass"

    wire.script = [sweep_first]
    assert shop.reserve("r", 10).status == 201
    assert swept
    check(shop)


def test_a_status_that_hangs_on_units_nobody_can_give_back_is_told_as_it_is(shop: Shop) -> None:
    shop.create(stock_count=20, threshold_level=5)
    shop.reserve("lost", 18, lifetime_minutes=1)
    shop.erase("reservations", reservation_id="lost", line=0)
    shop.clock.now += 61
    assert shop.fulfill(quantity=1).body["lines"][0]["available"] == 19
