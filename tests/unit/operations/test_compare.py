"""Rows, told apart and guarded."""

from __future__ import annotations

from typing import Any

import pytest

from lib.operations.compare import MOST_COMPARED, digest, key_from, key_text, unchanged

ROW: dict[str, Any] = {
    "id": {"S": "a"},
    "at": {"N": "1"},
    "parts": {"L": [{"M": {"size": {"N": "2"}, "raw": {"B": b"\x00\xff"}}}, {"NULL": True}]},
    "tags": {"SS": ["x", "y"]},
    "blobs": {"BS": [b"1", b"2"]},
}
KEYS = ("id", "at")


def test_sets_and_attributes_have_no_order() -> None:
    turned = {**dict(reversed(ROW.items())), "tags": {"SS": ["y", "x"]}, "blobs": {"BS": [b"2", b"1"]}}
    assert digest(turned) == digest(ROW)


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
def test_any_other_row_has_another_digest(change: dict[str, Any]) -> None:
    assert digest({**ROW, **change}) != digest(ROW)


def test_a_key_of_any_type_is_the_same_after_it_was_a_text() -> None:
    row: dict[str, Any] = {"b": {"B": b"\x00\xfe"}, "n": {"N": "1.5"}, "other": {"S": "x"}}
    assert key_from(key_text(row, ["b", "n"])) == {"b": {"B": b"\x00\xfe"}, "n": {"N": "1.5"}}


def test_a_row_that_is_not_there_must_not_be_there() -> None:
    assert unchanged({}, ROW, KEYS) == {
        "ConditionExpression": "attribute_not_exists(#key)",
        "ExpressionAttributeNames": {"#key": "id"},
    }


def test_a_row_of_keys_alone_must_be_there() -> None:
    alone = {name: ROW[name] for name in KEYS}
    assert unchanged(alone, alone, KEYS) == {
        "ConditionExpression": "attribute_exists(#key)",
        "ExpressionAttributeNames": {"#key": "id"},
    }


def test_a_row_must_be_as_it_was_and_have_nothing_of_the_other() -> None:
    live = {**{name: ROW[name] for name in KEYS}, "colour": {"S": "red"}}
    assert unchanged(live, {**live, "size": {"N": "1"}}, KEYS) == {
        "ConditionExpression": "attribute_exists(#key) AND #0 = :0 AND attribute_not_exists(#1)",
        "ExpressionAttributeNames": {"#key": "id", "#0": "colour", "#1": "size"},
        "ExpressionAttributeValues": {":0": {"S": "red"}},
    }


def test_a_row_wider_than_a_condition_has_none() -> None:
    wide = {"id": {"S": "a"}, **{f"a{number}": {"N": "1"} for number in range(MOST_COMPARED)}}
    assert unchanged(wide, {}, ["id"])
    assert unchanged({**wide, "more": {"N": "1"}}, {}, ["id"]) is None
    assert unchanged({}, {**wide, "more": {"N": "1"}}, ["id"])
