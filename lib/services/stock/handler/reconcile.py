"""Comparison of levels with reservations and movements, and repair of the differences.

Reservations are the source of truth for reserved units, movements for units on hand.
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
from ....runtime.errors import TooManyRequests
from ....runtime.http_client import DEADLINE
from ....runtime.reserved_keys import PREFIX
from ....runtime.transactions import WriteConflict
from . import levels, movements, reservations
from .errors import level_not_found
from .levels import Level, LevelKey
from .movements import Cause
from .repository import Repository
from .reservations import RequestedLine
from .unit_of_work import UnitOfWork

CONFIRMATIONS = 3
"""Number of consecutive equal comparisons that confirm a drift, because indexes are eventually consistent."""
MAX_COMPARISONS = 10
"""Maximum number of comparisons of a level that keeps changing."""
PAUSE_SECONDS = 1
QUIET_SECONDS = 60
"""Minimum time since the last movement before a repair. An earlier repair could release the units of a hold that is not
in the index yet. Reports do not wait, because they would omit levels that change all day.
"""
PAGE = 100
MAX_PAGES = 100
"""Maximum number of pages of levels between two confirmations of differing levels."""
MAX_CANDIDATES = 1_000
"""Number of differing levels after which they are confirmed before the next page is read."""
POSITION = f"{PREFIX}reconcile-position"
"""Name of the internal item that stores the product at which the next run continues."""

T = TypeVar("T")
Holds = Mapping[int, int]


class Drift(NamedTuple):
    """Field of a level that differs from the expected value."""

    product_id: str
    warehouse_id: str
    field: str
    counted: Any
    """Value computed from reservations or movements."""
    found: Any
    """Stored value."""


class LevelComparison(NamedTuple):
    """Level together with its reservations and last movement."""

    level: Level
    status: str
    """Stored status."""
    holds: Holds
    """Reserved units by expiry, computed from the reservations."""
    last_movement: Item | None
    """Item of the last movement; None if it is missing."""

    def expected(self) -> Level:
        """Return the level according to reservations and movements."""
        stock_count = int(self.last_movement["stock_count"]["N"]) if self.last_movement else self.level.stock_count
        return self.level._replace(
            stock_count=stock_count, holds=dict(self.holds), reserved_count=sum(self.holds.values())
        )

    def drifts(self) -> Iterator[Drift]:
        """Yield the fields that differ."""
        expected = self.expected()
        for field in ("stock_count", "reserved_count"):
            if getattr(expected, field) != getattr(self.level, field):
                yield Drift(*self.level.key, field, getattr(expected, field), getattr(self.level, field))
        if expected.holds != self.level.holds:
            yield Drift(*self.level.key, "holds", _format_holds(expected.holds), _format_holds(self.level.holds))
        if expected.status != self.status:
            yield Drift(*self.level.key, "status", expected.status, self.status)
        if self.last_movement is None and self.level.sequence:
            yield Drift(*self.level.key, "sequence", 0, self.level.sequence)


def product(
    repository: Repository, product_id: str, repair: bool, actor: str, sleep: Callable[[float], None] = time.sleep
) -> list[Drift]:
    """Return the drifts of a product in all warehouses, and repair them if `repair` is set.

    Skip warehouses that are being modified, and finally raise `TooManyRequests` with their names.
    """
    keys = [*repository.levels([RequestedLine(product_id, None, 0)])]
    if not keys:
        raise level_not_found(product_id, None)
    drifts: list[Drift] = []
    modified = []
    for key, comparison in _confirmed_comparisons(repository, keys, sleep):
        if comparison is None or (repair and not _repair(repository, comparison, actor)):
            modified.append(key[1])
        else:
            drifts += comparison.drifts()
    if modified:
        warehouses = ", ".join(sorted(modified))
        raise TooManyRequests(f"Product {product_id!r} is being modified in {warehouses}. Try again in a minute.")
    return sorted(drifts, key=lambda drift: drift.warehouse_id)


def all_products(repository: Repository, sleep: Callable[[float], None] = time.sleep) -> None:
    """Compare all levels, log each confirmed drift and publish the number of drifts.

    Raise `TooManyRequests` if the time is used up. The next run continues at the product that this run has reached.
    """
    items = repository.store.batch_get(repository.tables.levels, [levels.service_item_key(POSITION)])
    start = position = items[0]["position"]["S"] if items else ""
    count = 0
    try:
        for candidates, last in _candidates(repository, start):
            for key, comparison in _confirmed_comparisons(repository, candidates, sleep):
                if comparison is None:
                    logging.write("WARN", "level not compared", product=key[0], warehouse=key[1])
                    continue
                for drift in comparison.drifts():
                    logging.write("ERROR", "drift", **drift._asdict())
                    count += 1
            position = last
    except TooManyRequests:
        if position != start:
            item = {**levels.service_item_key(POSITION), "position": {"S": position}}
            repository.store.call("PutItem", TableName=repository.tables.levels, Item=item)
        raise
    finally:
        metrics.emit(Drift=(count, "Count"))


def _candidates(repository: Repository, start: str) -> Iterator[tuple[list[LevelKey], str]]:
    """Yield batches of levels with unconfirmed drifts, each with the last product that was read completely."""
    holds_by_level = _holds_by_level(
        _until_timeout(
            repository.store.paginate("Scan", TableName=repository.tables.reservations, IndexName="product-index")
        )
    )
    differing: list[LevelKey] = []
    pages = 0
    last = start
    for keys in _until_timeout(_key_pages(repository, start)):
        differing += [
            comparison.level.key
            for comparison in _comparisons(repository, keys, holds_by_level)
            if any(comparison.drifts())
        ]
        pages += 1
        last = keys[-1][0]
        if len(differing) >= MAX_CANDIDATES or pages == MAX_PAGES:
            yield differing, last
            differing, pages = [], 0
    yield differing, last


def _confirmed_comparisons(
    repository: Repository, keys: list[LevelKey], sleep: Callable[[float], None]
) -> Iterator[tuple[LevelKey, LevelComparison | None]]:
    """Yield each level with a drift after `CONFIRMATIONS` equal comparisons, or None for a level that keeps changing.

    All levels are compared in the same rounds, so the time does not depend on their number.
    """
    rounds = deque[dict[LevelKey, LevelComparison]](maxlen=CONFIRMATIONS)
    for _ in range(MAX_COMPARISONS):
        rounds.append(_differing(repository, keys))
        keys = []
        for key, comparison in rounds[-1].items():
            if [comparisons.get(key) for comparisons in rounds] == [comparison] * CONFIRMATIONS:
                yield key, comparison
            else:
                keys.append(key)
        if not keys:
            return
        sleep(PAUSE_SECONDS)
    for key in keys:
        yield key, None


def _differing(repository: Repository, keys: list[LevelKey]) -> dict[LevelKey, LevelComparison]:
    """Return the current comparisons of the levels that differ."""
    holds_by_level: dict[LevelKey, Holds] = {}
    products: set[str] = set()
    differing: dict[LevelKey, LevelComparison] = {}
    for page in _until_timeout(keys[start : start + PAGE] for start in range(0, len(keys), PAGE)):
        new = {product_id for product_id, _ in page} - products
        products |= new
        holds_by_level.update(_holds_by_level(repository.store.query_all(*map(repository.holds_query, new))))
        differing.update(
            (comparison.level.key, comparison)
            for comparison in _comparisons(repository, page, holds_by_level)
            if any(comparison.drifts())
        )
    return differing


def _until_timeout(parts: Iterable[T]) -> Iterator[T]:
    """Yield the parts. Raise `TooManyRequests` if the time of the invocation is used up."""
    for part in parts:
        if DEADLINE.is_exceeded():
            raise TooManyRequests(
                "The comparison ran out of time. Increase the function timeout or compare single products."
            )
        yield part


def _repair(repository: Repository, comparison: LevelComparison, actor: str) -> bool:
    """Repair a level and return True, or return False if it is being modified."""
    now = repository.now()
    if comparison.level.moved_at > levels.format_timestamp(now - QUIET_SECONDS):
        return False
    expected = comparison.expected()
    work = UnitOfWork({comparison.level.key: comparison.level}, now)
    reason = "; ".join(f"{drift.field} {drift.found} -> {drift.counted}" for drift in comparison.drifts())
    values = {name: getattr(expected, name) for name in ("stock_count", "reserved_count", "holds")}
    # A quantity of 0 keeps the sum of the movements unchanged.
    work.move(comparison.level.key, Cause(movements.REPAIRED, actor, reason=reason), 0, partial(levels.edit, **values))
    try:
        work.commit(repository, None, "")
    except WriteConflict:
        return False
    return True


def _comparisons(
    repository: Repository, keys: list[LevelKey], holds_by_level: Mapping[LevelKey, Holds]
) -> Iterator[LevelComparison]:
    items = repository.store.batch_get(repository.tables.levels, map(levels.item_key, keys))
    stored = [(levels.from_item(item), item.get("status", {"S": ""})["S"]) for item in items]
    movement_keys = [movements.item_key(level.key, level.moved_at) for level, _ in stored]
    last_movements = repository.store.batch_get(repository.tables.movements, movement_keys)
    last = {(item["product_id"]["S"], item["warehouse_id"]["S"]): item for item in last_movements}
    for level, status in stored:
        yield LevelComparison(level, status, holds_by_level.get(level.key, {}), last.get(level.key))


def _holds_by_level(pages: Iterable[list[Item]]) -> dict[LevelKey, dict[int, int]]:
    holds_by_level: dict[LevelKey, dict[int, int]] = defaultdict(dict)
    for items in pages:
        for line in map(reservations.from_item, items):
            holds = holds_by_level[line.level_key]
            holds[line.expires_at] = holds.get(line.expires_at, 0) + line.quantity
    return holds_by_level


def _key_pages(repository: Repository, start: str) -> Iterator[list[LevelKey]]:
    """Yield the keys of all levels: from the product `start` to the last one, then those before `start`."""
    request: dict[str, Any] = {
        "TableName": repository.tables.levels,
        "IndexName": "listing-index",
        "KeyConditionExpression": "listing = :levels",
        "ExpressionAttributeValues": {":levels": {"S": levels.LISTING_PARTITION}},
        "Limit": PAGE,
    }
    requests = [request]
    if start:
        request["ExpressionAttributeValues"][":start"] = {"S": start}
        conditions = ("product_id >= :start", "product_id < :start")
        requests = [{**request, "KeyConditionExpression": f"listing = :levels AND {part}"} for part in conditions]
    for items in chain.from_iterable(repository.store.paginate("Query", **query) for query in requests):
        if items:
            yield [(item["product_id"]["S"], item["warehouse_id"]["S"]) for item in items]


def _format_holds(holds: Holds) -> str:
    return (
        ", ".join(f"{units} until {levels.format_timestamp(expiry)}" for expiry, units in sorted(holds.items()))
        or "none"
    )
