"""Normalization and uniqueness of SKUs."""

from __future__ import annotations

from typing import Any

import pytest

from ...support.worker import HandlerResponse, assert_error
from .conftest import ITEM, Shop
from .consistency import check

DESK = {"name": "Desk", "category": "furniture", "quantity": 40, "price": 1}
SPELLINGS = [
    (" D-1", "D-1"),
    ("D-1 \n", "D-1"),
    ("\u00a0D-1\u3000", "D-1"),
    ("D  1", "D 1"),
    ("D\u00a01", "D 1"),
    ("D\u20281", "D 1"),
    ("cafe\u0301", "caf\u00e9"),
    ("\u212b-1", "\u00c5-1"),
]
INVISIBLE = {
    "zero width space": ("D\u200b1", "U+200B"),
    "right-to-left override": ("\u202eD-1", "U+202E"),
    "byte order mark": ("\ufeffD-1", "U+FEFF"),
    "soft hyphen": ("D\u00ad1", "U+00AD"),
    "NUL": ("D-1\u0000", "U+0000"),
    "tab": ("D\t1", "U+0009"),
    "delete": ("D\u007f1", "U+007F"),
    "variation selector": ("D\ufe0f1", "U+FE0F"),
    "Hangul filler": ("\u3164", "U+3164"),
    "combining grapheme joiner": ("D\u034f1", "U+034F"),
}
NOT_NORMALIZED = [" D-1 ", "cafe\u0301", "D\u200b1", "D\t1"]


def post(shop: Shop, sku: str) -> HandlerResponse:
    return shop.api("POST", "/items", {**DESK, "sku": sku})


def create_as_earlier_release(shop: Shop, sku: str) -> Any:
    """Return an item as an earlier release stored it, without normalizing its SKU."""
    item = shop.create(sku="new")
    dynamodb, table = shop.emulator.client("dynamodb"), shop.api.tables["items"]
    for version in ("0", "1"):
        dynamodb.update_item(
            TableName=table,
            Key={"itemId": {"S": item["itemId"]}, "version": {"N": version}},
            UpdateExpression="SET sku = :sku",
            ExpressionAttributeValues={":sku": {"S": sku}},
        )
    dynamodb.delete_item(TableName=table, Key={"itemId": {"S": "tap#sku#new"}, "version": {"N": "0"}})
    row = {"itemId": {"S": f"tap#sku#{sku}"}, "version": {"N": "0"}, "owner": {"S": item["itemId"]}}
    dynamodb.put_item(TableName=table, Item=row)
    check(shop)
    return {**item, "sku": sku}


def ids_by_sku(shop: Shop, sku: str) -> list[str]:
    """Return the IDs in a listing by SKU."""
    return [item["itemId"] for item in shop.listed(sku=sku)]


@pytest.mark.parametrize(("sent", "stored"), SPELLINGS)
def test_sku_is_normalized(shop: Shop, sent: str, stored: str) -> None:
    created, changed = shop.create(sku=sent), shop.create()
    assert (created["sku"], shop.read(created).body) == (stored, created)
    shop.delete(created)
    assert shop.change(changed, sku=sent).body["sku"] == stored
    check(shop)


def test_equivalent_skus_are_the_same_sku(shop: Shop) -> None:
    other = shop.create()
    for sent, stored in SPELLINGS:
        item = shop.create(sku=stored)
        message = f"item '{item['itemId']}' already has {stored!r}."
        assert_error(post(shop, sent), 409, "CONFLICT", message)
        assert_error(shop.change(other, sku=sent), 409, "CONFLICT", message)
        assert shop.change(item, sku=sent).body == item
        assert len(shop.history(item)) == 1
        assert ids_by_sku(shop, sent) == [item["itemId"]]
        for method in ("GET", "DELETE"):
            assert shop.api(method, ITEM, keys=(item["itemId"],), query={"sku": sent}).status == 200
    check(shop)


def test_sku_with_invisible_characters_is_rejected(shop: Shop) -> None:
    item = shop.create()
    for sku, code_point in INVISIBLE.values():
        message = f"sku must not contain control, format or other invisible characters, got {code_point} in {sku!a}."
        assert_error(post(shop, sku), 400, "INVALID_REQUEST", message)
        assert_error(shop.change(item, sku=sku), 400, "INVALID_REQUEST", message)
        results = shop.api("POST", "/items/batch", {"items": [{**DESK, "sku": sku}, DESK]}).body["results"]
        assert [result["status"] for result in results] == [400, 201]
        assert ids_by_sku(shop, sku) == []
    check(shop)


def test_sku_with_a_normal_form_over_100_characters_is_rejected(shop: Shop) -> None:
    message = "sku must have at most 100 characters in Unicode normal form C, got 102."
    assert_error(post(shop, "\U0001d160" * 34), 400, "INVALID_REQUEST", message)
    assert len(shop.create(sku="\U0001d160" * 33)["sku"]) == 99


def test_row_of_a_sku_that_is_not_normalized_expires(shop: Shop) -> None:
    shop.create(sku="D-1 ")
    (row,) = [row for row in shop.rows("items") if row["itemId"] == "tap#sku#D-1 "]
    assert row.keys() == {"itemId", "version", "tap#expires"}


@pytest.mark.parametrize("sku", NOT_NORMALIZED)
def test_change_of_other_fields_does_not_normalize_the_sku(shop: Shop, sku: str) -> None:
    item = create_as_earlier_release(shop, sku)
    assert shop.read(item).body == shop.read(item, sku=sku).body == item
    assert ids_by_sku(shop, sku) == [item["itemId"]]
    assert shop.change(item, quantity=39).body["sku"] == sku
    assert shop.change(item, quantity=38, sku=sku).body["sku"] == sku
    assert [version["changes"].keys() for version in shop.history(item)] == [{"quantity"}, {"quantity"}, set()]
    check(shop)


def test_change_releases_a_sku_that_is_not_normalized(shop: Shop) -> None:
    for sku in NOT_NORMALIZED:
        for after in ("D-1", "other ", None):
            item = create_as_earlier_release(shop, sku)
            assert shop.change(item, sku=after).body.get("sku") == (after and after.strip())
            assert ids_by_sku(shop, after or sku) == ([item["itemId"]] if after else [])
            check(shop)
            shop.delete(item)


def test_deletion_releases_a_sku_that_is_not_normalized(shop: Shop) -> None:
    for sku in NOT_NORMALIZED:
        for query in ({"sku": sku}, {}):
            item = create_as_earlier_release(shop, sku)
            assert shop.api("DELETE", ITEM, keys=(item["itemId"],), query=query).status == 200
            assert ids_by_sku(shop, sku) == []
            check(shop)


@pytest.mark.parametrize("sku", [" D-1 ", "cafe\u0301"])
def test_sku_that_is_not_normalized_is_unique(shop: Shop, sku: str) -> None:
    item = create_as_earlier_release(shop, sku)
    message = f"item '{item['itemId']}' already has {sku!r}."
    assert_error(post(shop, sku), 409, "CONFLICT", message)
    other = shop.create()
    assert_error(shop.change(other, sku=sku), 409, "CONFLICT", message)
    shop.delete(item)
    assert shop.change(other, sku=sku).status == 200
    assert ids_by_sku(shop, sku) == [other["itemId"]]
    check(shop)
