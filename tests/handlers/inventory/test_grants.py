"""What each operation asks of AWS is what its route is granted: the action, the table or index, the rows."""

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

GRANTS: dict[str, tuple[Grant, ...]] = {route.operation: route.grants for _, route in SERVICE.routes()}
GRANTS["send_alerts"] = SERVICE.functions[0].schedules[0].grants
KEYED = {"Idempotency-Key": "once"}
LOW = {"name": "Desk", "category": "furniture", "quantity": 3, "price": 1}


def everything(shop: Shop) -> Iterator[tuple[str, Callable[[], Any]]]:
    """Every operation, in all the ways that ask for something else."""
    item = shop.create(sku="D-0")
    other = shop.create(sku="D-9")
    change = {"itemId": other["itemId"], "sku": "D-8", "quantity": 3}
    yield "create_item", lambda: [shop.create(headers=KEYED, sku="D-1", quantity=3) for _ in range(2)]
    yield "batch_items", lambda: shop.api("POST", "/items/batch", {"items": [LOW, change]}, headers=KEYED)
    yield "update_item", lambda: [shop.change(item, sku="D-2", quantity=3), shop.change(item, quantity=3)]
    yield "get_item", lambda: shop.read(item, version="1")
    for query in ({}, {"category": "furniture"}, {"status": "available"}, {"sku": "D-2"}):
        yield "list_items", partial(shop.api, "GET", "/items", query={**query, "page_size": "1"})
    both = {"category": "furniture", "status": "available"}
    yield "list_items", lambda: shop.api("GET", "/items", query=both)
    yield "get_history", lambda: shop.api("GET", HISTORY, keys=(item["itemId"],), query={"page_size": "1"})
    yield "delete_item", lambda: shop.delete(item)


def uses(shop: Shop, asked: RecordedCall) -> Iterator[Use]:
    """The permissions that a call of AWS needs."""
    return grants.uses(asked, {aws: name for name, aws in shop.api.tables.items()}, ("itemId",), "alerts")


@pytest.fixture(name="used")
def used_fixture(shop: Shop, wire: FakeAws, make_due: Callable[[], None]) -> dict[str, set[Use]]:
    """What each operation used."""
    found: dict[str, set[Use]] = {operation: {Use("config", "GetParameter", "", "")} for operation in GRANTS}
    for operation in ("delete_item", "send_alerts"):
        found[operation].clear()

    def note(operation: str, do: Callable[[], Any]) -> None:
        before = len(wire.calls)
        do()
        found[operation].update(use for asked in wire.calls[before:] for use in uses(shop, asked))

    token_key = {"itemId": {"S": "tap#page-token-key"}, "version": {"N": "0"}}
    for operation, do in everything(shop):
        if operation in ("list_items", "get_history"):
            shop.emulator.client("dynamodb").delete_item(TableName=shop.api.tables["items"], Key=token_key)
            shop.forget()
        note(operation, do)
    wire.script = [lambda asked: "hang up" if b"Action=Publish" in asked.body else "pass"]
    shop.create(quantity=3)
    wire.script = ["pass"]
    make_due()
    note("send_alerts", shop.sweep)
    return found


def test_every_operation_keeps_to_its_grants_and_needs_each_part_of_them(used: dict[str, set[Use]]) -> None:
    check_grants(GRANTS, used)
