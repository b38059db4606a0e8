"""Functions of the previous release write rows beside those of this one, as during a deployment."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lib.runtime.attributes import to_item
from lib.runtime.idempotency import Idempotency
from lib.services.stock.handler import levels
from lib.services.stock.handler.changes import Edit
from lib.services.stock.handler.commands import Commands, commands
from lib.services.stock.handler.repository import Repository
from lib.services.stock.handler.sales import Sale

from ...support.worker import refused
from .conftest import PRODUCT, Shop
from .consistency import check
from .previous_release import PreviousDynamoDB
from .test_races import ME, reserve
from .test_reservations import counts, line


@pytest.fixture(name="previous")
def previous_fixture(shop: Shop) -> Iterator[Commands]:
    """A worker of the previous release."""
    worker = Commands(Repository(commands().repository.tables, PreviousDynamoDB(dict(shop.api.tables)), shop.clock))
    yield worker
    worker.repository.close()


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
