"""Movements: records of the changes of levels, with the counts after the change.

A movement is written in the transaction that changes the level. A movement that raises an alert is in `due-index` until
the alert is sent.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from ....runtime.attributes import Item
from .levels import IN_STOCK, Level, LevelKey

CREATED, UPDATED, ADJUSTED, REPAIRED = "CREATED", "UPDATED", "ADJUSTED", "REPAIRED"
RESERVED, RELEASED, EXPIRED, FULFILLED = "RESERVED", "RELEASED", "EXPIRED", "FULFILLED"
TYPES = (CREATED, UPDATED, ADJUSTED, RESERVED, RELEASED, EXPIRED, FULFILLED, REPAIRED)
ALERTS_PARTITION = "alerts"
"""Partition of `due-index` with the movements whose alerts are not sent yet."""

COUNTS = ("stock_count", "reserved_count", "available", "threshold_level")
NUMBERS = ("sequence", "quantity", *COUNTS)
STRINGS = (
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
    """Cause of a change of a level."""

    type: str
    actor: str
    reservationId: str | None = None
    reference: str | None = None
    """Reference from the caller, such as an order number."""
    reason: str | None = None
    """Free text from the caller."""


def item_key(key: LevelKey, at: str) -> Item:
    """Return the primary key of the movement of a level at a timestamp. The timestamps of a level are unique."""
    return {"product_id": {"S": key[0]}, "movement_id": {"S": f"{at}#{key[1]}"}}


def to_item(cause: Cause, quantity: int, after: Level, correlation_id: str) -> Item:
    """Return the DynamoDB item of a movement."""
    fields = {
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
        **item_key(after.key, after.moved_at),
        **{name: {"S": fields[name]} for name in STRINGS if fields[name] is not None},
        **{name: {"N": str(fields[name])} for name in NUMBERS},
    }


def _counts(level: Level) -> Item:
    return {name: {"N": str(getattr(level, name))} for name in COUNTS}


def crosses(before: Level | None, after: Level) -> bool:
    """Return whether a change sets the status to LOW_STOCK or OUT_OF_STOCK."""
    return after.status not in (IN_STOCK, before.status if before else IN_STOCK)


def to_alert(movement: Item, level: Level) -> Item:
    """Return the item of a movement that raises an alert; `level` is the level without expired holds."""
    due = {**movement, "due": {"S": ALERTS_PARTITION}, "due_at": {"N": "0"}}
    if level.reserved_count == int(movement["reserved_count"]["N"]):
        return due
    return {**due, "alert": {"M": {"status": {"S": level.status}, **_counts(level)}}}


def to_response(item: Item) -> dict[str, Any]:
    """Return the response fields of a movement."""
    return {
        **{name: item[name]["S"] for name in STRINGS if name in item},
        **{name: int(item[name]["N"]) for name in NUMBERS},
    }
