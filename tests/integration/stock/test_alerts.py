"""Feature 4.4 and FR-6: administrators hear of stock that runs low, once."""

from __future__ import annotations

from typing import Any

from ..conftest import eventually
from .conftest import Administrator, Shop

STREAM_SECONDS = 30
"""How long a stream may take to its function."""


def hears(administrator: Administrator, product: str, *statuses: str) -> list[Any]:
    """The alerts of a product, which are exactly of these statuses."""

    def heard() -> None:
        assert [alert["status"] for alert in administrator.told(product)] == [*statuses]

    eventually(heard, STREAM_SECONDS)
    return administrator.told(product)


def check_thresholds(shop: Shop) -> None:
    """Let the schedule come round."""
    shop.run("check-thresholds", "stock-thresholds")


def last_movement(shop: Shop, product: str) -> dict[str, Any]:
    """A product's last movement as it is stored."""
    found: dict[str, Any] = shop.client("dynamodb").query(
        TableName=shop.outputs["table_names"]["movements"],
        KeyConditionExpression="product_id = :product",
        ExpressionAttributeValues={":product": {"S": product}},
        ScanIndexForward=False,
        ConsistentRead=True,
        Limit=1,
    )["Items"][0]
    return found


def test_an_alert_comes_by_itself_and_says_what_is_low(shop: Shop, administrator: Administrator) -> None:
    """4.4, FR-6: within seconds; product, warehouse, counts and threshold."""
    product = shop.make(10, threshold_level=5, warehouse_id="north")
    shop.held(product, 1)
    assert shop.update(product, stock_count=6).status == 200
    (alert,) = hears(administrator, product, "LOW_STOCK")
    assert {n: alert[n] for n in ("warehouse_id", "stock_count", "reserved_count", "available", "threshold_level")} == {
        "warehouse_id": "north",
        "stock_count": 6,
        "reserved_count": 1,
        "available": 5,
        "threshold_level": 5,
    }


def test_what_is_low_is_stored_and_listed_as_low(shop: Shop, administrator: Administrator) -> None:
    """4.4, FR-6: the record's status."""
    product = shop.make(10, threshold_level=5)
    shop.fulfill(product, quantity=5)
    hears(administrator, product, "LOW_STOCK")
    assert shop.row(product)["status"] == {"S": "LOW_STOCK"}

    def listed() -> None:
        levels = shop.http("GET", f"/inventory?status=LOW_STOCK&search={product}").body["levels"]
        assert [level["product_id"] for level in levels] == [product]

    eventually(listed)


def test_what_stays_low_is_told_once(shop: Shop, administrator: Administrator) -> None:
    """4.4, FR-6: neither by further sales nor by the schedule again."""
    product, sentinel = shop.make(10, threshold_level=5), shop.make(6, threshold_level=5)
    shop.fulfill(product, quantity=5)
    shop.fulfill(product, quantity=1)
    shop.release(shop.held(product, 1), product)
    check_thresholds(shop)
    check_thresholds(shop)
    shop.fulfill(sentinel, quantity=1)
    hears(administrator, sentinel, "LOW_STOCK")
    hears(administrator, product, "LOW_STOCK")


def test_what_recovers_and_falls_again_is_told_again(shop: Shop, administrator: Administrator) -> None:
    """FR-6: once for each transition."""
    product = shop.make(10, threshold_level=5)
    for count in (5, 20, 4):
        shop.update(product, stock_count=count)
    hears(administrator, product, "LOW_STOCK", "LOW_STOCK")


def test_stock_that_is_gone_at_once_is_told_as_gone(shop: Shop, administrator: Administrator) -> None:
    """4.4, edge: from above the threshold to nothing."""
    product = shop.make(10, threshold_level=5)
    shop.fulfill(product, quantity=10)
    (alert,) = hears(administrator, product, "OUT_OF_STOCK")
    assert (alert["stock_count"], shop.row(product)["status"]) == (0, {"S": "OUT_OF_STOCK"})


def test_a_movement_that_is_still_due_is_told_by_the_schedule(shop: Shop, administrator: Administrator) -> None:
    """4.4, edge: as one is that could not be sent; the row is written here, so that no stream tells of it."""
    product = shop.make(10, threshold_level=5)
    row = last_movement(shop, product)
    unsent = {**row, "status": {"S": "LOW_STOCK"}, "due": {"S": "alerts"}, "due_at": {"N": "0"}}
    shop.client("dynamodb").put_item(TableName=shop.outputs["table_names"]["movements"], Item=unsent)

    def sent() -> None:
        check_thresholds(shop)
        assert [alert["status"] for alert in administrator.told(product)] == ["LOW_STOCK"]

    eventually(sent)
    assert "due" not in last_movement(shop, product)
