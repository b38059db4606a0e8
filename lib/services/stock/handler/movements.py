"""A movement: what happened to a level, and what there was after it.  Those that cross a threshold are told.

A movement is written in the transaction that makes it.  One that takes a level into LOW_STOCK or OUT_OF_STOCK is itself
the alert, and in `due-index` until it is sent.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from ....runtime.attributes import Item
from .levels import IN_STOCK, Level, Place

CREATED, UPDATED, ADJUSTED, REPAIRED = "CREATED", "UPDATED", "ADJUSTED", "REPAIRED"
RESERVED, RELEASED, EXPIRED, FULFILLED = "RESERVED", "RELEASED", "EXPIRED", "FULFILLED"
TYPES = (CREATED, UPDATED, ADJUSTED, RESERVED, RELEASED, EXPIRED, FULFILLED, REPAIRED)
ALERTS = "alerts"
"""The partition of `due-index` with the movements that are still to be told."""

COUNTS = ("stock_count", "reserved_count", "available", "threshold_level")
NUMBERS = ("sequence", "quantity", *COUNTS)
TEXTS = (
    "product_id",
    "warehouse_id",
    "type",
    "reservationId",
    "reference",
    "reason",
    "actor",
    "correlationId",
    "at",
    "status",
)


class Cause(NamedTuple):
    """Why a level changes."""

    type: str
    actor: str
    reservationId: str | None = None
    reference: str | None = None
    """Somebody's own, such as an order."""
    reason: str | None = None
    """In somebody's own words."""


def key(place: Place, at: str) -> Item:
    """The key of the movement that a level had at a moment: no two are at the same."""
    return {"product_id": {"S": place[0]}, "movement_id": {"S": f"{at}#{place[1]}"}}


def row(cause: Cause, quantity: int, after: Level, correlation_id: str) -> Item:
    """The row of a movement."""
    told = {
        **cause._asdict(),
        "correlationId": correlation_id,
        "product_id": after.product_id,
        "warehouse_id": after.warehouse_id,
        "sequence": after.sequence,
        "quantity": quantity,
        "at": after.moved_at,
        **{name: getattr(after, name) for name in COUNTS},
        "status": after.status,
    }
    return {
        **key(after.place, after.moved_at),
        **{name: {"S": told[name]} for name in TEXTS if told[name] is not None},
        **{name: {"N": str(told[name])} for name in NUMBERS},
    }


def _counts(level: Level) -> Item:
    return {name: {"N": str(getattr(level, name))} for name in COUNTS}


def crosses(before: Level | None, after: Level) -> bool:
    """Whether a change takes a level into LOW_STOCK or OUT_OF_STOCK."""
    return after.status not in (IN_STOCK, before.status if before else IN_STOCK)


def alert(movement: Item, level: Level) -> Item:
    """The row of a movement that is an alert; `level` is the level without holds that have ended."""
    due = {**movement, "due": {"S": ALERTS}, "due_at": {"N": "0"}}
    if level.reserved_count == int(movement["reserved_count"]["N"]):
        return due
    return {**due, "alert": {"M": {"status": {"S": level.status}, **_counts(level)}}}


def to_response(found: Item) -> dict[str, Any]:
    """A movement, as people are told."""
    return {
        **{name: found[name]["S"] for name in TEXTS if name in found},
        **{name: int(found[name]["N"]) for name in NUMBERS},
    }
