"""DynamoDB operations with retries, pagination and typed errors."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator
from typing import Any

from .attributes import Item
from .errors import TooLarge, TooManyRequests
from .http_client import BACKOFF_SECONDS, CONFLICT, DEADLINE, RANDOM, THROTTLES, TRANSIENT, AwsError, Call, Client

MAX_BATCH_KEYS = 100
"""Maximum number of keys of a BatchGetItem request."""
MAX_CONCURRENT_QUERIES = 8
"""Maximum number of concurrent queries. Each uses one connection."""
THROTTLED = "DynamoDB throttles requests to the table. Try again later."


class ConditionFailed(Exception):
    """The condition of a write evaluated to false."""

    def __init__(self, item: Item | None, ambiguous: bool) -> None:
        super().__init__("condition failed")
        self.item = item
        """The stored item, if the request sets `ReturnValuesOnConditionCheckFailure`."""
        self.ambiguous = ambiguous
        """Whether an earlier attempt of the same write got no response, so that it might have been executed."""


class TransactionCanceled(Exception):
    """DynamoDB canceled a transaction because conditions evaluated to false.

    `reasons` has one entry per action, in order: `{"Code": "ConditionalCheckFailed", "Item": {...}}` if its condition
    failed, else `{"Code": "None"}`.
    """

    def __init__(self, reasons: list[dict[str, Any]]) -> None:
        super().__init__(", ".join(str(reason.get("Code")) for reason in reasons))
        self.reasons = reasons

    def failed_items(self, names: Iterable[Any]) -> dict[Any, Item | None]:
        """Return the stored items of actions with failed conditions, by name. `names` are the names of all actions."""
        reasons = zip(names, self.reasons)
        return {name: reason.get("Item") for name, reason in reasons if reason.get("Code") == "ConditionalCheckFailed"}


class TransactionConflict(Exception):
    """DynamoDB canceled a transaction because another transaction was writing one of its items."""


def put_action(
    table: str,
    item: Item,
    condition: str,
    values: Item | None = None,
    *,
    names: dict[str, str] | None = None,
    returns_item: bool = False,
) -> dict[str, Any]:
    """Return a `Put` action with a condition. With `returns_item`, a failed condition returns the stored item."""
    put: dict[str, Any] = {"TableName": table, "Item": item, "ConditionExpression": condition}
    if values:
        put["ExpressionAttributeValues"] = values
    if names:
        put["ExpressionAttributeNames"] = names
    if returns_item:
        put["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
    return {"Put": put}


class DynamoDB:
    """A DynamoDB client with typed errors. Create one per execution environment to reuse its connections."""

    def __init__(self, client: Client | None = None) -> None:
        self._client = client or Client("dynamodb", "DynamoDB_20120810")

    def call(self, operation: str, **request: Any) -> dict[str, Any]:
        """Call one operation with the parameters of the DynamoDB API reference."""
        return self.call_all((operation, request))[0]

    def call_all(self, *calls: Call) -> list[dict[str, Any]]:
        """Call several operations concurrently. Return their responses in order."""
        try:
            return self._client.call_all(*calls)
        except AwsError as exc:
            raise _to_exception(exc) from exc

    def batch_get(self, table: str, keys: Iterable[Item]) -> list[Item]:
        """Return the existing items with these keys, in any order, with consistent reads.

        Raise `TooManyRequests` if DynamoDB leaves keys unprocessed until retries are exhausted.
        """
        items: list[Item] = []
        remaining = list(keys)
        delays = iter(BACKOFF_SECONDS)
        while remaining:
            request = {table: {"Keys": remaining[:MAX_BATCH_KEYS], "ConsistentRead": True}}
            response = self.call("BatchGetItem", RequestItems=request)
            items += response["Responses"].get(table, [])
            unprocessed = response.get("UnprocessedKeys", {}).get(table, {}).get("Keys", [])
            remaining = unprocessed + remaining[MAX_BATCH_KEYS:]
            if unprocessed:
                delay = next(delays, None)
                if delay is None or DEADLINE.is_exceeded():
                    raise TooManyRequests(THROTTLED)
                time.sleep(RANDOM.uniform(0, delay))
        return items

    def query_all(self, *requests: dict[str, Any]) -> list[list[Item]]:
        """Run several queries concurrently. Return all items of each query, in the order of the queries."""
        results: list[list[Item]] = [[] for _ in requests]
        pending = dict(enumerate(requests))
        while pending:
            numbers = [*pending][:MAX_CONCURRENT_QUERIES]
            responses = self.call_all(*(("Query", pending[number]) for number in numbers))
            for number, response in zip(numbers, responses):
                results[number] += response["Items"]
                last_key = response.get("LastEvaluatedKey")
                request = pending.pop(number)
                if last_key:
                    pending[number] = {**request, "ExclusiveStartKey": last_key}
        return results

    def paginate(self, operation: str, **request: Any) -> Iterator[list[Item]]:
        """Yield the pages of a Query or Scan. Each page is requested only when the caller needs it."""
        while True:
            response = self.call(operation, **request)
            yield response["Items"]
            if "LastEvaluatedKey" not in response:
                return
            request["ExclusiveStartKey"] = response["LastEvaluatedKey"]

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def transact(self, actions: list[dict[str, Any]], *, retries_conflicts: bool = True) -> None:
        """Execute all actions in one transaction. A client request token makes retries idempotent.

        Raise `TransactionCanceled` if a condition fails. Set `retries_conflicts` to False if the actions depend on the
        state of their items: a conflict with another transaction then raises `TransactionConflict`.
        """
        request = {"TransactItems": actions, "ClientRequestToken": os.urandom(16).hex()}
        try:
            self._client.call_all(("TransactWriteItems", request), not_retried=() if retries_conflicts else (CONFLICT,))
        except AwsError as exc:
            is_conflict = not retries_conflicts and _is_conflict(exc)
            error = TransactionConflict() if is_conflict else _to_exception(exc)
            if exc.ambiguous and isinstance(error, (TransactionConflict, TooManyRequests)):
                # An earlier attempt might have been executed: the caller must not treat the transaction as rejected.
                raise
            raise error from exc


def _is_conflict(error: AwsError) -> bool:
    codes = {reason.get("Code") for reason in error.body.get("CancellationReasons", [])}
    return CONFLICT in codes and "ConditionalCheckFailed" not in codes


def _to_exception(error: AwsError) -> Exception:
    reasons = error.body.get("CancellationReasons", [])
    messages = [error.message, *(str(reason.get("Message")) for reason in reasons)]
    if error.code == "ConditionalCheckFailedException":
        return ConditionFailed(error.body.get("Item"), error.ambiguous)
    if any("size" in message and "exceeded" in message for message in messages):
        return TooLarge("The item exceeds DynamoDB's limit of 400 KB. Store large values elsewhere, such as in S3.")
    if any(reason.get("Code") == "ConditionalCheckFailed" for reason in reasons):
        return TransactionCanceled(reasons)
    if error.code in THROTTLES or any(reason.get("Code") in TRANSIENT for reason in reasons):
        return TooManyRequests(THROTTLED)
    return error
