"""Each route has exactly the permissions that its operation uses."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest

from lib.model import Grant
from lib.services.inventory.service import SERVICE

from ...support import grants
from ...support.fake_aws import FakeAws, RecordedCall
from ...support.grants import Use, check_grants
from .conftest import HISTORY, Shop
from .test_alerts import make_sns_unavailable

GRANTS: dict[str, list[Grant]] = {f.name.replace("-", "_"): f.grants() for f in SERVICE.split().functions}
KEY = {"Idempotency-Key": "key-1"}
LOW = {"name": "Desk", "category": "furniture", "quantity": 3, "price": 1}


def operations(shop: Shop) -> Iterator[tuple[str, Callable[[], Any]]]:
    """Yield the name of each operation and calls that use all its permissions."""
    item = shop.create(sku="D-0")
    other = shop.create(sku="D-9")
    change = {"itemId": other["itemId"], "sku": "D-8", "quantity": 3}
    yield "create_item", lambda: [shop.create(headers=KEY, sku="D-1", quantity=3) for _ in range(2)]
    yield "batch_items", lambda: shop.api("POST", "/items/batch", {"items": [LOW, change]}, headers=KEY)
    yield "update_item", lambda: [shop.change(item, sku="D-2", quantity=3), shop.change(item, quantity=3)]
    yield "get_item", lambda: shop.read(item, version="1")
    for query in ({}, {"category": "furniture"}, {"status": "available"}, {"sku": "D-2"}):
        yield "list_items", partial(shop.api, "GET", "/items", query={**query, "page_size": "1"})
    both = {"category": "furniture", "status": "available"}
    yield "list_items", lambda: shop.api("GET", "/items", query=both)
    yield "get_history", lambda: shop.api("GET", HISTORY, keys=(item["itemId"],), query={"page_size": "1"})
    yield "delete_item", lambda: shop.delete(item)


def uses(shop: Shop, call: RecordedCall) -> Iterator[Use]:
    """Yield the permissions that a call to AWS needs."""
    return grants.uses(call, {aws: name for name, aws in shop.api.tables.items()}, ("itemId",), "alerts")


@pytest.fixture(name="used")
def used_fixture(shop: Shop, wire: FakeAws, make_due: Callable[[], None]) -> dict[str, set[Use]]:
    """Return the permissions that each operation uses."""
    used: dict[str, set[Use]] = {operation: {Use("config", "GetParameter", "", "")} for operation in GRANTS}
    for operation in ("delete_item", "send_alerts"):
        used[operation].clear()

    def run(operation: str, function: Callable[[], Any]) -> None:
        before = len(wire.calls)
        function()
        used[operation].update(use for call in wire.calls[before:] for use in uses(shop, call))

    token_key = {"itemId": {"S": "tap#page-token-key"}, "version": {"N": "0"}}
    for operation, function in operations(shop):
        if operation in ("list_items", "get_history"):
            shop.emulator.client("dynamodb").delete_item(TableName=shop.api.tables["items"], Key=token_key)
            shop.restart()
        run(operation, function)
    make_sns_unavailable(wire)
    shop.create(quantity=3)
    wire.script = ["pass"]
    make_due()
    run("send_alerts", shop.run_schedule)
    return used


def test_operations_use_exactly_the_permissions_of_their_routes(used: dict[str, set[Use]]) -> None:
    check_grants(GRANTS, used)
