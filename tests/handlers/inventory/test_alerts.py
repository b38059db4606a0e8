"""Low stock is told once per crossing, now or later."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from lib.services.inventory.handler import repository

from ...support.fake_aws import FakeAws
from .conftest import Shop


def low(message: dict[str, Any]) -> dict[str, Any]:
    """What a notification tells."""
    told: dict[str, Any] = json.loads(message["Message"])
    return told


def alert_rows(shop: Shop) -> list[dict[str, Any]]:
    return [row for row in shop.rows("items") if row["itemId"].startswith("tap#alert#")]


def sns_down(wire: FakeAws) -> None:
    """From now on calls of SNS are hung up on."""
    wire.script = [lambda asked: "hang up" if b"Action=Publish" in asked.body else "pass"]


def test_a_crossing_is_told_with_item_name_quantity_and_threshold(shop: Shop) -> None:
    item = shop.create(name="Walnut desk, 140 cm ✓")
    assert shop.told() == []
    shop.change(item, quantity=8)
    (message,) = shop.told()
    assert message["Subject"] == f"Low stock: 8 left of item {item['itemId']}"
    assert low(message) == {
        "type": "LOW_STOCK",
        "itemId": item["itemId"],
        "name": "Walnut desk, 140 cm ✓",
        "quantity": 8,
        "version": 2,
        "threshold": 10,
    }


def test_an_alert_is_sent_when_the_stock_falls_to_the_threshold(shop: Shop) -> None:
    steps: list[tuple[dict[str, Any], dict[str, Any], bool]] = [
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
    for before, changes, alerts in steps:
        item = shop.create(**before)
        assert len(shop.told()) == (before["quantity"] <= before.get("reorderThreshold", 10)), before
        shop.change(item, **changes)
        assert len(shop.told()) == alerts, (before, changes)


def quantities(shop: Shop, item: dict[str, Any], *steps: int) -> list[int]:
    """The quantities of the alerts that an item raises while it is changed."""
    for quantity in steps:
        assert shop.change(item, quantity=quantity).status == 200
    shop.sweep()
    return [low(message)["quantity"] for message in shop.told()]


def test_an_item_that_hovers_around_its_threshold_raises_one_alert(shop: Shop) -> None:
    assert quantities(shop, shop.create(quantity=11), *[10, 11] * 5) == [10]
    assert quantities(shop, shop.create(quantity=200, reorderThreshold=100), 100, 110, 99, 111, 98) == [100, 98]
    assert quantities(shop, shop.create(quantity=5, reorderThreshold=0), 0, 1, 0, 2, 0) == [0, 0]


@pytest.mark.parametrize(("seconds", "raised"), [(-1, [8]), (0, [8, 9])])
def test_an_item_raises_another_alert_a_quarter_of_an_hour_after_it_recovered(
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
    assert quantities(shop, item, 9) == raised
    assert "tap#alerted" not in shop.read(item).body


@pytest.mark.parametrize(("quantity", "raised"), [(10, []), (11, [9])])
def test_an_item_of_an_earlier_release_has_raised_an_alert_if_it_is_low(
    shop: Shop, quantity: int, raised: list[int]
) -> None:
    item = shop.create(quantity=quantity)
    shop.told()
    shop.emulator.client("dynamodb").update_item(
        TableName=shop.api.tables["items"],
        Key={"itemId": {"S": item["itemId"]}, "version": {"N": "0"}},
        UpdateExpression="REMOVE #alerted",
        ExpressionAttributeNames={"#alerted": "tap#alerted"},
    )
    assert quantities(shop, item, 9) == raised


def test_a_deletion_tells_nothing(shop: Shop) -> None:
    item = shop.create(quantity=11)
    shop.delete(item)
    assert shop.told() == []


def test_a_sent_alert_leaves_the_listing_and_is_forgotten_in_time(shop: Shop) -> None:
    shop.create(quantity=1)
    (row,) = alert_rows(shop)
    assert row.keys() == {"itemId", "version", "correlationId", "alert", "tap#expires"}


def test_an_alert_that_cannot_be_sent_is_kept_and_the_change_stands(
    shop: Shop, wire: FakeAws, make_due: Callable[[], None]
) -> None:
    item = shop.create()
    sns_down(wire)
    answer = shop.change(item, quantity=1)
    assert (answer.status, shop.read(item).body["quantity"]) == (200, 1)
    assert shop.told() == []
    wire.script = ["pass"]
    shop.sweep()
    assert shop.told() == [], "not due yet: whoever wrote it may still be sending it"
    make_due()
    shop.sweep()
    shop.sweep()
    assert [low(message)["quantity"] for message in shop.told()] == [1]


def test_the_default_threshold_is_what_parameter_store_says(shop: Shop, config: str) -> None:
    value = json.dumps({"low_stock_threshold": 20})
    shop.emulator.client("ssm").put_parameter(Name=config, Value=value, Type="String", Overwrite=True)
    assert low_threshold() == 20
    shop.create(quantity=20)
    assert [low(message)["threshold"] for message in shop.told()] == [20]


def low_threshold() -> int:
    return repository.inventory().config().low_stock_threshold
