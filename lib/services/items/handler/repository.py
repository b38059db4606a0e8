"""Repository of the items service. Each method needs one round trip to DynamoDB, except for pages and retries."""

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
"""Scope of page tokens."""
MAX_SCANS = 5
"""Maximum number of Scan requests for a page. Each reads up to 1 MB."""
EXCLUDE_INTERNAL_ITEMS = {
    "FilterExpression": "NOT begins_with(ItemId, :prefix)",
    "ExpressionAttributeValues": {":prefix": {"S": PREFIX}},
}


class Page(NamedTuple):
    """A page of items, and the key after which the next page starts, which is None on the last page."""

    items: list[Item]
    last_key: Item | None


class Items:
    """Repository of items."""

    def __init__(self, table: str, store: DynamoDB) -> None:
        self._table = table
        self._store = store
        self._tokens = PageTokens(store, table, internal_key)

    def create(self, item: Item) -> Item:
        """Create an item. Raise `Conflict` if an item with the same keys exists."""
        try:
            self._store.call("PutItem", ReturnValuesOnConditionCheckFailure="ALL_OLD", **self._put_new(item))
        except ConditionFailed as exc:
            # An earlier attempt of this call might have written the item, although its response was lost.
            if not (exc.ambiguous and _equal(item, exc.item)):
                raise _already_exists(item) from exc
        metrics.emit(ItemsCreated=(1, "Count"))
        return item

    def create_once(self, item: Item, idempotency: Idempotency) -> Item:
        """Create an item, or return the item that an earlier request with the same idempotency key created."""
        try:
            self._store.transact([{"Put": self._put_new(item)}, idempotency.put(self._table, key_of(item))])
        except TransactionCanceled as exc:
            if record := exc.failed_items(("item", "record")).get("record"):
                return {**item, **idempotency.recorded_result(record)}
            raise _already_exists(item) from exc
        metrics.emit(ItemsCreated=(1, "Count"))
        return item

    def page(self, size: int, token: str | None) -> Page:
        """Return up to `size` items. A page can be shorter if scans return many internal items."""
        last_key = self._tokens.decode(LISTING, token) if token else None
        page: list[Item] = []
        limit = {"Limit": size}
        for _ in range(MAX_SCANS):
            start = {"ExclusiveStartKey": last_key} if last_key else {}
            response = self._store.call("Scan", TableName=self._table, **EXCLUDE_INTERNAL_ITEMS, **limit, **start)
            page += response["Items"]
            last_key = response.get("LastEvaluatedKey")
            if last_key is None or len(page) >= size:
                break
            limit = {}
        return Page(page[:size], key_of(page[size - 1]) if len(page) > size else last_key)

    def token(self, last_key: Item) -> str:
        """Return the token of the page that starts after a key."""
        return self._tokens.encode(LISTING, last_key)

    def read(self, key: Item) -> Item:
        """Return the item with a key. Raise `NotFound` if it does not exist."""
        item = self._store.call("GetItem", TableName=self._table, Key=key, ConsistentRead=True).get("Item")
        if item is None:
            raise _not_found(key)
        return dict(item)

    def newest(self, item_id: str) -> Item:
        """Return the newest item with an ID, which has the greatest sort key. Raise `NotFound` if there is none."""
        response = self._store.call(
            "Query",
            TableName=self._table,
            KeyConditionExpression="ItemId = :id",
            ExpressionAttributeValues={":id": {"S": item_id}},
            ScanIndexForward=False,
            Limit=1,
            ConsistentRead=True,
        )
        if not response["Items"]:
            raise _not_found({"ItemId": {"S": item_id}})
        return dict(response["Items"][0])

    def update(self, key: Item, changes: Item) -> Item:
        """Set attributes of the item with a key, and return the item. Raise `NotFound` if it does not exist."""
        expressions: dict[str, Any] = {}
        if changes:
            expressions = {
                "UpdateExpression": "SET " + ",".join(f"#{i}=:{i}" for i in range(len(changes))),
                "ExpressionAttributeNames": {f"#{i}": name for i, name in enumerate(changes)},
                "ExpressionAttributeValues": {f":{i}": value for i, value in enumerate(changes.values())},
            }
        try:
            response = self._store.call(
                "UpdateItem",
                TableName=self._table,
                Key=key,
                ConditionExpression="attribute_exists(ItemId)",
                ReturnValues="ALL_NEW",
                **expressions,
            )
        except ConditionFailed as exc:
            raise _not_found(key) from exc
        return dict(response["Attributes"])

    def delete(self, key: Item) -> None:
        """Delete the item with a key. Raise `NotFound` if it does not exist."""
        try:
            self._store.call(
                "DeleteItem", TableName=self._table, Key=key, ConditionExpression="attribute_exists(ItemId)"
            )
        except ConditionFailed as exc:
            if not exc.ambiguous:
                raise _not_found(key) from exc

    def close(self) -> None:
        """Close the connections to DynamoDB."""
        self._store.close()

    def _put_new(self, item: Item) -> dict[str, Any]:
        """Return the parameters of a Put whose condition fails if an item with the same keys exists."""
        return {"TableName": self._table, "Item": item, "ConditionExpression": "attribute_not_exists(ItemId)"}


def internal_key(name: str) -> Item:
    """Return the primary key of an internal item of the service."""
    return {"ItemId": {"S": name}, "CreatedAt": {"S": "-"}}


def key_of(item: Item) -> Item:
    """Return the primary key of an item."""
    return {name: item[name] for name in KEYS}


def _equal(item: Item, stored: Item | None) -> bool:
    """Return whether two items have equal values. DynamoDB can change the format of numbers."""
    return stored is not None and _values(item) == _values(stored)


def _values(item: Item) -> Any:
    return json.loads(to_json(item), parse_float=Decimal)


def _already_exists(item: Item) -> Conflict:
    return Conflict(f"Item {item['ItemId']['S']!r} with CreatedAt {item['CreatedAt']['S']!r} already exists.")


def _not_found(key: Item) -> NotFound:
    created_at = f" with CreatedAt {key['CreatedAt']['S']!r}" if "CreatedAt" in key else ""
    return NotFound(f"Item {key['ItemId']['S']!r}{created_at} not found.")


@cache
def items() -> Items:
    """Return the repository of this execution environment."""
    return Items(os.environ["DYNAMODB_TABLE_NAME"], DynamoDB())
