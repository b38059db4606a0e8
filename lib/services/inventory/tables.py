"""The tables of the inventory service, and what functions may do with its resources."""

from __future__ import annotations

from ...model import Grant, Index, Key, Table
from .handler import items

LISTED = Key("listedAt")
"""Only rows of items that are there have it, so nothing else is in an index."""
INDEXES = dict(items.INDEXES.values())
"""The listing's indexes, and the partition key of each; all are in the order of `listedAt`."""
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
"""The service's own rows, by their partition keys."""


def grant_items(*actions: str, reason: str, indexes: tuple[str, ...] = (), keys: tuple[str, ...] = ()) -> Grant:
    """Return the permission for actions on the table `items`."""
    return Grant(on="items", actions=actions, indexes=indexes, keys=keys, reason=reason)


PAGE_TOKENS = grant_items("GetItem", "PutItem", keys=(TOKENS,), reason="keep the page tokens' key")
CONFIG = Grant(on="config", actions=("GetParameter",), reason="read thresholds and page sizes, once per worker")
AUDIT = Grant(on="audit", actions=("PutItem",), reason="leave an audit row in the transaction of the change")
ALERT = Grant(on="alerts", actions=("Publish",), reason="publish low-stock alerts")
WRITE_GRANTS = (AUDIT, ALERT, CONFIG)
"""Permissions of a route that writes a version, besides those on items."""
READ_ITEM = grant_items("GetItem", reason="read what is to be changed")
OWN_ROWS = grant_items(
    "UpdateItem", keys=(SKUS, ALERTS), reason="free the sku an item gave up, note that an alert was sent"
)


def alert_grants() -> tuple[Grant, ...]:
    """Return the permissions of the schedule that sends alerts."""
    return (
        grant_items("Query", indexes=("listing-index",), reason="find alerts that were not sent"),
        grant_items("UpdateItem", keys=(ALERTS,), reason="take an alert, and note that it was sent"),
        ALERT,
    )
