"""Digests and keys of items, and the conditions of their writes."""

from __future__ import annotations

from typing import Any

import pytest

from lib.operations.compare import MAX_COMPARED_ATTRIBUTES, digest, parse_key, serialize_key, unchanged_condition

ITEM: dict[str, Any] = {
    "id": {"S": "a"},
    "at": {"N": "1"},
    "parts": {"L": [{"M": {"size": {"N": "2"}, "raw": {"B": b"\x00\xff"}}}, {"NULL": True}]},
    "tags": {"SS": ["x", "y"]},
    "blobs": {"BS": [b"1", b"2"]},
}
KEY_NAMES = ("id", "at")


def test_digest_ignores_the_order_of_attributes_and_sets() -> None:
    reversed_item = {**dict(reversed(ITEM.items())), "tags": {"SS": ["y", "x"]}, "blobs": {"BS": [b"2", b"1"]}}
    assert digest(reversed_item) == digest(ITEM)


@pytest.mark.parametrize(
    "change",
    [
        {"at": {"S": "1"}},
        {"more": {"S": ""}},
        {"tags": {"SS": ["x"]}},
        {"parts": {"L": [{"NULL": True}, {"M": {"size": {"N": "2"}, "raw": {"B": b"\x00\xff"}}}]}},
        {"parts": {"L": [{"M": {"size": {"N": "2"}, "raw": {"B": b"\x00"}}}, {"NULL": True}]}},
    ],
)
def test_different_items_have_different_digests(change: dict[str, Any]) -> None:
    assert digest({**ITEM, **change}) != digest(ITEM)


def test_serialized_key_is_parsed_to_the_same_key() -> None:
    item: dict[str, Any] = {"b": {"B": b"\x00\xfe"}, "n": {"N": "1.5"}, "other": {"S": "x"}}
    assert parse_key(serialize_key(item, ["b", "n"])) == {"b": {"B": b"\x00\xfe"}, "n": {"N": "1.5"}}


def test_condition_for_a_missing_item_requires_that_it_is_still_missing() -> None:
    assert unchanged_condition({}, ITEM, KEY_NAMES) == {
        "ConditionExpression": "attribute_not_exists(#key)",
        "ExpressionAttributeNames": {"#key": "id"},
    }


def test_condition_for_an_item_without_attributes_requires_that_it_exists() -> None:
    keys_only = {name: ITEM[name] for name in KEY_NAMES}
    assert unchanged_condition(keys_only, keys_only, KEY_NAMES) == {
        "ConditionExpression": "attribute_exists(#key)",
        "ExpressionAttributeNames": {"#key": "id"},
    }


def test_condition_compares_attributes_of_the_live_item_and_excludes_new_ones() -> None:
    live = {**{name: ITEM[name] for name in KEY_NAMES}, "color": {"S": "red"}}
    assert unchanged_condition(live, {**live, "size": {"N": "1"}}, KEY_NAMES) == {
        "ConditionExpression": "attribute_exists(#key) AND #0 = :0 AND attribute_not_exists(#1)",
        "ExpressionAttributeNames": {"#key": "id", "#0": "color", "#1": "size"},
        "ExpressionAttributeValues": {":0": {"S": "red"}},
    }


def test_item_with_too_many_attributes_has_no_condition() -> None:
    item = {"id": {"S": "a"}, **{f"a{number}": {"N": "1"} for number in range(MAX_COMPARED_ATTRIBUTES)}}
    assert unchanged_condition(item, {}, ["id"])
    assert unchanged_condition({**item, "more": {"N": "1"}}, {}, ["id"]) is None
    assert unchanged_condition({}, {**item, "more": {"N": "1"}}, ["id"])
