"""Feature 4.4 and FR-6: administrators receive one alert per low-stock transition."""

from __future__ import annotations

from typing import Any

from ..conftest import eventually
from .conftest import Shop, Subscriber

STREAM_SECONDS = 30
"""Maximum delay until a stream record is processed."""


def wait_for_alerts(subscriber: Subscriber, product: str, *statuses: str) -> list[Any]:
    """Wait until the alerts of a product have exactly the given statuses, and return them."""

    def check() -> None:
        assert [alert["status"] for alert in subscriber.alerts(product)] == [*statuses]

    eventually(check, STREAM_SECONDS)
    return subscriber.alerts(product)


def check_thresholds(shop: Shop) -> None:
    shop.run_schedule("check-thresholds", "stock-thresholds")


def last_movement(shop: Shop, product: str) -> dict[str, Any]:
    """Return the DynamoDB item of a product's last movement."""
    item: dict[str, Any] = shop.client("dynamodb").query(
        TableName=shop.outputs["table_names"]["movements"],
        KeyConditionExpression="product_id = :product",
        ExpressionAttributeValues={":product": {"S": product}},
        ScanIndexForward=False,
        ConsistentRead=True,
        Limit=1,
    )["Items"][0]
    return item


def test_alert_is_sent_automatically_with_the_counts(shop: Shop, subscriber: Subscriber) -> None:
    """4.4, FR-6: within seconds, with product, warehouse, counts and threshold."""
    product = shop.create(10, threshold_level=5, warehouse_id="north")
    shop.new_reservation(product, 1)
    assert shop.update(product, stock_count=6).status == 200
    (alert,) = wait_for_alerts(subscriber, product, "LOW_STOCK")
    assert {n: alert[n] for n in ("warehouse_id", "stock_count", "reserved_count", "available", "threshold_level")} == {
        "warehouse_id": "north",
        "stock_count": 6,
        "reserved_count": 1,
        "available": 5,
        "threshold_level": 5,
    }


def test_low_status_is_stored_and_listed(shop: Shop, subscriber: Subscriber) -> None:
    """4.4, FR-6: status of the item."""
    product = shop.create(10, threshold_level=5)
    shop.fulfill(product, quantity=5)
    wait_for_alerts(subscriber, product, "LOW_STOCK")
    assert shop.level_item(product)["status"] == {"S": "LOW_STOCK"}

    def listed() -> None:
        levels = shop.http("GET", f"/inventory?status=LOW_STOCK&search={product}").body["levels"]
        assert [level["product_id"] for level in levels] == [product]

    eventually(listed)


def test_level_that_remains_low_raises_one_alert(shop: Shop, subscriber: Subscriber) -> None:
    """4.4, FR-6: neither further sales nor the schedule send another alert."""
    product, sentinel = shop.create(10, threshold_level=5), shop.create(6, threshold_level=5)
    shop.fulfill(product, quantity=5)
    shop.fulfill(product, quantity=1)
    shop.release(shop.new_reservation(product, 1), product)
    check_thresholds(shop)
    check_thresholds(shop)
    shop.fulfill(sentinel, quantity=1)
    wait_for_alerts(subscriber, sentinel, "LOW_STOCK")
    wait_for_alerts(subscriber, product, "LOW_STOCK")


def test_level_that_recovers_raises_another_alert(shop: Shop, subscriber: Subscriber) -> None:
    """FR-6: one alert per transition."""
    product = shop.create(10, threshold_level=5)
    for count in (5, 20, 4):
        shop.update(product, stock_count=count)
    wait_for_alerts(subscriber, product, "LOW_STOCK", "LOW_STOCK")


def test_sale_of_all_units_raises_an_out_of_stock_alert(shop: Shop, subscriber: Subscriber) -> None:
    """4.4, edge: from above the threshold to zero."""
    product = shop.create(10, threshold_level=5)
    shop.fulfill(product, quantity=10)
    (alert,) = wait_for_alerts(subscriber, product, "OUT_OF_STOCK")
    assert (alert["stock_count"], shop.level_item(product)["status"]) == (0, {"S": "OUT_OF_STOCK"})


def test_schedule_sends_an_alert_that_was_not_sent(shop: Shop, subscriber: Subscriber) -> None:
    """4.4, edge: the item is replaced, which the filter of the stream consumer ignores."""
    product = shop.create(10, threshold_level=5)
    item = last_movement(shop, product)
    unsent = {**item, "status": {"S": "LOW_STOCK"}, "due": {"S": "alerts"}, "due_at": {"N": "0"}}
    shop.client("dynamodb").put_item(TableName=shop.outputs["table_names"]["movements"], Item=unsent)

    def check() -> None:
        check_thresholds(shop)
        assert [alert["status"] for alert in subscriber.alerts(product)] == ["LOW_STOCK"]

    eventually(check)
    assert "due" not in last_movement(shop, product)
