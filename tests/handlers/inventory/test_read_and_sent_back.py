"""Changes whose body is an item as it was read."""

from __future__ import annotations

from typing import Any

import pytest

from ...support.worker import assert_error
from .conftest import ITEM, Shop

DESK = {"name": "Desk", "category": "furniture", "quantity": 40, "price": 1}
OTHER_VALUES: dict[str, Any] = {
    "itemId": "0" * 32,
    "createdAt": "2026-01-01T00:00:00.000000Z",
    "lastUpdated": "yesterday",
}


def plain(item: Any) -> dict[str, Any]:
    """Return an item with JSON numbers."""
    return {**item, "price": float(item["price"])}


def test_an_item_sent_back_as_it_was_read_creates_no_version(shop: Shop) -> None:
    item = shop.create(description="Solid", sku="D-1", reorderThreshold=3)
    answer = shop.change(item, **plain(shop.read(item).body))
    assert (answer.status, answer.body) == (200, item)
    assert len(shop.history(item)) == 1


def test_an_item_sent_back_with_a_changed_field_is_changed(shop: Shop) -> None:
    item = shop.create(sku="D-1")
    changed = shop.change(item, **{**plain(item), "quantity": 39}).body
    assert changed == {**item, "version": 2, "quantity": 39, "lastUpdated": changed["lastUpdated"]}
    assert shop.history(item)[0]["changes"] == {"quantity": {"old": 40, "new": 39}}


@pytest.mark.parametrize("name", OTHER_VALUES)
def test_a_read_only_field_with_another_value_is_rejected(shop: Shop, name: str) -> None:
    item = shop.create()
    message = f"{name} is read-only: it must be '{item[name]}' or omitted, got '{OTHER_VALUES[name]}'"
    assert_error(shop.change(item, quantity=1, **{name: OTHER_VALUES[name]}), 400, "INVALID_REQUEST", message)
    assert shop.read(item).body == item


def test_a_stale_copy_is_a_version_conflict(shop: Shop) -> None:
    item = shop.create()
    shop.change(item, quantity=39)
    stale = shop.change(item, **{**plain(item), "price": 2})
    assert_error(stale, 409, "VERSION_CONFLICT", "the item is at version 2, not 1")
    assert stale.headers["ETag"] == '"2"'


@pytest.mark.parametrize("guards", [{"version": 1, "expectedVersion": 7}, {"version": 7, "expectedVersion": 1}])
def test_both_the_version_and_the_expected_version_are_checked(shop: Shop, guards: dict[str, Any]) -> None:
    assert_error(shop.change(shop.create(), quantity=1, **guards), 409, "VERSION_CONFLICT", "at version 1, not 7")


def test_a_failed_if_match_comes_before_a_stale_version(shop: Shop) -> None:
    answer = shop.change(shop.create(), headers={"If-Match": '"3"'}, version=7, quantity=1)
    assert_error(answer, 412, "PRECONDITION_FAILED", "at version 1, not 3")


def test_a_batch_accepts_items_as_they_were_read(shop: Shop) -> None:
    item, stale = shop.create(), shop.create()
    shop.change(stale, quantity=39)
    entries = [
        {**plain(item), "quantity": 30},
        {**plain(stale), "quantity": 30},
        {**plain(item), "version": 2, "quantity": 20},
        {"itemId": stale["itemId"], "createdAt": "long ago", "quantity": 30},
    ]
    results = shop.api("POST", "/items/batch", {"items": entries}).body["results"]
    assert [result["status"] for result in results] == [200, 409, 400, 400]
    assert "lastUpdated is read-only" in results[2]["error"]["error"]
    assert "createdAt is read-only" in results[3]["error"]["error"]


@pytest.mark.parametrize("name", ["version", "createdAt", "lastUpdated"])
def test_a_new_item_has_no_read_only_fields(shop: Shop, name: str) -> None:
    value = 1 if name == "version" else "2026"
    (result,) = shop.api("POST", "/items/batch", {"items": [{**DESK, name: value}]}).body["results"]
    assert (result["status"], result["error"]["error"]) == (
        400,
        f"{name}: a new item has none; set the itemId of the item to change",
    )
    assert_error(
        shop.api("POST", "/items", {**DESK, name: value}), 400, "INVALID_REQUEST", f"must not contain {{'{name}'}}"
    )


def test_read_only_fields_alone_change_nothing(shop: Shop) -> None:
    item = shop.create()
    body = {name: item[name] for name in ("itemId", "version", "createdAt", "lastUpdated")}
    assert shop.api("PUT", ITEM, body, keys=(item["itemId"],)).body == item
