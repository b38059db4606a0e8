"""Levels written by another application, without the attributes that only the service writes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from lib.runtime.attributes import to_item

from ...support.worker import assert_error
from .conftest import Shop
from .test_reservations import counts

ITEM: dict[str, Any] = {
    "product_id": "lamp",
    "warehouse_id": "main",
    "category": "light",
    "stock_count": 10,
    "reserved_count": 0,
    "threshold_level": 3,
    "status": "IN_STOCK",
    "last_updated": "2025-05-06T08:00:00Z",
    "reservation_expiry": 1_800_000_000,
}
RESPONSE = {
    **{name: value for name, value in ITEM.items() if name != "reservation_expiry"},
    "available": 10,
    "version": 1,
}


def write(shop: Shop, **attributes: Any) -> None:
    """Write the item of a level like another application. None omits an attribute."""
    item = {name: value for name, value in {**ITEM, **attributes}.items() if value is not None}
    shop.dynamodb.put_item(TableName=shop.api.tables["management"], Item=to_item(item))


def test_item_is_read_and_listed(shop: Shop) -> None:
    write(shop)
    assert shop.read(warehouse_id="main") == RESPONSE
    assert shop.list_levels(category="light") == [RESPONSE]
    assert shop.reconcile() == {"product_id": "lamp", "repaired": False, "drifts": []}


def test_missing_attributes_have_defaults(shop: Shop) -> None:
    defaults: dict[str, dict[str, Any]] = {
        "stock_count": {"stock_count": 0, "available": 0, "status": "OUT_OF_STOCK"},
        "reserved_count": {},
        "threshold_level": {"threshold_level": 0},
        "status": {},
        "last_updated": {"last_updated": "1970-01-01T00:00:00.000000Z"},
    }
    for name, default in defaults.items():
        write(shop, **{name: None})
        assert shop.read(warehouse_id="main") == {**RESPONSE, **default}, name
        assert shop.list_levels(category="light") == [{**RESPONSE, **default}], name
        shop.reconcile()


def test_item_with_only_a_key_is_an_empty_level(shop: Shop) -> None:
    shop.dynamodb.put_item(
        TableName=shop.api.tables["management"], Item=to_item({"product_id": "lamp", "warehouse_id": "main"})
    )
    assert counts(shop) == (0, 0, 0)
    assert shop.update(stock_count=4).body["stock_count"] == 4
    assert [level["product_id"] for level in shop.list_levels()] == ["lamp"]


def test_item_can_be_reserved_sold_and_updated(shop: Shop) -> None:
    write(shop)
    assert shop.reserve("r", 4).status == 201
    assert counts(shop) == (10, 4, 6)
    assert_error(shop.reserve("s", 7), 409, "INSUFFICIENT_STOCK", "6 available")
    assert shop.fulfill(reservationId="r").status == 200
    assert shop.update(stock_count=20, expected_version=2).body["version"] == 3
    assert [move["sequence"] for move in shop.list_movements()] == [1, 2, 3]
    assert [level["stock_count"] for level in shop.list_levels()] == [20], "the update adds the level to every listing"


@pytest.mark.parametrize("last_updated", ["2025-05-06T08:00:00.000Z", "2025-05-06T10:00:00+02:00"])
def test_last_updated_of_the_item_guards_an_update(shop: Shop, last_updated: str) -> None:
    write(shop)
    assert shop.update(stock_count=1, expected_last_updated=last_updated).status == 200
    assert_error(shop.update(stock_count=2, expected_last_updated=last_updated), 409, "VERSION_CONFLICT", "version 2")


def test_last_updated_in_another_format_never_matches(shop: Shop) -> None:
    write(shop, last_updated="6 May 2025")
    response = shop.update(stock_count=1, expected_last_updated="2025-05-06T08:00:00Z")
    assert_error(response, 409, "VERSION_CONFLICT", "last_updated 6 May 2025")
    assert shop.update(stock_count=1).status == 200


@pytest.mark.slow
@pytest.mark.untraced
def test_units_without_a_reservation_are_found_and_released(shop: Shop) -> None:
    write(shop, reserved_count=3)
    assert counts(shop) == (10, 3, 7)
    (drift,) = shop.reconcile()["drifts"]
    assert (drift["field"], drift["counted"], drift["found"]) == ("reserved_count", 0, 3)
    assert shop.reconcile(repair=True)["repaired"]
    assert counts(shop) == (10, 0, 10)


def test_concurrent_first_reservations_do_not_oversell(shop: Shop) -> None:
    write(shop)
    with ThreadPoolExecutor(8) as callers:
        responses = [*callers.map(lambda number: shop.reserve(f"r{number}", 2), range(8))]
    assert sorted(response.status for response in responses) == [201] * 5 + [409] * 3
    assert counts(shop) == (10, 10, 0)
    assert shop.level_item()["sequence"] == 5
