"""Comparison of numbers in changes of an item."""

from __future__ import annotations

import pytest

from lib.services.inventory.handler import items


@pytest.mark.parametrize(("number", "other"), [("0.1", "0.10"), ("1E-50", f"0.{'0' * 49}1"), ("100", "1E+2")])
def test_another_format_of_a_number_is_not_a_change(number: str, other: str) -> None:
    item = {"price": {"N": number}, "version": {"N": "1"}}
    assert items.without_unchanged(item, {"price": {"N": other}}) == {}
    event = items.AuditEvent("UPDATE", "x", "mara")
    assert items.version_row(event, item, {**item, "price": {"N": other}})["changes"] == {"M": {}}


def test_number_and_string_differ() -> None:
    assert items.without_unchanged({"name": {"S": "1"}}, {"name": {"N": "1"}}) == {"name": {"N": "1"}}
