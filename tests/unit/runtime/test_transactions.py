"""Transactions that conflict with others, and that are executed once for each idempotency key."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import pytest

from lib.runtime.attributes import Item
from lib.runtime.dynamodb import DynamoDB, TransactionCanceled
from lib.runtime.errors import IdempotencyConflict, TooManyRequests
from lib.runtime.http_client import BUDGET, RANDOM, AwsError, Client
from lib.runtime.idempotency import Idempotency
from lib.runtime.transactions import MAX_PAUSE_SECONDS, AlreadyExecuted, Retries, Transactions, WriteConflict

from ...support.fake_aws import FakeAws, canceled

STORED: Item = {"id": {"S": "1"}}


@pytest.fixture(name="store")
def store_fixture(fake_aws: FakeAws) -> Iterator[DynamoDB]:
    """A store that is in a hurry."""
    assert fake_aws.url
    made = DynamoDB(Client("dynamodb", "DynamoDB_20120810", sleep=lambda seconds: None))
    yield made
    made.close()


def test_a_stale_transaction_that_conflicts_with_another_is_not_sent_again(store: DynamoDB, fake_aws: FakeAws) -> None:
    fake_aws.script = [canceled("None", "TransactionConflict")]
    with pytest.raises(WriteConflict) as raised:
        Transactions(store, "records").commit({}, stale=True)
    assert raised.value.items == {}
    assert len(fake_aws.asked) == 1


def test_a_stale_transaction_that_was_throttled_is_sent_again(store: DynamoDB, fake_aws: FakeAws) -> None:
    fake_aws.script = [canceled("ThrottlingError"), (200, {})]
    store.transact([], stale=True)
    assert len(fake_aws.asked) == 2


def test_a_failed_condition_is_told_although_another_row_was_met(store: DynamoDB, fake_aws: FakeAws) -> None:
    fake_aws.script = [canceled("ConditionalCheckFailed", "TransactionConflict")]
    with pytest.raises(TransactionCanceled):
        store.transact([], stale=True)


@pytest.mark.parametrize("then", ["TransactionConflict", "ThrottlingError"])
def test_one_that_may_have_been_carried_out_is_neither_refused_nor_to_be_made_anew(
    store: DynamoDB, fake_aws: FakeAws, then: str
) -> None:
    fake_aws.script = ["hang up", canceled(then)]
    with pytest.raises(AwsError):
        store.transact([], stale=True)


def keyed(body: str) -> Idempotency:
    return Idempotency("key", "POST /items", {"body": {"S": body}}, lambda name: {"id": {"S": name}})


ACTIONS = {"item": {"Put": {"TableName": "items", "Item": STORED}}}


def test_failed_conditions_are_returned_with_the_stored_items_by_action(store: DynamoDB, fake_aws: FakeAws) -> None:
    fake_aws.script = [canceled("None", "ConditionalCheckFailed", third=STORED)]
    with pytest.raises(WriteConflict, match="None, ConditionalCheckFailed, ConditionalCheckFailed") as raised:
        Transactions(store, "records").commit({"first": {}, "second": {}, "third": {}})
    assert raised.value.items == {"second": None, "third": STORED}


def test_a_transaction_with_a_recorded_key_is_not_executed_again(store: DynamoDB, fake_aws: FakeAws) -> None:
    service = Transactions(store, "records")
    fake_aws.script = [(200, {})]
    service.commit(ACTIONS, keyed("desk"), {"version": {"N": "3"}})
    record = json.loads(fake_aws.asked[0].body)["TransactItems"][1]["Put"]["Item"]
    fake_aws.script = [canceled("ConditionalCheckFailed", record=record)]
    with pytest.raises(AlreadyExecuted) as raised:
        service.commit(ACTIONS, keyed("desk"), {"version": {"N": "4"}})
    assert raised.value.result == {"version": {"N": "3"}}
    fake_aws.script = [canceled("None", record=record)]
    with pytest.raises(IdempotencyConflict):
        service.commit(ACTIONS, keyed("lamp"))
    fake_aws.script = [(200, {"Responses": {"records": [record]}})]
    assert service.recorded_result(keyed("desk")) == {"version": {"N": "3"}}
    fake_aws.script = [(200, {"Responses": {}})]
    assert service.recorded_result(keyed("desk")) is None
    assert service.recorded_result(None) is None


def test_retries_pause_from_the_second_on_while_there_is_time(monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(time, "sleep", pauses.append)
    monkeypatch.setattr(RANDOM, "uniform", lambda _, longest: longest)
    retries = Retries()
    BUDGET.begin(60)
    for _ in range(7):
        retries.wait("busy")
    assert pauses == [0.04, 0.08, 0.16, 0.32, *[MAX_PAUSE_SECONDS] * 2]
    BUDGET.begin(0)
    with pytest.raises(TooManyRequests, match="busy"):
        retries.wait("busy")
    assert len(pauses) == 6
