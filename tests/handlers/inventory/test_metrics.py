"""Metrics of the inventory service."""

from __future__ import annotations

from typing import Any

import pytest

from lib.services.inventory.service import SERVICE

from ...support.metric_assertions import check_metrics, summed
from .conftest import Shop

DESK = {"name": "Desk", "category": "furniture", "quantity": 40, "price": 349.95}
KEY = {"Idempotency-Key": "key-1"}


def batch(shop: Shop, *entries: dict[str, Any]) -> list[int]:
    """Send a batch with an idempotency key and return the status of each entry."""
    response = shop.api("POST", "/items/batch", {"items": [*entries]}, headers=KEY)
    return [result["status"] for result in response.body["results"]]


def test_operations_emit_the_metrics_of_their_routes(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    item = shop.create(quantity=10)
    shop.change(item, quantity=11)
    shop.change(item, quantity=10)
    assert batch(shop, {**DESK, "quantity": 1}) == [201]
    shop.read(item)
    shop.listed()
    shop.history(item)
    shop.delete(item)
    shop.run_schedule()
    check_metrics(SERVICE, capsys.readouterr().out)


def test_repeated_requests_are_counted_once(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(2):
        shop.create(headers=KEY, quantity=3)
    assert summed(capsys.readouterr().out) == {"ItemsCreated": 1, "LowStock": 1}


def test_repeated_entries_of_a_batch_are_counted_once(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    item = shop.create()
    capsys.readouterr()
    entries = [{"itemId": item["itemId"], "quantity": 1}, {**DESK, "quantity": 2}, *[DESK] * 10, {"name": "Desk"}]
    for _ in range(2):
        assert batch(shop, *entries) == [200, *[201] * 11, 400]
    assert summed(capsys.readouterr().out) == {"ItemsCreated": 11, "LowStock": 2}


def test_rejected_requests_are_not_counted(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    shop.create(sku="D-1")
    capsys.readouterr()
    assert shop.api("POST", "/items", {**DESK, "sku": "D-1", "quantity": 1}).status == 409
    assert summed(capsys.readouterr().out) == {}
