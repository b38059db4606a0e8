"""The status of items."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import Shop


def test_status_of_a_new_item_depends_on_its_quantity(shop: Shop) -> None:
    cases: list[tuple[dict[str, Any], str]] = [
        ({"quantity": 0}, "out_of_stock"),
        ({"quantity": 1}, "available"),
        ({"quantity": 0, "status": "available"}, "out_of_stock"),
        ({"quantity": 1, "status": "out_of_stock"}, "available"),
        ({"quantity": 0, "status": "discontinued"}, "discontinued"),
        ({"quantity": 1, "status": "discontinued"}, "discontinued"),
    ]
    for fields, status in cases:
        item = shop.create(**fields)
        assert (item["status"], shop.read(item).body) == (status, item)
        desk = {"name": "Desk", "category": "furniture", "price": 1, **fields}
        (result,) = shop.api("POST", "/items/batch", {"items": [desk]}).body["results"]
        listed = shop.listed(category="furniture", status=status)
        assert [entry["itemId"] for entry in listed[:2]] == [result["item"]["itemId"], item["itemId"]], fields


def test_status_of_a_changed_item_depends_on_its_quantity(shop: Shop) -> None:
    cases: list[tuple[dict[str, Any], dict[str, Any], str]] = [
        ({}, {"quantity": 0}, "out_of_stock"),
        ({"quantity": 0}, {"quantity": 3}, "available"),
        ({"quantity": 0}, {"name": "Pine desk"}, "out_of_stock"),
        ({}, {"status": "out_of_stock"}, "available"),
        ({}, {"quantity": 0, "status": "available"}, "out_of_stock"),
        ({}, {"quantity": 0, "status": "discontinued"}, "discontinued"),
        ({"status": "discontinued"}, {"quantity": 0}, "discontinued"),
        ({"status": "discontinued"}, {"status": "available"}, "available"),
        ({"status": "discontinued", "quantity": 0}, {"status": "available"}, "out_of_stock"),
    ]
    for before, changes, status in cases:
        item = shop.create(**before)
        changed = shop.change(item, **changes).body
        assert (changed["status"], shop.read(item).body) == (status, changed)
        assert shop.listed(status=status)[0]["itemId"] == item["itemId"], (before, changes)


def test_changed_status_is_in_the_history_and_the_audit_record(shop: Shop) -> None:
    item = shop.create()
    shop.change(item, quantity=0)
    assert shop.history(item)[0]["changes"] == {
        "quantity": {"old": 40, "new": 0},
        "status": {"old": "available", "new": "out_of_stock"},
    }
    assert shop.audit("UPDATE")[0]["newValue"]["status"] == "out_of_stock"


@pytest.mark.parametrize("changes", [{"quantity": 0}, {"name": "Pine desk"}])
def test_change_corrects_the_status_that_an_earlier_release_stored(shop: Shop, changes: dict[str, Any]) -> None:
    item = shop.create(quantity=0)
    for version in ("0", "1"):
        shop.emulator.client("dynamodb").update_item(
            TableName=shop.api.tables["items"],
            Key={"itemId": {"S": item["itemId"]}, "version": {"N": version}},
            UpdateExpression="SET #status = :status",
            ExpressionAttributeNames={"#status": "status"},
            ExpressionAttributeValues={":status": {"S": "available"}},
        )
    assert shop.read(item).body["status"] == "available"
    changed = shop.change(item, **changes).body
    assert (changed["version"], changed["status"]) == (2, "out_of_stock")
    assert shop.listed(status="available") == []
