"""Updates with an item that was read before as the request body."""

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


def to_body(item: Any) -> dict[str, Any]:
    """Return an item as a request body, which has a JSON number for its price."""
    return {**item, "price": float(item["price"])}


def test_unchanged_item_creates_no_version(shop: Shop) -> None:
    item = shop.create(description="Solid", sku="D-1", reorderThreshold=3)
    response = shop.change(item, **to_body(shop.read(item).body))
    assert (response.status, response.body) == (200, item)
    assert len(shop.history(item)) == 1


def test_item_can_be_updated_with_the_item_that_was_read(shop: Shop) -> None:
    item = shop.create(sku="D-1")
    changed = shop.change(item, **{**to_body(item), "quantity": 39}).body
    assert changed == {**item, "version": 2, "quantity": 39, "lastUpdated": changed["lastUpdated"]}
    assert shop.history(item)[0]["changes"] == {"quantity": {"old": 40, "new": 39}}


@pytest.mark.parametrize("name", OTHER_VALUES)
def test_changed_read_only_field_is_rejected(shop: Shop, name: str) -> None:
    item = shop.create()
    message = f"{name} is read-only: it must be '{item[name]}' or omitted, got '{OTHER_VALUES[name]}'."
    assert_error(shop.change(item, quantity=1, **{name: OTHER_VALUES[name]}), 400, "INVALID_REQUEST", message)
    assert shop.read(item).body == item


def test_outdated_copy_is_a_version_conflict(shop: Shop) -> None:
    item = shop.create()
    shop.change(item, quantity=39)
    response = shop.change(item, **{**to_body(item), "price": 2})
    assert_error(response, 409, "VERSION_CONFLICT", "has version 2, not 1.")
    assert response.headers["ETag"] == '"2"'


@pytest.mark.parametrize("versions", [{"version": 1, "expectedVersion": 7}, {"version": 7, "expectedVersion": 1}])
def test_version_and_expected_version_are_both_checked(shop: Shop, versions: dict[str, Any]) -> None:
    message = "has version 1, not 7."
    assert_error(shop.change(shop.create(), quantity=1, **versions), 409, "VERSION_CONFLICT", message)


def test_if_match_is_checked_before_the_version(shop: Shop) -> None:
    response = shop.change(shop.create(), headers={"If-Match": '"3"'}, version=7, quantity=1)
    assert_error(response, 412, "PRECONDITION_FAILED", "has version 1, not 3.")


def test_batch_accepts_items_that_were_read(shop: Shop) -> None:
    item, outdated = shop.create(), shop.create()
    shop.change(outdated, quantity=39)
    entries = [
        {**to_body(item), "quantity": 30},
        {**to_body(outdated), "quantity": 30},
        {**to_body(item), "version": 2, "quantity": 20},
        {"itemId": outdated["itemId"], "createdAt": "long ago", "quantity": 30},
    ]
    results = shop.api("POST", "/items/batch", {"items": entries}).body["results"]
    assert [result["status"] for result in results] == [200, 409, 400, 400]
    assert "lastUpdated is read-only" in results[2]["error"]["error"]
    assert "createdAt is read-only" in results[3]["error"]["error"]


@pytest.mark.parametrize("name", ["version", "createdAt", "lastUpdated"])
def test_new_item_with_a_read_only_field_is_rejected(shop: Shop, name: str) -> None:
    value = 1 if name == "version" else "2026"
    (result,) = shop.api("POST", "/items/batch", {"items": [{**DESK, name: value}]}).body["results"]
    assert (result["status"], result["error"]["error"]) == (
        400,
        f"{name} must be omitted for a new item. To change an existing item, set itemId.",
    )
    assert_error(
        shop.api("POST", "/items", {**DESK, name: value}), 400, "INVALID_REQUEST", f"must not contain {{'{name}'}}"
    )


def test_update_with_read_only_fields_only_changes_no_field(shop: Shop) -> None:
    item = shop.create()
    body = {name: item[name] for name in ("itemId", "version", "createdAt", "lastUpdated")}
    assert shop.api("PUT", ITEM, body, keys=(item["itemId"],)).body == item
