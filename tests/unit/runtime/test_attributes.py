"""Conversion between JSON values and DynamoDB attribute values."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.runtime.attributes import to_attribute, to_item, to_json
from lib.runtime.errors import BadRequest

STRINGS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
NUMBERS = st.integers(-(10**38) + 1, 10**38 - 1) | st.decimals(
    allow_nan=False, allow_infinity=False, min_value=-(10**6), max_value=10**6, places=9
)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | STRINGS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(STRINGS.filter(bool), inner, max_size=3),
    max_leaves=12,
)


def parse(document: str) -> Any:
    return json.loads(document, parse_float=Decimal)


@given(st.dictionaries(STRINGS.filter(bool), VALUES, max_size=4))
def test_conversion_to_an_item_and_back_is_lossless(document: dict[str, Any]) -> None:
    assert parse(to_json(to_item(document))) == document


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
def test_numbers_keep_their_value(number: str, stored: str) -> None:
    (value,) = to_attribute(parse(number), "n").values()
    assert Decimal(value) == Decimal(stored)


@pytest.mark.parametrize(
    "number", ["1" * 39, "0." + "1" * 39, "1E+126", "1E-131", "1E-160", "12345678901234567890E+120"]
)
def test_numbers_that_dynamodb_cannot_store_are_rejected(number: str) -> None:
    message = (
        r"^price must be a number with at most 38 significant digits and a magnitude from .*, got [0-9.E+-]{,50}\.$"
    )
    with pytest.raises(BadRequest, match=message):
        to_item({"price": parse(number)})


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


def test_32_levels_are_stored() -> None:
    assert parse(to_json(to_item({"deep": nested(32)}))) == {"deep": nested(32)}


def test_33_levels_are_rejected() -> None:
    with pytest.raises(BadRequest, match=r"^deep must have at most 32 levels of lists and objects"):
        to_item({"deep": nested(33)})


@pytest.mark.parametrize("document", [{"name": "\ud800"}, {"name": [{"inner": "\udfff"}]}, {"name": {"\ud800": 1}}])
def test_unpaired_surrogates_are_rejected(document: dict[str, Any]) -> None:
    with pytest.raises(BadRequest, match=r"^name.* must be valid Unicode, got an unpaired surrogate\.$"):
        to_item(document)


@pytest.mark.parametrize(
    ("document", "path", "size"),
    [({"": 1}, "body", 0), ({"name": {"": 1}}, "name", 0), ({"é" * 32_768: 1}, "é" * 80, 65_536)],
    ids=["empty", "nested", "long"],
)
def test_attribute_names_that_dynamodb_cannot_store_are_rejected(
    document: dict[str, Any], path: str, size: int
) -> None:
    message = f"^Attribute names must have 1 to 65535 bytes, got {size} bytes at '{path}'.$"
    with pytest.raises(BadRequest, match=message):
        to_item(document)


def test_attribute_types_of_other_writers_are_readable() -> None:
    item: Any = {
        "tags": {"SS": ["a", "b"]},
        "sizes": {"NS": ["1", "2.5"]},
        "raw": {"B": "AAE="},
        "raws": {"BS": ["AAE="]},
    }
    assert parse(to_json(item)) == {"tags": ["a", "b"], "sizes": [1, Decimal("2.5")], "raw": "AAE=", "raws": ["AAE="]}


@pytest.mark.parametrize(
    ("first", "second"), [("12.50", "12.5"), ("1E+2", "100.0"), ("1E+40", "10E+39"), ("1E-7", "0.0000001")]
)
def test_equal_numbers_have_the_same_attribute_value(first: str, second: str) -> None:
    assert to_attribute(parse(first), "n") == to_attribute(parse(second), "n")
