"""Strings that clients can send are stored or rejected."""

from __future__ import annotations

import pytest

from lib.services.inventory.service import SERVICE

from ...support import hostile
from ...support.fake_aws import FakeAws
from .conftest import Shop


@pytest.mark.slow
@pytest.mark.untraced
def test_strings_are_stored_or_rejected(shop: Shop, wire: FakeAws) -> None:
    item = {
        "name": "Desk",
        "category": "x",
        "quantity": 1,
        "price": 1,
        "sku": "D",
        "description": "",
        "status": "available",
    }
    existing = shop.create()
    changes = {**item, "reorderThreshold": 1, "expectedVersion": 1}
    hostile.check(
        shop.api,
        wire,
        SERVICE,
        {"NewItem": item, "ItemChanges": changes, "Batch": {"items": [{"itemId": existing["itemId"], **changes}]}},
    )
