"""Conflicts, idempotency and retries of transactions."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import pytest

from lib.runtime.attributes import Item
from lib.runtime.dynamodb import DynamoDB, TransactionCanceled
from lib.runtime.errors import IdempotencyConflict, TooManyRequests
from lib.runtime.http_client import DEADLINE, RANDOM, AwsError, Client
from lib.runtime.idempotency import Idempotency
from lib.runtime.transactions import MAX_BACKOFF_SECONDS, AlreadyExecuted, Retries, Transactions, WriteConflict

from ...support.fake_aws import FakeAws, canceled

STORED: Item = {"id": {"S": "1"}}


@pytest.fixture(name="store")
def store_fixture(fake_aws: FakeAws) -> Iterator[DynamoDB]:
    """Return a store that retries without delays."""
    assert fake_aws.url
    dynamodb_store = DynamoDB(Client("dynamodb", "DynamoDB_20120810", sleep=lambda seconds: None))
    yield dynamodb_store
    dynamodb_store.close()


def test_conflicts_are_not_retried_without_retries_conflicts(store: DynamoDB, fake_aws: FakeAws) -> None:
    fake_aws.script = [canceled("None", "TransactionConflict")]
    with pytest.raises(WriteConflict) as raised:
        Transactions(store, "records").commit({}, retries_conflicts=False)
    assert raised.value.items == {}
    assert len(fake_aws.calls) == 1


def test_throttling_is_retried_without_retries_conflicts(store: DynamoDB, fake_aws: FakeAws) -> None:
    fake_aws.script = [canceled("ThrottlingError"), (200, {})]
    store.transact([], retries_conflicts=False)
    assert len(fake_aws.calls) == 2


def test_failed_condition_takes_precedence_over_a_conflict(store: DynamoDB, fake_aws: FakeAws) -> None:
    fake_aws.script = [canceled("ConditionalCheckFailed", "TransactionConflict")]
    with pytest.raises(TransactionCanceled):
        store.transact([], retries_conflicts=False)


@pytest.mark.parametrize("reason", ["TransactionConflict", "ThrottlingError"])
def test_cancellation_after_an_ambiguous_attempt_raises_the_aws_error(
    store: DynamoDB, fake_aws: FakeAws, reason: str
) -> None:
    fake_aws.script = ["hang up", canceled(reason)]
    with pytest.raises(AwsError):
        store.transact([], retries_conflicts=False)


def idempotency(body: str) -> Idempotency:
    return Idempotency("key", "POST /items", {"body": {"S": body}}, lambda name: {"id": {"S": name}})


ACTIONS = {"item": {"Put": {"TableName": "items", "Item": STORED}}}


def test_conflict_contains_the_stored_items_of_failed_conditions_by_action(store: DynamoDB, fake_aws: FakeAws) -> None:
    fake_aws.script = [canceled("None", "ConditionalCheckFailed", third=STORED)]
    with pytest.raises(WriteConflict, match="None, ConditionalCheckFailed, ConditionalCheckFailed") as raised:
        Transactions(store, "records").commit({"first": {}, "second": {}, "third": {}})
    assert raised.value.items == {"second": None, "third": STORED}


def test_transaction_with_a_recorded_idempotency_key_is_not_executed_again(store: DynamoDB, fake_aws: FakeAws) -> None:
    service = Transactions(store, "records")
    fake_aws.script = [(200, {})]
    service.commit(ACTIONS, idempotency("desk"), {"version": {"N": "3"}})
    record = json.loads(fake_aws.calls[0].body)["TransactItems"][1]["Put"]["Item"]
    fake_aws.script = [canceled("ConditionalCheckFailed", record=record)]
    with pytest.raises(AlreadyExecuted) as raised:
        service.commit(ACTIONS, idempotency("desk"), {"version": {"N": "4"}})
    assert raised.value.result == {"version": {"N": "3"}}
    fake_aws.script = [canceled("None", record=record)]
    with pytest.raises(IdempotencyConflict):
        service.commit(ACTIONS, idempotency("lamp"))
    fake_aws.script = [(200, {"Responses": {"records": [record]}})]
    assert service.recorded_result(idempotency("desk")) == {"version": {"N": "3"}}
    fake_aws.script = [(200, {"Responses": {}})]
    assert service.recorded_result(idempotency("desk")) is None
    assert service.recorded_result(None) is None


def test_retries_back_off_from_the_second_on_until_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    delays: list[float] = []
    monkeypatch.setattr(time, "sleep", delays.append)
    monkeypatch.setattr(RANDOM, "uniform", lambda _, maximum: maximum)
    retries = Retries()
    DEADLINE.start(60)
    for _ in range(7):
        retries.wait("busy")
    assert delays == [0.04, 0.08, 0.16, 0.32, *[MAX_BACKOFF_SECONDS] * 2]
    DEADLINE.start(0)
    with pytest.raises(TooManyRequests, match="busy"):
        retries.wait("busy")
    assert len(delays) == 6
