"""Reads, transactions, errors and page tokens of the DynamoDB client."""

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
from lib.runtime.http_client import DEADLINE, AwsError, Client
from lib.runtime.paging import Listing, PageTokens

from ...support.fake_aws import FakeAws, RecordedCall, canceled
from ...support.lambda_context import SPENT_SECONDS

LAST: Item = {"id": {"S": "a"}}


@pytest.fixture(name="store")
def store_fixture(fake_aws: FakeAws) -> Iterator[DynamoDB]:
    """Return a store that retries without delays."""
    fake_aws.script = [(200, {"Item": {"key": {"S": "ab" * 32}}})]
    dynamodb_store = DynamoDB(Client("dynamodb", "DynamoDB_20120810", sleep=lambda seconds: None))
    yield dynamodb_store
    dynamodb_store.close()


def test_retries_of_a_transaction_have_the_same_client_request_token(store: DynamoDB, fake_aws: FakeAws) -> None:
    fake_aws.script = [(500, {}), (200, {}), (200, {})]
    store.transact([])
    store.transact([])
    first, retried, second = (request["ClientRequestToken"] for request in requests_to(fake_aws))
    assert first == retried != second
    assert 1 <= len(first) <= 36


def tokens(store: DynamoDB) -> PageTokens:
    return PageTokens(store, "table", lambda name: {"id": {"S": name}})


def test_token_is_valid_only_for_its_query_parameters_in_any_order(store: DynamoDB) -> None:
    token = tokens(store).encode({"category": "pens", "status": "IN_STOCK"}, LAST)
    assert tokens(store).decode({"status": "IN_STOCK", "category": "pens"}, token) == LAST
    with pytest.raises(BadRequest, match="page_token must be the next_page_token of the previous page"):
        tokens(store).decode({"status": "IN_STOCK", "category": "books"}, token)


@pytest.mark.parametrize("length", [1, 2, 3])
def test_tokens_need_no_encoding_in_a_url(store: DynamoDB, length: int) -> None:
    last: Item = {"id": {"S": "ü" * length}}
    token = tokens(store).encode({}, last)
    assert re.fullmatch(r"[A-Za-z0-9_-]+", token)
    assert len(base64.urlsafe_b64decode(token + "==")) == 16 + len(f'{{"id":{{"S":"{"ü" * length}"}}}}'.encode())
    assert tokens(store).decode({}, token) == last


@pytest.mark.parametrize("token", ["", "x", "*", "ü", "AAAA", "A" * 64])
def test_malformed_tokens_are_rejected(store: DynamoDB, token: str) -> None:
    message = r"^page_token must be the next_page_token of the previous page with the same parameters\.$"
    with pytest.raises(BadRequest, match=message):
        tokens(store).decode({}, token)


LISTING = Listing({"TableName": "table"}, ("id",), {})


def test_query_of_a_page_has_a_limit_of_one_more_item(store: DynamoDB) -> None:
    paging = tokens(store)
    assert paging.request(LISTING, 2, None) == {"TableName": "table", "Limit": 3}
    items: list[Item] = [{"id": {"S": name}, "name": {"S": "x"}} for name in "abc"]
    page, token = paging.page(LISTING, 2, {"Items": items, "LastEvaluatedKey": {"id": {"S": "c"}}})
    assert page == items[:2]
    assert token
    start = {"id": {"S": "b"}}
    assert paging.request(LISTING, 2, token) == {"TableName": "table", "Limit": 3, "ExclusiveStartKey": start}
    assert paging.page(LISTING, 3, {"Items": items}) == (items, None)


def test_signing_key_is_read_consistently(store: DynamoDB, fake_aws: FakeAws) -> None:
    tokens(store).encode({}, LAST)
    (request,) = requests_to(fake_aws)
    assert request == {"TableName": "table", "Key": {"id": {"S": "tap#page-token-key"}}, "ConsistentRead": True}


def test_concurrent_requests_use_the_signing_key_that_was_stored_first(store: DynamoDB, fake_aws: FakeAws) -> None:
    failed = "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException"
    stored = {"id": {"S": "tap#page-token-key"}, "key": {"S": "ab" * 32}}
    fake_aws.script = [(200, {}), (400, {"__type": failed, "message": "", "Item": stored})]
    token = tokens(store).encode({}, LAST)
    written = requests_to(fake_aws)[-1]
    assert written["ReturnValuesOnConditionCheckFailure"] == "ALL_OLD"
    condition = written["ConditionExpression"], written["ExpressionAttributeNames"]
    assert condition == ("attribute_not_exists(#key)", {"#key": "key"})
    assert re.fullmatch("[0-9a-f]{64}", written["Item"]["key"]["S"])
    fake_aws.script = [(200, {"Item": stored})]
    assert tokens(store).decode({}, token) == LAST


def test_token_is_invalid_after_the_signing_key_changed(store: DynamoDB, fake_aws: FakeAws) -> None:
    token = tokens(store).encode({}, LAST)
    fake_aws.script = [(200, {"Item": {"key": {"S": "cd" * 32}}})]
    with pytest.raises(BadRequest, match="page_token"):
        tokens(store).decode({}, token)


def requests_to(fake_aws: FakeAws) -> list[Any]:
    """Return the parsed bodies of all requests."""
    return [json.loads(request.body) for request in fake_aws.calls]


def key(number: int) -> Item:
    return {"id": {"S": str(number)}}


def batch_response(request: RecordedCall, limit: int = 100) -> object:
    """Return a BatchGetItem response with the requested items up to a limit. Their other keys are unprocessed."""
    keys = json.loads(request.body)["RequestItems"]["table"]["Keys"]
    unprocessed = {"table": {"Keys": keys[limit:]}} if keys[limit:] else {}
    return (200, {"Responses": {"table": keys[:limit]}, "UnprocessedKeys": unprocessed})


def test_batch_get_sends_consistent_reads_of_up_to_100_keys(store: DynamoDB, fake_aws: FakeAws) -> None:
    fake_aws.script = [batch_response]
    assert store.batch_get("table", map(key, range(201))) == [*map(key, range(201))]
    requests = [request["RequestItems"]["table"] for request in requests_to(fake_aws)]
    assert [len(request["Keys"]) for request in requests] == [100, 100, 1]
    assert all(request["ConsistentRead"] for request in requests)


def test_batch_get_without_keys_sends_no_request(store: DynamoDB, fake_aws: FakeAws) -> None:
    assert store.batch_get("table", []) == []
    assert fake_aws.calls == []


def test_batch_get_omits_items_that_do_not_exist(store: DynamoDB, fake_aws: FakeAws) -> None:
    fake_aws.script = [(200, {"Responses": {}})]
    assert store.batch_get("table", [key(1)]) == []


def test_unprocessed_keys_are_retried(store: DynamoDB, fake_aws: FakeAws, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dynamodb, "BACKOFF_SECONDS", (0, 0))
    DEADLINE.start(30)
    fake_aws.script = [
        lambda request: batch_response(request, 60),
        lambda request: batch_response(request, 90),
        batch_response,
    ]
    items = store.batch_get("table", map(key, range(120)))
    assert sorted(int(item["id"]["S"]) for item in items) == [*range(120)]
    assert [len(request["RequestItems"]["table"]["Keys"]) for request in requests_to(fake_aws)] == [100, 60]


def test_keys_that_remain_unprocessed_are_an_error(
    store: DynamoDB, fake_aws: FakeAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dynamodb, "BACKOFF_SECONDS", (0, 0))
    DEADLINE.start(30)
    fake_aws.script = [lambda request: batch_response(request, 0)]
    with pytest.raises(TooManyRequests, match=r"^DynamoDB throttles requests to the table\. Try again later\.$"):
        store.batch_get("table", [key(1)])
    assert len(fake_aws.calls) == 3


def test_unprocessed_keys_are_not_retried_after_the_deadline(store: DynamoDB, fake_aws: FakeAws) -> None:
    DEADLINE.start(SPENT_SECONDS)
    fake_aws.script = [lambda request: batch_response(request, 0)]
    try:
        with pytest.raises(TooManyRequests, match="throttles"):
            store.batch_get("table", [key(1)])
    finally:
        DEADLINE.start(float("inf"))
    assert len(fake_aws.calls) == 1


def page_response(request: RecordedCall) -> object:
    """Return a page with one item. The name of the table is the number of pages."""
    body = json.loads(request.body)
    page = int(body.get("ExclusiveStartKey", {"page": {"N": "0"}})["page"]["N"]) + 1
    last_key = {"LastEvaluatedKey": {"page": {"N": str(page)}}} if page < int(body["TableName"]) else {}
    return (200, {"Items": [{"id": {"S": f"{body['TableName']}-{page}"}}], **last_key})


def test_all_pages_of_queries_are_read(store: DynamoDB, fake_aws: FakeAws) -> None:
    fake_aws.script = [page_response]
    results = store.query_all({"TableName": "3"}, {"TableName": "1"}, {"TableName": "2"})
    ids = [[item["id"]["S"] for item in items] for items in results]
    assert ids == [["3-1", "3-2", "3-3"], ["1-1"], ["2-1", "2-2"]]
    assert store.query_all() == []


def test_concurrency_of_queries_is_limited(store: DynamoDB, fake_aws: FakeAws) -> None:
    fake_aws.script = [page_response]
    results = store.query_all(*[{"TableName": str(1 + number % 3)} for number in range(20)])
    assert [len(items) for items in results] == [1 + number % 3 for number in range(20)]
    assert len({request.connection for request in fake_aws.calls}) <= dynamodb.MAX_CONCURRENT_QUERIES


def test_pages_are_requested_as_the_iterator_reaches_them(store: DynamoDB, fake_aws: FakeAws) -> None:
    fake_aws.script = [page_response]
    pages = store.paginate("Scan", TableName="3")
    assert next(pages) == [{"id": {"S": "3-1"}}]
    assert len(fake_aws.calls) == 1
    assert len([*pages]) == 2
    assert {request.headers["x-amz-target"] for request in fake_aws.calls} == {"DynamoDB_20120810.Scan"}


@pytest.mark.parametrize(
    ("response", "error"),
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
def test_error_responses_raise_typed_errors(
    store: DynamoDB, fake_aws: FakeAws, response: object, error: type[Exception]
) -> None:
    fake_aws.script = [response]
    with pytest.raises(error):
        store.transact([])
