"""Several items in one call, each by itself."""

from __future__ import annotations

from typing import Any

import pytest

from ...support.fake_aws import FakeAws
from ...support.lambda_context import SPENT_SECONDS
from ...support.worker import Answer, refused
from .conftest import Shop

DESK = {"name": "Desk", "category": "furniture", "quantity": 40, "price": 1}


def batch(shop: Shop, *items: dict[str, Any], key: str | None = None) -> Answer:
    return shop.api("POST", "/items/batch", {"items": items}, headers={"Idempotency-Key": key} if key else None)


def results(answer: Answer) -> list[Any]:
    assert answer.status == 200, answer.text
    found: list[Any] = answer.body["results"]
    return found


def test_every_item_has_a_result_in_its_place(shop: Shop) -> None:
    item, taken = shop.create(), shop.create(sku="D-1")
    entries = (
        DESK,
        {"itemId": item["itemId"], "quantity": 39},
        {**DESK, "sku": "D-1"},
        {"itemId": "0" * 32, "quantity": 1},
        {"itemId": item["itemId"], "expectedVersion": 7, "quantity": 1},
        {"name": "Desk", "price": 2, "category": "furniture", "quantity": 3, "description": None},
    )
    made, changed, conflict, missing, lost, last = results(batch(shop, *entries))
    assert [r["status"] for r in (made, changed, conflict, missing, lost, last)] == [201, 200, 409, 404, 409, 201]
    assert shop.read(made["item"]).body == made["item"]
    assert shop.read(changed["item"]).body == changed["item"] == {**changed["item"], "version": 2, "quantity": 39}
    assert "description" not in last["item"]
    assert conflict["error"]["code"] == "CONFLICT"
    assert taken["itemId"] in conflict["error"]["error"]
    assert lost["error"] == {
        "error": "the item is at version 2, not 7: read it again, then change that",
        "code": "VERSION_CONFLICT",
        "requestId": "request-1",
        "details": ["version 2"],
    }


def test_changes_of_one_item_are_made_in_their_order(shop: Shop) -> None:
    item = shop.create()
    entries = [{"itemId": item["itemId"], "quantity": quantity} for quantity in range(30, 5, -1)]
    assert [r["item"]["version"] for r in results(batch(shop, *entries))] == [*range(2, 27)]
    assert shop.read(item).body["quantity"] == 6


@pytest.mark.slow
def test_twenty_five_items_are_made_in_one_call(shop: Shop) -> None:
    made = results(batch(shop, *[{**DESK, "sku": f"D-{number}"} for number in range(25)]))
    assert [r["item"]["sku"] for r in made] == [f"D-{number}" for number in range(25)]
    assert len(shop.listed()) == 25


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        ({"name": "Desk", "price": 1}, "items[0] must contain quantity, category"),
        ({**DESK, "expectedVersion": 1}, "expectedVersion: a new item has none"),
    ],
)
def test_what_a_new_item_needs_is_told_in_its_result(shop: Shop, entry: dict[str, Any], says: str) -> None:
    bad, good = results(batch(shop, entry, DESK))
    assert (bad["status"], good["status"]) == (400, 201)
    assert says in bad["error"]["error"] + " ".join(bad["error"]["details"])


def test_a_repeated_batch_makes_nothing_twice(shop: Shop) -> None:
    item = shop.create()
    entries = (DESK, {"itemId": item["itemId"], "quantity": 39}, {"itemId": item["itemId"], "quantity": 39})
    first = batch(shop, *entries, key="batch-1")
    assert [r["item"]["version"] for r in results(first)] == [1, 2, 2]
    shop.change(item, quantity=5)
    assert batch(shop, *entries, key="batch-1").body == first.body
    assert (len(shop.listed()), shop.read(item).body["quantity"]) == (2, 5)
    rows = len(shop.rows("items"))
    refused(batch(shop, *[DESK] * 5, key="batch-1"), 409, "IDEMPOTENCY_CONFLICT", "a different request")
    assert len(shop.rows("items")) == rows


def test_a_repeated_change_gets_its_first_response_after_a_deletion(shop: Shop) -> None:
    item = shop.create()
    entry = {"itemId": item["itemId"], "expectedVersion": 1, "quantity": 39}
    first = batch(shop, entry, key="batch-1")
    assert first.body["results"][0]["status"] == 200
    shop.delete(item)
    assert batch(shop, entry, key="batch-1").body == first.body


def test_what_a_batch_has_no_time_for_is_to_be_sent_again(shop: Shop) -> None:
    shop.api.seconds = SPENT_SECONDS
    late = results(batch(shop, DESK, DESK))
    assert [(r["status"], r["error"]["code"]) for r in late] == [(429, "THROTTLED")] * 2
    assert shop.rows("items") == []


@pytest.mark.slow
def test_what_a_broken_off_batch_left_undone_is_done_when_it_is_repeated(
    shop: Shop, wire: FakeAws, capsys: pytest.CaptureFixture[str]
) -> None:
    writes = iter([*["pass"] * 3, *["hang up"] * 200])
    wire.script = [lambda asked: next(writes) if b"TransactItems" in asked.body else "pass"]
    entries = [{**DESK, "sku": f"D-{number}"} for number in range(8)]
    broken = results(batch(shop, *entries, key="batch-1"))
    wire.script = ["pass"]
    assert sorted(r["status"] for r in broken) == [201] * 3 + [503] * 5
    lost = next(r for r in broken if r["status"] == 503)
    assert (lost["error"]["code"], lost["error"]["requestId"]) == ("SERVICE_UNAVAILABLE", "request-1")
    assert '"message":"unhandled"' in capsys.readouterr().out
    assert len(shop.listed()) == 3
    assert [r["status"] for r in results(batch(shop, *entries, key="batch-1"))] == [201] * 8
    assert len(shop.listed()) == 8


def test_an_entry_that_dynamodb_rejects_for_an_unknown_reason_is_an_internal_error(shop: Shop, wire: FakeAws) -> None:
    invalid = (400, {"__type": "ValidationException", "message": "no"})
    wire.script = [lambda request: invalid if b"TransactItems" in request.body else "pass"]
    (result,) = results(batch(shop, DESK))
    assert (result["status"], result["error"]["code"]) == (500, "INTERNAL_ERROR")
