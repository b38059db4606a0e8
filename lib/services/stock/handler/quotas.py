"""The units of a product that a caller holds, for the limit of them: a row in the table of levels, while there are any.

Ended holds do not count, whether or not they are released yet, and DynamoDB deletes the row after the last one.
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
    """What a caller holds of a product."""

    caller: str
    product_id: str
    holds: Mapping[int, int]
    """Units by the epoch second at which they are available again."""
    version: int
    """Of the row; 0: there is none."""

    def changed(self, units: int, end: int, now: float, limit: int) -> Quota:
        """The quota with `units` more, or fewer, that are held until `end`; `HoldLimit` if it is more than `limit`."""
        holds = {at: held for at, held in self.holds.items() if at > now}
        holds[end] = holds.get(end, 0) + units
        if units > 0 and sum(holds.values()) > limit:
            held = sum(holds.values()) - units
            raise HoldLimit(
                f"{units} of {self.product_id} are requested, and the caller holds {held} of at most {limit}: release "
                "some, or request fewer",
                [f"product_id {self.product_id}", f"held {held}", f"limit {limit}"],
            )
        left = {at: held for at, held in holds.items() if held > 0}
        return Quota(self.caller, self.product_id, left, self.version)

    def put(self, table: str, now: float) -> dict[str, Any]:
        """The transaction's action that writes the row, if it is still the one that was read."""
        row: Item = {
            **key(self.caller, self.product_id),
            "holds": {"M": {str(end): {"N": str(units)} for end, units in self.holds.items()}},
            "version": {"N": str(self.version + 1)},
            EXPIRES: {"N": str(max([int(now), *self.holds]))},
        }
        if not self.version:
            return put_action(table, row, "attribute_not_exists(version)")
        return put_action(table, row, "version = :version", {":version": {"N": str(self.version)}})


def key(caller: str, product_id: str) -> Item:
    """The key of the row of a caller and a product."""
    name = json.dumps([caller, product_id])
    return levels.own_row(f"{PREFIX}held#{hashlib.sha256(name.encode()).hexdigest()}")


def quotas_of(names: list[tuple[str, str]], rows: list[Item]) -> list[Quota]:
    """The quotas of callers and products, from the rows that were found."""
    by_key = {row["product_id"]["S"]: row for row in rows}
    quotas = []
    for caller, product_id in names:
        row = by_key.get(key(caller, product_id)["product_id"]["S"])
        holds = {int(end): int(units["N"]) for end, units in row["holds"]["M"].items()} if row else {}
        quotas.append(Quota(caller, product_id, holds, int(row["version"]["N"]) if row else 0))
    return quotas
