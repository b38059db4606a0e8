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
from ....runtime.dynamodb import put_action
from .levels import Place, format_timestamp

HELD, RELEASED, EXPIRED, FULFILLED = "HELD", "RELEASED", "EXPIRED", "FULFILLED"
GIVEN_BACK = (RELEASED, EXPIRED)
KEPT_SECONDS = 7 * 24 * 3600
"""How long after its expiry DynamoDB keeps the row of a line, at least."""
SOLD_RETENTION_SECONDS = 400 * 24 * 3600
"""How long after the sale: returns need it, and no other reservation may have its id."""

Key = tuple[str, int]
"""A reservation's id and the number of a line."""


class Caller(NamedTuple):
    """Who makes a request."""

    actor: str
    """As movements record it."""
    owner: str = ""
    """Whose reservations it can use, besides those without an owner; empty: any whose id it knows."""


class Sold(NamedTuple):
    """The sale of a line."""

    at: str
    """The time of the sale: the same for all its lines."""
    product_id: str
    """The product that was to be sold; empty for all of the reservation."""
    line: str
    """The line of the response, as JSON."""


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
    owner: str = ""
    """The only caller that can use it; empty: every caller that knows its id."""
    reference: str | None = None
    """The caller's own, such as an order number: of the reservation, or else of the sale."""
    counted: bool = False
    """Whether its units are in the quota of its caller."""
    sale: Sold | None = None
    """None: not sold, or by an earlier release."""

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
        return format_timestamp(self.end)

    def is_active(self, now: float) -> bool:
        """Return whether its units are held."""
        return self.state == HELD and self.end > now

    def usable_by(self, caller: Caller) -> bool:
        """Whether the caller may repeat, release or fulfill it."""
        return not self.owner or not caller.owner or self.owner == caller.owner


class RequestedLine(NamedTuple):
    """Requested units of a product, from a warehouse or from any (None)."""

    product_id: str
    warehouse_id: str | None
    quantity: int


class Booking(NamedTuple):
    """A requested reservation."""

    reservation_id: str
    lines: list[RequestedLine]
    minutes: int
    reference: str | None = None

    @property
    def digest(self) -> str:
        """A hash of the lines and the lifetime, the same in every release."""
        # Stored digests contain the former name of the class.
        lines = sorted(str(line).replace("RequestedLine", "Wanted", 1) for line in merge_lines(self.lines))
        contents = json.dumps([lines, self.minutes])
        return hashlib.sha256(contents.encode()).hexdigest()[:32]

    def line(self, caller: Caller, place: Place, units: int, *, number: int, reserved_at: str, end: int) -> Line:
        """A line that is held."""
        return Line(
            self.reservation_id,
            number,
            *place,
            units,
            HELD,
            reserved_at,
            end,
            caller.actor,
            self.digest,
            owner=caller.owner,
            reference=self.reference,
        )


def merge_lines(lines: list[RequestedLine]) -> list[RequestedLine]:
    """Merge lines of the same product and warehouse; those of any warehouse are last, as they can be moved."""
    sums: dict[tuple[str, str | None], int] = {}
    for line in lines:
        place = (line.product_id, line.warehouse_id)
        sums[place] = sums.get(place, 0) + line.quantity
    found = [RequestedLine(product, warehouse, quantity) for (product, warehouse), quantity in sums.items()]
    return sorted(found, key=lambda line: line.warehouse_id is None)


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
        **{name: {"S": value} for name, value in (("owner", line.owner), ("reference", line.reference)) if value},
        **({"counted": {"BOOL": True}} if line.counted else {}),
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
        owner=found["owner"]["S"] if "owner" in found else "",
        reference=found["reference"]["S"] if "reference" in found else None,
        counted="counted" in found,
        sale=Sold(**{name: value["S"] for name, value in found["sale"]["M"].items()}) if "sale" in found else None,
    )


def lines_of(rows: list[Item]) -> list[Line]:
    """The lines of a reservation, from all rows of its id in their order."""
    lines = [line_of(found) for found in rows]
    return [line for line in lines if line.reserved_at == lines[0].reserved_at]


def put(table: str, line: Line, over: Line | None = None) -> dict[str, Any]:
    """The transaction's action that writes a line; line 0 only where none is, or in the place of `over`.

    No line takes the place of one that is held: its units would never be given back.
    """
    if line.line == 0 and over is None:
        return put_action(table, row(line), "attribute_not_exists(reservation_id)")
    condition, values = "attribute_not_exists(reservation_id) OR #state <> :state", {":state": {"S": HELD}}
    if over and line.line == 0:
        condition = "reserved_at = :over AND #state = :state"
        values = {":over": {"S": over.reserved_at}, ":state": {"S": over.state}}
    return put_action(table, row(line), condition, values, names={"#state": "state"})


def settle(table: str, line: Line, state: str, at: str, attributes: Item) -> dict[str, Any]:
    """The transaction's action that ends a line, which only one can, and sets further attributes."""
    values = {"state": {"S": state}, "settled_at": {"S": at}, **attributes}
    action = _update(table, line, values, "#state = :held", {":held": {"S": HELD}})
    action["Update"]["UpdateExpression"] += " REMOVE held_for"
    return action


def retain(table: str, line: Line, attributes: Item) -> dict[str, Any]:
    """The transaction's action that sets the attributes of a sale on a line that is not part of it."""
    return _update(table, line, attributes)


def sold_attributes(sale: Sold) -> Item:
    """The attribute that a sale sets on each of its lines."""
    return {"sale": {"M": {name: {"S": value} for name, value in sale._asdict().items()}}}


def sale_attributes(now: float, reference: str | None) -> Item:
    """The attributes that a sale sets on its lines and on line 0: until when DynamoDB keeps them, and its reference."""
    expiry = {"reservation_expiry": {"N": str(int(now) + SOLD_RETENTION_SECONDS)}}
    return {**expiry, **({"reference": {"S": reference}} if reference else {})}


def _update(
    table: str, line: Line, values: Item, condition: str = "", condition_values: Item | None = None
) -> dict[str, Any]:
    """An update of a line that is still of the same reservation, and has no other reference than the one it sets."""
    conditions = ["reserved_at = :reserved_at", *([condition] if condition else [])]
    if "reference" in values:
        conditions.append("(attribute_not_exists(#reference) OR #reference = :reference)")
    return {
        "Update": {
            "TableName": table,
            "Key": row_key(*line.key),
            "UpdateExpression": "SET " + ", ".join(f"#{name} = :{name}" for name in values),
            "ConditionExpression": " AND ".join(conditions),
            "ExpressionAttributeNames": {f"#{name}": name for name in values},
            "ExpressionAttributeValues": {
                **{f":{name}": value for name, value in values.items()},
                ":reserved_at": {"S": line.reserved_at},
                **(condition_values or {}),
            },
        }
    }


def to_response(lines: list[Line]) -> dict[str, Any]:
    """A reservation, as whoever made it is told."""
    told = [
        {"product_id": line.product_id, "warehouse_id": line.warehouse_id, "quantity": line.quantity} for line in lines
    ]
    return {
        "reservationId": lines[0].reservation_id,
        "expiry": lines[0].expiry,
        "reserved_at": lines[0].reserved_at,
        **({"reference": lines[0].reference} if lines[0].reference else {}),
        **(told[0] if len(told) == 1 else {}),
        "lines": told,
    }


def hold_to_response(line: Line) -> dict[str, Any]:
    """A line that is held, as administrators are told."""
    return {
        "reservationId": line.reservation_id,
        "product_id": line.product_id,
        "warehouse_id": line.warehouse_id,
        "quantity": line.quantity,
        "expiry": line.expiry,
        "reserved_at": line.reserved_at,
        "actor": line.actor,
        **({"reference": line.reference} if line.reference else {}),
    }
