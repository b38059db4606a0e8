"""Sales of reserved or available units. A caller sells a product once per reference.

A sale of available units with a reference writes a record for each product and `line_id`. The record expires after
`SOLD_RETENTION_SECONDS`.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from contextlib import suppress
from typing import Any, NamedTuple

from ....runtime.attributes import Item
from ....runtime.idempotency import put_unless_recorded
from ....runtime.reserved_keys import EXPIRES, PREFIX
from . import levels, movements
from .errors import ReferenceConflict, ReservationConflict
from .levels import Level, LevelKey
from .movements import Cause
from .reservations import EXPIRED, HELD, SOLD_RETENTION_SECONDS, Caller, Line, RequestedLine, merge_lines

SOLD = ("product_id", "warehouse_id", "quantity", "stock_count", "reserved_count", "available", "status")
"""Response fields of a sold line."""

Document = dict[str, Any]


class OrderLine(NamedTuple):
    """Requested sale of one product."""

    requested: RequestedLine
    line_id: str | None = None
    """Label that distinguishes lines of the same product and reference."""


Part = tuple[str, "str | None"]
"""Product ID and `line_id`. A reference sells each part once."""


class Sale(NamedTuple):
    """Requested sale of the units of a reservation, or of available units."""

    lines: list[OrderLine] | None
    """None: all units of the reservation."""
    reservation_id: str | None
    product_id: str | None
    """Product of the reservation to sell. None: all products."""
    reference: str | None
    """Reference from the caller, such as an order number."""
    reserved_at: str | None = None
    """Normalized timestamp of the reservation. None selects the latest reservation with the ID."""

    def parts(self) -> dict[Part | None, list[RequestedLine]]:
        """Return the lines by part; without a reference, all lines under None."""
        parts: dict[Part | None, list[RequestedLine]] = {}
        for line in self.lines or ():
            part = (line.requested.product_id, line.line_id) if self.reference else None
            parts.setdefault(part, []).append(line.requested)
        return {part: merge_lines(lines) for part, lines in parts.items()}

    def requested(self) -> list[RequestedLine] | None:
        """Return the lines without `line_id`."""
        return None if self.lines is None else [line.requested for line in self.lines]

    def check_lines(self, lines: list[Line]) -> None:
        """Raise `ReservationConflict` unless the requested lines match `lines`, the active lines of the reservation."""
        if self.lines is None:
            return
        requested, requested_by_level = Counter[str](), Counter[LevelKey]()
        for requested_line in self.requested() or ():
            requested[requested_line.product_id] += requested_line.quantity
            if requested_line.warehouse_id:
                requested_by_level[requested_line.product_id, requested_line.warehouse_id] += requested_line.quantity
        reserved, reserved_by_level = Counter[str](), Counter[LevelKey]()
        for line in lines:
            reserved[line.product_id] += line.quantity
            reserved_by_level[line.level_key] += line.quantity
        if requested != reserved or requested_by_level - reserved_by_level:
            contents = ", ".join(
                f"{units} of {product} in {warehouse}" for (product, warehouse), units in reserved_by_level.items()
            )
            raise ReservationConflict(
                f"Reservation {lines[0].reservation_id!r} contains {contents}. Request exactly these units, or omit "
                "the lines."
            )

    def has_sold(self, line: Line) -> bool:
        """Return whether the line was sold by a request with the same `product_id`, where None means all products."""
        return line.sale is not None and line.sale.product_id == (self.product_id or "")

    def latest_lines(self, lines: list[Line]) -> list[Line]:
        """Return the lines that the last sale with the same product and lines sold; all lines if there is none."""
        by_time: dict[str, list[Line]] = {}
        for line in lines:
            if line.sale and self.has_sold(line):
                by_time.setdefault(line.sale.at, []).append(line)
        for at in sorted(by_time, reverse=True):
            with suppress(ReservationConflict):
                self.check_lines(by_time[at])
                return by_time[at]
        return lines

    def response(self, lines: list[Document]) -> Document:
        """Return the response of the sale."""
        ids = {"reservationId": self.reservation_id, "reference": self.reference}
        return {**{name: value for name, value in ids.items() if value is not None}, "lines": lines}

    def cause(self, caller: Caller, recorded: str | None = None) -> Cause:
        """Return the cause of the movements; `recorded` is the reference of the reservation."""
        return Cause(movements.FULFILLED, caller.actor, self.reservation_id, self.reference or recorded)


class Records:
    """Records of a sale of available units, in the levels table."""

    def __init__(self, table: str, sale: Sale, caller: Caller) -> None:
        self._table = table
        self._reference = sale.reference
        self._caller = caller

    def key(self, part: Part) -> Item:
        """Return the primary key of the record of a part. References are unique per owner."""
        name = json.dumps([self._caller.owner, self._reference, *part])
        return levels.service_item_key(f"{PREFIX}sale#{hashlib.sha256(name.encode()).hexdigest()}")

    def put(self, part: Part, lines: list[Document], now: float) -> dict[str, Any]:
        """Return the transaction action that records a part and its response, unless a record exists."""
        record: Item = {
            **self.key(part),
            "lines": {"S": json.dumps(lines)},
            EXPIRES: {"N": str(int(now) + SOLD_RETENTION_SECONDS)},
        }
        return put_unless_recorded(self._table, record, int(now))

    def sold_lines(
        self, items: list[Item], parts: dict[Part, list[RequestedLine]], now: float
    ) -> dict[Part, list[Document]]:
        """Return the recorded lines by part.

        Raise `ReferenceConflict` if their quantity or warehouses differ from the request.
        """
        by_key = {item["product_id"]["S"]: item for item in items if int(item[EXPIRES]["N"]) >= now}
        sold: dict[Part, list[Document]] = {}
        for part, requested in parts.items():
            item = by_key.get(self.key(part)["product_id"]["S"])
            if item is None:
                continue
            sold[part] = json.loads(item["lines"]["S"])
            sold_units, requested_units = Counter[str](), Counter[str]()
            for line in sold[part]:
                sold_units[line["warehouse_id"]] += line["quantity"]
            for requested_line in requested:
                requested_units[requested_line.warehouse_id or ""] += requested_line.quantity
            total = sum(requested_units.values())
            requested_units.pop("", 0)  # Any warehouse can supply these units.
            if sum(sold_units.values()) != total or requested_units - sold_units:
                product_id, line_id = part
                sales = [f"{units} of {product_id} in {warehouse}" for warehouse, units in sold_units.items()]
                raise ReferenceConflict(
                    f"Reference {self._reference!r} was already used to sell {', '.join(sales)}"
                    + (f" with line_id {line_id!r}" if line_id else "")
                    + ". Repeat that request, or use another line_id.",
                    sales,
                )
        return sold


def sold_line(units: int, level: Level) -> Document:
    """Return the response line of sold units; `level` is the level after the sale."""
    fields = {**levels.to_response(level), "quantity": units}
    return {name: fields[name] for name in SOLD}


def partly_sold_error(lines: list[Line]) -> ReservationConflict:
    """Return the error for a reservation that was sold in part and has no active lines. Its details list all lines."""
    final_states = {HELD: EXPIRED}
    states = [
        f"{final_states.get(line.state, line.state)}: {line.quantity} of {line.product_id} in {line.warehouse_id}"
        for line in lines
    ]
    return ReservationConflict(
        f"Reservation {lines[0].reservation_id!r} was sold in part, and the other lines have ended. Fulfill them "
        "without reservationId, from available units.",
        states,
    )
