"""Concurrent execution environments: no oversold units, and every command is executed once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest

from lib.runtime.errors import ApiError
from lib.runtime.http_client import DEADLINE
from lib.services.stock.handler import alerts
from lib.services.stock.handler.changes import Edit
from lib.services.stock.handler.commands import Commands
from lib.services.stock.handler.reservations import Booking, Caller, RequestedLine
from lib.services.stock.handler.sales import OrderLine, Sale

from .conftest import ENVIRONMENTS, Shop
from .consistency import check, expected_alerts
from .previous_release import PreviousDynamoDB
from .test_reservations import counts

pytestmark = [pytest.mark.slow, pytest.mark.untraced]

ME = Caller("me")
Call = Callable[[Commands], Any]


BY_RELEASES = pytest.mark.parametrize("environments", ["one release", "two releases"], indirect=True)


def check_all(shop: Shop, environments: list[Commands]) -> None:
    """Check the tables, and each alert unless the previous release has written levels."""
    check(shop, ignores_alerted=isinstance(environments[1].repository.store, PreviousDynamoDB))


def run_concurrently(environments: list[Commands], *calls: Call) -> list[str]:
    """Run the calls concurrently and return the result of each: `done` or an error code."""
    barrier = Barrier(len(calls))
    DEADLINE.start(600)

    def run(number: int) -> str:
        barrier.wait()
        try:
            calls[number](environments[number % len(environments)])
        except ApiError as exc:
            return exc.code
        return "done"

    with ThreadPoolExecutor(len(calls)) as threads:
        return list(threads.map(run, range(len(calls))))


def reserve(reservation_id: str, *lines: tuple[str, int], minutes: int = 1) -> Call:
    """Return a call that reserves lines."""
    requested = [RequestedLine(product_id, None, quantity) for product_id, quantity in lines]
    return lambda commands: commands.reserve(Booking(reservation_id, requested, minutes), ME, None)


def release(reservation_id: str) -> Call:
    """Return a call that releases a reservation."""
    return lambda commands: commands.release(reservation_id, None, ME)


def fulfill(reservation_id: str, reference: str | None = None) -> Call:
    """Return a call that sells a reservation."""
    return lambda commands: commands.fulfill(Sale(None, reservation_id, None, reference), ME, None)


def expire(commands: Commands) -> None:
    """Release the expired holds of the lamp."""
    commands.expire("lamp")


def endings(shop: Shop, reservation_id: str) -> list[str]:
    """Return the types of the movements that released or sold a reservation."""
    kinds = ("RELEASED", "EXPIRED", "FULFILLED")
    return [m["type"] for m in shop.list_movements() if m.get("reservationId") == reservation_id and m["type"] in kinds]


@BY_RELEASES
@pytest.mark.parametrize("is_expired", [False, True])
def test_concurrent_requests_end_a_reservation_once(shop: Shop, environments: list[Commands], is_expired: bool) -> None:
    shop.create(stock_count=50)
    for turn in range(3):
        name = f"r{turn}"
        reserve(name, ("lamp", 2))(environments[turn])
        shop.clock.now += 60 if is_expired else 0
        run_concurrently(environments, release(name), fulfill(name), expire, fulfill(name), release(name), expire)
        (ending,) = endings(shop, name)
        assert ending in (("EXPIRED",) if is_expired else ("RELEASED", "FULFILLED"))
        check_all(shop, environments)


def test_reservation_is_sold_with_one_reference(shop: Shop, environments: list[Commands]) -> None:
    shop.create(stock_count=50)
    for turn in range(2):
        assert shop.reserve(f"r{turn}", 2).status == 201
        calls = (fulfill(f"r{turn}", f"order {number}") for number in range(ENVIRONMENTS))
        assert Counter(run_concurrently(environments, *calls)) == {"done": 1, "RESERVATION_CONFLICT": ENVIRONMENTS - 1}
    assert counts(shop) == (46, 0, 46)
    check(shop)


def test_concurrent_requests_reserve_an_id_once(shop: Shop, environments: list[Commands]) -> None:
    shop.create(stock_count=50)
    for turn in range(2):
        same = [reserve(f"same{turn}", ("lamp", 2)) for _ in range(ENVIRONMENTS)]
        assert Counter(run_concurrently(environments, *same)) == {"done": ENVIRONMENTS}
        other = [reserve(f"other{turn}", ("lamp", 1 + number)) for number in range(ENVIRONMENTS)]
        assert Counter(run_concurrently(environments, *other)) == {"done": 1, "RESERVATION_CONFLICT": ENVIRONMENTS - 1}
        shop.release(f"other{turn}")
    assert counts(shop) == (50, 4, 46)
    check(shop)


@BY_RELEASES
def test_concurrent_requests_reuse_an_expired_id_once(shop: Shop, environments: list[Commands]) -> None:
    shop.create(stock_count=50)
    shop.create("desk", stock_count=50)
    for turn in range(2):
        reserve("r", ("lamp", 3), ("desk", 3))(environments[turn])
        shop.clock.now += 60
        calls = [reserve("r", ("desk", 1 + number), ("lamp", 1)) for number in range(ENVIRONMENTS - 1)]
        results = Counter(run_concurrently(environments, *calls, expire))
        assert (results["done"], results["RESERVATION_CONFLICT"]) == (2, ENVIRONMENTS - 2), turn
        check_all(shop, environments)
        shop.release_cart("r")


def test_concurrent_carts_in_opposite_order_all_finish(shop: Shop, environments: list[Commands]) -> None:
    products = ("lamp", "desk", "bed")
    for product in products:
        shop.create(product, stock_count=20)
    calls = []
    for number in range(24):
        lines = [(product, 1) for product in (products if number % 2 else products[::-1])]
        calls.append(reserve(f"cart{number}", *lines))
    results = Counter(run_concurrently(environments, *calls))
    assert results == {"done": 20, "INSUFFICIENT_STOCK": 4}
    assert [counts(shop, product) for product in products] == [(20, 20, 0)] * 3
    check(shop)


@BY_RELEASES
def test_concurrent_commands_do_not_oversell_or_lose_updates(shop: Shop, environments: list[Commands]) -> None:
    shop.create(stock_count=30, threshold_level=5)
    sale = Sale([OrderLine(RequestedLine("lamp", None, 1))], None, None, None)
    adjustment = Edit({}, -1, "broken", None, None)
    calls: list[Call] = []
    for number in range(12):
        calls.append(reserve(f"r{number}", ("lamp", 2)))
        calls.append(lambda commands: commands.fulfill(sale, ME, None))
        calls.append(lambda commands: commands.update("lamp", None, adjustment, "me", None))
    results = Counter(run_concurrently(environments, *calls))
    assert set(results) <= {"done", "INSUFFICIENT_STOCK", "BELOW_RESERVED"}
    types = Counter(move["type"] for move in shop.list_movements())
    assert sum(types.values()) - 1 == results["done"]
    assert shop.read()["stock_count"] == 30 - types["FULFILLED"] - types["ADJUSTED"]
    check_all(shop, environments)


def test_concurrent_jobs_publish_each_alert_once(shop: Shop, environments: list[Commands]) -> None:
    for number in range(12):
        shop.create(f"p{number}", stock_count=0)
    run_concurrently(environments, *[lambda commands: alerts.send_due(commands.repository)] * 4)
    sent = [(m["product_id"], m["warehouse_id"], m["sequence"], m["status"]) for m in shop.published_alerts()]
    assert sorted(sent) == expected_alerts(shop)
    check(shop)
