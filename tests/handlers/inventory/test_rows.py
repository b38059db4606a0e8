"""What makes a difference to an item."""

from __future__ import annotations

import pytest

from lib.services.inventory.handler import items


@pytest.mark.parametrize(("one", "other"), [("0.1", "0.10"), ("1E-50", f"0.{'0' * 49}1"), ("100", "1E+2")])
def test_a_number_written_otherwise_is_no_change(one: str, other: str) -> None:
    item = {"price": {"N": one}, "version": {"N": "1"}}
    assert items.changed(item, {"price": {"N": other}}) == {}
    event = items.AuditEvent("UPDATE", "x", "mara")
    assert items.version_row(event, item, {**item, "price": {"N": other}})["changes"] == {"M": {}}


def test_a_number_is_no_text() -> None:
    assert items.changed({"name": {"S": "1"}}, {"name": {"N": "1"}}) == {"name": {"N": "1"}}
