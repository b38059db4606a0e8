"""Compares what levels say with what reservations and movements say, and mends what differs.

Reservations are right about what is held, movements about what is on hand.
"""

from __future__ import annotations

import time
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from itertools import chain
from typing import Any, Callable, NamedTuple, TypeVar

from ....runtime import logging, metrics
from ....runtime.attributes import Item
from ....runtime.errors import NotFound, TooManyRequests
from ....runtime.http_client import DEADLINE
from ....runtime.reserved_keys import PREFIX
from ....runtime.transactions import WriteConflict
from . import levels, movements, reservations
from .levels import Level, Place
from .movements import Cause
from .repository import Repository
from .reservations import RequestedLine
from .unit_of_work import UnitOfWork

LOOKS = 3
"""How often in a row a level must be found to differ, in the same way and unmoved: an index may be a moment behind."""
MOST_LOOKS = 10
"""How often a level that keeps moving is looked at."""
PAUSE_SECONDS = 1
QUIET_SECONDS = 60
"""How long a level must not have moved to be mended: a hold that the index has yet to hear of would be sold again.

To be told it needs not: that is a false alarm at worst, and one that is sold all day would never be told.
"""
PAGE = 100
MAX_PAGES = 100
"""Maximum number of pages of levels that are read before those that differ are looked at again."""
MAX_CANDIDATES = 1_000
"""Number of differing levels after which no further page is read before they are looked at again."""
POSITION = f"{PREFIX}reconcile-position"
"""Name of the service's own row with the product at which the next run continues."""

T = TypeVar("T")
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


class LevelComparison(NamedTuple):
    """A level, and what is written about it elsewhere."""

    level: Level
    status: str
    """As it is stored."""
    holds: Holds
    """Of its reservations."""
    last: Item | None
    """Its last movement."""

    def expected(self) -> Level:
        """The level as it should be."""
        stock_count = int(self.last["stock_count"]["N"]) if self.last else self.level.stock_count
        return self.level._replace(
            stock_count=stock_count, holds=dict(self.holds), reserved_count=sum(self.holds.values())
        )

    def drifts(self) -> Iterator[Drift]:
        """What differs."""
        expected = self.expected()
        for field in ("stock_count", "reserved_count"):
            if getattr(expected, field) != getattr(self.level, field):
                yield Drift(*self.level.place, field, getattr(expected, field), getattr(self.level, field))
        if expected.holds != self.level.holds:
            yield Drift(*self.level.place, "holds", _text(expected.holds), _text(self.level.holds))
        if expected.status != self.status:
            yield Drift(*self.level.place, "status", expected.status, self.status)
        if self.last is None and self.level.sequence:
            yield Drift(*self.level.place, "sequence", 0, self.level.sequence)


def product(
    repository: Repository, product_id: str, repair: bool, by: str, sleep: Callable[[float], None] = time.sleep
) -> list[Drift]:
    """What differs of a product, in every warehouse; mended if that is asked for.

    `TooManyRequests` names the warehouses that are being changed; the others are mended all the same.
    """
    places = [*repository.levels([RequestedLine(product_id, None, 0)])]
    if not places:
        raise NotFound(f"no product {product_id!r}")
    found: list[Drift] = []
    moving = []
    for place, comparison in _compared(repository, places, sleep):
        if comparison is None or (repair and not _repair(repository, comparison, by)):
            moving.append(place[1])
        else:
            found += comparison.drifts()
    if moving:
        where = ", ".join(sorted(moving))
        raise TooManyRequests(f"{product_id} in {where} is being changed; try again in a minute")
    return sorted(found, key=lambda drift: drift.warehouse_id)


def everything(repository: Repository, sleep: Callable[[float], None] = time.sleep) -> None:
    """Compare all levels: log each drift once it is found and count them, whatever fails.

    A run that is out of time raises `TooManyRequests`. The next run continues where it stopped, then starts over.
    """
    rows = repository.store.batch_get(repository.tables.levels, [levels.own_row(POSITION)])
    start = position = rows[0]["position"]["S"] if rows else ""
    found = 0
    try:
        for candidates, last in _candidates(repository, start):
            for place, comparison in _compared(repository, candidates, sleep):
                if comparison is None:
                    logging.write("WARN", "not compared", product=place[0], warehouse=place[1])
                    continue
                for drift in comparison.drifts():
                    logging.write("ERROR", "drift", **drift._asdict())
                    found += 1
            position = last
    except TooManyRequests:
        if position != start:
            row = {**levels.own_row(POSITION), "position": {"S": position}}
            repository.store.call("PutItem", TableName=repository.tables.levels, Item=row)
        raise
    finally:
        metrics.emit(Drift=(found, "Count"))


def _candidates(repository: Repository, start: str) -> Iterator[tuple[list[Place], str]]:
    """Yield levels that seem to differ, some at a time, and the product up to which all levels were read."""
    held = _sums(
        _in_time(repository.store.paginate("Scan", TableName=repository.tables.reservations, IndexName="product-index"))
    )
    differing: list[Place] = []
    pages = 0
    last = start
    for places in _in_time(_places(repository, start)):
        differing += [
            comparison.level.place for comparison in _comparisons(repository, places, held) if any(comparison.drifts())
        ]
        pages += 1
        last = places[-1][0]
        if len(differing) >= MAX_CANDIDATES or pages == MAX_PAGES:
            yield differing, last
            differing, pages = [], 0
    yield differing, last


def _compared(
    repository: Repository, places: list[Place], sleep: Callable[[float], None]
) -> Iterator[tuple[Place, LevelComparison | None]]:
    """The levels that differ in the same way at some looks in a row, once they have; None for one that is never still.

    They share the looks, so that many take no longer than one.
    """
    looks = deque[dict[Place, LevelComparison]](maxlen=LOOKS)
    for _ in range(MOST_LOOKS):
        looks.append(_look(repository, places))
        places = []
        for place, comparison in looks[-1].items():
            if [look.get(place) for look in looks] == [comparison] * LOOKS:
                yield place, comparison
            else:
                places.append(place)
        if not places:
            return
        sleep(PAUSE_SECONDS)
    for place in places:
        yield place, None


def _look(repository: Repository, places: list[Place]) -> dict[Place, LevelComparison]:
    """Return those of the levels that differ now."""
    held: dict[Place, Holds] = {}
    products: set[str] = set()
    differing: dict[Place, LevelComparison] = {}
    for some in _in_time(places[start : start + PAGE] for start in range(0, len(places), PAGE)):
        new = {product_id for product_id, _ in some} - products
        products |= new
        held.update(_sums(repository.store.query_all(*map(repository.holds_query, new))))
        differing.update(
            (comparison.level.place, comparison)
            for comparison in _comparisons(repository, some, held)
            if any(comparison.drifts())
        )
    return differing


def _in_time(parts: Iterable[T]) -> Iterator[T]:
    """Yield parts while there is time to work on them; then raise `TooManyRequests`."""
    for part in parts:
        if DEADLINE.is_exceeded():
            raise TooManyRequests(
                "The comparison ran out of time. Increase the function timeout or compare single products."
            )
        yield part


def _repair(repository: Repository, comparison: LevelComparison, by: str) -> bool:
    """Mend a level, unless somebody is changing it."""
    now = repository.now()
    if comparison.level.moved_at > levels.format_timestamp(now - QUIET_SECONDS):
        return False
    expected = comparison.expected()
    work = UnitOfWork({comparison.level.place: comparison.level}, now)
    reason = "; ".join(f"{drift.field} {drift.found} -> {drift.counted}" for drift in comparison.drifts())
    values = {name: getattr(expected, name) for name in ("stock_count", "reserved_count", "holds")}
    # Of the movements nothing is mended: what they come to stays as it is.
    work.move(comparison.level.place, Cause(movements.REPAIRED, by, reason=reason), 0, partial(levels.edited, **values))
    try:
        work.commit(repository, None, "")
    except WriteConflict:
        return False
    return True


def _comparisons(repository: Repository, places: list[Place], held: Mapping[Place, Holds]) -> Iterator[LevelComparison]:
    rows = repository.store.batch_get(repository.tables.levels, map(levels.key, places))
    found = [(levels.level_of(row), row.get("status", {"S": ""})["S"]) for row in rows]
    keys = [movements.key(level.place, level.moved_at) for level, _ in found]
    moved = repository.store.batch_get(repository.tables.movements, keys)
    last = {(row["product_id"]["S"], row["warehouse_id"]["S"]): row for row in moved}
    for level, status in found:
        yield LevelComparison(level, status, held.get(level.place, {}), last.get(level.place))


def _sums(pages: Iterable[list[Item]]) -> dict[Place, dict[int, int]]:
    sums: dict[Place, dict[int, int]] = defaultdict(dict)
    for rows in pages:
        for line in map(reservations.line_of, rows):
            holds = sums[line.place]
            holds[line.end] = holds.get(line.end, 0) + line.quantity
    return sums


def _places(repository: Repository, start: str) -> Iterator[list[Place]]:
    """Yield all levels, from the product `start` to the last, then those before it."""
    request: dict[str, Any] = {
        "TableName": repository.tables.levels,
        "IndexName": "listing-index",
        "KeyConditionExpression": "listing = :levels",
        "ExpressionAttributeValues": {":levels": {"S": levels.LISTED}},
        "Limit": PAGE,
    }
    requests = [request]
    if start:
        request["ExpressionAttributeValues"][":start"] = {"S": start}
        conditions = ("product_id >= :start", "product_id < :start")
        requests = [{**request, "KeyConditionExpression": f"listing = :levels AND {part}"} for part in conditions]
    for rows in chain.from_iterable(repository.store.paginate("Query", **one) for one in requests):
        if rows:
            yield [(row["product_id"]["S"], row["warehouse_id"]["S"]) for row in rows]


def _text(holds: Holds) -> str:
    return ", ".join(f"{units} until {levels.format_timestamp(end)}" for end, units in sorted(holds.items())) or "none"
