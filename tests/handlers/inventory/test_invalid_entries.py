"""Batches with invalid entries."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

from lib.runtime.attributes import to_item

from ...support.worker import assert_error
from .conftest import Shop
from .consistency import check
from .test_batch import DESK, batch, results

INVALID: list[tuple[Any, str]] = [
    ({**DESK, "price": "1"}, "body.items[{}].price must be number"),
    ({**DESK, "quantity": -1}, "body.items[{}].quantity must be bigger than or equal to 0"),
    ({**DESK, "colour": "red"}, "body.items[{}] must not contain {{'colour'}} properties"),
    ({**DESK, "itemId": "desk"}, "body.items[{}].itemId must match pattern"),
    ({**DESK, "itemId": []}, "body.items[{}].itemId must be string"),
    ({}, "body.items[{}] must contain at least 1 properties"),
    (1, "body.items[{}] must be object"),
    (None, "body.items[{}] must be object"),
    ([[[DESK]]], "body.items[{}] must be object"),
    ({**DESK, "name": {"deep": [{}] * 3}}, "body.items[{}].name must be string"),
]


@pytest.mark.parametrize("key", [None, "batch-1"])
def test_invalid_entries_do_not_affect_other_entries(shop: Shop, key: str | None) -> None:
    item = shop.create()
    change = {"itemId": item["itemId"], "quantity": 39}
    first, *invalid, last = results(batch(shop, DESK, *(entry for entry, _ in INVALID), change, key=key))
    assert (first["status"], last["status"]) == (201, 200)
    for number, (result, (_, message)) in enumerate(zip(invalid, INVALID, strict=True), 1):
        assert (result.keys(), result["status"]) == ({"status", "error"}, 400)
        assert (result["error"]["code"], result["error"]["requestId"]) == ("INVALID_REQUEST", "request-1")
        (detail,) = result["error"]["details"]
        assert detail.startswith(message.format(number))
    assert len(shop.listed()) == 2
    check(shop)


UNSTORABLE: list[tuple[dict[str, str], str]] = [
    ({"name": '"a\\ud800"'}, "body.items[1] must be valid Unicode, got an unpaired surrogate."),
    ({"\\udfff": "1"}, "body.items[2] must be valid Unicode"),
    ({"name": "9" * 5000}, "body.items[3].name must be string"),
    ({"quantity": "9" * 5000}, "body.items[4].quantity must be integer"),
    ({"price": "9" * 5000}, "body.items[5].price must be smaller than or equal to"),
    ({"price": "1e-200"}, "price must be a number with at most 38 significant digits"),
]


def entry_json(fields: dict[str, str]) -> str:
    """Return an entry as JSON. The values of `fields` are also JSON."""
    desk = {"name": '"a"', "quantity": "1", "category": '"b"', **fields}
    return "{" + ", ".join(f'"{name}": {value}' for name, value in desk.items()) + "}"


@pytest.mark.parametrize("key", [None, "batch-1"])
def test_values_that_cannot_be_stored_do_not_affect_other_entries(shop: Shop, key: str | None) -> None:
    entries = map(entry_json, ({}, *(fields for fields, _ in UNSTORABLE), {}))
    body = f'{{"items": [{", ".join(entries)}]}}'
    response = shop.api("POST", "/items/batch", body, headers={"Idempotency-Key": key} if key else None)
    first, *invalid, last = response.body["results"]
    assert (first["status"], last["status"]) == (201, 201)
    for result, (_, message) in zip(invalid, UNSTORABLE, strict=True):
        assert result["status"] == 400
        assert message in " ".join([result["error"]["error"], *result["error"]["details"]])
    assert len(shop.listed()) == 2


def test_entry_with_too_many_levels_does_not_affect_other_entries(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    def check_characters(entry: Any) -> None:
        if "deep" in entry:
            raise RecursionError

    monkeypatch.setattr("lib.runtime.event_handler.check_characters", check_characters)
    valid, invalid = results(batch(shop, DESK, {"deep": []}))
    assert (valid["status"], invalid["status"]) == (201, 400)
    assert invalid["error"]["error"] == "body.items[1] has too many levels of arrays and objects."


def test_unpaired_surrogate_outside_of_the_entries_rejects_the_batch(shop: Shop) -> None:
    assert_error(
        shop.api("POST", "/items/batch", '{"items": [{}], "\\ud800": 1}'), 400, "INVALID_REQUEST", "unpaired surrogate"
    )
    assert_error(shop.api("POST", "/items/batch", '["\\ud800"]'), 400, "INVALID_REQUEST", "unpaired surrogate")


def test_invalid_entry_is_rejected_after_the_deadline(shop: Shop) -> None:
    shop.api.seconds = 0.1
    assert [result["status"] for result in results(batch(shop, {}, DESK))] == [400, 429]


def test_repeated_batch_returns_the_results_of_its_valid_entries(shop: Shop) -> None:
    entries = [DESK, {**DESK, "price": "1"}]
    first = batch(shop, *entries, key="batch-1")
    assert batch(shop, *entries, key="batch-1").body == first.body
    assert_error(batch(shop, DESK, DESK, key="batch-1"), 409, "IDEMPOTENCY_CONFLICT", "a different request")
    assert len(shop.listed()) == 1


def test_invalid_batches_are_rejected(shop: Shop) -> None:
    bodies: list[tuple[Any, str]] = [
        ({}, "body"),
        ({"items": {}}, "body"),
        ({"items": [DESK], "more": 1}, "body"),
        ([], "body"),
        ({"items": []}, "body.items must contain at least 1 items"),
        ({"items": [DESK] * 26}, "body.items must contain less than or equal to 25 items"),
    ]
    for body, message in bodies:
        assert_error(shop.api("POST", "/items/batch", body), 400, "INVALID_REQUEST", message)
    assert shop.rows("items") == []


def test_digest_of_a_batch_equals_the_digest_of_the_previous_release(shop: Shop) -> None:
    entries = [{**DESK, "price": "1"}, {"itemId": "0" * 32, "quantity": 39, "description": None}]
    batch(shop, *entries, key="batch-1")
    digest = hashlib.sha256(json.dumps(to_item({"items": entries}), sort_keys=True).encode()).hexdigest()
    assert {row["digest"] for row in shop.rows("items")} == {digest}
