"""What the inventory service counts."""

from __future__ import annotations

from typing import Any

import pytest

from lib.services.inventory.service import SERVICE

from ...support.metric_assertions import check_metrics, summed
from .conftest import Shop

DESK = {"name": "Desk", "category": "furniture", "quantity": 40, "price": 349.95}
KEY = {"Idempotency-Key": "once"}


def batch(shop: Shop, *entries: dict[str, Any]) -> list[int]:
    """The statuses that entries are answered, sent under one key."""
    answer = shop.api("POST", "/items/batch", {"items": [*entries]}, headers=KEY)
    return [result["status"] for result in answer.body["results"]]


def test_operations_emit_what_their_descriptions_say(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    item = shop.create(quantity=10)
    shop.change(item, quantity=11)
    shop.change(item, quantity=10)
    assert batch(shop, {**DESK, "quantity": 1}) == [201]
    shop.read(item)
    shop.listed()
    shop.history(item)
    shop.delete(item)
    shop.sweep()
    check_metrics(SERVICE, capsys.readouterr().out)


def test_every_item_is_counted_once_however_often_it_is_sent(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(2):
        shop.create(headers=KEY, quantity=3)
    assert summed(capsys.readouterr().out) == {"ItemsCreated": 1, "LowStock": 1}


def test_entries_of_a_batch_are_counted_together_and_once(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    item = shop.create()
    capsys.readouterr()
    entries = [{"itemId": item["itemId"], "quantity": 1}, {**DESK, "quantity": 2}, *[DESK] * 10, {"name": "nothing"}]
    for _ in range(2):
        assert batch(shop, *entries) == [200, *[201] * 11, 400]
    assert summed(capsys.readouterr().out) == {"ItemsCreated": 11, "LowStock": 2}


def test_what_is_refused_is_not_counted(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    shop.create(sku="D-1")
    capsys.readouterr()
    assert shop.api("POST", "/items", {**DESK, "sku": "D-1", "quantity": 1}).status == 409
    assert summed(capsys.readouterr().out) == {}
