"""The table of items: what is asked of DynamoDB, one round trip for each."""

from __future__ import annotations

import json
import os
from decimal import Decimal
from functools import cache
from typing import Any, NamedTuple

from ....runtime import metrics
from ....runtime.attributes import Item, to_json
from ....runtime.dynamodb import ConditionFailed, DynamoDB, TransactionCanceled
from ....runtime.errors import Conflict, NotFound
from ....runtime.idempotency import Idempotency
from ....runtime.paging import PageTokens
from ....runtime.reserved_keys import PREFIX

KEYS = ("ItemId", "CreatedAt")
LISTING = {"list": "items"}
"""What a page token is bound to: there is one listing."""
SCANS = 5
"""How often a page looks further, a megabyte at a time, before it is given as it is."""
OTHERS_ONLY = {
    "FilterExpression": "NOT begins_with(ItemId, :own)",
    "ExpressionAttributeValues": {":own": {"S": PREFIX}},
}
"""Leaves out of a scan the rows that the service keeps for itself."""


class Page(NamedTuple):
    """Some records, and the key after which the next are; None after the last."""

    items: list[Item]
    after: Item | None


class Items:
    """The table of items."""

    def __init__(self, table: str, store: DynamoDB) -> None:
        self._table = table
        self._store = store
        self._tokens = PageTokens(store, table, own_row)

    def create(self, item: Item) -> Item:
        """Add a record; `Conflict` if its two keys are taken."""
        try:
            self._store.call("PutItem", ReturnValuesOnConditionCheckFailure="ALL_OLD", **self._if_absent(item))
        except ConditionFailed as exc:
            # Our own earlier attempt, whose answer was lost, is no conflict.
            if not (exc.ambiguous and _same(item, exc.item)):
                raise _taken(item) from exc
        metrics.emit(ItemsCreated=(1, "Count"))
        return item

    def create_once(self, item: Item, idempotency: Idempotency) -> Item:
        """Add a record unless this request did before; then the record as it was added."""
        try:
            self._store.transact([{"Put": self._if_absent(item)}, idempotency.put(self._table, key_of(item))])
        except TransactionCanceled as exc:
            if record := exc.failed_items(("item", "record")).get("record"):
                return {**item, **idempotency.recorded_result(record)}
            raise _taken(item) from exc
        metrics.emit(ItemsCreated=(1, "Count"))
        return item

    def page(self, size: int, token: str | None) -> Page:
        """Up to `size` records in the table's own order; fewer where many rows between them are the service's own."""
        after = self._tokens.decode(LISTING, token) if token else None
        found: list[Item] = []
        limit = {"Limit": size}
        for _ in range(SCANS):
            start = {"ExclusiveStartKey": after} if after else {}
            answer = self._store.call("Scan", TableName=self._table, **OTHERS_ONLY, **limit, **start)
            found += answer["Items"]
            after = answer.get("LastEvaluatedKey")
            if after is None or len(found) >= size:
                break
            limit = {}
        return Page(found[:size], key_of(found[size - 1]) if len(found) > size else after)

    def token(self, after: Item) -> str:
        """The token of the page after the record of a key."""
        return self._tokens.encode(LISTING, after)

    def read(self, key: Item) -> Item:
        """The record of a whole key."""
        found = self._store.call("GetItem", TableName=self._table, Key=key, ConsistentRead=True).get("Item")
        if found is None:
            raise _missing(key)
        return dict(found)

    def newest(self, item_id: str) -> Item:
        """The record of an id that was created last."""
        answer = self._store.call(
            "Query",
            TableName=self._table,
            KeyConditionExpression="ItemId = :id",
            ExpressionAttributeValues={":id": {"S": item_id}},
            ScanIndexForward=False,
            Limit=1,
            ConsistentRead=True,
        )
        if not answer["Items"]:
            raise _missing({"ItemId": {"S": item_id}})
        return dict(answer["Items"][0])

    def update(self, key: Item, changes: Item) -> Item:
        """Set attributes of the record of a whole key; the others stay. Without changes, return the record as it is."""
        expressions: dict[str, Any] = {}
        if changes:
            expressions = {
                "UpdateExpression": "SET " + ",".join(f"#{i}=:{i}" for i in range(len(changes))),
                "ExpressionAttributeNames": {f"#{i}": name for i, name in enumerate(changes)},
                "ExpressionAttributeValues": {f":{i}": value for i, value in enumerate(changes.values())},
            }
        try:
            answer = self._store.call(
                "UpdateItem",
                TableName=self._table,
                Key=key,
                ConditionExpression="attribute_exists(ItemId)",
                ReturnValues="ALL_NEW",
                **expressions,
            )
        except ConditionFailed as exc:
            raise _missing(key) from exc
        return dict(answer["Attributes"])

    def delete(self, key: Item) -> None:
        """Remove the record of a whole key."""
        try:
            self._store.call(
                "DeleteItem", TableName=self._table, Key=key, ConditionExpression="attribute_exists(ItemId)"
            )
        except ConditionFailed as exc:
            if not exc.ambiguous:
                raise _missing(key) from exc

    def close(self) -> None:
        """Close the connections to DynamoDB."""
        self._store.close()

    def _if_absent(self, item: Item) -> dict[str, Any]:
        """A put that holds only where no record has these keys."""
        return {"TableName": self._table, "Item": item, "ConditionExpression": "attribute_not_exists(ItemId)"}


def own_row(name: str) -> Item:
    """The key of a row the service keeps for itself."""
    return {"ItemId": {"S": name}, "CreatedAt": {"S": "-"}}


def key_of(item: Item) -> Item:
    """The two keys of a record."""
    return {name: item[name] for name in KEYS}


def _same(one: Item, other: Item | None) -> bool:
    """Whether two items hold equal values, however DynamoDB writes their numbers."""
    return other is not None and _values(one) == _values(other)


def _values(item: Item) -> Any:
    return json.loads(to_json(item), parse_float=Decimal)


def _taken(item: Item) -> Conflict:
    return Conflict(f"an item {item['ItemId']['S']!r} created at {item['CreatedAt']['S']!r} is there already")


def _missing(key: Item) -> NotFound:
    created = f" created at {key['CreatedAt']['S']!r}" if "CreatedAt" in key else ""
    return NotFound(f"no item {key['ItemId']['S']!r}{created}")


@cache
def items() -> Items:
    """This worker's table, made once."""
    return Items(os.environ["DYNAMODB_TABLE_NAME"], DynamoDB())
