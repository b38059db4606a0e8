"""Transactions and page tokens, against a stand-in."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from lib.runtime.attributes import Item
from lib.runtime.aws import Client
from lib.runtime.dynamodb import DynamoDB
from lib.runtime.errors import BadRequest
from lib.runtime.paging import PageTokens

from ..fake_aws import FakeAws

LAST: Item = {"id": {"S": "a"}}


@pytest.fixture(name="store")
def store_fixture(fake_aws: FakeAws) -> Iterator[DynamoDB]:
    """A store that is in a hurry."""
    fake_aws.script = [(200, {"Item": {"key": {"S": "ab" * 32}}})]
    made = DynamoDB(Client("dynamodb", "DynamoDB_20120810", sleep=lambda seconds: None))
    yield made
    made.close()


def test_every_attempt_of_a_transaction_carries_its_own_token(store: DynamoDB, fake_aws: FakeAws) -> None:
    fake_aws.script = [(500, {}), (200, {}), (200, {})]
    store.transact([])
    store.transact([])
    first, retried, second = (json.loads(asked.body)["ClientRequestToken"] for asked in fake_aws.asked)
    assert first == retried != second
    assert 1 <= len(first) <= 36


def tokens(store: DynamoDB) -> PageTokens:
    return PageTokens(store, "table", lambda name: {"id": {"S": name}})


def test_a_token_is_good_for_its_own_query(store: DynamoDB) -> None:
    token = tokens(store).make({"category": "pens"}, LAST)
    assert tokens(store).read({"category": "pens"}, token) == LAST


def test_a_token_is_no_good_for_another_query(store: DynamoDB) -> None:
    token = tokens(store).make({"category": "pens"}, LAST)
    with pytest.raises(BadRequest, match="page_token: not a token of this query"):
        tokens(store).read({"category": "books"}, token)


def test_a_token_is_no_good_under_another_key(store: DynamoDB, fake_aws: FakeAws) -> None:
    token = tokens(store).make({}, LAST)
    fake_aws.script = [(200, {"Item": {"key": {"S": "cd" * 32}}})]
    with pytest.raises(BadRequest, match="page_token"):
        tokens(store).read({}, token)
