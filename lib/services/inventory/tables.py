"""Tables of the inventory service, and permissions on its resources."""

from __future__ import annotations

from ...model import Grant, Index, Key, Table
from .handler import items

LISTED = Key("listedAt")
"""Sort key of the indexes. Only existing items and unpublished alerts have it, so the indexes contain no others."""
INDEXES = dict(items.INDEXES.values())
"""Partition keys of the indexes for listings, by the name of the index."""
TABLES = (
    Table(
        name="items",
        variable="ITEMS_TABLE_NAME",
        hash_key=Key("itemId"),
        range_key=Key("version", "N"),
        indexes=tuple(Index(name=name, hash_key=Key(key), range_key=LISTED) for name, key in INDEXES.items()),
        ttl="tap#expires",
        stream="NEW_AND_OLD_IMAGES",
    ),
    Table(name="audit", variable="AUDIT_TABLE_NAME", hash_key=Key("auditId"), range_key=Key("timestamp")),
)
ALERTS, SKUS, TOKENS = "tap#alert#*", "tap#sku#*", "tap#page-token-key"
"""Partition keys of internal items."""


def grant_items(*actions: str, reason: str, indexes: tuple[str, ...] = (), keys: tuple[str, ...] = ()) -> Grant:
    """Return the permission for actions on the table `items`."""
    return Grant(on="items", actions=actions, indexes=indexes, keys=keys, reason=reason)


PAGE_TOKENS = grant_items("GetItem", "PutItem", keys=(TOKENS,), reason="read or create the key of page tokens")
CONFIG = Grant(on="config", actions=("GetParameter",), reason="read thresholds and page sizes during initialization")
AUDIT = Grant(on="audit", actions=("PutItem",), reason="write an audit record in the transaction of the change")
ALERT = Grant(on="alerts", actions=("Publish",), reason="publish low-stock alerts")
WRITE_GRANTS = (AUDIT, ALERT, CONFIG)
"""Permissions of the routes that write versions, in addition to those on `items`."""
READ_ITEM = grant_items("GetItem", reason="read the item before it is changed")
UPDATE_SKUS_AND_ALERTS = grant_items(
    "UpdateItem", keys=(SKUS, ALERTS), reason="release the previous SKU of an item, and mark an alert as published"
)


def alert_grants() -> tuple[Grant, ...]:
    """Return the permissions of the schedule that sends alerts."""
    return (
        grant_items("Query", indexes=("listing-index",), reason="find unpublished alerts"),
        grant_items("UpdateItem", keys=(ALERTS,), reason="lease an alert, and mark it as published"),
        ALERT,
    )
