"""JSON to DynamoDB's attribute values and back."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.runtime.attributes import to_attribute, to_item, to_json
from lib.runtime.errors import BadRequest

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
NUMBERS = st.integers(-(10**38) + 1, 10**38 - 1) | st.decimals(
    allow_nan=False, allow_infinity=False, min_value=-(10**6), max_value=10**6, places=9
)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT.filter(bool), inner, max_size=3),
    max_leaves=12,
)


def parsed(text: str) -> Any:
    return json.loads(text, parse_float=Decimal)


@given(st.dictionaries(TEXT.filter(bool), VALUES, max_size=4))
def test_any_document_comes_out_equal(document: dict[str, Any]) -> None:
    assert parsed(to_json(to_item(document))) == document


@pytest.mark.parametrize(
    ("number", "stored"),
    [
        ("12.50", "12.50"),
        ("0.1", "0.1"),
        ("-0.0", "0"),
        ("0E-200", "0"),
        ("1" + "0" * 40, "1" + "0" * 40),
        ("9" * 38, "9" * 38),
        ("1E-130", "1E-130"),
        ("9.9E+125", "9.9E+125"),
    ],
)
def test_a_number_keeps_its_value(number: str, stored: str) -> None:
    (value,) = to_attribute(parsed(number), "n").values()
    assert Decimal(value) == Decimal(stored)


@pytest.mark.parametrize(
    "number", ["1" * 39, "0." + "1" * 39, "1E+126", "1E-131", "1E-160", "12345678901234567890E+120"]
)
def test_a_number_dynamodb_cannot_store_is_refused_by_name(number: str) -> None:
    with pytest.raises(BadRequest, match=r"price: a number DynamoDB cannot store; give at most 38"):
        to_item({"price": parsed(number)})


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


def test_thirty_two_levels_are_stored() -> None:
    assert parsed(to_json(to_item({"deep": nested(32)}))) == {"deep": nested(32)}


def test_thirty_three_levels_are_refused() -> None:
    with pytest.raises(BadRequest, match="deep: nested more than 32 levels"):
        to_item({"deep": nested(33)})


@pytest.mark.parametrize("document", [{"name": "\ud800"}, {"name": [{"inner": "\udfff"}]}, {"name": {"\ud800": 1}}])
def test_half_a_surrogate_pair_is_refused(document: dict[str, Any]) -> None:
    with pytest.raises(BadRequest, match=r"name.*surrogate"):
        to_item(document)


@pytest.mark.parametrize("document", [{"": 1}, {"name": {"": 1}}, {"é" * 32_768: 1}])
def test_a_name_dynamodb_cannot_store_is_refused(document: dict[str, Any]) -> None:
    with pytest.raises(BadRequest, match="an attribute's name is empty or over 65535 bytes"):
        to_item(document)


def test_what_only_other_writers_store_is_readable() -> None:
    item: Any = {
        "tags": {"SS": ["a", "b"]},
        "sizes": {"NS": ["1", "2.5"]},
        "raw": {"B": "AAE="},
        "raws": {"BS": ["AAE="]},
    }
    assert parsed(to_json(item)) == {"tags": ["a", "b"], "sizes": [1, Decimal("2.5")], "raw": "AAE=", "raws": ["AAE="]}


@pytest.mark.parametrize(
    ("one", "other"), [("12.50", "12.5"), ("1E+2", "100.0"), ("1E+40", "10E+39"), ("1E-7", "0.0000001")]
)
def test_equal_numbers_are_written_alike(one: str, other: str) -> None:
    assert to_attribute(parsed(one), "n") == to_attribute(parsed(other), "n")
