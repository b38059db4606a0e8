"""Low-stock alerts."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from lib.services.inventory.handler import repository

from ...support.fake_aws import FakeAws
from .conftest import Shop


def alert_of(message: dict[str, Any]) -> dict[str, Any]:
    """Return the alert in a message."""
    alert: dict[str, Any] = json.loads(message["Message"])
    return alert


def alert_rows(shop: Shop) -> list[dict[str, Any]]:
    return [row for row in shop.rows("items") if row["itemId"].startswith("tap#alert#")]


def make_sns_unavailable(wire: FakeAws) -> None:
    """Drop all requests to SNS."""
    wire.script = [lambda call: "hang up" if b"Action=Publish" in call.body else "pass"]


def test_alert_contains_item_name_quantity_and_threshold(shop: Shop) -> None:
    item = shop.create(name="Walnut desk, 140 cm ✓")
    assert shop.published() == []
    shop.change(item, quantity=8)
    (message,) = shop.published()
    assert message["Subject"] == f"Low stock: 8 left of item {item['itemId']}"
    assert alert_of(message) == {
        "type": "LOW_STOCK",
        "itemId": item["itemId"],
        "name": "Walnut desk, 140 cm ✓",
        "quantity": 8,
        "version": 2,
        "threshold": 10,
    }


def test_alert_is_published_if_the_quantity_falls_to_the_threshold(shop: Shop) -> None:
    cases: list[tuple[dict[str, Any], dict[str, Any], bool]] = [
        ({"quantity": 11}, {"quantity": 10}, True),
        ({"quantity": 12}, {"quantity": 11}, False),
        ({"quantity": 10}, {"quantity": 9}, False),
        ({"quantity": 0}, {"quantity": 50}, False),
        ({"quantity": 6, "reorderThreshold": 5}, {"quantity": 5}, True),
        ({"quantity": 11, "reorderThreshold": 5}, {"quantity": 10}, False),
        ({"quantity": 11, "reorderThreshold": 5}, {"reorderThreshold": 11}, True),
        ({"quantity": 8, "reorderThreshold": 5}, {"reorderThreshold": None}, True),
        ({"quantity": 5}, {"name": "Other"}, False),
        ({"quantity": 11}, {"name": "Other"}, False),
    ]
    for before, changes, is_published in cases:
        item = shop.create(**before)
        assert len(shop.published()) == (before["quantity"] <= before.get("reorderThreshold", 10)), before
        shop.change(item, **changes)
        assert len(shop.published()) == is_published, (before, changes)


def alert_quantities(shop: Shop, item: dict[str, Any], *quantities: int) -> list[int]:
    """Set the quantity of an item several times. Return the quantities in the published alerts."""
    for quantity in quantities:
        assert shop.change(item, quantity=quantity).status == 200
    shop.run_schedule()
    return [alert_of(message)["quantity"] for message in shop.published()]


def test_small_changes_around_the_threshold_raise_one_alert(shop: Shop) -> None:
    assert alert_quantities(shop, shop.create(quantity=11), *[10, 11] * 5) == [10]
    assert alert_quantities(shop, shop.create(quantity=200, reorderThreshold=100), 100, 110, 99, 111, 98) == [100, 98]
    assert alert_quantities(shop, shop.create(quantity=5, reorderThreshold=0), 0, 1, 0, 2, 0) == [0, 0]


@pytest.mark.parametrize(("seconds", "raised"), [(-1, [8]), (0, [8, 9])])
def test_item_raises_another_alert_15_minutes_after_it_recovered(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, seconds: int, raised: list[int]
) -> None:
    now = [1_800_000_000]
    monkeypatch.setattr(time, "time", lambda: now[0])
    item = shop.create(quantity=11)
    for quantity in (8, 11):
        shop.change(item, quantity=quantity)
    (row,) = [row for row in shop.rows("items") if row["itemId"] == item["itemId"] and row["version"] == 0]
    assert row["tap#alerted"] == now[0] + 900
    now[0] += 900 + seconds
    assert alert_quantities(shop, item, 9) == raised
    assert "tap#alerted" not in shop.read(item).body


@pytest.mark.parametrize(("quantity", "raised"), [(10, []), (11, [9])])
def test_low_item_of_an_earlier_release_raises_no_further_alert(shop: Shop, quantity: int, raised: list[int]) -> None:
    item = shop.create(quantity=quantity)
    shop.published()
    shop.emulator.client("dynamodb").update_item(
        TableName=shop.api.tables["items"],
        Key={"itemId": {"S": item["itemId"]}, "version": {"N": "0"}},
        UpdateExpression="REMOVE #alerted",
        ExpressionAttributeNames={"#alerted": "tap#alerted"},
    )
    assert alert_quantities(shop, item, 9) == raised


def test_deletion_raises_no_alert(shop: Shop) -> None:
    item = shop.create(quantity=11)
    shop.delete(item)
    assert shop.published() == []


def test_published_alert_expires_and_is_not_in_the_index(shop: Shop) -> None:
    shop.create(quantity=1)
    (row,) = alert_rows(shop)
    assert row.keys() == {"itemId", "version", "correlationId", "alert", "tap#expires"}


def test_schedule_publishes_an_alert_after_its_lease_if_sns_was_unavailable(
    shop: Shop, wire: FakeAws, make_due: Callable[[], None]
) -> None:
    item = shop.create()
    make_sns_unavailable(wire)
    response = shop.change(item, quantity=1)
    assert (response.status, shop.read(item).body["quantity"]) == (200, 1)
    assert shop.published() == []
    wire.script = ["pass"]
    shop.run_schedule()
    assert shop.published() == [], "the request that raised the alert still has the lease"
    make_due()
    shop.run_schedule()
    shop.run_schedule()
    assert [alert_of(message)["quantity"] for message in shop.published()] == [1]


def test_default_threshold_is_set_in_parameter_store(shop: Shop, config: str) -> None:
    value = json.dumps({"low_stock_threshold": 20})
    shop.emulator.client("ssm").put_parameter(Name=config, Value=value, Type="String", Overwrite=True)
    assert low_threshold() == 20
    shop.create(quantity=20)
    assert [alert_of(message)["threshold"] for message in shop.published()] == [20]


def low_threshold() -> int:
    return repository.inventory().config().low_stock_threshold
