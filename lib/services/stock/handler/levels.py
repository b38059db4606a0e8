"""Stock levels: the units of one product in one warehouse, and their changes.

`stock_count` is the number of units on hand, and `reserved_count` how many of these are reserved. The others are
available. A hold is the number of reserved units with the same expiry. The functions of this module neither call AWS
nor read the clock.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta, timezone
from types import MappingProxyType
from typing import Any, NamedTuple

from ....runtime.attributes import Item
from ....runtime.reserved_keys import PREFIX

IN_STOCK, LOW_STOCK, OUT_OF_STOCK = "IN_STOCK", "LOW_STOCK", "OUT_OF_STOCK"
SEVERITY = {IN_STOCK: 0, LOW_STOCK: 1, OUT_OF_STOCK: 2}
COUNT_MAX = 999_999_999
"""Largest `stock_count`."""
MINUTE_SECONDS = 60
STEPS_SECONDS = (3, 6, 12, 20, 40, 60, 120, 240, 300, 600, 1200, 1800, 3600)
"""Steps to which the expiry of a hold is rounded up. A hold uses the largest step of at most 5 % of its lifetime, so
the holds of a level have at most `MAX_FINE_EXPIRY_TIMES` expiry times."""
MAX_FINE_EXPIRY_TIMES = 41
MAX_EXPIRY_TIMES = 64
"""Maximum number of expiry times of a level's holds: 41 with `STEPS_SECONDS` and 23 with the coarse steps.

A level that has `MAX_FINE_EXPIRY_TIMES` expiry times uses coarse steps for new ones. A coarse step is the largest power
of two minutes up to the lifetime. Its holds expire within three steps: three expiry times for the first step and two
more for each of the ten others up to 1,024 minutes.
"""
HOLDS_PARTITION = "holds"
"""Partition of `due-index` with the levels that have holds, sorted by the first expiry time."""
LISTING_PARTITION = "levels"
"""Partition of `listing-index` with all levels."""
INDEXES = {
    (): ("listing-index", "listing"),
    ("category",): ("category-index", "category"),
    ("status",): ("status-index", "status"),
    ("category", "status"): ("category-status-index", "category_status"),
}
"""Index and partition key attribute of a listing, by the fields that filter it. The indexes project only keys, so a
reservation does not write to them unless it changes the status."""

_RFC_3339 = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)", re.ASCII)
LevelKey = tuple[str, str]
"""Product ID and warehouse ID."""


class Level(NamedTuple):
    """Stock of one product in one warehouse."""

    product_id: str
    warehouse_id: str
    category: str | None
    stock_count: int
    reserved_count: int
    threshold_level: int
    last_updated: str
    """Timestamp of the last change of `stock_count`, `threshold_level` or `category`."""
    version: int
    """Number of changes of `stock_count`, `threshold_level` and `category`, including the creation."""
    sequence: int
    """Number of movements. Writes are conditional on it. 0 if another application wrote the item."""
    moved_at: str
    """Timestamp of the last movement."""
    holds: Mapping[int, int]
    """Reserved units by expiry, in epoch seconds."""
    alerted: Mapping[str, int] = MappingProxyType({})
    """Epoch second until which each status raises no other alert; 0 until the level has recovered from the status."""

    @property
    def key(self) -> LevelKey:
        """Product ID and warehouse ID."""
        return self.product_id, self.warehouse_id

    @property
    def available(self) -> int:
        """Number of units that can be reserved or sold."""
        return self.stock_count - self.reserved_count

    @property
    def status(self) -> str:
        """Status by available units and threshold."""
        return status_of(self.available, self.threshold_level)

    def as_of(self, now: float) -> Level:
        """Return the level without the holds that have expired by `now`."""
        return _without_holds(self, [expiry for expiry in self.holds if expiry <= now])


class Rearm(NamedTuple):
    """Conditions for another alert of a status after the level has recovered from it. One of them is sufficient."""

    percent: int = 10
    """Percentage of the threshold, at least one unit, by which the available units must exceed the threshold."""
    minutes: int = 15
    """Minutes since the recovery."""


def update_alerts(before: Level | None, after: Level, now: float, rearm: Rearm) -> tuple[Level, bool]:
    """Return `after` with updated `alerted` statuses, and whether the change from `before` raises an alert."""
    alerted: dict[str, int] = {}
    if after.available <= after.threshold_level + max(1, after.threshold_level * rearm.percent / 100):
        for status, until in before.alerted.items() if before else ():
            recovered = SEVERITY[after.status] < SEVERITY[status]
            if until == 0 or until > now:
                alerted[status] = (until or math.ceil(now) + rearm.minutes * MINUTE_SECONDS) if recovered else 0
    raises = after.status != IN_STOCK and after.status not in alerted
    if raises:
        alerted[after.status] = 0
    return after._replace(alerted=alerted), raises


def status_of(available: int, threshold_level: int) -> str:
    """Return the status for a number of available units."""
    if available <= 0:
        return OUT_OF_STOCK
    return LOW_STOCK if available <= threshold_level else IN_STOCK


def new_level(key: LevelKey, stock_count: int, threshold_level: int, category: str | None, at: str) -> Level:
    """Return a new level."""
    return Level(*key, category, stock_count, 0, threshold_level, at, 1, 1, at, {})


def add_hold(level: Level, *, units: int, expiry: int, at: str) -> Level:
    """Return the level with `units` reserved until `expiry`."""
    return _with_movement(_change_hold(level, units, expiry), at)


def release_hold(level: Level, *, units: int, expiry: int, at: str) -> Level:
    """Return the level after the release of `units` that were reserved until `expiry`."""
    return _with_movement(_change_hold(level, -units, expiry), at)


def fulfill_hold(level: Level, *, units: int, expiry: int, at: str) -> Level:
    """Return the level after the sale of `units` that were reserved until `expiry`."""
    return edit(_change_hold(level, -units, expiry), at=at, stock_count=level.stock_count - units)


def sell(level: Level, *, units: int, at: str) -> Level:
    """Return the level after the sale of available `units`."""
    return edit(level, at=at, stock_count=level.stock_count - units)


def edit(level: Level, *, at: str, **changes: Any) -> Level:
    """Return the level with changed fields and the next version."""
    return _with_movement(level._replace(**changes, version=level.version + 1, last_updated=at), at)


def _with_movement(level: Level, at: str) -> Level:
    return level._replace(sequence=level.sequence + 1, moved_at=at)


def _change_hold(level: Level, units: int, expiry: int) -> Level:
    holds = {**level.holds, expiry: level.holds.get(expiry, 0) + units}
    return level._replace(
        reserved_count=level.reserved_count + units,
        holds={key: reserved for key, reserved in holds.items() if reserved},
    )


def _without_holds(level: Level, expiries: list[int]) -> Level:
    for expiry in expiries:
        level = _change_hold(level, -level.holds[expiry], expiry)
    return level


def product_to_response(levels: list[Level]) -> dict[str, Any]:
    """Return the response fields of a product: the sums over its warehouses, and each level."""
    counts = {
        name: sum(getattr(level, name) for level in levels)
        for name in ("stock_count", "reserved_count", "available", "threshold_level")
    }
    return {
        "product_id": levels[0].product_id,
        **counts,
        # `expected_version` guards a single level, so a sum of several has no version.
        **({"version": levels[0].version} if len(levels) == 1 else {}),
        "status": status_of(counts["available"], counts["threshold_level"]),
        "last_updated": max(level.last_updated for level in levels),
        "warehouses": [to_response(level) for level in levels],
    }


def to_response(level: Level) -> dict[str, Any]:
    """Return the response fields of a level."""
    return {
        "product_id": level.product_id,
        "warehouse_id": level.warehouse_id,
        **({"category": level.category} if level.category is not None else {}),
        "stock_count": level.stock_count,
        "reserved_count": level.reserved_count,
        "available": level.available,
        "threshold_level": level.threshold_level,
        "status": level.status,
        "last_updated": level.last_updated,
        "version": level.version,
    }


def item_key(key: LevelKey) -> Item:
    """Return the primary key of a level."""
    return {"product_id": {"S": key[0]}, "warehouse_id": {"S": key[1]}}


def service_item_key(name: str) -> Item:
    """Return the primary key of an internal item of the service that is not a level."""
    return item_key((name, PREFIX))


def to_item(level: Level) -> Item:
    """Return the DynamoDB item of a level."""
    item: Item = {
        **item_key(level.key),
        "stock_count": _number(level.stock_count),
        "reserved_count": _number(level.reserved_count),
        "threshold_level": _number(level.threshold_level),
        "status": {"S": level.status},
        "last_updated": {"S": level.last_updated},
        "version": _number(level.version),
        "sequence": _number(level.sequence),
        "moved_at": {"S": level.moved_at},
        "holds": {"M": {str(expiry): _number(units) for expiry, units in level.holds.items()}},
        "alerted": {"M": {status: _number(until) for status, until in level.alerted.items()}},
        "listing": {"S": LISTING_PARTITION},
    }
    if level.category is not None:
        item["category"] = {"S": level.category}
        item["category_status"] = {"S": f"{level.status}#{level.category}"}
    if level.holds:
        item["due"] = {"S": HOLDS_PARTITION}
        item["due_at"] = _number(min(level.holds))
    return item


def from_item(item: Item) -> Level:
    """Return the level of a DynamoDB item. Items of other applications need only the primary key.

    Missing counts are 0, a missing `version` is 1, and a missing `last_updated` is 1970. An item without `sequence` has
    no movements, an item without `holds` has no expiring reservations. Without `alerted`, the alert for the current
    status counts as sent.
    """
    level = Level(
        product_id=item["product_id"]["S"],
        warehouse_id=item["warehouse_id"]["S"],
        category=item["category"]["S"] if "category" in item else None,
        stock_count=_read_number(item, "stock_count"),
        reserved_count=_read_number(item, "reserved_count"),
        threshold_level=_read_number(item, "threshold_level"),
        last_updated=item["last_updated"]["S"] if "last_updated" in item else format_timestamp(0),
        version=_read_number(item, "version", 1),
        sequence=_read_number(item, "sequence"),
        moved_at=item["moved_at"]["S"] if "moved_at" in item else "",
        holds={int(expiry): int(units["N"]) for expiry, units in item.get("holds", {"M": {}})["M"].items()},
    )
    if "alerted" in item:
        alerted = {status: int(until["N"]) for status, until in item["alerted"]["M"].items()}
    else:
        alerted = {} if level.status == IN_STOCK else {level.status: 0}
    return level._replace(alerted=alerted)


def _read_number(item: Item, name: str, default: int = 0) -> int:
    return int(item[name]["N"]) if name in item else default


def from_items(items: Iterable[Item]) -> dict[LevelKey, Level]:
    """Return the levels of DynamoDB items by their keys."""
    return {level.key: level for level in map(from_item, items)}


def _number(value: int) -> dict[str, str]:
    return {"N": str(value)}


def hold_expiry(now: float, minutes: int, levels: Iterable[Level]) -> int:
    """Return the expiry of a hold, rounded up so that no level has more than `MAX_EXPIRY_TIMES` expiry times."""
    lifetime = minutes * MINUTE_SECONDS
    expiry = _round_up(now + lifetime, max(step for step in STEPS_SECONDS if step * 20 <= lifetime))
    if any(expiry not in level.holds and len(level.as_of(now).holds) >= MAX_FINE_EXPIRY_TIMES for level in levels):
        expiry = _round_up(now + lifetime, MINUTE_SECONDS << minutes.bit_length() - 1)
    return expiry


def _round_up(seconds: float, step: int) -> int:
    return math.ceil(seconds / step) * step


def normalize_timestamp(value: str) -> str:
    """Return an RFC 3339 timestamp in the form of `format_timestamp`; raise `ValueError` if it is invalid."""
    match = _RFC_3339.fullmatch(value)
    if not match:
        raise ValueError(value)
    second, fraction, offset = match.groups()
    timestamp = datetime.fromisoformat(f"{second}.{(fraction or '')[:6]:0<6}{offset.replace('Z', '+00:00')}")
    try:
        return _to_text(timestamp.astimezone(timezone.utc))
    except OverflowError as exc:
        raise ValueError(value) from exc


def format_timestamp(now: float, after: str = "") -> str:
    """Return `now` in UTC with microseconds, but always a later timestamp than `after`, even if clocks differ."""
    timestamp = _to_text(datetime.fromtimestamp(now, timezone.utc))
    if timestamp > after:
        return timestamp
    return _to_text(datetime.fromisoformat(after.replace("Z", "+00:00")) + timedelta(microseconds=1))


def _to_text(timestamp: datetime) -> str:
    return timestamp.isoformat(timespec="microseconds").replace("+00:00", "Z")
