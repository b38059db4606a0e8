"""Reads, transactions and page tokens, against a stand-in."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from lib.runtime import dynamodb
from lib.runtime.attributes import Item
from lib.runtime.dynamodb import ConditionFailed, DynamoDB, TransactionCanceled
from lib.runtime.errors import BadRequest, TooLarge, TooManyRequests
from lib.runtime.http_client import BUDGET, AwsError, Client
from lib.runtime.paging import Listing, PageTokens

from ...support.fake_aws import Asked, FakeAws, canceled
from ...support.lambda_context import SPENT_SECONDS

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


def test_a_token_is_valid_for_its_own_query_alone_in_any_order(store: DynamoDB) -> None:
    token = tokens(store).make({"category": "pens", "status": "IN_STOCK"}, LAST)
    assert tokens(store).read({"status": "IN_STOCK", "category": "pens"}, token) == LAST
    with pytest.raises(BadRequest, match="page_token: not a token of this query"):
        tokens(store).read({"status": "IN_STOCK", "category": "books"}, token)


@pytest.mark.parametrize("length", [1, 2, 3])
def test_tokens_fit_into_an_url_as_they_are(store: DynamoDB, length: int) -> None:
    last: Item = {"id": {"S": "ü" * length}}
    token = tokens(store).make({}, last)
    assert re.fullmatch(r"[A-Za-z0-9_-]+", token)
    assert len(base64.urlsafe_b64decode(token + "==")) == 16 + len(f'{{"id":{{"S":"{"ü" * length}"}}}}'.encode())
    assert tokens(store).read({}, token) == last


@pytest.mark.parametrize("token", ["", "x", "*", "ü", "AAAA", "A" * 64])
def test_text_that_is_no_token_is_rejected(store: DynamoDB, token: str) -> None:
    with pytest.raises(BadRequest, match=r"^page_token: not a token of this query; take next_page_token from the page"):
        tokens(store).read({}, token)


LISTING = Listing({"TableName": "table"}, ("id",), {})


def test_a_page_asks_for_one_row_more_than_it_has(store: DynamoDB) -> None:
    paging = tokens(store)
    assert paging.request(LISTING, 2, None) == {"TableName": "table", "Limit": 3}
    rows: list[Item] = [{"id": {"S": name}, "more": {"S": "x"}} for name in "abc"]
    found, token = paging.page(LISTING, 2, {"Items": rows, "LastEvaluatedKey": {"id": {"S": "c"}}})
    assert found == rows[:2]
    assert token
    start = {"id": {"S": "b"}}
    assert paging.request(LISTING, 2, token) == {"TableName": "table", "Limit": 3, "ExclusiveStartKey": start}
    assert paging.page(LISTING, 3, {"Items": rows}) == (rows, None)


def test_key_of_tokens_is_read_consistently(store: DynamoDB, fake_aws: FakeAws) -> None:
    tokens(store).make({}, LAST)
    (sent,) = fake_aws.asked
    assert json.loads(sent.body) == {
        "TableName": "table",
        "Key": {"id": {"S": "tap#page-token-key"}},
        "ConsistentRead": True,
    }


def test_first_workers_agree_on_the_key_of_tokens(store: DynamoDB, fake_aws: FakeAws) -> None:
    failed = "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException"
    found = {"id": {"S": "tap#page-token-key"}, "key": {"S": "ab" * 32}}
    fake_aws.script = [(200, {}), (400, {"__type": failed, "message": "", "Item": found})]
    token = tokens(store).make({}, LAST)
    written = json.loads(fake_aws.asked[-1].body)
    assert written["ReturnValuesOnConditionCheckFailure"] == "ALL_OLD"
    condition = written["ConditionExpression"], written["ExpressionAttributeNames"]
    assert condition == ("attribute_not_exists(#key)", {"#key": "key"})
    assert re.fullmatch("[0-9a-f]{64}", written["Item"]["key"]["S"])
    fake_aws.script = [(200, {"Item": found})]
    assert tokens(store).read({}, token) == LAST


def test_a_token_is_no_good_under_another_key(store: DynamoDB, fake_aws: FakeAws) -> None:
    token = tokens(store).make({}, LAST)
    fake_aws.script = [(200, {"Item": {"key": {"S": "cd" * 32}}})]
    with pytest.raises(BadRequest, match="page_token"):
        tokens(store).read({}, token)


def asked_for(fake_aws: FakeAws) -> list[Any]:
    """The requests so far."""
    return [json.loads(asked.body) for asked in fake_aws.asked]


def key(number: int) -> Item:
    return {"id": {"S": str(number)}}


def read(asked: Asked, most: int = 100) -> object:
    """Answers a BatchGetItem with all that is asked for, up to a number."""
    keys = json.loads(asked.body)["RequestItems"]["table"]["Keys"]
    unread = {"table": {"Keys": keys[most:]}} if keys[most:] else {}
    return (200, {"Responses": {"table": keys[:most]}, "UnprocessedKeys": unread})


def test_rows_are_read_a_hundred_at_a_time_and_up_to_date(store: DynamoDB, fake_aws: FakeAws) -> None:
    fake_aws.script = [read]
    assert store.batch_get("table", map(key, range(201))) == [*map(key, range(201))]
    requests = [request["RequestItems"]["table"] for request in asked_for(fake_aws)]
    assert [len(request["Keys"]) for request in requests] == [100, 100, 1]
    assert all(request["ConsistentRead"] for request in requests)


def test_no_rows_are_not_asked_for(store: DynamoDB, fake_aws: FakeAws) -> None:
    assert store.batch_get("table", []) == []
    assert fake_aws.asked == []


def test_a_row_that_is_not_there_is_left_out(store: DynamoDB, fake_aws: FakeAws) -> None:
    fake_aws.script = [(200, {"Responses": {}})]
    assert store.batch_get("table", [key(1)]) == []


def test_rows_that_were_left_out_are_asked_for_again(
    store: DynamoDB, fake_aws: FakeAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dynamodb, "PAUSES_SECONDS", (0, 0))
    BUDGET.begin(30)
    fake_aws.script = [lambda asked: read(asked, 60), lambda asked: read(asked, 90), read]
    found = store.batch_get("table", map(key, range(120)))
    assert sorted(int(row["id"]["S"]) for row in found) == [*range(120)]
    assert [len(request["RequestItems"]["table"]["Keys"]) for request in asked_for(fake_aws)] == [100, 60]


def test_rows_that_stay_left_out_ask_for_patience(
    store: DynamoDB, fake_aws: FakeAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dynamodb, "PAUSES_SECONDS", (0, 0))
    BUDGET.begin(30)
    fake_aws.script = [lambda asked: read(asked, 0)]
    with pytest.raises(TooManyRequests, match="busier"):
        store.batch_get("table", [key(1)])
    assert len(fake_aws.asked) == 3


def test_rows_are_not_waited_for_when_time_is_up(store: DynamoDB, fake_aws: FakeAws) -> None:
    BUDGET.begin(SPENT_SECONDS)
    fake_aws.script = [lambda asked: read(asked, 0)]
    try:
        with pytest.raises(TooManyRequests, match="busier"):
            store.batch_get("table", [key(1)])
    finally:
        BUDGET.begin(float("inf"))
    assert len(fake_aws.asked) == 1


def paged(asked: Asked) -> object:
    """A query of as many pages as its table's name says, a row each."""
    request = json.loads(asked.body)
    page = int(request.get("ExclusiveStartKey", {"page": {"N": "0"}})["page"]["N"]) + 1
    more = {"LastEvaluatedKey": {"page": {"N": str(page)}}} if page < int(request["TableName"]) else {}
    return (200, {"Items": [{"id": {"S": f"{request['TableName']}-{page}"}}], **more})


def test_queries_are_read_to_their_end(store: DynamoDB, fake_aws: FakeAws) -> None:
    fake_aws.script = [paged]
    found = store.query_all({"TableName": "3"}, {"TableName": "1"}, {"TableName": "2"})
    assert [[row["id"]["S"] for row in rows] for rows in found] == [["3-1", "3-2", "3-3"], ["1-1"], ["2-1", "2-2"]]
    assert store.query_all() == []


def test_many_queries_are_asked_some_at_a_time(store: DynamoDB, fake_aws: FakeAws) -> None:
    fake_aws.script = [paged]
    found = store.query_all(*[{"TableName": str(1 + number % 3)} for number in range(20)])
    assert [len(rows) for rows in found] == [1 + number % 3 for number in range(20)]
    assert len({asked.connection for asked in fake_aws.asked}) <= dynamodb.SIDE_BY_SIDE


def test_a_page_is_read_when_it_is_asked_for(store: DynamoDB, fake_aws: FakeAws) -> None:
    fake_aws.script = [paged]
    pages = store.paginate("Scan", TableName="3")
    assert next(pages) == [{"id": {"S": "3-1"}}]
    assert len(fake_aws.asked) == 1
    assert len([*pages]) == 2
    assert {asked.headers["x-amz-target"] for asked in fake_aws.asked} == {"DynamoDB_20120810.Scan"}


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ((400, {"__type": "x#ConditionalCheckFailedException", "Item": {"id": {"S": "a"}}}), ConditionFailed),
        (canceled("None", "ConditionalCheckFailed"), TransactionCanceled),
        (canceled("TransactionConflict", "ConditionalCheckFailed"), TransactionCanceled),
        (canceled("None", "TransactionConflict"), TooManyRequests),
        ((400, {"__type": "ThrottlingException"}), TooManyRequests),
        ((400, {"__type": "ValidationException", "message": "Item size has exceeded the maximum"}), TooLarge),
        ((400, {"__type": "ValidationException", "message": "no"}), AwsError),
    ],
)
def test_a_refusal_is_told_as_what_it_is(
    store: DynamoDB, fake_aws: FakeAws, answer: object, error: type[Exception]
) -> None:
    fake_aws.script = [answer]
    with pytest.raises(error):
        store.transact([])
