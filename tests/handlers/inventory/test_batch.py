"""Batches of items."""

from __future__ import annotations

from typing import Any

import pytest

from ...support.fake_aws import FakeAws
from ...support.lambda_context import SPENT_SECONDS
from ...support.worker import HandlerResponse, assert_error
from .conftest import Shop

DESK = {"name": "Desk", "category": "furniture", "quantity": 40, "price": 1}


def batch(shop: Shop, *items: dict[str, Any], key: str | None = None) -> HandlerResponse:
    return shop.api("POST", "/items/batch", {"items": items}, headers={"Idempotency-Key": key} if key else None)


def results(response: HandlerResponse) -> list[Any]:
    assert response.status == 200, response.text
    entries: list[Any] = response.body["results"]
    return entries


def test_results_are_in_the_order_of_the_request(shop: Shop) -> None:
    item, sku_owner = shop.create(), shop.create(sku="D-1")
    entries = (
        DESK,
        {"itemId": item["itemId"], "quantity": 39},
        {**DESK, "sku": "D-1"},
        {"itemId": "0" * 32, "quantity": 1},
        {"itemId": item["itemId"], "expectedVersion": 7, "quantity": 1},
        {"name": "Desk", "price": 2, "category": "furniture", "quantity": 3, "description": None},
    )
    response = results(batch(shop, *entries))
    created, changed, conflict, _, version_conflict, last = response
    assert [result["status"] for result in response] == [201, 200, 409, 404, 409, 201]
    assert shop.read(created["item"]).body == created["item"]
    assert shop.read(changed["item"]).body == changed["item"] == {**changed["item"], "version": 2, "quantity": 39}
    assert "description" not in last["item"]
    assert conflict["error"]["code"] == "CONFLICT"
    assert sku_owner["itemId"] in conflict["error"]["error"]
    assert version_conflict["error"] == {
        "error": f"Item {item['itemId']!r} has version 2, not 7. Read it and try again.",
        "code": "VERSION_CONFLICT",
        "requestId": "request-1",
        "details": ["version 2"],
    }


def test_changes_of_an_item_are_executed_in_order(shop: Shop) -> None:
    item = shop.create()
    entries = [{"itemId": item["itemId"], "quantity": quantity} for quantity in range(30, 5, -1)]
    assert [r["item"]["version"] for r in results(batch(shop, *entries))] == [*range(2, 27)]
    assert shop.read(item).body["quantity"] == 6


@pytest.mark.slow
def test_batch_creates_25_items(shop: Shop) -> None:
    created = results(batch(shop, *[{**DESK, "sku": f"D-{number}"} for number in range(25)]))
    assert [result["item"]["sku"] for result in created] == [f"D-{number}" for number in range(25)]
    assert len(shop.listed()) == 25


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"name": "Desk", "price": 1}, "items[0] must contain quantity, category"),
        ({**DESK, "expectedVersion": 1}, "expectedVersion must be omitted for a new item."),
    ],
)
def test_invalid_new_item_does_not_affect_other_entries(shop: Shop, entry: dict[str, Any], message: str) -> None:
    invalid, valid = results(batch(shop, entry, DESK))
    assert (invalid["status"], valid["status"]) == (400, 201)
    assert message in invalid["error"]["error"] + " ".join(invalid["error"]["details"])


def test_repeated_batch_returns_the_first_results(shop: Shop) -> None:
    item = shop.create()
    entries = (DESK, {"itemId": item["itemId"], "quantity": 39}, {"itemId": item["itemId"], "quantity": 39})
    first = batch(shop, *entries, key="batch-1")
    assert [r["item"]["version"] for r in results(first)] == [1, 2, 2]
    shop.change(item, quantity=5)
    assert batch(shop, *entries, key="batch-1").body == first.body
    assert (len(shop.listed()), shop.read(item).body["quantity"]) == (2, 5)
    rows = len(shop.rows("items"))
    assert_error(batch(shop, *[DESK] * 5, key="batch-1"), 409, "IDEMPOTENCY_CONFLICT", "a different request")
    assert len(shop.rows("items")) == rows


def test_repeated_change_returns_its_first_result_after_a_deletion(shop: Shop) -> None:
    item = shop.create()
    entry = {"itemId": item["itemId"], "expectedVersion": 1, "quantity": 39}
    first = batch(shop, entry, key="batch-1")
    assert first.body["results"][0]["status"] == 200
    shop.delete(item)
    assert batch(shop, entry, key="batch-1").body == first.body


def test_entries_after_the_deadline_are_throttled(shop: Shop) -> None:
    shop.api.seconds = SPENT_SECONDS
    throttled = results(batch(shop, DESK, DESK))
    assert [(result["status"], result["error"]["code"]) for result in throttled] == [(429, "THROTTLED")] * 2
    assert shop.rows("items") == []


@pytest.mark.slow
def test_repeated_batch_executes_the_entries_that_failed(
    shop: Shop, wire: FakeAws, capsys: pytest.CaptureFixture[str]
) -> None:
    writes = iter([*["pass"] * 3, *["hang up"] * 200])
    wire.script = [lambda call: next(writes) if b"TransactItems" in call.body else "pass"]
    entries = [{**DESK, "sku": f"D-{number}"} for number in range(8)]
    first = results(batch(shop, *entries, key="batch-1"))
    wire.script = ["pass"]
    assert sorted(result["status"] for result in first) == [201] * 3 + [503] * 5
    failed = next(result for result in first if result["status"] == 503)
    assert (failed["error"]["code"], failed["error"]["requestId"]) == ("SERVICE_UNAVAILABLE", "request-1")
    assert '"message":"unhandled"' in capsys.readouterr().out
    assert len(shop.listed()) == 3
    assert [result["status"] for result in results(batch(shop, *entries, key="batch-1"))] == [201] * 8
    assert len(shop.listed()) == 8


def test_entry_that_dynamodb_rejects_is_an_internal_error(shop: Shop, wire: FakeAws) -> None:
    invalid = (400, {"__type": "ValidationException", "message": "no"})
    wire.script = [lambda request: invalid if b"TransactItems" in request.body else "pass"]
    (result,) = results(batch(shop, DESK))
    assert (result["status"], result["error"]["code"]) == (500, "INTERNAL_ERROR")
