"""Transactions that meet others, against a stand-in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from lib.runtime.dynamodb import DynamoDB, TransactionCanceled, TransactionMet
from lib.runtime.http_client import AwsError, Client

from ...support.fake_aws import FakeAws


@pytest.fixture(name="store")
def store_fixture(fake_aws: FakeAws) -> Iterator[DynamoDB]:
    """A store that is in a hurry."""
    assert fake_aws.url
    made = DynamoDB(Client("dynamodb", "DynamoDB_20120810", sleep=lambda seconds: None))
    yield made
    made.close()


def cancelled(*codes: str) -> tuple[int, dict[str, Any]]:
    reasons = [{"Code": code} for code in codes]
    return 400, {"__type": "TransactionCanceledException", "message": "", "CancellationReasons": reasons}


def test_a_stale_transaction_that_met_another_is_not_sent_again(store: DynamoDB, fake_aws: FakeAws) -> None:
    fake_aws.script = [cancelled("None", "TransactionConflict")]
    with pytest.raises(TransactionMet):
        store.transact([], stale=True)
    assert len(fake_aws.asked) == 1


def test_a_stale_transaction_that_was_throttled_is_sent_again(store: DynamoDB, fake_aws: FakeAws) -> None:
    fake_aws.script = [cancelled("ThrottlingError"), (200, {})]
    store.transact([], stale=True)
    assert len(fake_aws.asked) == 2


def test_a_failed_condition_is_told_although_another_row_was_met(store: DynamoDB, fake_aws: FakeAws) -> None:
    fake_aws.script = [cancelled("ConditionalCheckFailed", "TransactionConflict")]
    with pytest.raises(TransactionCanceled):
        store.transact([], stale=True)


@pytest.mark.parametrize("then", ["TransactionConflict", "ThrottlingError"])
def test_one_that_may_have_been_carried_out_is_neither_refused_nor_to_be_made_anew(
    store: DynamoDB, fake_aws: FakeAws, then: str
) -> None:
    fake_aws.script = ["hang up", cancelled(then)]
    with pytest.raises(AwsError):
        store.transact([], stale=True)
