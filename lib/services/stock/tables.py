"""The tables of the stock service, and what functions may do with them."""

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
    """Return the permission for actions on the table `management`."""
    return Grant(on="management", actions=actions, indexes=indexes, keys=keys, reason=reason)


def grant_reservations(*actions: str, reason: str, indexes: tuple[str, ...] = ()) -> Grant:
    """Return the permission for actions on the table `reservations`."""
    return Grant(on="reservations", actions=actions, indexes=indexes, reason=reason)


def grant_movements(*actions: str, reason: str, indexes: tuple[str, ...] = ()) -> Grant:
    """Return the permission for actions on the table `movements`."""
    return Grant(on="movements", actions=actions, indexes=indexes, reason=reason)


READ_LEVELS = (
    grant_levels("Query", reason="read a product in all its warehouses"),
    grant_levels("BatchGetItem", reason="read products in certain warehouses"),
)
WRITE_LEVEL = (
    grant_levels("PutItem", reason="write the new level, if it is still the one that was read"),
    grant_movements("PutItem", reason="write the movement in the transaction that makes it"),
)
RELEASE_HOLDS = (
    grant_reservations("Query", indexes=("product-index",), reason="find what was held and has ended"),
    grant_reservations("UpdateItem", reason="end a hold"),
)
PAGE_TOKENS = grant_levels("GetItem", "PutItem", keys=("tap#page-token-key",), reason="keep the page tokens' key")
READ_IDEMPOTENCY = grant_levels(
    "BatchGetItem", keys=("tap#idempotency#*",), reason="answer a repeated Idempotency-Key as before"
)
RESERVATION_LINES = grant_reservations("Query", reason="read a reservation")
