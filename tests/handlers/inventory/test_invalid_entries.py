"""Batches with entries that are invalid."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

from lib.runtime.attributes import to_item

from ...support.worker import refused
from .conftest import Shop
from .consistency import check
from .test_batch import DESK, batch, results

INVALID: list[tuple[Any, str]] = [
    ({**DESK, "price": "1"}, "body.items[1].price must be number"),
    ({**DESK, "quantity": -1}, "body.items[1].quantity must be bigger than or equal to 0"),
    ({**DESK, "colour": "red"}, "body.items[1] must not contain {'colour'} properties"),
    ({**DESK, "itemId": "desk"}, "body.items[1].itemId must match pattern"),
    ({**DESK, "itemId": []}, "body.items[1].itemId must be string"),
    ({}, "body.items[1] must contain at least 1 properties"),
    (1, "body.items[1] must be object"),
    (None, "body.items[1] must be object"),
    ([[[DESK]]], "body.items[1] must be object"),
    ({**DESK, "name": {"deep": [{}] * 3}}, "body.items[1].name must be string"),
]


@pytest.mark.parametrize("key", [None, "batch-1"])
@pytest.mark.parametrize(("entry", "message"), INVALID)
@pytest.mark.slow
def test_an_invalid_entry_is_the_only_one_that_fails(shop: Shop, entry: Any, message: str, key: str | None) -> None:
    item = shop.create()
    first, invalid, last = results(batch(shop, DESK, entry, {"itemId": item["itemId"], "quantity": 39}, key=key))
    assert (first["status"], invalid["status"], last["status"]) == (201, 400, 200)
    assert invalid.keys() == {"status", "error"}
    assert (invalid["error"]["code"], invalid["error"]["requestId"]) == ("INVALID_REQUEST", "request-1")
    (detail,) = invalid["error"]["details"]
    assert detail.startswith(message)
    assert len(shop.listed()) == 2
    check(shop)


@pytest.mark.parametrize("key", [None, "batch-1"])
def test_a_number_that_cannot_be_stored_fails_its_entry_only(shop: Shop, key: str | None) -> None:
    headers = {"Idempotency-Key": key} if key else None
    text = '{"items": [{"name": "a", "quantity": 1, "category": "b", "price": 1e-200}, {"itemId": "%s", "price": 2}]}'
    item = shop.create()
    bad, good = shop.api("POST", "/items/batch", text % item["itemId"], headers=headers).body["results"]
    assert (bad["status"], good["status"]) == (400, 200)
    assert "price: a number DynamoDB cannot store" in bad["error"]["error"]


@pytest.mark.parametrize("key", [None, "batch-1"])
@pytest.mark.parametrize(
    ("value", "message"),
    [
        ('"a\\ud800"', "body.items[1] holds half of a surrogate pair, which is not a character"),
        ('"b", "\\udfff": 1', "body.items[1] holds half of a surrogate pair"),
        ("9" * 5000, "body.items[1].name must be string"),
        ('"b", "quantity": ' + "9" * 5000, "body.items[1].quantity must be integer"),
        ('"b", "price": ' + "9" * 5000, "body.items[1].price must be smaller than or equal to"),
    ],
)
def test_a_value_that_is_no_text_or_number_fails_its_entry_only(
    shop: Shop, value: str, message: str, key: str | None
) -> None:
    headers = {"Idempotency-Key": key} if key else None
    valid = '{"name": "a", "quantity": 1, "category": "b"}'
    text = f'{{"items": [{valid}, {{"quantity": 1, "category": "b", "name": {value}}}, {valid}]}}'.replace(
        '"quantity": 1, "category": "b", "name": "b", "quantity"', '"category": "b", "name": "b", "quantity"'
    )
    first, bad, last = shop.api("POST", "/items/batch", text, headers=headers).body["results"]
    assert (first["status"], bad["status"], last["status"]) == (201, 400, 201)
    assert message in " ".join([bad["error"]["error"], *bad["error"]["details"]])
    assert len(shop.listed()) == 2


def test_an_entry_that_is_nested_too_deeply_to_be_checked_fails_alone(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def check_characters(entry: Any) -> None:
        if "deep" in entry:
            raise RecursionError

    monkeypatch.setattr("lib.runtime.event_handler._check_characters", check_characters)
    good, bad = results(batch(shop, DESK, {"deep": []}))
    assert (good["status"], bad["status"]) == (201, 400)
    assert bad["error"]["error"] == "body.items[1] is nested too deeply"


def test_half_of_a_surrogate_pair_outside_of_the_entries_rejects_the_batch(shop: Shop) -> None:
    refused(shop.api("POST", "/items/batch", '{"items": [{}], "\\ud800": 1}'), 400, "INVALID_REQUEST", "surrogate pair")
    refused(shop.api("POST", "/items/batch", '["\\ud800"]'), 400, "INVALID_REQUEST", "surrogate pair")


def test_a_batch_of_invalid_entries_has_a_result_for_each(shop: Shop) -> None:
    found = results(batch(shop, *[{**DESK, "price": "1"}] * 25))
    assert [result["status"] for result in found] == [400] * 25
    assert found[24]["error"]["details"] == ["body.items[24].price must be number"]
    assert shop.rows("items") == []


def test_an_invalid_entry_fails_also_if_no_time_is_left(shop: Shop) -> None:
    shop.api.seconds = 0.1
    assert [result["status"] for result in results(batch(shop, {}, DESK))] == [400, 429]


def test_a_repeated_batch_repeats_the_results_of_its_valid_entries(shop: Shop) -> None:
    entries = [DESK, {**DESK, "price": "1"}]
    first = batch(shop, *entries, key="batch-1")
    assert batch(shop, *entries, key="batch-1").body == first.body
    refused(batch(shop, DESK, DESK, key="batch-1"), 409, "IDEMPOTENCY_CONFLICT", "another request")
    assert len(shop.listed()) == 1


@pytest.mark.parametrize("body", [{}, {"items": {}}, {"items": [DESK], "more": 1}, []])
def test_a_body_that_is_no_batch_is_rejected_whole(shop: Shop, body: Any) -> None:
    refused(shop.api("POST", "/items/batch", body), 400, "INVALID_REQUEST", "body")
    assert shop.rows("items") == []


def test_a_batch_has_the_digest_that_the_previous_release_stores(shop: Shop) -> None:
    entries = [{**DESK, "price": "1"}, {"itemId": "0" * 32, "quantity": 39, "description": None}]
    batch(shop, *entries, key="batch-1")
    digest = hashlib.sha256(json.dumps(to_item({"items": entries}), sort_keys=True).encode()).hexdigest()
    assert {row["digest"] for row in shop.rows("items")} == {digest}
