"""Reads of levels, reservations and internal items. All reads are strongly consistent, except queries of an index."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from typing import Any, Callable, NamedTuple

from ....runtime.dynamodb import DynamoDB
from ....runtime.idempotency import Idempotency
from ....runtime.paging import PageTokens
from ....runtime.transactions import Transactions
from . import levels, movements, quotas, reservations
from .levels import Level, LevelKey
from .quotas import Quota
from .reservations import Key, Line, RequestedLine
from .sales import Document, Part, Records


class Tables(NamedTuple):
    """Names of the service's tables; empty for a table that the function does not use."""

    levels: str
    reservations: str
    movements: str


class Repository:
    """Access to the tables of the service."""

    def __init__(self, tables: Tables, store: DynamoDB, now: Callable[[], float] = time.time) -> None:
        self.tables = tables
        self.store = store
        self.now = now
        self.tokens = PageTokens(store, tables.levels, levels.service_item_key)
        self.transactions = Transactions(store, tables.levels)

    def levels(self, requested: Iterable[RequestedLine]) -> dict[LevelKey, Level]:
        """Return the requested levels, and for lines without a warehouse all levels of the product."""
        lines = list(requested)
        anywhere = dict.fromkeys(line.product_id for line in lines if line.warehouse_id is None)
        keys = dict.fromkeys((line.product_id, line.warehouse_id or "") for line in lines)
        current = self.levels_by_key([key for key in keys if key[0] not in anywhere])
        for items in self.store.query_all(*(self._query("levels", "product_id", product) for product in anywhere)):
            current.update(levels.from_items(items))
        return current

    def levels_by_key(self, keys: Iterable[LevelKey]) -> dict[LevelKey, Level]:
        """Return the levels with these keys that exist."""
        return levels.from_items(self.store.batch_get(self.tables.levels, map(levels.item_key, keys)))

    def lines(self, reservation_id: str) -> list[Line]:
        """Return the lines of the latest reservation with an ID."""
        (items,) = self.store.query_all(self._query("reservations", "reservation_id", reservation_id))
        return reservations.from_items(items)

    def holds_query(self, product_id: str) -> dict[str, Any]:
        """Return the query of a product's reserved lines, including expired ones that are not released yet."""
        return {
            "TableName": self.tables.reservations,
            "IndexName": "product-index",
            "KeyConditionExpression": "held_for = :product",
            "ExpressionAttributeValues": {":product": {"S": product_id}},
        }

    def quotas(self, names: list[tuple[str, str]]) -> list[Quota]:
        """Return the quota of each caller and product in `names`."""
        items = self.store.batch_get(self.tables.levels, [quotas.item_key(*name) for name in names])
        return quotas.from_items(names, items)

    def response_lines(self, lines: list[Line]) -> dict[Key, Document]:
        """Return the response of each sold line, or its movement if an earlier release of the service sold it."""
        responses: dict[Key, Document] = {line.key: json.loads(line.sale.line) for line in lines if line.sale}
        earlier = {line.level_key: line for line in lines if not line.sale}
        keys = [movements.item_key(key, line.settled_at or "") for key, line in earlier.items()]
        for movement in map(movements.to_response, self.store.batch_get(self.tables.movements, keys) if keys else ()):
            responses[earlier[movement["product_id"], movement["warehouse_id"]].key] = movement
        return responses

    def recorded_sales(self, records: Records, parts: dict[Part, list[RequestedLine]]) -> dict[Any, list[Document]]:
        """Return the recorded lines of the parts of a sale that were sold before."""
        now = self.now()
        items = self.store.batch_get(self.tables.levels, map(records.key, parts)) if parts else []
        return dict(records.sold_lines(items, parts, now))

    def recorded_response(self, idempotency: Idempotency | None) -> Document | None:
        """Return the response of an earlier request with the same idempotency key, or None."""
        result = self.transactions.recorded_result(idempotency)
        return json.loads(result["answer"]["S"]) if result else None

    def record_response(self, response: Document, idempotency: Idempotency | None) -> Document:
        """Record and return the response of a request that changes nothing, so that a retry receives it."""
        if idempotency:
            self.transactions.commit({}, idempotency, {"answer": {"S": json.dumps(response)}})
        return response

    def close(self) -> None:
        """Close the connections to AWS."""
        self.store.close()

    def _query(self, table: str, key: str, value: str) -> dict[str, Any]:
        return {
            "TableName": getattr(self.tables, table),
            "KeyConditionExpression": f"{key} = :value",
            "ExpressionAttributeValues": {":value": {"S": value}},
            "ConsistentRead": True,
        }
