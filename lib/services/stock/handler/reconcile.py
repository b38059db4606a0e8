"""Compares what levels say with what reservations and movements say, and mends what differs.

Reservations are right about what is held, movements about what is on hand.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any, Callable, NamedTuple

from ....runtime import logs, metrics
from ....runtime.attributes import Item
from ....runtime.aws import BUDGET
from ....runtime.errors import NotFound, TooManyRequests
from . import levels, movements, reservations
from .levels import Level, Place
from .movements import Cause
from .reservations import Wanted
from .store import Stock
from .work import Overtaken, Work

LOOKS = 3
"""How often a level must be found to differ: an index may be a moment behind."""
PAUSE_SECONDS = 0.5
PAGE = 100

Holds = Mapping[int, int]


class Drift(NamedTuple):
    """A figure of a level that is not what it should be."""

    product_id: str
    warehouse_id: str
    field: str
    counted: Any
    """What reservations or movements come to."""
    found: Any
    """What the level says."""


class Books(NamedTuple):
    """A level, and what is written about it elsewhere."""

    level: Level
    status: str
    """As it is stored."""
    holds: Holds
    """Of its reservations."""
    last: Item | None
    """Its last movement."""

    def right(self) -> Level:
        """The level as it should be."""
        stock_count = int(self.last["stock_count"]["N"]) if self.last else self.level.stock_count
        return self.level._replace(
            stock_count=stock_count, holds=dict(self.holds), reserved_count=sum(self.holds.values())
        )

    def drifts(self) -> Iterator[Drift]:
        """What differs."""
        right = self.right()
        for field in ("stock_count", "reserved_count"):
            if getattr(right, field) != getattr(self.level, field):
                yield Drift(*self.level.place, field, getattr(right, field), getattr(self.level, field))
        if right.holds != self.level.holds:
            yield Drift(*self.level.place, "holds", _text(right.holds), _text(self.level.holds))
        if self.level.status != self.status:
            yield Drift(*self.level.place, "status", self.level.status, self.status)
        if self.last is None:
            yield Drift(*self.level.place, "sequence", 0, self.level.sequence)


def product(
    stock: Stock, product_id: str, repair: bool, by: str, sleep: Callable[[float], None] = time.sleep
) -> list[Drift]:
    """What differs of a product, in every warehouse; mended if that is asked for."""
    places = sorted(stock.levels([Wanted(product_id, None, 0)]))
    if not places:
        raise NotFound(f"no product {product_id!r}")
    return [drift for place in places for drift in _place(stock, place, repair, by, sleep)]


def everything(stock: Stock) -> list[Drift]:
    """What differs of all there is, as metric and in the log."""
    held = _all_held(stock)
    found: list[Drift] = []
    for places in _places(stock):
        if BUDGET.spent():
            raise TooManyRequests("there is more to compare than time: give the function more, or compare by product")
        for books in _books(stock, places, held):
            if any(books.drifts()):
                found += _place(stock, books.level.place, False, "reconcile", time.sleep)
    for drift in found:
        logs.write("ERROR", "drift", **drift._asdict())
    metrics.emit(Drift=(len(found), "Count"))
    return found


def _place(stock: Stock, place: Place, repair: bool, by: str, sleep: Callable[[float], None]) -> list[Drift]:
    """What differs of a level, if it does so at every look."""
    for look in range(LOOKS):
        books = next(_books(stock, [place], {place: _held(stock, place)}), None)
        drifts = [*books.drifts()] if books else []
        if not books or not drifts:
            return []
        if look < LOOKS - 1:
            sleep(PAUSE_SECONDS)
        elif repair:
            _mend(stock, books, drifts, by)
    return drifts


def _mend(stock: Stock, books: Books, drifts: list[Drift], by: str) -> None:
    right = books.right()
    work = Work({books.level.place: books.level}, stock.now())
    told = "; ".join(f"{drift.field} {drift.found} -> {drift.counted}" for drift in drifts)
    figures = {name: getattr(right, name) for name in ("stock_count", "reserved_count", "holds")}
    change = right.stock_count - books.level.stock_count
    work.move(books.level.place, Cause(movements.REPAIRED, by, reason=told), change, partial(levels.edited, **figures))
    try:
        work.commit(stock.store, stock.tables, None, "")
    except Overtaken as exc:
        raise TooManyRequests(f"{books.level.product_id} is being changed; try again in a moment") from exc


def _books(stock: Stock, places: list[Place], held: Mapping[Place, Holds]) -> Iterator[Books]:
    rows = stock.store.rows(stock.tables.levels, map(levels.key, places))
    found = [(levels.level_of(row), row["status"]["S"]) for row in rows]
    keys = [movements.key(level.place, level.moved_at) for level, _ in found]
    last = {
        str(row["movement_id"]) + row["product_id"]["S"]: row for row in stock.store.rows(stock.tables.movements, keys)
    }
    for (level, status), key in zip(found, keys):
        yield Books(level, status, held.get(level.place, {}), last.get(str(key["movement_id"]) + level.product_id))


def _held(stock: Stock, place: Place) -> Holds:
    asked = {
        "TableName": stock.tables.reservations,
        "IndexName": "product-index",
        "KeyConditionExpression": "held_for = :product",
        "ExpressionAttributeValues": {":product": {"S": place[0]}},
    }
    (rows,) = stock.store.queries(asked)
    return _sums(rows).get(place, {})


def _all_held(stock: Stock) -> Mapping[Place, Holds]:
    """What is held of everything."""
    asked: dict[str, Any] = {"TableName": stock.tables.reservations, "IndexName": "product-index"}
    rows: list[Item] = []
    while True:
        answer = stock.store.call("Scan", **asked)
        rows += answer["Items"]
        if "LastEvaluatedKey" not in answer:
            return _sums(rows)
        asked["ExclusiveStartKey"] = answer["LastEvaluatedKey"]


def _sums(rows: list[Item]) -> dict[Place, dict[int, int]]:
    sums: dict[Place, dict[int, int]] = defaultdict(dict)
    for line in map(reservations.line_of, rows):
        holds = sums[line.place]
        holds[line.end] = holds.get(line.end, 0) + line.quantity
    return sums


def _places(stock: Stock) -> Iterator[list[Place]]:
    asked: dict[str, Any] = {
        "TableName": stock.tables.levels,
        "IndexName": "listing-index",
        "KeyConditionExpression": "listing = :levels",
        "ExpressionAttributeValues": {":levels": {"S": levels.LISTED}},
        "Limit": PAGE,
    }
    while True:
        answer = stock.store.call("Query", **asked)
        yield [(row["product_id"]["S"], row["warehouse_id"]["S"]) for row in answer["Items"]]
        if "LastEvaluatedKey" not in answer:
            return
        asked["ExclusiveStartKey"] = answer["LastEvaluatedKey"]


def _text(holds: Holds) -> str:
    return ", ".join(f"{units} until {levels.moment(end)}" for end, units in sorted(holds.items())) or "none"
