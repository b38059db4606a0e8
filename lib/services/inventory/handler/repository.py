"""The tables of items and of their audit: every change is one transaction."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from functools import cache, cached_property
from types import MappingProxyType
from typing import Any, Callable, NamedTuple

from ....runtime import metrics, parameters
from ....runtime.attributes import Attribute, Item
from ....runtime.dynamodb import ConditionFailed, DynamoDB, put_action
from ....runtime.errors import BadRequest, Conflict, NotFound, PreconditionFailed, VersionConflict
from ....runtime.http_client import Call
from ....runtime.idempotency import Idempotency
from ....runtime.paging import Listing, PageTokens
from ....runtime.reserved_keys import EXPIRES
from ....runtime.transactions import AlreadyExecuted, Retries, Transactions, WriteConflict
from . import items
from .items import AuditEvent

CONFIG_PARAMETER = "CONFIG_PARAMETER"
MAX_PAGE_SIZE = 50
"""Upper limit of `max_page_size`."""
FREE_SKU_SECONDS = 3600
"""How long it stays written that a sku is free again."""


class Config(NamedTuple):
    """What Parameter Store says."""

    low_stock_threshold: int
    default_page_size: int
    max_page_size: int
    audit_reads: bool


class Guard(NamedTuple):
    """Conditions of a change on the stored item. None disables a condition."""

    if_match: int | None = None
    expected: int | None = None
    sku: str | None = None
    version: int | None = None
    """Version in the copy of the item that the caller sent back."""
    read_only: Mapping[str, str] = MappingProxyType({})
    """Read-only fields in that copy, by name."""

    def check(self, item: Item) -> None:
        """Raise an error if the stored item does not meet a condition."""
        _check_sku(item, self.sku)
        current = items.version_of(item)
        versions = [(self.if_match, PreconditionFailed), (self.expected, VersionConflict)]
        for version, error in (*versions, (self.version, VersionConflict)):
            if version not in (None, current):
                message = f"the item is at version {current}, not {version}: read it again, then change that"
                raise error(message, [f"version {current}"], {"ETag": f'"{current}"'})
        for name, value in self.read_only.items():
            if item[name]["S"] != value:
                raise BadRequest(f"{name} is read-only: it must be {item[name]['S']!r} or omitted, got {value!r}")


class Page(NamedTuple):
    """Some rows, and the token of the page after; None after the last."""

    rows: list[Item]
    token: str | None


class Inventory:
    """Items with their versions, their audit, the guards of their skus, and alerts."""

    def __init__(self, items_table: str, audit_table: str, store: DynamoDB) -> None:
        self._items = items_table
        self._audit = audit_table
        self._store = store
        self._transactions = Transactions(store, items_table)
        self._config: Config | None = None
        self._tokens = PageTokens(store, items_table, items.own_row)

    def config(self) -> Config:
        """The service's settings, read once per worker."""
        if self._config is None:
            found = Config(**parameters.load(CONFIG_PARAMETER))
            maximum = max(1, min(found.max_page_size, MAX_PAGE_SIZE))
            default = max(1, min(found.default_page_size, maximum))
            self._config = found._replace(default_page_size=default, max_page_size=maximum)
        return self._config

    def claim(self, idempotency: Idempotency) -> None:
        """Take an `Idempotency-Key` for a request of several parts; raises `IdempotencyConflict` if another has it."""
        try:
            self._store.call("PutItem", **idempotency.put(self._items, {})["Put"])
        except ConditionFailed as exc:
            idempotency.recorded_result(exc.item or {})

    def create(self, fields: Item, by: str, idempotency: Idempotency | None = None) -> Item:
        """A new item; `Conflict` if another has its sku."""
        sku = fields.get("sku")
        if sku:
            fields = {**fields, "sku": {"S": items.normalized_sku(sku["S"])}}
        item = items.created(items.new_id(), fields)
        try:
            self._write(AuditEvent("CREATE", item["itemId"]["S"], by), None, item, idempotency, sent_sku=sku)
        except AlreadyExecuted as exc:
            return self._recorded_version(exc.result, by)
        metrics.emit(ItemsCreated=(1, "Count"))
        return item

    def change(
        self, item_id: str, changes: items.Changes, guard: Guard, by: str, idempotency: Idempotency | None = None
    ) -> Item:
        """An item as it is once `changes` are made; no new version where they make no difference."""

        def step(item: Item) -> Item:
            difference = items.difference(item, changes)
            return items.next_version(item, difference) if difference else item

        try:
            return self._advance(AuditEvent("UPDATE", item_id, by), guard, step, idempotency, changes.get("sku"))
        except AlreadyExecuted as exc:
            return self._recorded_version(exc.result, by)

    def delete(self, item_id: str, guard: Guard, by: str) -> Item:
        """The last version of an item, which says that it is gone."""
        return self._advance(AuditEvent("DELETE", item_id, by), guard, lambda item: items.next_version(item, {}))

    def read(self, item_id: str, by: str, version: int | None = None, sku: str | None = None) -> Item:
        """Return an item or one of its versions. Raise `NotFound` if it does not exist or has another SKU."""
        keys = [items.now_key(item_id)] + ([] if version is None else [items.version_key(item_id, version)])
        found = self._audited(AuditEvent("READ", item_id, by), *map(self._reading, keys))
        now = _present(item_id, found[0].get("Item"))
        _check_sku(now, sku)
        if version is None:
            return now
        if "Item" not in found[1]:
            raise NotFound(f"item {item_id} has no version {version}: it is at {items.version_of(now)}")
        return items.item_of(found[1]["Item"])

    def page(self, by: str, narrowed: dict[str, str], size: int, token: str | None) -> Page:
        """Items, newest first, of a category, of a status, of both, or all."""
        index, partition = items.INDEXES[tuple(name for name in ("category", "status") if name in narrowed)]
        value = "#".join(narrowed[name] for name in ("status", "category") if name in narrowed)
        listing = Listing(
            {
                "IndexName": index,
                "KeyConditionExpression": "#partition = :value",
                "ExpressionAttributeNames": {"#partition": partition},
                "ExpressionAttributeValues": {":value": {"S": value} if value else items.ITEMS},
            },
            ("itemId", "version", partition, "listedAt"),
            {"list": narrowed},
        )
        return self._page(AuditEvent("LIST", "", by), listing, size, token)

    def find(self, by: str, sku: str) -> list[Item]:
        """The item that has a sku, if there is one."""
        # An earlier release stored SKUs as they were sent.
        skus = [*dict.fromkeys([sku, items.sku_form(sku)])]
        answers = self._audited(
            AuditEvent("LIST", "", by), *(self._reading(items.sku_key(spelled)) for spelled in skus)
        )
        for spelled, answer in zip(skus, answers):
            owner = answer.get("Item", {}).get("owner")
            row = self._get(items.now_key(owner["S"])) if owner else None
            # The item might have released the SKU between the two reads.
            if row and row.get("sku") == {"S": spelled}:
                return [items.item_of(row)]
        return []

    def history(self, item_id: str, by: str, size: int, token: str | None) -> Page:
        """The versions of an item, newest first; also of a deleted one."""
        listing = Listing(
            {
                "KeyConditionExpression": "itemId = :id AND version > :now",
                "ExpressionAttributeValues": {":id": {"S": item_id}, ":now": items.NOW_VERSION},
                "ConsistentRead": True,
            },
            ("itemId", "version"),
            {"history": item_id},
        )
        page = self._page(AuditEvent("HISTORY", item_id, by), listing, size, token)
        if not page.rows and not token:
            raise _missing(item_id)
        return page

    def send_alerts(self) -> None:
        """Send the alerts that were not sent when they arose."""
        self._alerts.sweep()

    def close(self) -> None:
        """Close the connections to AWS."""
        self._store.close()
        if "_alerts" in self.__dict__:
            self._alerts.close()

    @cached_property
    def _alerts(self) -> Any:
        from .alerts import Alerts  # pylint: disable=import-outside-toplevel  # most functions raise no alerts

        return Alerts(self._store, self._items)

    def _advance(
        self,
        event: AuditEvent,
        guard: Guard,
        step: Callable[[Item], Item],
        idempotency: Idempotency | None = None,
        sent_sku: Attribute | None = None,
    ) -> Item:
        """Write the version after the one an item is at, however often others are quicker."""
        keys = [items.now_key(event.item_id)] + ([idempotency.primary_key] if idempotency else [])
        row, *records = (answer.get("Item") for answer in self._store.call_all(*map(self._reading, keys)))
        if idempotency and (result := idempotency.unexpired_result(records[0])):
            raise AlreadyExecuted(result)
        retries = Retries()
        while True:
            old = _present(event.item_id, row)
            guard.check(old)
            new = step(old)
            try:
                self._write(event, old, new, idempotency, row=row, sent_sku=sent_sku)
                return new
            except WriteConflict as exc:
                row = exc.items.get("current")
                if row is None:
                    raise
            retries.wait(f"item {event.item_id} is changed by too many at once; try again in a moment")

    def _write(
        self,
        event: AuditEvent,
        old: Item | None,
        new: Item,
        idempotency: Idempotency | None,
        *,
        row: Item | None = None,
        sent_sku: Attribute | None = None,
    ) -> None:
        """Write a version with all that belongs to it, or nothing.

        `row` is the row of `old`, and `sent_sku` the SKU of `new` as the caller sent it.
        """
        actions: dict[str, dict[str, Any]] = {}
        alert = None
        stays = new if event.operation != "DELETE" else None
        if new is not old:
            alerted, alert = self._alert(row, stays) if stays else ({}, None)
            actions["current"] = self._put(
                items.current_row(stays, alerted) if stays else items.tombstone_row(new),
                "latestVersion = :old" if old else "attribute_not_exists(itemId)",
                {":old": old["version"]} if old else None,
            )
            actions["version"] = self._put(items.version_row(event, old, new), "attribute_not_exists(itemId)")
            actions["audit"] = {"Put": {"TableName": self._audit, "Item": items.audit_row(event, old, stays)}}
            actions.update(self._sku_actions(event.item_id, (old or {}).get("sku"), (stays or {}).get("sku"), sent_sku))
            if alert:
                actions["alert"] = {"Put": {"TableName": self._items, "Item": alert}}
        if actions or idempotency:
            self._commit(actions, idempotency, items.version_key(event.item_id, items.version_of(new)))
        if new is old:
            self._audited(AuditEvent("READ", event.item_id, event.by))
        if stays and self._crosses(old, stays):
            metrics.emit(LowStock=(1, "Count"))
        if alert:
            self._alerts.send(alert)

    def _commit(self, actions: dict[str, dict[str, Any]], idempotency: Idempotency | None, version_key: Item) -> None:
        try:
            self._transactions.commit(actions, idempotency, version_key)
        except WriteConflict as exc:
            guard = exc.items.get("take sku") or exc.items.get("keep sent sku free")
            if guard is None or exc.items.get("current"):
                raise
            owner, sku = guard["owner"]["S"], guard["itemId"]["S"].removeprefix(items.SKU_PREFIX)
            raise Conflict(f"item {owner} has the sku {sku!r} already: give another, or change that item") from exc

    def _sku_actions(self, item_id: str, old: Any, new: Any, sent: Any) -> dict[str, dict[str, Any]]:
        if old == new:
            return {}
        actions: dict[str, dict[str, Any]] = {}
        if old:
            actions["free sku"] = {
                "Update": {
                    "TableName": self._items,
                    "Key": items.sku_key(old["S"]),
                    "UpdateExpression": "SET #expires = :expires REMOVE #owner",
                    "ConditionExpression": "#owner = :owner",
                    "ExpressionAttributeNames": {"#expires": EXPIRES, "#owner": "owner"},
                    "ExpressionAttributeValues": {
                        ":expires": items.expiry(FREE_SKU_SECONDS),
                        ":owner": {"S": item_id},
                    },
                }
            }
        if new:
            guard = {**items.sku_key(new["S"]), "owner": {"S": item_id}}
            actions["take sku"] = self._put(guard, "attribute_not_exists(#owner)", names={"#owner": "owner"})
            if new != sent:
                # An earlier release might have stored the SKU as it is sent now; such a guard is not replaced.
                unowned = {**items.sku_key(sent["S"]), EXPIRES: items.expiry(FREE_SKU_SECONDS)}
                actions["keep sent sku free"] = self._put(
                    unowned, "attribute_not_exists(#owner)", names={"#owner": "owner"}
                )
        return actions

    def _crosses(self, old: Item | None, new: Item) -> bool:
        """Whether a change takes the stock to or under the threshold."""
        default = self.config().low_stock_threshold
        return items.is_low_stock(new, default) and not (old and items.is_low_stock(old, default))

    def _alert(self, row: Item | None, new: Item) -> tuple[Item, Item | None]:
        """The state of the item's alerts, and the row of the alert if this change raises one."""
        default = self.config().low_stock_threshold
        alerted, raises = items.alerting(row, new, default, time.time())
        return alerted, items.alert_row(new, default, due=self._alerts.lease()) if raises else None

    def _put(
        self, row: Item, condition: str, values: Item | None = None, names: dict[str, str] | None = None
    ) -> dict[str, Any]:
        return put_action(self._items, row, condition, values, names=names, returns_item=True)

    def _reading(self, key: Item) -> Call:
        return "GetItem", {"TableName": self._items, "Key": key, "ConsistentRead": True}

    def _get(self, key: Item) -> Item | None:
        found: Item | None = self._store.call_all(self._reading(key))[0].get("Item")
        return found

    def _recorded_version(self, key: Item, by: str) -> Item:
        """Return the version that an earlier request with the same idempotency key has written."""
        event = AuditEvent("READ", key["itemId"]["S"], by)
        return items.item_of(self._audited(event, self._reading(key))[0]["Item"])

    def _audited(self, event: AuditEvent, *reads: Call) -> list[dict[str, Any]]:
        """Answers to reads; their audit row is written beside them."""
        if not self.config().audit_reads:
            return self._store.call_all(*reads)
        row = items.audit_row(event, None, None)
        return self._store.call_all(*reads, ("PutItem", {"TableName": self._audit, "Item": row}))

    def _page(self, event: AuditEvent, listing: Listing, size: int, token: str | None) -> Page:
        """Rows, the last in order first."""
        asked = self._tokens.request(listing, size, token)
        answer = self._audited(event, ("Query", {"TableName": self._items, "ScanIndexForward": False, **asked}))[0]
        return Page(*self._tokens.page(listing, size, answer))


def _present(item_id: str, row: Item | None) -> Item:
    if row is None or "deleted" in row:
        raise _missing(item_id)
    return items.item_of(row)


def _check_sku(item: Item, sku: str | None) -> None:
    if sku is not None and ("sku" not in item or items.sku_form(item["sku"]["S"]) != items.sku_form(sku)):
        raise NotFound(f"no item {item['itemId']['S']!r} with the sku {sku!r}")


def _missing(item_id: str) -> NotFound:
    return NotFound(f"no item {item_id!r}")


@cache
def inventory() -> Inventory:
    """This worker's tables, made once."""
    return Inventory(os.environ["ITEMS_TABLE_NAME"], os.environ.get("AUDIT_TABLE_NAME", ""), DynamoDB())
