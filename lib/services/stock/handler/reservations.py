"""Reservations: units of one or several products that are held for a limited time. Each line is one DynamoDB item.

| State | Meaning |
| --- | --- |
| HELD | Reserved until `expiry`. After `expiry`, the line counts as released, even if its state is not updated yet. |
| RELEASED, EXPIRED | Released. The ID can be used for another reservation. |
| FULFILLED | Sold. |

Line 0 guards the id: only one request can write it. `reserved_at` distinguishes the lines of a reservation from those
of an earlier reservation with the same ID.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any, NamedTuple

from ....runtime.attributes import Item
from ....runtime.dynamodb import put_action
from .levels import LevelKey, format_timestamp

HELD, RELEASED, EXPIRED, FULFILLED = "HELD", "RELEASED", "EXPIRED", "FULFILLED"
RELEASED_STATES = (RELEASED, EXPIRED)
RETENTION_SECONDS = 7 * 24 * 3600
"""Time after the expiry of a line until its item expires."""
SOLD_RETENTION_SECONDS = 400 * 24 * 3600
"""Retention of a sold line after the sale, for returns and to prevent reuse of the reservation ID."""

Key = tuple[str, int]
"""Reservation ID and line number."""


class Caller(NamedTuple):
    """Identity of the caller of a request."""

    actor: str
    """Name recorded in movements."""
    owner: str = ""
    """The caller can use the reservations of this owner and those without an owner. Empty: all reservations."""


class Sold(NamedTuple):
    """Sale of a reservation line."""

    at: str
    """Timestamp of the sale, the same for all its lines."""
    product_id: str
    """Product of the request; empty if the request was for the whole reservation."""
    line: str
    """Response line as JSON."""


class Line(NamedTuple):
    """Reservation line: units of one product in one warehouse."""

    reservation_id: str
    line: int
    product_id: str
    warehouse_id: str
    quantity: int
    state: str
    reserved_at: str
    expires_at: int
    """Expiry in epoch seconds."""
    actor: str
    digest: str
    """Hash of the requested lines and lifetime, the same for all lines of a reservation."""
    settled_at: str | None = None
    """Timestamp of the movement that released or sold the line."""
    owner: str = ""
    """Owner of the reservation; see `Caller.owner`. Empty: every caller that knows the ID can use it."""
    reference: str | None = None
    """Reference from the caller, such as an order number; set by the reservation or by the sale."""
    counted: bool = False
    """Whether the units count in the quota of the caller."""
    sale: Sold | None = None
    """None if the line is not sold, or was sold by an earlier release of the service."""

    @property
    def key(self) -> Key:
        """Reservation ID and line number."""
        return self.reservation_id, self.line

    @property
    def level_key(self) -> LevelKey:
        """Product ID and warehouse ID."""
        return self.product_id, self.warehouse_id

    @property
    def expiry(self) -> str:
        """Expiry as a timestamp."""
        return format_timestamp(self.expires_at)

    def is_active(self, now: float) -> bool:
        """Return whether the units are reserved."""
        return self.state == HELD and self.expires_at > now

    def usable_by(self, caller: Caller) -> bool:
        """Return whether the caller is allowed to repeat, release or fulfill the reservation."""
        return not self.owner or not caller.owner or self.owner == caller.owner


class RequestedLine(NamedTuple):
    """Requested units of a product. If `warehouse_id` is None, any warehouse can supply them."""

    product_id: str
    warehouse_id: str | None
    quantity: int


class Booking(NamedTuple):
    """Requested reservation."""

    reservation_id: str
    lines: list[RequestedLine]
    minutes: int
    reference: str | None = None

    @property
    def digest(self) -> str:
        """Hash of the lines and the lifetime, the same in every release of the service."""
        # Stored digests were computed with the former class name.
        lines = sorted(str(line).replace("RequestedLine", "Wanted", 1) for line in merge_lines(self.lines))
        contents = json.dumps([lines, self.minutes])
        return hashlib.sha256(contents.encode()).hexdigest()[:32]

    def line(
        self, caller: Caller, key: LevelKey, units: int, *, number: int, reserved_at: str, expires_at: int
    ) -> Line:
        """Return an active line of the reservation."""
        return Line(
            self.reservation_id,
            number,
            *key,
            units,
            HELD,
            reserved_at,
            expires_at,
            caller.actor,
            self.digest,
            owner=caller.owner,
            reference=self.reference,
        )


def merge_lines(lines: list[RequestedLine]) -> list[RequestedLine]:
    """Merge lines of the same product and warehouse. Sort lines without a warehouse last."""
    sums: dict[tuple[str, str | None], int] = {}
    for line in lines:
        key = (line.product_id, line.warehouse_id)
        sums[key] = sums.get(key, 0) + line.quantity
    merged = [RequestedLine(product, warehouse, quantity) for (product, warehouse), quantity in sums.items()]
    return sorted(merged, key=lambda line: line.warehouse_id is None)


def item_key(reservation_id: str, line: int) -> Item:
    """Return the primary key of a line."""
    return {"reservation_id": {"S": reservation_id}, "line": {"N": str(line)}}


def to_item(line: Line) -> Item:
    """Return the DynamoDB item of an active line. `held_for` adds it to `product-index`."""
    return {
        **item_key(*line.key),
        "product_id": {"S": line.product_id},
        "warehouse_id": {"S": line.warehouse_id},
        "quantity": {"N": str(line.quantity)},
        "state": {"S": line.state},
        "reserved_at": {"S": line.reserved_at},
        "expiry": {"S": line.expiry},
        "ends": {"N": str(line.expires_at)},
        "actor": {"S": line.actor},
        "digest": {"S": line.digest},
        **{name: {"S": value} for name, value in (("owner", line.owner), ("reference", line.reference)) if value},
        **({"counted": {"BOOL": True}} if line.counted else {}),
        "held_for": {"S": line.product_id},
        "reservation_expiry": {"N": str(line.expires_at + RETENTION_SECONDS)},
    }


def from_item(item: Item) -> Line:
    """Return the line of a DynamoDB item."""
    return Line(
        reservation_id=item["reservation_id"]["S"],
        line=int(item["line"]["N"]),
        product_id=item["product_id"]["S"],
        warehouse_id=item["warehouse_id"]["S"],
        quantity=int(item["quantity"]["N"]),
        state=item["state"]["S"],
        reserved_at=item["reserved_at"]["S"],
        expires_at=int(item["ends"]["N"]),
        actor=item["actor"]["S"],
        digest=item["digest"]["S"],
        settled_at=item["settled_at"]["S"] if "settled_at" in item else None,
        owner=item["owner"]["S"] if "owner" in item else "",
        reference=item["reference"]["S"] if "reference" in item else None,
        counted="counted" in item,
        sale=Sold(**{name: value["S"] for name, value in item["sale"]["M"].items()}) if "sale" in item else None,
    )


def from_items(items: list[Item]) -> list[Line]:
    """Return the lines of the latest reservation, from all items of its ID in their order."""
    lines = [from_item(item) for item in items]
    return [line for line in lines if line.reserved_at == lines[0].reserved_at]


def put(table: str, line: Line, replaced: Line | None = None) -> dict[str, Any]:
    """Return the transaction action that writes a line. Line 0 replaces only `replaced`, and only if it is unchanged.
    No line replaces an active line, because the units of the active line would never be released.
    """
    if line.line == 0 and replaced is None:
        return put_action(table, to_item(line), "attribute_not_exists(reservation_id)")
    condition, values = "attribute_not_exists(reservation_id) OR #state <> :state", {":state": {"S": HELD}}
    if replaced and line.line == 0:
        condition = "reserved_at = :replaced AND #state = :state"
        values = {":replaced": {"S": replaced.reserved_at}, ":state": {"S": replaced.state}}
    return put_action(table, to_item(line), condition, values, names={"#state": "state"})


def settle(table: str, line: Line, state: str, at: str, attributes: Item) -> dict[str, Any]:
    """Return the transaction action that sets the final state of an active line and further attributes."""
    values = {"state": {"S": state}, "settled_at": {"S": at}, **attributes}
    action = _update(table, line, values, "#state = :held", {":held": {"S": HELD}})
    action["Update"]["UpdateExpression"] += " REMOVE held_for"
    return action


def retain(table: str, line: Line, attributes: Item) -> dict[str, Any]:
    """Return the transaction action that sets attributes of a sale on line 0 if the sale does not include it."""
    return _update(table, line, attributes)


def sold_attributes(sale: Sold) -> Item:
    """Return the attribute that a sale sets on each of its lines."""
    return {"sale": {"M": {name: {"S": value} for name, value in sale._asdict().items()}}}


def sale_attributes(now: float, reference: str | None) -> Item:
    """Return the attributes that a sale sets on its lines and on line 0: item expiry and reference."""
    expiry = {"reservation_expiry": {"N": str(int(now) + SOLD_RETENTION_SECONDS)}}
    return {**expiry, **({"reference": {"S": reference}} if reference else {})}


def _update(
    table: str, line: Line, values: Item, condition: str = "", condition_values: Item | None = None
) -> dict[str, Any]:
    """Return the update of a line, conditional on the same reservation and no other reference."""
    conditions = ["reserved_at = :reserved_at", *([condition] if condition else [])]
    if "reference" in values:
        conditions.append("(attribute_not_exists(#reference) OR #reference = :reference)")
    return {
        "Update": {
            "TableName": table,
            "Key": item_key(*line.key),
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
    """Return the response fields of a reservation."""
    response_lines = [
        {"product_id": line.product_id, "warehouse_id": line.warehouse_id, "quantity": line.quantity} for line in lines
    ]
    return {
        "reservationId": lines[0].reservation_id,
        "expiry": lines[0].expiry,
        "reserved_at": lines[0].reserved_at,
        **({"reference": lines[0].reference} if lines[0].reference else {}),
        **(response_lines[0] if len(response_lines) == 1 else {}),
        "lines": response_lines,
    }


def hold_to_response(line: Line) -> dict[str, Any]:
    """Return the response fields of an active line, for administrators."""
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
