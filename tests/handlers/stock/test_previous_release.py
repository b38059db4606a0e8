"""Functions of the previous release write rows beside those of this one, as during a deployment."""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from lib.runtime.attributes import to_item
from lib.runtime.dynamodb import DynamoDB
from lib.runtime.idempotency import Idempotency
from lib.services.stock.handler import levels
from lib.services.stock.handler.changes import Edit
from lib.services.stock.handler.commands import Commands, commands
from lib.services.stock.handler.repository import Repository
from lib.services.stock.handler.reservations import RequestedLine
from lib.services.stock.handler.sales import OrderLine, Sale

from ...support.worker import refused
from .conftest import PRODUCT, Shop
from .consistency import check
from .test_races import ME, Call, at_once, endings, expire, fulfill, release, reserve
from .test_reservations import counts, line

NEW_ATTRIBUTES = {"management": ("alerted",), "reservations": ("owner", "reference")}


class PreviousDynamoDB(DynamoDB):
    """Writes what the previous release writes: whole rows without the attributes that it does not know."""

    def __init__(self, names: dict[str, str]) -> None:
        super().__init__()
        self._unknown = {names[table]: attributes for table, attributes in NEW_ATTRIBUTES.items()}

    def transact(self, actions: Sequence[dict[str, Any]], *, stale: bool = False) -> None:
        """Without records of sales, and without updates of lines that are not sold."""
        super().transact([*self._known(actions)], stale=stale)

    def _known(self, actions: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        for action in copy.deepcopy(actions):
            if put := action.get("Put"):
                if put["Item"].get("product_id", {"S": ""})["S"].startswith("tap#sale#"):
                    continue
                for name in self._unknown.get(put["TableName"], ()):
                    put["Item"].pop(name, None)
            elif "#state" not in action["Update"]["ConditionExpression"]:
                continue
            yield action


@pytest.fixture(name="previous")
def previous_fixture(shop: Shop) -> Iterator[Commands]:
    """A worker of the previous release."""
    worker = Commands(Repository(commands().repository.tables, PreviousDynamoDB(dict(shop.api.tables)), shop.clock))
    yield worker
    worker.repository.close()


@pytest.fixture(name="workers")
def workers_fixture(shop: Shop) -> Iterator[list[Commands]]:
    """Several of either release, in turns."""
    names = dict(shop.api.tables)
    stores = [PreviousDynamoDB(names) if number % 2 else DynamoDB() for number in range(6)]
    found = [Commands(Repository(commands().repository.tables, store, shop.clock)) for store in stores]
    yield found
    for worker in found:
        worker.repository.close()


@pytest.mark.slow
@pytest.mark.parametrize("late", [False, True])
def test_a_reservation_ends_once_whichever_release_ends_it(shop: Shop, workers: list[Commands], late: bool) -> None:
    shop.create(stock_count=50)
    for turn in range(6):
        name = f"r{turn}"
        reserve(name, ("lamp", 2))(workers[turn])
        shop.clock.now += 60 if late else 0
        at_once(workers, release(name), fulfill(name), expire, fulfill(name), release(name), expire)
        assert len(endings(shop, name)) == 1
        check(shop, alerts_forgotten=True)


@pytest.mark.slow
@pytest.mark.untraced
def test_nothing_is_oversold_by_two_releases(shop: Shop, workers: list[Commands]) -> None:
    shop.create(stock_count=30, threshold_level=5)
    free = Sale([OrderLine(RequestedLine("lamp", None, 1))], None, None, None)
    shrunk = Edit({}, -1, "broken", None, None)
    for turn in range(2):
        calls: list[Call] = []
        for number in range(8):
            calls.append(reserve(f"r{turn}-{number}", ("lamp", 2)))
            calls.append(lambda worker: worker.fulfill(free, ME, None))
            calls.append(lambda worker: worker.update("lamp", None, shrunk, "me", None))
        ended = Counter(at_once(workers, *calls))
        assert set(ended) <= {"done", "INSUFFICIENT_STOCK", "BELOW_RESERVED"}
        check(shop, alerts_forgotten=True)
        shop.clock.now += 60
    told = Counter(move["type"] for move in shop.moved())
    assert shop.read()["stock_count"] == 30 - told["FULFILLED"] - told["ADJUSTED"]


@pytest.mark.slow
def test_an_ended_id_is_taken_over_once_by_two_releases(shop: Shop, workers: list[Commands]) -> None:
    shop.create(stock_count=50)
    for turn in range(4):
        reserve("r", ("lamp", 3))(workers[turn])
        shop.clock.now += 60
        ended = Counter(at_once(workers, *[reserve("r", ("lamp", 1 + number)) for number in range(5)], expire))
        assert (ended["done"], ended["RESERVATION_CONFLICT"]) == (2, 4), turn
        check(shop, alerts_forgotten=True)
        shop.release_cart("r")


def test_each_release_goes_on_with_what_the_other_has_reserved(shop: Shop, previous: Commands) -> None:
    shop.create(stock_count=20)
    shop.create("desk", stock_count=20)
    shop.reserve_cart("new", line("lamp", 2), line("desk", 2), reference="order 1")
    reserve("old", ("lamp", 3), ("desk", 3), minutes=30)(previous)
    previous.fulfill(Sale(None, "new", "desk", None), ME, None)
    assert shop.fulfill(reservationId="old").status == 200
    assert shop.fulfill("lamp", reservationId="new", reference="order 1").status == 200
    refused(shop.fulfill("desk", reservationId="new", reference="order 2"), 409, "RESERVATION_CONFLICT", "'order 2'")
    assert shop.fulfill_cart(reservationId="old").status == 200
    assert (counts(shop), counts(shop, "desk")) == ((15, 0, 15), (15, 0, 15))
    check(shop, alerts_forgotten=True)


def test_the_same_request_is_the_same_in_both_releases(shop: Shop, previous: Commands) -> None:
    shop.create()
    reserve("r", ("lamp", 2), minutes=30)(previous)
    assert shop.reserve("r", 2).status == 201
    reserve("r", ("lamp", 2), minutes=30)(previous)
    assert counts(shop) == (10, 2, 8)


def test_a_retry_of_what_the_previous_release_has_done_is_not_done_again(shop: Shop, previous: Commands) -> None:
    shop.create()
    body = {"adjustment": 4, "reason": "delivery"}
    arn = "arn:aws:sts::123456789012:assumed-role/shop/1"
    contents = {"path": {"M": to_item({"productId": "lamp"})}, "body": {"M": to_item(body)}}
    key = Idempotency("k", f"PUT {PRODUCT} {arn}", contents, levels.own_row, shop.clock)
    previous.update("lamp", None, Edit({}, 4, "delivery", None, None), arn, key)
    context = {"requestId": "request-1", "identity": {"userArn": arn}}
    answer = shop.api("PUT", PRODUCT, body, keys=("lamp",), headers={"Idempotency-Key": "k"}, requestContext=context)
    assert answer.body["stock_count"] == 14
    assert counts(shop) == (14, 0, 14)


def test_a_level_that_the_previous_release_has_written_raises_no_alert_twice(shop: Shop, previous: Commands) -> None:
    shop.create(stock_count=12)
    reserve("r", ("lamp", 2), minutes=30)(previous)
    assert len(shop.told()) == 1
    assert "alerted" not in shop.row()
    shop.fulfill(quantity=1)
    shop.reserve("r2", 1)
    assert shop.told() == []
    shop.update(stock_count=30)
    shop.update(stock_count=13)
    assert len(shop.told()) == 1
    check(shop, alerts_forgotten=True)
