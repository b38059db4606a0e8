"""Strings that clients can send are stored or rejected."""

from __future__ import annotations

from typing import Any

import pytest

from lib.services.items.service import SERVICE

from ...support import hostile
from ...support.fake_aws import FakeAws
from ...support.worker import Api

BODIES: dict[str, dict[str, Any]] = {
    "NewItem": {"ItemId": "a", "CreatedAt": "1", "price": 1},
    "ItemChanges": {"price": 1},
}


@pytest.mark.slow
@pytest.mark.untraced
def test_strings_are_stored_or_rejected(api: Api, wire: FakeAws) -> None:
    hostile.check(api, wire, SERVICE, BODIES)
