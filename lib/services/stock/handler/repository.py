"""Reads of levels, reservations and their records, all strongly consistent but those of an index."""

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
from .levels import Level, Place
from .quotas import Quota
from .reservations import Key, Line, RequestedLine
from .sales import Document, Part, Records


class Tables(NamedTuple):
    """The names of the service's tables; empty for a table that a function does not use."""

    levels: str
    reservations: str
    movements: str


class Repository:
    """The service's tables."""

    def __init__(self, tables: Tables, store: DynamoDB, now: Callable[[], float] = time.time) -> None:
        self.tables = tables
        self.store = store
        self.now = now
        self.tokens = PageTokens(store, tables.levels, levels.own_row)
        self.transactions = Transactions(store, tables.levels)

    def levels(self, requested: Iterable[RequestedLine]) -> dict[Place, Level]:
        """Return the requested levels; all levels of a product that is requested from any warehouse."""
        lines = list(requested)
        anywhere = dict.fromkeys(line.product_id for line in lines if line.warehouse_id is None)
        places = dict.fromkeys((line.product_id, line.warehouse_id or "") for line in lines)
        found = self.levels_at([place for place in places if place[0] not in anywhere])
        for items in self.store.query_all(*(self._query("levels", "product_id", product) for product in anywhere)):
            found.update(levels.levels_of(items))
        return found

    def levels_at(self, places: Iterable[Place]) -> dict[Place, Level]:
        """Return the levels of products in warehouses, without those that do not exist."""
        return levels.levels_of(self.store.batch_get(self.tables.levels, map(levels.key, places)))

    def lines(self, reservation_id: str) -> list[Line]:
        """Return the lines of the latest reservation under an id."""
        (items,) = self.store.query_all(self._query("reservations", "reservation_id", reservation_id))
        return reservations.lines_of(items)

    def holds_query(self, product_id: str) -> dict[str, Any]:
        """Return the query of held lines of a product, including expired ones that are not released yet."""
        return {
            "TableName": self.tables.reservations,
            "IndexName": "product-index",
            "KeyConditionExpression": "held_for = :product",
            "ExpressionAttributeValues": {":product": {"S": product_id}},
        }

    def quotas(self, names: list[tuple[str, str]]) -> list[Quota]:
        """Return the quotas of callers for products."""
        items = self.store.batch_get(self.tables.levels, [quotas.key(*name) for name in names])
        return quotas.quotas_of(names, items)

    def response_lines(self, lines: list[Line]) -> dict[Key, Document]:
        """Return the response about each sold line; for lines that an earlier release sold, their movements."""
        responses: dict[Key, Document] = {line.key: json.loads(line.sale.line) for line in lines if line.sale}
        earlier = {line.place: line for line in lines if not line.sale}
        keys = [movements.key(place, line.settled_at or "") for place, line in earlier.items()]
        for movement in map(movements.to_response, self.store.batch_get(self.tables.movements, keys) if keys else ()):
            responses[earlier[movement["product_id"], movement["warehouse_id"]].key] = movement
        return responses

    def recorded_sales(self, records: Records, parts: dict[Part, list[RequestedLine]]) -> dict[Any, list[Document]]:
        """Return the lines of those parts of a sale that are recorded."""
        now = self.now()
        items = self.store.batch_get(self.tables.levels, map(records.key, parts)) if parts else []
        return dict(records.found(items, parts, now))

    def recorded_response(self, idempotency: Idempotency | None) -> Document | None:
        """Return the response to an earlier request with the same idempotency key, None if there was none."""
        result = self.transactions.recorded_result(idempotency)
        return json.loads(result["answer"]["S"]) if result else None

    def record_response(self, response: Document, idempotency: Idempotency | None) -> Document:
        """Return the response of a request that changes nothing; record it, so that a repetition receives the same."""
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
