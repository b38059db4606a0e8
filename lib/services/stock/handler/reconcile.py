"""Compares what levels say with what reservations and movements say, and mends what differs.

Reservations are right about what is held, movements about what is on hand.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
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
"""How often in a row a level must be found to differ, in the same way and unmoved: an index may be a moment behind."""
MOST_LOOKS = 10
"""How often a level that keeps moving is looked at."""
PAUSE_SECONDS = 1
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
        if right.status != self.status:
            yield Drift(*self.level.place, "status", right.status, self.status)
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


def everything(stock: Stock, sleep: Callable[[float], None] = time.sleep) -> list[Drift]:
    """What differs of all there is, as metric and in the log."""
    held = _all_held(stock)
    found: list[Drift] = []
    for places in _places(stock):
        if BUDGET.spent():
            raise TooManyRequests("there is more to compare than time: give the function more, or compare by product")
        for books in _books(stock, places, held):
            if any(books.drifts()):
                found += _unmoved(stock, books.level.place, sleep)
    for drift in found:
        logs.write("ERROR", "drift", **drift._asdict())
    metrics.emit(Drift=(len(found), "Count"))
    return found


def _unmoved(stock: Stock, place: Place, sleep: Callable[[float], None]) -> list[Drift]:
    """What differs of a level, nothing of one that is never still."""
    try:
        return _place(stock, place, False, "", sleep)
    except TooManyRequests:
        logs.write("WARN", "not compared", product=place[0], warehouse=place[1])
        return []


def _place(stock: Stock, place: Place, repair: bool, by: str, sleep: Callable[[float], None]) -> list[Drift]:
    """What differs of a level, if it does so in the same way at some looks in a row."""
    seen: list[list[Books]] = []
    for _ in range(MOST_LOOKS):
        seen.append([*_books(stock, [place], {place: _held(stock, place)})])
        drifts = [drift for books in seen[-1] for drift in books.drifts()]
        if not drifts:
            return []
        if seen[-LOOKS:] == [seen[-1]] * LOOKS:
            if repair:
                _mend(stock, seen[-1][0], drifts, by)
            return drifts
        sleep(PAUSE_SECONDS)
    raise _moving(place)


def _mend(stock: Stock, books: Books, drifts: list[Drift], by: str) -> None:
    right = books.right()
    work = Work({books.level.place: books.level}, stock.now())
    told = "; ".join(f"{drift.field} {drift.found} -> {drift.counted}" for drift in drifts)
    figures = {name: getattr(right, name) for name in ("stock_count", "reserved_count", "holds")}
    # Of the movements nothing is mended: what they come to stays as it is.
    work.move(books.level.place, Cause(movements.REPAIRED, by, reason=told), 0, partial(levels.edited, **figures))
    try:
        work.commit(stock.store, stock.tables, None, "")
    except Overtaken as exc:
        raise _moving(books.level.place) from exc


def _moving(place: Place) -> TooManyRequests:
    return TooManyRequests(f"{place[0]} in {place[1]} is being changed; try again in a moment")


def _books(stock: Stock, places: list[Place], held: Mapping[Place, Holds]) -> Iterator[Books]:
    rows = stock.store.rows(stock.tables.levels, map(levels.key, places))
    found = [(levels.level_of(row), row["status"]["S"]) for row in rows]
    keys = [movements.key(level.place, level.moved_at) for level, _ in found]
    moved = stock.store.rows(stock.tables.movements, keys)
    last = {(row["product_id"]["S"], row["warehouse_id"]["S"]): row for row in moved}
    for level, status in found:
        yield Books(level, status, held.get(level.place, {}), last.get(level.place))


def _held(stock: Stock, place: Place) -> Holds:
    return _sums(stock.store.queries(stock.held(place[0]))).get(place, {})


def _all_held(stock: Stock) -> Mapping[Place, Holds]:
    """What is held of everything."""
    return _sums(stock.store.pages("Scan", TableName=stock.tables.reservations, IndexName="product-index"))


def _sums(pages: Iterable[list[Item]]) -> dict[Place, dict[int, int]]:
    sums: dict[Place, dict[int, int]] = defaultdict(dict)
    for rows in pages:
        for line in map(reservations.line_of, rows):
            holds = sums[line.place]
            holds[line.end] = holds.get(line.end, 0) + line.quantity
    return sums


def _places(stock: Stock) -> Iterator[list[Place]]:
    listed = stock.store.pages(
        "Query",
        TableName=stock.tables.levels,
        IndexName="listing-index",
        KeyConditionExpression="listing = :levels",
        ExpressionAttributeValues={":levels": {"S": levels.LISTED}},
        Limit=PAGE,
    )
    for rows in listed:
        yield [(row["product_id"]["S"], row["warehouse_id"]["S"]) for row in rows]


def _text(holds: Holds) -> str:
    return ", ".join(f"{units} until {levels.moment(end)}" for end, units in sorted(holds.items())) or "none"
