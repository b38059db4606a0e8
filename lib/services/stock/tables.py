"""Tables of the stock service and permissions of its functions."""

from __future__ import annotations

from ...model import Grant, Index, Key, Table
from .handler import levels

TABLES = (
    Table(
        name="management",
        variable="LEVELS_TABLE_NAME",
        hash_key=Key("product_id"),
        range_key=Key("warehouse_id"),
        indexes=(
            *(
                Index(name=name, hash_key=Key(partition), range_key=Key("product_id"), projection="KEYS_ONLY")
                for name, partition in levels.INDEXES.values()
            ),
            Index(name="due-index", hash_key=Key("due"), range_key=Key("due_at", "N"), projection="KEYS_ONLY"),
        ),
        ttl="tap#expires",
    ),
    Table(
        name="reservations",
        variable="RESERVATIONS_TABLE_NAME",
        hash_key=Key("reservation_id"),
        range_key=Key("line", "N"),
        indexes=(Index(name="product-index", hash_key=Key("held_for"), range_key=Key("ends", "N")),),
        ttl="reservation_expiry",
    ),
    Table(
        name="movements",
        variable="MOVEMENTS_TABLE_NAME",
        hash_key=Key("product_id"),
        range_key=Key("movement_id"),
        indexes=(Index(name="due-index", hash_key=Key("due"), range_key=Key("due_at", "N"), projection="KEYS_ONLY"),),
        stream="NEW_IMAGE",
    ),
)


def grant_levels(*actions: str, reason: str, indexes: tuple[str, ...] = (), keys: tuple[str, ...] = ()) -> Grant:
    """Return the permission for actions on the `management` table."""
    return Grant(on="management", actions=actions, indexes=indexes, keys=keys, reason=reason)


def grant_reservations(*actions: str, reason: str, indexes: tuple[str, ...] = ()) -> Grant:
    """Return the permission for actions on the `reservations` table."""
    return Grant(on="reservations", actions=actions, indexes=indexes, reason=reason)


def grant_movements(*actions: str, reason: str, indexes: tuple[str, ...] = ()) -> Grant:
    """Return the permission for actions on the `movements` table."""
    return Grant(on="movements", actions=actions, indexes=indexes, reason=reason)


READ_LEVELS = (
    grant_levels("Query", reason="read the levels of a product in all warehouses"),
    grant_levels("BatchGetItem", reason="read the levels of products in specific warehouses"),
)
WRITE_LEVEL = (
    grant_levels("PutItem", reason="write a level if it was not modified concurrently"),
    grant_movements("PutItem", reason="write the movement in the same transaction"),
)
RELEASE_HOLDS = (
    grant_reservations("Query", indexes=("product-index",), reason="find expired holds"),
    grant_reservations("UpdateItem", reason="update the state of a reservation line"),
)
PAGE_TOKENS = grant_levels(
    "GetItem", "PutItem", keys=("tap#page-token-key",), reason="store the signing key of page tokens"
)
READ_IDEMPOTENCY = grant_levels(
    "BatchGetItem", keys=("tap#idempotency#*",), reason="return the recorded response for a repeated Idempotency-Key"
)
RESERVATION_LINES = grant_reservations("Query", reason="read a reservation")
