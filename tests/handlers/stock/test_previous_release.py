"""Concurrent use of the tables by the previous release, as during a deployment."""

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

from ...support.worker import assert_error
from .conftest import PRODUCT, Shop
from .consistency import check
from .previous_release import PreviousDynamoDB
from .test_races import ME, reserve
from .test_reservations import counts, line


@pytest.fixture(name="previous")
def previous_fixture(shop: Shop) -> Iterator[Commands]:
    """Return the commands of the previous release."""
    previous = Commands(Repository(commands().repository.tables, PreviousDynamoDB(dict(shop.api.tables)), shop.clock))
    yield previous
    previous.repository.close()


def test_each_release_can_sell_reservations_of_the_other(shop: Shop, previous: Commands) -> None:
    shop.create(stock_count=20)
    shop.create("desk", stock_count=20)
    shop.reserve_cart("new", line("lamp", 2), line("desk", 2), reference="order 1")
    reserve("old", ("lamp", 3), ("desk", 3), minutes=30)(previous)
    previous.fulfill(Sale(None, "new", "desk", None), ME, None)
    assert shop.fulfill(reservationId="old").status == 200
    assert shop.fulfill("lamp", reservationId="new", reference="order 1").status == 200
    assert_error(
        shop.fulfill("desk", reservationId="new", reference="order 2"), 409, "RESERVATION_CONFLICT", "'order 2'"
    )
    assert shop.fulfill_cart(reservationId="old").status == 200
    assert (counts(shop), counts(shop, "desk")) == ((15, 0, 15), (15, 0, 15))
    check(shop, ignores_alerted=True)


def test_repeated_reservation_is_recognized_by_both_releases(shop: Shop, previous: Commands) -> None:
    shop.create()
    reserve("r", ("lamp", 2), minutes=30)(previous)
    assert shop.reserve("r", 2).status == 201
    reserve("r", ("lamp", 2), minutes=30)(previous)
    assert counts(shop) == (10, 2, 8)


def test_idempotency_record_of_the_previous_release_is_recognized(shop: Shop, previous: Commands) -> None:
    shop.create()
    body = {"adjustment": 4, "reason": "delivery"}
    arn = "arn:aws:sts::123456789012:assumed-role/shop/1"
    contents = {"path": {"M": to_item({"productId": "lamp"})}, "body": {"M": to_item(body)}}
    key = Idempotency("k", f"PUT {PRODUCT} {arn}", contents, levels.service_item_key, shop.clock)
    previous.update("lamp", None, Edit({}, 4, "delivery", None, None), arn, key)
    context = {"requestId": "request-1", "identity": {"userArn": arn}}
    response = shop.api("PUT", PRODUCT, body, keys=("lamp",), headers={"Idempotency-Key": "k"}, requestContext=context)
    assert response.body["stock_count"] == 14
    assert counts(shop) == (14, 0, 14)


def test_level_of_the_previous_release_raises_no_second_alert(shop: Shop, previous: Commands) -> None:
    shop.create(stock_count=12)
    reserve("r", ("lamp", 2), minutes=30)(previous)
    assert len(shop.sent_alerts()) == 1
    assert "alerted" not in shop.level_item()
    shop.fulfill(quantity=1)
    shop.reserve("r2", 1)
    assert shop.sent_alerts() == []
    shop.update(stock_count=30)
    shop.update(stock_count=13)
    assert len(shop.sent_alerts()) == 1
    check(shop, ignores_alerted=True)
