"""Strings of clients: every string is stored or rejected."""

from __future__ import annotations

from typing import Any

import pytest

from lib.services.stock.service import SERVICE

from ...support import hostile
from ...support.fake_aws import FakeAws
from .conftest import Shop
from .consistency import check

LINE = {"product_id": "a", "warehouse_id": "main", "quantity": 1}
HOLD = {"reservationId": "r", "lifetime_minutes": 1, "reference": "x"}
SALE = {"reservationId": "r", "reference": "x", "reserved_at": "2027-01-15T08:00:00Z"}
BODIES: dict[str, dict[str, Any]] = {
    "NewLevel": {"product_id": "b", "warehouse_id": "main", "stock_count": 1, "threshold_level": 1, "category": "c"},
    "LevelChanges": {
        "warehouse_id": "main",
        "adjustment": 1,
        "reason": "x",
        "threshold_level": 1,
        "category": "c",
        "expected_version": 1,
        "expected_last_updated": "2027-01-15T08:00:00Z",
    },
    "NewReservation": {**HOLD, "quantity": 1, "warehouse_id": "main"},
    "NewCart": {**HOLD, "lines": [LINE]},
    "Fulfilment": {**SALE, "quantity": 1, "warehouse_id": "main", "line_id": "1"},
    "CartFulfilment": {**SALE, "lines": [{**LINE, "line_id": "1"}]},
    "Reconciling": {"repair": True},
}


@pytest.mark.slow
@pytest.mark.untraced
def test_any_string_is_stored_or_rejected(shop: Shop, wire: FakeAws) -> None:
    shop.create("a", stock_count=100_000)
    hostile.check(shop.api, wire, SERVICE, BODIES)
    check(shop)
