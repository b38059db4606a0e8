"""Items and the rows in which they are stored.

| Row | itemId | version |
| --- | --- | --- |
| current state of an item, or its tombstone after a deletion | ID of the item | 0 |
| immutable version of an item | ID of the item | 1, 2, ... |
| owner of a SKU, which makes SKUs unique | `tap#sku#<sku>` | 0 |
| alert, which is in the listing index until it is published | `tap#alert#<item>` | version of the item |
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
RESPONSE_FIELDS = ("itemId", "version", *FIELDS, "createdAt", "lastUpdated")
READ_ONLY = ("itemId", "createdAt", "lastUpdated")
"""Fields that a change can contain only with their stored values."""
INDEXES = {
    ("category",): ("category-index", "category"),
    ("status",): ("status-index", "status"),
    ("category", "status"): ("category-status-index", "categoryStatus"),
    (): ("listing-index", "listing"),
}
"""Name and partition key of the index for a listing, by the filters of the request."""
CURRENT_VERSION: Attribute = {"N": "0"}
ITEMS: Attribute = {"S": "items"}
UNSENT: Attribute = {"S": f"{PREFIX}unsent"}
NULL: Attribute = {"NULL": True}
DISCONTINUED: Attribute = {"S": "discontinued"}
SKU_PREFIX = f"{PREFIX}sku#"
SKU_LENGTH = 100
INVISIBLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\ufff0-\ufff8\U000e0100-\U000e01ef]"
)
"""Invisible characters that are not in Unicode's categories of control and format characters."""
ALERTED = f"{PREFIX}alerted"
"""Attribute of the current row: the epoch second from which the item can raise an alert again, or 0 if its stock is
still low. Without the attribute, it can raise one immediately."""
REARM_PERCENT = 10
"""Percentage of the threshold, at least one unit. An item whose quantity exceeds the threshold by more than this can
raise an alert again immediately."""
REARM_SECONDS = 15 * 60
"""Time after which any item whose quantity exceeds its threshold can raise an alert again."""

Changes = dict[str, Optional[Attribute]]
"""Fields with their new values. None removes a field."""


class AuditEvent(NamedTuple):
    """An operation to record in the audit trail. `item_id` is empty for listings."""

    operation: str
    item_id: str
    actor: str


def version_of(item: Item) -> int:
    """Return the version of an item."""
    return int(item["version"]["N"])


def new_id() -> str:
    """Return a random ID."""
    return os.urandom(16).hex()


def new_item(item_id: str, fields: Item) -> Item:
    """Return the first version of an item."""
    now = timestamp()
    item: Item = {"itemId": {"S": item_id}, "version": {"N": "1"}, "price": {"N": "0"}, **fields}
    return {**item, "status": status_of(item), "createdAt": now, "lastUpdated": now}


def status_of(item: Item) -> Attribute:
    """Return the status of an item, which depends on its quantity unless it is discontinued."""
    if item.get("status") == DISCONTINUED:
        return DISCONTINUED
    return {"S": "out_of_stock" if Decimal(item["quantity"]["N"]) == 0 else "available"}


def next_version(item: Item, changes: Changes) -> Item:
    """Return the next version of an item."""
    fields = {name: value for name, value in {**item, **changes}.items() if value is not None}
    return {**fields, "version": {"N": str(version_of(item) + 1)}, "lastUpdated": timestamp()}


def effective_changes(item: Item, changes: Changes) -> Changes:
    """Return the changes that modify an item, including its status, with a normalized SKU.

    An unchanged SKU is not validated, because an earlier release might have stored it.
    """
    effective = without_unchanged(item, changes)
    if sku := effective.get("sku"):
        effective["sku"] = {"S": valid_sku(sku["S"])}
    after = {name: value for name, value in {**item, **effective}.items() if value is not None}
    return without_unchanged(item, {**effective, "status": status_of(after)})


def normalize_sku(sku: str) -> str:
    """Return a SKU in Unicode normal form C, without leading, trailing or repeated white space."""
    return " ".join(unicodedata.normalize("NFC", sku).split())


def valid_sku(sku: str) -> str:
    """Return the normalized SKU. Raise `BadRequest` for invisible characters or if it is too long."""
    for character in sku.strip():
        if unicodedata.category(character) in ("Cc", "Cf") or INVISIBLE.match(character):
            raise BadRequest(
                f"sku must not contain control, format or other invisible characters, got U+{ord(character):04X} in "
                f"{sku!a}. Remove it."
            )
    if (length := len(normalized := normalize_sku(sku))) > SKU_LENGTH:
        raise BadRequest(f"sku must have at most {SKU_LENGTH} characters in Unicode normal form C, got {length}.")
    return normalized


def without_unchanged(item: Item, changes: Changes) -> Changes:
    """Return the changes whose values differ from those of an item."""
    return {name: value for name, value in changes.items() if not _equal(item.get(name), value)}


def _equal(value: Attribute | None, other: Attribute | None) -> bool:
    if value and other and "N" in value and "N" in other:
        return Decimal(value["N"]) == Decimal(other["N"])
    return value == other


def item_of(row: Item) -> Item:
    """Return the item in a current row or a version row."""
    fields = {name: row[name] for name in RESPONSE_FIELDS if name in row}
    return {**fields, "version": row.get("latestVersion", row["version"])}


def current_row(item: Item, alert_state: Item) -> Item:
    """Return the current row of an item, which is in all indexes."""
    category_status = f"{item['status']['S']}#{item['category']['S']}"
    index = {"listing": ITEMS, "categoryStatus": {"S": category_status}, "listedAt": item["createdAt"]}
    return {**item, "version": CURRENT_VERSION, "latestVersion": item["version"], **index, **alert_state}


def tombstone_row(item: Item) -> Item:
    """Return the current row of a deleted item."""
    fields = {name: item[name] for name in ("itemId", "createdAt", "lastUpdated")}
    return {**fields, "version": CURRENT_VERSION, "latestVersion": item["version"], "deleted": {"BOOL": True}}


def version_row(event: AuditEvent, old: Item | None, item: Item) -> Item:
    """Return the row of a version, with its operation, its actor, and the changed fields of an update."""
    changes: Item = {}
    if event.operation == "UPDATE" and old is not None:
        for name in FIELDS:
            if not _equal(old.get(name), item.get(name)):
                values = {"old": old.get(name), "new": item.get(name)}
                changes[name] = {"M": {key: value for key, value in values.items() if value is not None}}
    return {**item, "operation": {"S": event.operation}, "changedBy": {"S": event.actor}, "changes": {"M": changes}}


def to_history_entry(row: Item) -> Item:
    """Return a version row as an entry of a history response."""
    fields = {name: row[name] for name in ("version", "operation", "changedBy", "changes")}
    return {**fields, "changedAt": row["lastUpdated"], "item": {"M": item_of(row)}}


def audit_row(event: AuditEvent, old: Item | None, new: Item | None) -> Item:
    """Return the audit record of an operation."""
    return {
        "auditId": {"S": new_id()},
        "timestamp": timestamp(),
        "operation": {"S": event.operation},
        "itemId": {"S": event.item_id} if event.item_id else NULL,
        "userId": {"S": event.actor},
        "correlationId": {"S": INVOCATION.correlation_id},
        "oldValue": {"M": old} if old else NULL,
        "newValue": {"M": new} if new else NULL,
    }


def sku_key(sku: str) -> Item:
    """Return the primary key of the row with the owner of a SKU."""
    return internal_key(f"{SKU_PREFIX}{sku}")


def internal_key(name: str) -> Item:
    """Return the primary key of an internal row of the service."""
    return {"itemId": {"S": name}, "version": CURRENT_VERSION}


def current_key(item_id: str) -> Item:
    """Return the primary key of the current row of an item."""
    return version_key(item_id, 0)


def version_key(item_id: str, version: int) -> Item:
    """Return the primary key of a version."""
    return {"itemId": {"S": item_id}, "version": {"N": str(version)}}


def is_low_stock(item: Item, default_threshold: int) -> bool:
    """Return whether the quantity of an item is at or below its threshold."""
    return Decimal(item["quantity"]["N"]) <= Decimal(threshold(item, default_threshold)["N"])


def threshold(item: Item, default_threshold: int) -> Attribute:
    """Return the quantity at or below which the stock of an item is low."""
    quantity: Attribute = item.get("reorderThreshold", {"N": str(default_threshold)})
    return quantity


def next_alert_state(row: Item | None, item: Item, default_threshold: int, now: float) -> tuple[Item, bool]:
    """Return the attributes with the alert state of an item, and whether the change raises an alert.

    `row` is the current row before the change. Rows of an earlier release have no alert state. If their stock is low,
    their alert counts as raised.
    """
    limit = Decimal(threshold(item, default_threshold)["N"])
    rearmed_at = None
    if row is not None and Decimal(item["quantity"]["N"]) <= limit + max(Decimal(1), limit * REARM_PERCENT / 100):
        rearmed_at = int(row[ALERTED]["N"]) if ALERTED in row else 0 if is_low_stock(row, default_threshold) else None
    if rearmed_at and rearmed_at <= now:
        rearmed_at = None
    if is_low_stock(item, default_threshold):
        return {ALERTED: {"N": "0"}}, rearmed_at is None
    return ({} if rearmed_at is None else {ALERTED: {"N": str(rearmed_at or int(now) + REARM_SECONDS)}}), False


def alert_row(item: Item, default_threshold: int, due: Attribute) -> Item:
    """Return the row of an alert that the schedule publishes from `due` on."""
    alert = {name: item[name] for name in ("itemId", "name", "quantity", "version")}
    alert["threshold"] = threshold(item, default_threshold)
    key = {"itemId": {"S": f"{PREFIX}alert#{item['itemId']['S']}"}, "version": item["version"]}
    ids = {"correlationId": {"S": INVOCATION.correlation_id}}
    return {**key, **ids, "alert": {"M": alert}, "listing": UNSENT, "listedAt": due}


def timestamp(offset_seconds: float = 0.0) -> Attribute:
    """Return the current time plus an offset."""
    utc = datetime.now(timezone.utc) + timedelta(seconds=offset_seconds)
    return {"S": utc.isoformat(timespec="microseconds").replace("+00:00", "Z")}


def expires_in(seconds: int) -> Attribute:
    """Return the TTL attribute of a row that expires after some seconds."""
    return {"N": str(int(time.time()) + seconds)}


def to_plain(attributes: dict[str, Any]) -> dict[str, Any]:
    """Return string and integer attributes as Python values."""
    return {name: int(value["N"]) if "N" in value else value["S"] for name, value in attributes.items()}
