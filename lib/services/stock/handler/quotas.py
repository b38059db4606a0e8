"""Quotas: the units of a product that a caller has reserved, to enforce `max_held_units`.

A quota is an item of the levels table that expires with its last hold. Expired holds do not count, even if they are not
released yet.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from ....runtime.attributes import Item
from ....runtime.dynamodb import put_action
from ....runtime.reserved_keys import EXPIRES, PREFIX
from . import levels
from .errors import HoldLimit


class Quota(NamedTuple):
    """Reserved units of one caller and product."""

    caller: str
    product_id: str
    holds: Mapping[int, int]
    """Units by expiry, in epoch seconds."""
    version: int
    """Version of the item; 0 if it does not exist."""

    def with_units(self, units: int, expiry: int, now: float, limit: int) -> Quota:
        """Return the quota with `units` added to those reserved until `expiry`. Raise `HoldLimit` above `limit`."""
        holds = {expiry: count for expiry, count in self.holds.items() if expiry > now}
        holds[expiry] = holds.get(expiry, 0) + units
        if units > 0 and sum(holds.values()) > limit:
            reserved = sum(holds.values()) - units
            raise HoldLimit(
                f"Limit of {limit} reserved units of {self.product_id} exceeded: {units} requested, {reserved} already "
                "reserved. Release units or request fewer.",
                [f"product_id {self.product_id}", f"held {reserved}", f"limit {limit}"],
            )
        remaining = {expiry: count for expiry, count in holds.items() if count > 0}
        return Quota(self.caller, self.product_id, remaining, self.version)

    def put(self, table: str, now: float) -> dict[str, Any]:
        """Return the transaction action that writes the item if its version is unchanged."""
        item: Item = {
            **item_key(self.caller, self.product_id),
            "holds": {"M": {str(expiry): {"N": str(units)} for expiry, units in self.holds.items()}},
            "version": {"N": str(self.version + 1)},
            EXPIRES: {"N": str(max([int(now), *self.holds]))},
        }
        if not self.version:
            return put_action(table, item, "attribute_not_exists(version)")
        return put_action(table, item, "version = :version", {":version": {"N": str(self.version)}})


def item_key(caller: str, product_id: str) -> Item:
    """Return the primary key of a quota."""
    name = json.dumps([caller, product_id])
    return levels.service_item_key(f"{PREFIX}held#{hashlib.sha256(name.encode()).hexdigest()}")


def from_items(names: list[tuple[str, str]], items: list[Item]) -> list[Quota]:
    """Return the quota of each caller and product. A quota without an item has no holds."""
    by_key = {item["product_id"]["S"]: item for item in items}
    quotas = []
    for caller, product_id in names:
        item = by_key.get(item_key(caller, product_id)["product_id"]["S"])
        holds = {int(expiry): int(units["N"]) for expiry, units in item["holds"]["M"].items()} if item else {}
        quotas.append(Quota(caller, product_id, holds, int(item["version"]["N"]) if item else 0))
    return quotas
