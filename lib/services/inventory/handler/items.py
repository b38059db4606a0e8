"""What an item is, and the rows it becomes.

| row | itemId | version |
| --- | --- | --- |
| what an item is now; after its deletion, that it is gone | the item's | 0 |
| a version, never changed | the item's | 1 and up |
| who has a sku | `tap#sku#<sku>` | 0 |
| an alert: unsent ones are in the listing index | `tap#alert#<item>` | the item's version |
"""

from __future__ import annotations

import os
import re
import time
import unicodedata
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any, NamedTuple, Optional

from ....runtime.attributes import Attribute, Item
from ....runtime.errors import BadRequest
from ....runtime.logging import INVOCATION
from ....runtime.reserved_keys import PREFIX

REQUIRED = ("name", "quantity", "category")
FIELDS = ("name", "description", "quantity", "price", "category", "sku", "status", "reorderThreshold")
SHOWN = ("itemId", "version", *FIELDS, "createdAt", "lastUpdated")
READ_ONLY = ("itemId", "createdAt", "lastUpdated")
"""Fields that a change can contain only with their stored values."""
INDEXES = {
    ("category",): ("category-index", "category"),
    ("status",): ("status-index", "status"),
    ("category", "status"): ("category-status-index", "categoryStatus"),
    (): ("listing-index", "listing"),
}
"""The index that serves a listing, by what it is narrowed to, and the index's partition key."""
NOW_VERSION: Attribute = {"N": "0"}
ITEMS: Attribute = {"S": "items"}
UNSENT: Attribute = {"S": f"{PREFIX}unsent"}
NOTHING: Attribute = {"NULL": True}
DISCONTINUED: Attribute = {"S": "discontinued"}
SKU_PREFIX = f"{PREFIX}sku#"
SKU_LENGTH = 100
INVISIBLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\ufff0-\ufff8\U000e0100-\U000e01ef]"
)
"""Characters without a shape of their own that Unicode does not count as control or format characters."""
ALERTED = f"{PREFIX}alerted"
"""On the row of what an item is now: the epoch second from which it can raise an alert again, 0 while it has not
recovered; absent if it can."""
REARM_PERCENT = 10
"""Of the threshold.  An item that has more than this above it, and more than one unit, can raise an alert again."""
REARM_SECONDS = 15 * 60
"""An item that has recovered can raise an alert again after this time, too."""

Changes = dict[str, Optional[Attribute]]
"""Fields with their new values; None takes one away."""


class AuditEvent(NamedTuple):
    """What is done, to which item (none for a listing), by whom: what the audit tells."""

    operation: str
    item_id: str
    by: str


def version_of(item: Item) -> int:
    """The version an item is at."""
    return int(item["version"]["N"])


def new_id() -> str:
    """An id that nothing has."""
    return os.urandom(16).hex()


def created(item_id: str, fields: Item) -> Item:
    """The first version of an item."""
    at = moment()
    item: Item = {"itemId": {"S": item_id}, "version": {"N": "1"}, "price": {"N": "0"}, **fields}
    return {**item, "status": status_of(item), "createdAt": at, "lastUpdated": at}


def status_of(item: Item) -> Attribute:
    """Return the status of an item: it follows the quantity, unless the item is discontinued."""
    if item.get("status") == DISCONTINUED:
        return DISCONTINUED
    return {"S": "out_of_stock" if Decimal(item["quantity"]["N"]) == 0 else "available"}


def next_version(item: Item, changes: Changes) -> Item:
    """The version after `item`."""
    fields = {name: value for name, value in {**item, **changes}.items() if value is not None}
    return {**fields, "version": {"N": str(version_of(item) + 1)}, "lastUpdated": moment()}


def difference(item: Item, changes: Changes) -> Changes:
    """Return the effective changes, including that of the status. A stored SKU can be sent back as it is."""
    effective = changed(item, changes)
    if sku := effective.get("sku"):
        effective["sku"] = {"S": normalized_sku(sku["S"])}
    after = {name: value for name, value in {**item, **effective}.items() if value is not None}
    return changed(item, {**effective, "status": status_of(after)})


def sku_form(sku: str) -> str:
    """Return the form in which SKUs are compared: Unicode normal form C, without surplus white space."""
    return " ".join(unicodedata.normalize("NFC", sku).split())


def normalized_sku(sku: str) -> str:
    """Return a SKU in the form in which it is stored. Raise `BadRequest` for characters that people cannot see."""
    for character in sku.strip():
        if unicodedata.category(character) in ("Cc", "Cf") or INVISIBLE.match(character):
            raise BadRequest(
                f"sku must not contain control, format or other invisible characters, got U+{ord(character):04X} in "
                f"{sku!a}. Remove it."
            )
    if len(form := sku_form(sku)) > SKU_LENGTH:
        raise BadRequest(f"sku must have at most {SKU_LENGTH} characters in Unicode normal form C, got {len(form)}")
    return form


def changed(item: Item, changes: Changes) -> Changes:
    """Those of `changes` that make a difference."""
    return {name: value for name, value in changes.items() if not _equal(item.get(name), value)}


def _equal(one: Attribute | None, other: Attribute | None) -> bool:
    if one and other and "N" in one and "N" in other:
        return Decimal(one["N"]) == Decimal(other["N"])
    return one == other


def item_of(row: Item) -> Item:
    """The item that a row holds."""
    found = {name: row[name] for name in SHOWN if name in row}
    return {**found, "version": row.get("latestVersion", row["version"])}


def current_row(item: Item, alerted: Item) -> Item:
    """The row of what an item is now, with its state of alerts.  Its `listedAt` puts it into the indexes."""
    both = f"{item['status']['S']}#{item['category']['S']}"
    index = {"listing": ITEMS, "categoryStatus": {"S": both}, "listedAt": item["createdAt"]}
    return {**item, "version": NOW_VERSION, "latestVersion": item["version"], **index, **alerted}


def tombstone_row(item: Item) -> Item:
    """The row of an item that is deleted."""
    kept = {name: item[name] for name in ("itemId", "createdAt", "lastUpdated")}
    return {**kept, "version": NOW_VERSION, "latestVersion": item["version"], "deleted": {"BOOL": True}}


def version_row(event: AuditEvent, old: Item | None, item: Item) -> Item:
    """The row of a version: the item, who made it so, and of an update what it changed."""
    changes: Item = {}
    if event.operation == "UPDATE" and old is not None:
        for name in FIELDS:
            if not _equal(old.get(name), item.get(name)):
                values = {"old": old.get(name), "new": item.get(name)}
                changes[name] = {"M": {which: value for which, value in values.items() if value is not None}}
    return {**item, "operation": {"S": event.operation}, "changedBy": {"S": event.by}, "changes": {"M": changes}}


def version_shown(row: Item) -> Item:
    """A version as its item's history tells it."""
    told = {name: row[name] for name in ("version", "operation", "changedBy", "changes")}
    return {**told, "changedAt": row["lastUpdated"], "item": {"M": item_of(row)}}


def audit_row(event: AuditEvent, old: Item | None, new: Item | None) -> Item:
    """The trace of an operation."""
    return {
        "auditId": {"S": new_id()},
        "timestamp": moment(),
        "operation": {"S": event.operation},
        "itemId": {"S": event.item_id} if event.item_id else NOTHING,
        "userId": {"S": event.by},
        "correlationId": {"S": INVOCATION.correlation_id},
        "oldValue": {"M": old} if old else NOTHING,
        "newValue": {"M": new} if new else NOTHING,
    }


def sku_key(sku: str) -> Item:
    """Where it is written who has a sku."""
    return own_row(f"{SKU_PREFIX}{sku}")


def own_row(name: str) -> Item:
    """The key of a row the service keeps for itself."""
    return {"itemId": {"S": name}, "version": NOW_VERSION}


def now_key(item_id: str) -> Item:
    """The key of what an item is now."""
    return version_key(item_id, 0)


def version_key(item_id: str, version: int) -> Item:
    """The key of one version."""
    return {"itemId": {"S": item_id}, "version": {"N": str(version)}}


def is_low_stock(item: Item, default_threshold: int) -> bool:
    """Whether the stock of an item is at or under its threshold."""
    return Decimal(item["quantity"]["N"]) <= Decimal(threshold(item, default_threshold)["N"])


def threshold(item: Item, default_threshold: int) -> Attribute:
    """The quantity at or under which an item is low."""
    found: Attribute = item.get("reorderThreshold", {"N": str(default_threshold)})
    return found


def alerting(row: Item | None, item: Item, default_threshold: int, now: float) -> tuple[Item, bool]:
    """Return the state of an item's alerts as attributes, and whether it raises one.

    `row` is the row of the item before the change; one of an earlier release has raised an alert if it is low.
    """
    limit = Decimal(threshold(item, default_threshold)["N"])
    until = None
    if row is not None and Decimal(item["quantity"]["N"]) <= limit + max(Decimal(1), limit * REARM_PERCENT / 100):
        until = int(row[ALERTED]["N"]) if ALERTED in row else 0 if is_low_stock(row, default_threshold) else None
    if until and until <= now:
        until = None
    if is_low_stock(item, default_threshold):
        return {ALERTED: {"N": "0"}}, until is None
    return ({} if until is None else {ALERTED: {"N": str(until or int(now) + REARM_SECONDS)}}), False


def alert_row(item: Item, default_threshold: int, due: Attribute) -> Item:
    """An alert that is to be sent; a sweep sends it from `due` on."""
    told = {name: item[name] for name in ("itemId", "name", "quantity", "version")}
    told["threshold"] = threshold(item, default_threshold)
    key = {"itemId": {"S": f"{PREFIX}alert#{item['itemId']['S']}"}, "version": item["version"]}
    caused_by = {"correlationId": {"S": INVOCATION.correlation_id}}
    return {**key, **caused_by, "alert": {"M": told}, "listing": UNSENT, "listedAt": due}


def moment(later_seconds: float = 0.0) -> Attribute:
    """Now, or a moment to come."""
    found = datetime.now(timezone.utc) + timedelta(seconds=later_seconds)
    return {"S": found.isoformat(timespec="microseconds").replace("+00:00", "Z")}


def expiry(seconds: int) -> Attribute:
    """The value of the TTL attribute of a row that may go after so many seconds."""
    return {"N": str(int(time.time()) + seconds)}


def plain(row: dict[str, Any]) -> dict[str, Any]:
    """The texts and whole numbers of a row."""
    return {name: int(value["N"]) if "N" in value else value["S"] for name, value in row.items()}
