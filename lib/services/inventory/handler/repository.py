"""Repository of the inventory service. Each change is one transaction."""

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
RELEASED_SKU_SECONDS = 3600
"""Time after which DynamoDB deletes the row of a released SKU."""


class Config(NamedTuple):
    """Settings in Parameter Store."""

    low_stock_threshold: int
    default_page_size: int
    max_page_size: int
    audit_reads: bool


class Preconditions(NamedTuple):
    """Conditions of a change on the stored item. None disables a condition."""

    if_match: int | None = None
    """Version in `If-Match`."""
    expected: int | None = None
    """`expectedVersion` in the body."""
    sku: str | None = None
    version: int | None = None
    """`version` in the body, if the caller sends a copy of the item."""
    read_only: Mapping[str, str] = MappingProxyType({})
    """Read-only fields in the body, by name."""

    def check(self, item: Item) -> None:
        """Raise an error if the stored item does not meet a condition."""
        _check_sku(item, self.sku)
        current = items.version_of(item)
        versions = [(self.if_match, PreconditionFailed), (self.expected, VersionConflict)]
        for version, error in (*versions, (self.version, VersionConflict)):
            if version not in (None, current):
                message = f"Item {item['itemId']['S']!r} has version {current}, not {version}. Read it and try again."
                raise error(message, [f"version {current}"], {"ETag": f'"{current}"'})
        for name, value in self.read_only.items():
            if item[name]["S"] != value:
                raise BadRequest(f"{name} is read-only: it must be {item[name]['S']!r} or omitted, got {value!r}.")


class Page(NamedTuple):
    """A page of rows and the token of the next page, which is None on the last page."""

    rows: list[Item]
    token: str | None


class Inventory:
    """Items with their versions, audit records, SKUs and alerts."""

    def __init__(self, items_table: str, audit_table: str, store: DynamoDB) -> None:
        self._items = items_table
        self._audit = audit_table
        self._store = store
        self._transactions = Transactions(store, items_table)
        self._config: Config | None = None
        self._tokens = PageTokens(store, items_table, items.internal_key)

    def config(self) -> Config:
        """Return the settings, which each execution environment reads once."""
        if self._config is None:
            config = Config(**parameters.load(CONFIG_PARAMETER))
            maximum = max(1, min(config.max_page_size, MAX_PAGE_SIZE))
            default = max(1, min(config.default_page_size, maximum))
            self._config = config._replace(default_page_size=default, max_page_size=maximum)
        return self._config

    def claim(self, idempotency: Idempotency) -> None:
        """Record the idempotency key of a batch. Raise `IdempotencyConflict` if a different request used it."""
        try:
            self._store.call("PutItem", **idempotency.put(self._items, {})["Put"])
        except ConditionFailed as exc:
            idempotency.recorded_result(exc.item or {})

    def create(self, fields: Item, actor: str, idempotency: Idempotency | None = None) -> Item:
        """Create an item. Raise `Conflict` if another item has its SKU."""
        sku = fields.get("sku")
        if sku:
            fields = {**fields, "sku": {"S": items.valid_sku(sku["S"])}}
        item = items.new_item(items.new_id(), fields)
        try:
            self._write(AuditEvent("CREATE", item["itemId"]["S"], actor), None, item, idempotency, sent_sku=sku)
        except AlreadyExecuted as exc:
            return self._recorded_version(exc.result, actor)
        metrics.emit(ItemsCreated=(1, "Count"))
        return item

    def change(
        self,
        item_id: str,
        changes: items.Changes,
        preconditions: Preconditions,
        actor: str,
        idempotency: Idempotency | None = None,
    ) -> Item:
        """Change an item and return it. Changes that modify no field create no version."""

        def step(item: Item) -> Item:
            effective = items.effective_changes(item, changes)
            return items.next_version(item, effective) if effective else item

        event = AuditEvent("UPDATE", item_id, actor)
        try:
            return self._advance(event, preconditions, step, idempotency, changes.get("sku"))
        except AlreadyExecuted as exc:
            return self._recorded_version(exc.result, actor)

    def delete(self, item_id: str, preconditions: Preconditions, actor: str) -> Item:
        """Delete an item. Return the version of the deletion."""
        event = AuditEvent("DELETE", item_id, actor)
        return self._advance(event, preconditions, lambda item: items.next_version(item, {}))

    def read(self, item_id: str, actor: str, version: int | None = None, sku: str | None = None) -> Item:
        """Return an item or one of its versions. Raise `NotFound` if it does not exist or does not have `sku`."""
        keys = [items.current_key(item_id)] + ([] if version is None else [items.version_key(item_id, version)])
        responses = self._audited(AuditEvent("READ", item_id, actor), *map(self._get_call, keys))
        current = _existing(item_id, responses[0].get("Item"))
        _check_sku(current, sku)
        if version is None:
            return current
        if "Item" not in responses[1]:
            latest = items.version_of(current)
            raise NotFound(f"Version {version} of item {item_id!r} not found. The latest version is {latest}.")
        return items.item_of(responses[1]["Item"])

    def page(self, actor: str, filters: dict[str, str], size: int, token: str | None) -> Page:
        """Return a page of items, newest first. The filters are `category` and `status`."""
        index, partition = items.INDEXES[tuple(name for name in ("category", "status") if name in filters)]
        value = "#".join(filters[name] for name in ("status", "category") if name in filters)
        listing = Listing(
            {
                "IndexName": index,
                "KeyConditionExpression": "#partition = :value",
                "ExpressionAttributeNames": {"#partition": partition},
                "ExpressionAttributeValues": {":value": {"S": value} if value else items.ITEMS},
            },
            ("itemId", "version", partition, "listedAt"),
            {"list": filters},
        )
        return self._page(AuditEvent("LIST", "", actor), listing, size, token)

    def find(self, actor: str, sku: str) -> list[Item]:
        """Return a list with the item that has the SKU, or an empty list."""
        # An earlier release did not normalize SKUs.
        skus = [*dict.fromkeys([sku, items.normalize_sku(sku)])]
        calls = [self._get_call(items.sku_key(candidate)) for candidate in skus]
        responses = self._audited(AuditEvent("LIST", "", actor), *calls)
        for candidate, response in zip(skus, responses):
            owner = response.get("Item", {}).get("owner")
            row = self._get(items.current_key(owner["S"])) if owner else None
            # The item might have released the SKU between the two reads.
            if row and row.get("sku") == {"S": candidate}:
                return [items.item_of(row)]
        return []

    def history(self, item_id: str, actor: str, size: int, token: str | None) -> Page:
        """Return a page of versions, newest first. Raise `NotFound` if the item never existed."""
        listing = Listing(
            {
                "KeyConditionExpression": "itemId = :id AND version > :current",
                "ExpressionAttributeValues": {":id": {"S": item_id}, ":current": items.CURRENT_VERSION},
                "ConsistentRead": True,
            },
            ("itemId", "version"),
            {"history": item_id},
        )
        page = self._page(AuditEvent("HISTORY", item_id, actor), listing, size, token)
        if not page.rows and not token:
            raise _not_found(item_id)
        return page

    def send_alerts(self) -> None:
        """Publish the alerts that are due: those that an earlier request stored but could not publish."""
        self._alerts.send_due()

    def close(self) -> None:
        """Close the connections to AWS."""
        self._store.close()
        if "_alerts" in self.__dict__:
            self._alerts.close()

    @cached_property
    def _alerts(self) -> Any:
        from .alerts import Alerts  # pylint: disable=import-outside-toplevel  # Most functions raise no alerts.

        return Alerts(self._store, self._items)

    def _advance(
        self,
        event: AuditEvent,
        preconditions: Preconditions,
        step: Callable[[Item], Item],
        idempotency: Idempotency | None = None,
        sent_sku: Attribute | None = None,
    ) -> Item:
        """Write and return the next version of an item, which `step` computes. Retry after concurrent changes."""
        keys = [items.current_key(event.item_id)] + ([idempotency.primary_key] if idempotency else [])
        row, *records = (response.get("Item") for response in self._store.call_all(*map(self._get_call, keys)))
        if idempotency and (result := idempotency.unexpired_result(records[0])):
            raise AlreadyExecuted(result)
        retries = Retries()
        while True:
            old = _existing(event.item_id, row)
            preconditions.check(old)
            new = step(old)
            try:
                self._write(event, old, new, idempotency, row=row, sent_sku=sent_sku)
                return new
            except WriteConflict as exc:
                row = exc.items.get("current")
                if row is None:
                    raise
            retries.wait(f"Item {event.item_id!r} has too many concurrent changes. Try again later.")

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
        """Write a version with its audit record, its SKU and its alert in one transaction.

        `row` is the current row of `old`, and `sent_sku` the SKU in the request, before it is normalized.
        """
        actions: dict[str, dict[str, Any]] = {}
        alert = None
        current = new if event.operation != "DELETE" else None
        if new is not old:
            alert_state, alert = self._alert(row, current) if current else ({}, None)
            actions["current"] = self._put(
                items.current_row(current, alert_state) if current else items.tombstone_row(new),
                "latestVersion = :old" if old else "attribute_not_exists(itemId)",
                {":old": old["version"]} if old else None,
            )
            actions["version"] = self._put(items.version_row(event, old, new), "attribute_not_exists(itemId)")
            actions["audit"] = {"Put": {"TableName": self._audit, "Item": items.audit_row(event, old, current)}}
            skus = (old or {}).get("sku"), (current or {}).get("sku")
            actions.update(self._sku_actions(event.item_id, *skus, sent_sku))
            if alert:
                actions["alert"] = {"Put": {"TableName": self._items, "Item": alert}}
        if actions or idempotency:
            self._commit(actions, idempotency, items.version_key(event.item_id, items.version_of(new)))
        if new is old:
            self._audited(AuditEvent("READ", event.item_id, event.actor))
        if current and self._crosses_threshold(old, current):
            metrics.emit(LowStock=(1, "Count"))
        if alert:
            self._alerts.send(alert)

    def _commit(self, actions: dict[str, dict[str, Any]], idempotency: Idempotency | None, version_key: Item) -> None:
        try:
            self._transactions.commit(actions, idempotency, version_key)
        except WriteConflict as exc:
            row = exc.items.get("claim sku") or exc.items.get("block sku")
            if row is None or exc.items.get("current"):
                raise
            owner, sku = row["owner"]["S"], row["itemId"]["S"].removeprefix(items.SKU_PREFIX)
            raise Conflict(f"sku must be unique, but item {owner!r} already has {sku!r}. Use another SKU.") from exc

    def _sku_actions(self, item_id: str, old: Any, new: Any, sent: Any) -> dict[str, dict[str, Any]]:
        """Return the actions that release the old SKU of an item and claim the new one."""
        if old == new:
            return {}
        actions: dict[str, dict[str, Any]] = {}
        if old:
            actions["release sku"] = {
                "Update": {
                    "TableName": self._items,
                    "Key": items.sku_key(old["S"]),
                    "UpdateExpression": "SET #expires = :expires REMOVE #owner",
                    "ConditionExpression": "#owner = :owner",
                    "ExpressionAttributeNames": {"#expires": EXPIRES, "#owner": "owner"},
                    "ExpressionAttributeValues": {
                        ":expires": items.expires_in(RELEASED_SKU_SECONDS),
                        ":owner": {"S": item_id},
                    },
                }
            }
        if new:
            owned = {**items.sku_key(new["S"]), "owner": {"S": item_id}}
            actions["claim sku"] = self._put(owned, "attribute_not_exists(#owner)", names={"#owner": "owner"})
            if new != sent:
                # An item of an earlier release might own the SKU in the form before normalization. Then this action
                # fails. Otherwise, it writes a temporary row without an owner.
                unowned = {**items.sku_key(sent["S"]), EXPIRES: items.expires_in(RELEASED_SKU_SECONDS)}
                actions["block sku"] = self._put(unowned, "attribute_not_exists(#owner)", names={"#owner": "owner"})
        return actions

    def _crosses_threshold(self, old: Item | None, new: Item) -> bool:
        """Return whether the quantity falls to or below the threshold."""
        default = self.config().low_stock_threshold
        return items.is_low_stock(new, default) and not (old and items.is_low_stock(old, default))

    def _alert(self, row: Item | None, new: Item) -> tuple[Item, Item | None]:
        """Return the alert state of an item, and the row of the alert that the change raises, if any."""
        default = self.config().low_stock_threshold
        state, raises = items.next_alert_state(row, new, default, time.time())
        return state, items.alert_row(new, default, due=self._alerts.lease()) if raises else None

    def _put(
        self, row: Item, condition: str, values: Item | None = None, names: dict[str, str] | None = None
    ) -> dict[str, Any]:
        return put_action(self._items, row, condition, values, names=names, returns_item=True)

    def _get_call(self, key: Item) -> Call:
        return "GetItem", {"TableName": self._items, "Key": key, "ConsistentRead": True}

    def _get(self, key: Item) -> Item | None:
        row: Item | None = self._store.call_all(self._get_call(key))[0].get("Item")
        return row

    def _recorded_version(self, key: Item, actor: str) -> Item:
        """Return the version that an earlier request with the same idempotency key wrote."""
        event = AuditEvent("READ", key["itemId"]["S"], actor)
        return items.item_of(self._audited(event, self._get_call(key))[0]["Item"])

    def _audited(self, event: AuditEvent, *reads: Call) -> list[dict[str, Any]]:
        """Return the responses to reads. Concurrently write an audit record if `audit_reads` is set."""
        if not self.config().audit_reads:
            return self._store.call_all(*reads)
        row = items.audit_row(event, None, None)
        return self._store.call_all(*reads, ("PutItem", {"TableName": self._audit, "Item": row}))

    def _page(self, event: AuditEvent, listing: Listing, size: int, token: str | None) -> Page:
        """Return a page of rows in descending order."""
        request = {"TableName": self._items, "ScanIndexForward": False, **self._tokens.request(listing, size, token)}
        response = self._audited(event, ("Query", request))[0]
        return Page(*self._tokens.page(listing, size, response))


def _existing(item_id: str, row: Item | None) -> Item:
    """Return the item in its current row. Raise `NotFound` if it does not exist or is deleted."""
    if row is None or "deleted" in row:
        raise _not_found(item_id)
    return items.item_of(row)


def _check_sku(item: Item, sku: str | None) -> None:
    if sku is not None and ("sku" not in item or items.normalize_sku(item["sku"]["S"]) != items.normalize_sku(sku)):
        raise NotFound(f"Item {item['itemId']['S']!r} with the SKU {sku!r} not found.")


def _not_found(item_id: str) -> NotFound:
    return NotFound(f"Item {item_id!r} not found.")


@cache
def inventory() -> Inventory:
    """Return the repository of this execution environment."""
    return Inventory(os.environ["ITEMS_TABLE_NAME"], os.environ.get("AUDIT_TABLE_NAME", ""), DynamoDB())
