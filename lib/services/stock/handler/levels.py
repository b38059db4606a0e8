"""A level, which is what there is of one product in one warehouse, and what can happen to it.

Nothing here asks AWS or the clock.  Units on hand are `stock_count`; those of them that somebody holds are
`reserved_count`; what is left is available.
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
"""Steps of the grid on which holds end.  A lifetime uses the largest of at most 5 % of it, which is 41 ends at most."""
MAX_FINE_ENDS = 41
MAX_ENDS = 64
"""Largest number of different ends of a level's holds: 41 on the fine grids and 23 on the coarse ones.

A coarse step is the largest power of two minutes that is at most the lifetime.  Its holds end within three steps, which
are three different ends for the first step and two more for each of the ten others up to 1,024 minutes.
"""
HOLDS = "holds"
"""The partition of `due-index` with the levels somebody holds units of, in the order of when the first hold ends."""
LISTED = "levels"
INDEXES = {
    (): ("listing-index", "listing"),
    ("category",): ("category-index", "category"),
    ("status",): ("status-index", "status"),
    ("category", "status"): ("category-status-index", "category_status"),
}
"""The index that serves a listing, by what it is narrowed to, and the index's partition key.  They hold keys alone, so
that holding units of a product writes to none of them."""

_RFC_3339 = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)", re.ASCII)
Place = tuple[str, str]
"""A product and a warehouse."""


class Level(NamedTuple):
    """What there is of a product in a warehouse."""

    product_id: str
    warehouse_id: str
    category: str | None
    stock_count: int
    reserved_count: int
    threshold_level: int
    last_updated: str
    """When `stock_count`, `threshold_level` or `category` was last changed."""
    version: int
    """How often they were, its creation counted."""
    sequence: int
    """How many movements it has had: no two writers can both add the next.  0: another program wrote the row."""
    moved_at: str
    """When the last of them was."""
    holds: Mapping[int, int]
    """Held units by the epoch second at which they are free again."""
    alerted: Mapping[str, int] = MappingProxyType({})
    """The statuses that raise no alert, each with the epoch second until which; 0 while the level has not recovered."""

    @property
    def place(self) -> Place:
        """Its product and its warehouse."""
        return self.product_id, self.warehouse_id

    @property
    def available(self) -> int:
        """What anybody may have."""
        return self.stock_count - self.reserved_count

    @property
    def status(self) -> str:
        """What customers and administrators are told."""
        return status_of(self.available, self.threshold_level)

    def as_of(self, now: float) -> Level:
        """Return the level at a time: without holds that have expired by then."""
        return _without(self, [end for end in self.holds if end <= now])


class Rearm(NamedTuple):
    """When a level that has recovered from a status may raise an alert for it again: whichever comes first."""

    percent: int = 10
    """Of the threshold.  More than this, and more than one unit, must be available above the threshold."""
    minutes: int = 15
    """Since the recovery."""


def alerting(before: Level | None, after: Level, now: float, rearm: Rearm) -> tuple[Level, bool]:
    """Return `after` with its `alerted` statuses, and whether it raises an alert; `before` is the level until `now`."""
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
    """The status for so many available units."""
    if available <= 0:
        return OUT_OF_STOCK
    return LOW_STOCK if available <= threshold_level else IN_STOCK


def created(place: Place, stock_count: int, threshold_level: int, category: str | None, at: str) -> Level:
    """A new level."""
    return Level(*place, category, stock_count, 0, threshold_level, at, 1, 1, at, {})


def held(level: Level, *, units: int, end: int, at: str) -> Level:
    """The level once somebody holds units of it."""
    return _moved(_holding(level, units, end), at)


def freed(level: Level, *, units: int, end: int, at: str) -> Level:
    """The level once somebody has let go of units that were held until `end`."""
    return _moved(_holding(level, -units, end), at)


def fulfilled(level: Level, *, units: int, end: int, at: str) -> Level:
    """The level once units that were held until `end` have left the warehouse."""
    return edited(_holding(level, -units, end), at=at, stock_count=level.stock_count - units)


def sold(level: Level, *, units: int, at: str) -> Level:
    """The level once free units have left the warehouse."""
    return edited(level, at=at, stock_count=level.stock_count - units)


def edited(level: Level, *, at: str, **changes: Any) -> Level:
    """The level with other figures."""
    return _moved(level._replace(**changes, version=level.version + 1, last_updated=at), at)


def _moved(level: Level, at: str) -> Level:
    return level._replace(sequence=level.sequence + 1, moved_at=at)


def _holding(level: Level, units: int, end: int) -> Level:
    holds = {**level.holds, end: level.holds.get(end, 0) + units}
    return level._replace(
        reserved_count=level.reserved_count + units,
        holds={e: held_units for e, held_units in holds.items() if held_units},
    )


def _without(level: Level, ends: list[int]) -> Level:
    for end in ends:
        level = _holding(level, -level.holds[end], end)
    return level


def summed(levels: list[Level]) -> dict[str, Any]:
    """What there is of a product in all its warehouses, as people are told."""
    counts = {
        name: sum(getattr(level, name) for level in levels)
        for name in ("stock_count", "reserved_count", "available", "threshold_level")
    }
    return {
        "product_id": levels[0].product_id,
        **counts,
        # Several levels have no common version: the sum of theirs would guard no change of one.
        **({"version": levels[0].version} if len(levels) == 1 else {}),
        "status": status_of(counts["available"], counts["threshold_level"]),
        "last_updated": max(level.last_updated for level in levels),
        "warehouses": [to_response(level) for level in levels],
    }


def to_response(level: Level) -> dict[str, Any]:
    """A level, as people are told."""
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


def key(place: Place) -> Item:
    """The key of a level's row."""
    return {"product_id": {"S": place[0]}, "warehouse_id": {"S": place[1]}}


def own_row(name: str) -> Item:
    """The key of a row the service keeps for itself."""
    return key((name, PREFIX))


def row(level: Level) -> Item:
    """The row of a level."""
    found: Item = {
        **key(level.place),
        "stock_count": _number(level.stock_count),
        "reserved_count": _number(level.reserved_count),
        "threshold_level": _number(level.threshold_level),
        "status": {"S": level.status},
        "last_updated": {"S": level.last_updated},
        "version": _number(level.version),
        "sequence": _number(level.sequence),
        "moved_at": {"S": level.moved_at},
        "holds": {"M": {str(end): _number(units) for end, units in level.holds.items()}},
        "alerted": {"M": {status: _number(until) for status, until in level.alerted.items()}},
        "listing": {"S": LISTED},
    }
    if level.category is not None:
        found["category"] = {"S": level.category}
        found["category_status"] = {"S": f"{level.status}#{level.category}"}
    if level.holds:
        found["due"] = {"S": HOLDS}
        found["due_at"] = _number(min(level.holds))
    return found


def level_of(found: Item) -> Level:
    """The level that a row holds, also one that another program wrote, of which only the key must be there.

    Missing counts are 0, a missing `version` is 1, a missing `last_updated` is 1970.  Without `sequence` the row has no
    movements, and without `holds` no reservation expires.  Without `alerted` an alert was sent for the status.
    """
    level = Level(
        product_id=found["product_id"]["S"],
        warehouse_id=found["warehouse_id"]["S"],
        category=found["category"]["S"] if "category" in found else None,
        stock_count=_read_number(found, "stock_count"),
        reserved_count=_read_number(found, "reserved_count"),
        threshold_level=_read_number(found, "threshold_level"),
        last_updated=found["last_updated"]["S"] if "last_updated" in found else format_timestamp(0),
        version=_read_number(found, "version", 1),
        sequence=_read_number(found, "sequence"),
        moved_at=found["moved_at"]["S"] if "moved_at" in found else "",
        holds={int(end): int(units["N"]) for end, units in found.get("holds", {"M": {}})["M"].items()},
    )
    if "alerted" in found:
        alerted = {status: int(until["N"]) for status, until in found["alerted"]["M"].items()}
    else:
        alerted = {} if level.status == IN_STOCK else {level.status: 0}
    return level._replace(alerted=alerted)


def _read_number(found: Item, name: str, missing: int = 0) -> int:
    return int(found[name]["N"]) if name in found else missing


def levels_of(rows: Iterable[Item]) -> dict[Place, Level]:
    """The levels that rows hold, by their places."""
    return {level.place: level for level in map(level_of, rows)}


def _number(value: int) -> dict[str, str]:
    return {"N": str(value)}


def end_of_hold(now: float, minutes: int, found: Iterable[Level]) -> int:
    """Return the epoch second at which a hold of `minutes` ends, rounded up so that levels have at most `MAX_ENDS`."""
    lifetime = minutes * MINUTE_SECONDS
    end = _rounded_up(now + lifetime, max(step for step in STEPS_SECONDS if step * 20 <= lifetime))
    if any(end not in level.holds and len(level.as_of(now).holds) >= MAX_FINE_ENDS for level in found):
        end = _rounded_up(now + lifetime, MINUTE_SECONDS << minutes.bit_length() - 1)
    return end


def _rounded_up(seconds: float, step: int) -> int:
    return math.ceil(seconds / step) * step


def normalize_timestamp(text: str) -> str:
    """Return a time of RFC 3339 as `format_timestamp` writes it; raise `ValueError` if it is none."""
    found = _RFC_3339.fullmatch(text)
    if not found:
        raise ValueError(text)
    second, fraction, offset = found.groups()
    when = datetime.fromisoformat(f"{second}.{(fraction or '')[:6]:0<6}{offset.replace('Z', '+00:00')}")
    try:
        return _text(when.astimezone(timezone.utc))
    except OverflowError as exc:
        raise ValueError(text) from exc


def format_timestamp(now: float, after: str = "") -> str:
    """Return a time in UTC to the microsecond, and later than `after`, even if another clock was wrong."""
    found = _text(datetime.fromtimestamp(now, timezone.utc))
    if found > after:
        return found
    return _text(datetime.fromisoformat(after.replace("Z", "+00:00")) + timedelta(microseconds=1))


def _text(when: datetime) -> str:
    return when.isoformat(timespec="microseconds").replace("+00:00", "Z")
