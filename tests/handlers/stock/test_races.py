"""Workers at once over the same tables: what can happen once happens once, and nothing is oversold."""

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

from .conftest import WORKERS, Shop
from .consistency import alerts as alerts_raised
from .consistency import check
from .previous_release import PreviousDynamoDB
from .test_reservations import counts

pytestmark = [pytest.mark.slow, pytest.mark.untraced]

ME = Caller("me")
Call = Callable[[Commands], Any]


BY_RELEASES = pytest.mark.parametrize("workers", ["one release", "two releases"], indirect=True)


def check_all(shop: Shop, workers: list[Commands]) -> None:
    """Check the tables, and each alert unless the previous release has written levels."""
    check(shop, alerts_forgotten=isinstance(workers[1].repository.store, PreviousDynamoDB))


def at_once(workers: list[Commands], *calls: Call) -> list[str]:
    """How each call ended: `done`, or the code of its refusal."""
    barrier = Barrier(len(calls))
    DEADLINE.start(600)

    def run(number: int) -> str:
        barrier.wait()
        try:
            calls[number](workers[number % len(workers)])
        except ApiError as exc:
            return exc.code
        return "done"

    with ThreadPoolExecutor(len(calls)) as threads:
        return list(threads.map(run, range(len(calls))))


def reserve(reservation_id: str, *lines: tuple[str, int], minutes: int = 1) -> Call:
    """A reservation."""
    requested = [RequestedLine(product_id, None, quantity) for product_id, quantity in lines]
    return lambda worker: worker.reserve(Booking(reservation_id, requested, minutes), ME, None)


def release(reservation_id: str) -> Call:
    """Its release."""
    return lambda worker: worker.release(reservation_id, None, ME)


def fulfill(reservation_id: str, reference: str | None = None) -> Call:
    """Its fulfilment."""
    return lambda worker: worker.fulfill(Sale(None, reservation_id, None, reference), ME, None)


def expire(worker: Commands) -> None:
    """A sweep of the lamps."""
    worker.expire("lamp")


def endings(shop: Shop, reservation_id: str) -> list[str]:
    """How a reservation ended, each time it did."""
    kinds = ("RELEASED", "EXPIRED", "FULFILLED")
    return [m["type"] for m in shop.moved() if m.get("reservationId") == reservation_id and m["type"] in kinds]


@BY_RELEASES
@pytest.mark.parametrize("late", [False, True])
def test_concurrent_requests_end_a_reservation_once(shop: Shop, workers: list[Commands], late: bool) -> None:
    shop.create(stock_count=50)
    for turn in range(3):
        name = f"r{turn}"
        reserve(name, ("lamp", 2))(workers[turn])
        shop.clock.now += 60 if late else 0
        at_once(workers, release(name), fulfill(name), expire, fulfill(name), release(name), expire)
        (ending,) = endings(shop, name)
        assert ending in (("EXPIRED",) if late else ("RELEASED", "FULFILLED"))
        check_all(shop, workers)


def test_a_reservation_is_sold_to_one_order(shop: Shop, workers: list[Commands]) -> None:
    shop.create(stock_count=50)
    for turn in range(2):
        assert shop.reserve(f"r{turn}", 2).status == 201
        ended = Counter(at_once(workers, *(fulfill(f"r{turn}", f"order {number}") for number in range(WORKERS))))
        assert ended == {"done": 1, "RESERVATION_CONFLICT": WORKERS - 1}
    assert counts(shop) == (46, 0, 46)
    check(shop)


def test_one_id_is_reserved_once(shop: Shop, workers: list[Commands]) -> None:
    shop.create(stock_count=50)
    for turn in range(2):
        same = [reserve(f"same{turn}", ("lamp", 2)) for _ in range(WORKERS)]
        assert Counter(at_once(workers, *same)) == {"done": WORKERS}
        other = [reserve(f"other{turn}", ("lamp", 1 + number)) for number in range(WORKERS)]
        assert Counter(at_once(workers, *other)) == {"done": 1, "RESERVATION_CONFLICT": WORKERS - 1}
        shop.release(f"other{turn}")
    assert counts(shop) == (50, 4, 46)
    check(shop)


@BY_RELEASES
def test_an_ended_id_is_taken_over_once(shop: Shop, workers: list[Commands]) -> None:
    shop.create(stock_count=50)
    shop.create("desk", stock_count=50)
    for turn in range(2):
        reserve("r", ("lamp", 3), ("desk", 3))(workers[turn])
        shop.clock.now += 60
        calls = [reserve("r", ("desk", 1 + number), ("lamp", 1)) for number in range(WORKERS - 1)]
        ended = Counter(at_once(workers, *calls, expire))
        assert (ended["done"], ended["RESERVATION_CONFLICT"]) == (2, WORKERS - 2), turn
        check_all(shop, workers)
        shop.release_cart("r")


def test_carts_in_opposite_order_are_no_standstill(shop: Shop, workers: list[Commands]) -> None:
    products = ("lamp", "desk", "bed")
    for product in products:
        shop.create(product, stock_count=20)
    calls = []
    for number in range(24):
        lines = [(product, 1) for product in (products if number % 2 else products[::-1])]
        calls.append(reserve(f"cart{number}", *lines))
    ended = Counter(at_once(workers, *calls))
    assert ended == {"done": 20, "INSUFFICIENT_STOCK": 4}
    assert [counts(shop, product) for product in products] == [(20, 20, 0)] * 3
    check(shop)


@BY_RELEASES
def test_nothing_is_oversold_and_nothing_is_lost(shop: Shop, workers: list[Commands]) -> None:
    shop.create(stock_count=30, threshold_level=5)
    free = Sale([OrderLine(RequestedLine("lamp", None, 1))], None, None, None)
    shrunk = Edit({}, -1, "broken", None, None)
    calls: list[Call] = []
    for number in range(12):
        calls.append(reserve(f"r{number}", ("lamp", 2)))
        calls.append(lambda worker: worker.fulfill(free, ME, None))
        calls.append(lambda worker: worker.update("lamp", None, shrunk, "me", None))
    ended = Counter(at_once(workers, *calls))
    assert set(ended) <= {"done", "INSUFFICIENT_STOCK", "BELOW_RESERVED"}
    told = Counter(move["type"] for move in shop.moved())
    assert sum(told.values()) - 1 == ended["done"]
    assert shop.read()["stock_count"] == 30 - told["FULFILLED"] - told["ADJUSTED"]
    check_all(shop, workers)


def test_concurrent_sweeps_publish_each_alert_once(shop: Shop, workers: list[Commands]) -> None:
    for number in range(12):
        shop.create(f"p{number}", stock_count=0)
    at_once(workers, *[lambda worker: alerts.sweep(worker.repository)] * 4)
    told = [(m["product_id"], m["warehouse_id"], m["sequence"], m["status"]) for m in shop.heard()]
    assert sorted(told) == alerts_raised(shop)
    check(shop)
