"""DynamoDB's operations, as the handlers use them."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator
from typing import Any

from .attributes import Item
from .errors import TooLarge, TooManyRequests
from .http_client import BUDGET, CONFLICT, PAUSES_SECONDS, RANDOM, THROTTLES, TRANSIENT, AwsError, Call, Client

BATCH = 100
"""Most rows of one BatchGetItem."""
SIDE_BY_SIDE = 8
"""How many queries go out at once, each over a connection of its own."""
BUSY = "the table is busier than it may be; try again in a moment"


class ConditionFailed(Exception):
    """The condition of a write did not hold.

    `item` is the row as it stood, if the call asked for it; `ambiguous` says that an earlier attempt of this very
    write, whose answer was lost, may have been carried out.
    """

    def __init__(self, item: Item | None, ambiguous: bool) -> None:
        super().__init__("the condition did not hold")
        self.item = item
        self.ambiguous = ambiguous


class TransactionCanceled(Exception):
    """Nothing of a transaction was written; `reasons` has an entry per action, in their order.

    An action at fault has `{"Code": "ConditionalCheckFailed", "Item": {...}}`, any other `{"Code": "None"}`.
    """

    def __init__(self, reasons: list[dict[str, Any]]) -> None:
        super().__init__(", ".join(str(reason.get("Code")) for reason in reasons))
        self.reasons = reasons

    def failed_items(self, names: Iterable[Any]) -> dict[Any, Item | None]:
        """Return the stored items of the actions whose condition failed, by the names of the actions in their order."""
        reasons = zip(names, self.reasons)
        return {name: reason.get("Item") for name, reason in reasons if reason.get("Code") == "ConditionalCheckFailed"}


class TransactionConflict(Exception):
    """Nothing of a transaction was written: another transaction was writing one of its items."""


def put_action(
    table: str,
    item: Item,
    condition: str,
    values: Item | None = None,
    *,
    names: dict[str, str] | None = None,
    returns_item: bool = False,
) -> dict[str, Any]:
    """Return the action of a transaction that writes an item if a condition holds; if not, it can return the item."""
    put: dict[str, Any] = {"TableName": table, "Item": item, "ConditionExpression": condition}
    if values:
        put["ExpressionAttributeValues"] = values
    if names:
        put["ExpressionAttributeNames"] = names
    if returns_item:
        put["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
    return {"Put": put}


class DynamoDB:
    """A table store: one client, made with the worker."""

    def __init__(self, client: Client | None = None) -> None:
        self._client = client or Client("dynamodb", "DynamoDB_20120810")

    def call(self, operation: str, **request: Any) -> dict[str, Any]:
        """One operation, its request spelled as in the DynamoDB API reference."""
        return self.call_all((operation, request))[0]

    def call_all(self, *calls: Call) -> list[dict[str, Any]]:
        """Operations side by side, each as `(name, request)`."""
        try:
            return self._client.call_all(*calls)
        except AwsError as exc:
            raise _translated(exc) from exc

    def batch_get(self, table: str, keys: Iterable[Item]) -> list[Item]:
        """Rows by their keys, up to date and in any order; one that is not there is left out."""
        found: list[Item] = []
        left = list(keys)
        pauses = iter(PAUSES_SECONDS)
        while left:
            request = {table: {"Keys": left[:BATCH], "ConsistentRead": True}}
            answer = self.call("BatchGetItem", RequestItems=request)
            found += answer["Responses"].get(table, [])
            unread = answer.get("UnprocessedKeys", {}).get(table, {}).get("Keys", [])
            left = unread + left[BATCH:]
            if unread:
                pause = next(pauses, None)
                if pause is None or BUDGET.spent():
                    raise TooManyRequests(BUSY)
                time.sleep(RANDOM.uniform(0, pause))
        return found

    def query_all(self, *requests: dict[str, Any]) -> list[list[Item]]:
        """All rows of each of some queries."""
        found: list[list[Item]] = [[] for _ in requests]
        left = dict(enumerate(requests))
        while left:
            some = [*left][:SIDE_BY_SIDE]
            for number, answer in zip(some, self.call_all(*(("Query", left[number]) for number in some))):
                found[number] += answer["Items"]
                after = answer.get("LastEvaluatedKey")
                request = left.pop(number)
                if after:
                    left[number] = {**request, "ExclusiveStartKey": after}
        return found

    def paginate(self, operation: str, **request: Any) -> Iterator[list[Item]]:
        """The rows of a Query or a Scan, page after page, each read when it is asked for."""
        while True:
            answer = self.call(operation, **request)
            yield answer["Items"]
            if "LastEvaluatedKey" not in answer:
                return
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def close(self) -> None:
        """Close the client's connections."""
        self._client.close()

    def transact(self, actions: list[dict[str, Any]], *, stale: bool = False) -> None:
        """Write all of `actions` or none.  A retry whose first attempt did arrive writes nothing twice.

        With `stale`, a conflict with another transaction raises `TransactionConflict` immediately: the items on which
        the actions depend are about to change.
        """
        request = {"TransactItems": actions, "ClientRequestToken": os.urandom(16).hex()}
        try:
            self._client.call_all(("TransactWriteItems", request), final=(CONFLICT,) if stale else ())
        except AwsError as exc:
            error = TransactionConflict() if stale and _is_conflict(exc) else _translated(exc)
            if exc.ambiguous and isinstance(error, (TransactionConflict, TooManyRequests)):
                # An attempt may have been carried out: it must neither be made anew nor be called refused.
                raise
            raise error from exc


def _is_conflict(error: AwsError) -> bool:
    codes = {reason.get("Code") for reason in error.body.get("CancellationReasons", [])}
    return CONFLICT in codes and "ConditionalCheckFailed" not in codes


def _translated(error: AwsError) -> Exception:
    reasons = error.body.get("CancellationReasons", [])
    messages = [error.message, *(str(reason.get("Message")) for reason in reasons)]
    if error.code == "ConditionalCheckFailedException":
        return ConditionFailed(error.body.get("Item"), error.ambiguous)
    if any("size" in text and "exceeded" in text for text in messages):
        return TooLarge("the item is over DynamoDB's 400 KB; store large values elsewhere, and their address here")
    if any(reason.get("Code") == "ConditionalCheckFailed" for reason in reasons):
        return TransactionCanceled(reasons)
    if error.code in THROTTLES or any(reason.get("Code") in TRANSIENT for reason in reasons):
        return TooManyRequests(BUSY)
    return error
