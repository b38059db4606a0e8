"""A reservation: units of one or several products that somebody holds for a while; a row for each line.

| state | means |
| --- | --- |
| HELD | until its `expiry`; from then on it counts as released, whether or not that is written yet |
| RELEASED, EXPIRED | given back; its id may be used again |
| FULFILLED | sold |

Line 0 guards the id: whoever writes it has it.  `reserved_at` tells the lines of a reservation from those that an
earlier one under the same id has left.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any, NamedTuple

from ....runtime.attributes import Item
from .levels import Place, moment

HELD, RELEASED, EXPIRED, FULFILLED = "HELD", "RELEASED", "EXPIRED", "FULFILLED"
GIVEN_BACK = (RELEASED, EXPIRED)
KEPT_SECONDS = 7 * 24 * 3600
"""How long after its expiry DynamoDB keeps the row of a line, at least."""
SOLD_RETENTION_SECONDS = 400 * 24 * 3600
"""How long after the sale: returns need it, and no other reservation may have its id."""

Key = tuple[str, int]
"""A reservation's id and the number of a line."""


class Line(NamedTuple):
    """Units of one product in one warehouse."""

    reservation_id: str
    line: int
    product_id: str
    warehouse_id: str
    quantity: int
    state: str
    reserved_at: str
    end: int
    """The epoch second at which nobody holds it any more."""
    actor: str
    digest: str
    """Of what was asked for: the same on every line of a reservation."""
    settled_at: str | None = None
    """The time of the movement that ended it."""

    @property
    def key(self) -> Key:
        """What it is known by."""
        return self.reservation_id, self.line

    @property
    def place(self) -> Place:
        """Its product and its warehouse."""
        return self.product_id, self.warehouse_id

    @property
    def expiry(self) -> str:
        """When it ends by itself."""
        return moment(self.end)

    def live(self, now: float) -> bool:
        """Whether somebody holds it."""
        return self.state == HELD and self.end > now


class Wanted(NamedTuple):
    """What somebody wants, and from which warehouse: None for any."""

    product_id: str
    warehouse_id: str | None
    quantity: int


def added_up(lines: list[Wanted]) -> list[Wanted]:
    """Every product and warehouse once; those of a certain warehouse first, as the others can give way."""
    sums: dict[tuple[str, str | None], int] = {}
    for line in lines:
        place = (line.product_id, line.warehouse_id)
        sums[place] = sums.get(place, 0) + line.quantity
    found = [Wanted(product, warehouse, quantity) for (product, warehouse), quantity in sums.items()]
    return sorted(found, key=lambda line: line.warehouse_id is None)


def digest(lines: list[Wanted], minutes: int | None) -> str:
    """The same for the same request."""
    asked = json.dumps([sorted(map(str, lines)), minutes])
    return hashlib.sha256(asked.encode()).hexdigest()[:32]


def row_key(reservation_id: str, line: int) -> Item:
    """The key of a line's row."""
    return {"reservation_id": {"S": reservation_id}, "line": {"N": str(line)}}


def row(line: Line) -> Item:
    """The row of a line.  `held_for` puts it into the index of what is held."""
    return {
        **row_key(*line.key),
        "product_id": {"S": line.product_id},
        "warehouse_id": {"S": line.warehouse_id},
        "quantity": {"N": str(line.quantity)},
        "state": {"S": line.state},
        "reserved_at": {"S": line.reserved_at},
        "expiry": {"S": line.expiry},
        "ends": {"N": str(line.end)},
        "actor": {"S": line.actor},
        "digest": {"S": line.digest},
        "held_for": {"S": line.product_id},
        "reservation_expiry": {"N": str(line.end + KEPT_SECONDS)},
    }


def line_of(found: Item) -> Line:
    """The line that a row holds."""
    return Line(
        reservation_id=found["reservation_id"]["S"],
        line=int(found["line"]["N"]),
        product_id=found["product_id"]["S"],
        warehouse_id=found["warehouse_id"]["S"],
        quantity=int(found["quantity"]["N"]),
        state=found["state"]["S"],
        reserved_at=found["reserved_at"]["S"],
        end=int(found["ends"]["N"]),
        actor=found["actor"]["S"],
        digest=found["digest"]["S"],
        settled_at=found["settled_at"]["S"] if "settled_at" in found else None,
    )


def lines_of(rows: list[Item]) -> list[Line]:
    """The lines of a reservation, from all rows of its id in their order."""
    lines = [line_of(found) for found in rows]
    return [line for line in lines if line.reserved_at == lines[0].reserved_at]


def put(table: str, line: Line, over: Line | None = None) -> dict[str, Any]:
    """The transaction's action that writes a line; line 0 only where none is, or in the place of `over`.

    No line takes the place of one that is held: its units would never be given back.
    """
    action: dict[str, Any] = {"TableName": table, "Item": row(line)}
    if line.line > 0:
        action["ConditionExpression"] = "attribute_not_exists(reservation_id) OR #state <> :state"
        action["ExpressionAttributeValues"] = {":state": {"S": HELD}}
    elif over:
        action["ConditionExpression"] = "reserved_at = :over AND #state = :state"
        action["ExpressionAttributeValues"] = {":over": {"S": over.reserved_at}, ":state": {"S": over.state}}
    else:
        action["ConditionExpression"] = "attribute_not_exists(reservation_id)"
        return {"Put": action}
    action["ExpressionAttributeNames"] = {"#state": "state"}
    return {"Put": action}


def settle(table: str, line: Line, state: str, at: str, now: float) -> dict[str, Any]:
    """The transaction's action that ends a line, which only one can; a sold one stays for `SOLD_RETENTION_SECONDS`."""
    retention = {":kept": {"N": str(int(now) + SOLD_RETENTION_SECONDS)}} if state == FULFILLED else {}
    return {
        "Update": {
            "TableName": table,
            "Key": row_key(*line.key),
            "UpdateExpression": "SET #state = :state, settled_at = :at"
            + (", reservation_expiry = :kept" if retention else "")
            + " REMOVE held_for",
            "ConditionExpression": "#state = :held AND reserved_at = :reserved",
            "ExpressionAttributeNames": {"#state": "state"},
            "ExpressionAttributeValues": {
                ":state": {"S": state},
                ":at": {"S": at},
                ":held": {"S": HELD},
                ":reserved": {"S": line.reserved_at},
                **retention,
            },
        }
    }


def shown(lines: list[Line]) -> dict[str, Any]:
    """A reservation, as whoever made it is told."""
    told = [
        {"product_id": line.product_id, "warehouse_id": line.warehouse_id, "quantity": line.quantity} for line in lines
    ]
    return {
        "reservationId": lines[0].reservation_id,
        "expiry": lines[0].expiry,
        **(told[0] if len(told) == 1 else {}),
        "lines": told,
    }


def held_shown(line: Line) -> dict[str, Any]:
    """A line that is held, as administrators are told."""
    return {
        "reservationId": line.reservation_id,
        "product_id": line.product_id,
        "warehouse_id": line.warehouse_id,
        "quantity": line.quantity,
        "expiry": line.expiry,
        "reserved_at": line.reserved_at,
        "actor": line.actor,
    }
