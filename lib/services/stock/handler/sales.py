"""A sale: units of a reservation, or available ones, that leave the warehouse; once for each reference of a caller.

The sale of available units with a reference leaves a record for each product, and for each `line_id` of it.  DynamoDB
deletes it after `SOLD_RETENTION_SECONDS`.
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
from .levels import Level, Place
from .movements import Cause
from .reservations import EXPIRED, HELD, SOLD_RETENTION_SECONDS, Caller, Line, RequestedLine, merge_lines

SOLD = ("product_id", "warehouse_id", "quantity", "stock_count", "reserved_count", "available", "status")
"""The fields of a sold line in a response."""

Document = dict[str, Any]


class OrderLine(NamedTuple):
    """What is to be sold of a product."""

    requested: RequestedLine
    line_id: str | None = None
    """Tells lines of the same product and reference apart."""


Part = tuple[str, "str | None"]
"""A product and a `line_id`: what a reference sells once."""


class Sale(NamedTuple):
    """What is to be sold: the units of a reservation, or available ones."""

    lines: list[OrderLine] | None
    """None: all that the reservation holds."""
    reservation_id: str | None
    product_id: str | None
    """Of the reservation; None: all its products."""
    reference: str | None
    """The caller's own, such as an order number."""
    reserved_at: str | None = None
    """Of the reservation that is meant, as `levels.normalize_timestamp` writes it; None: whichever has the id now."""

    def parts(self) -> dict[Part | None, list[RequestedLine]]:
        """The lines by what is sold once; without a reference all of them, under None."""
        parts: dict[Part | None, list[RequestedLine]] = {}
        for line in self.lines or ():
            part = (line.requested.product_id, line.line_id) if self.reference else None
            parts.setdefault(part, []).append(line.requested)
        return {part: merge_lines(lines) for part, lines in parts.items()}

    def requested(self) -> list[RequestedLine] | None:
        """The lines without their `line_id`."""
        return None if self.lines is None else [line.requested for line in self.lines]

    def check_lines(self, lines: list[Line]) -> None:
        """Raise `ReservationConflict` unless the requested lines are exactly these lines of a reservation."""
        if self.lines is None:
            return
        requested, in_warehouses = Counter[str](), Counter[Place]()
        for line in self.requested() or ():
            requested[line.product_id] += line.quantity
            if line.warehouse_id:
                in_warehouses[line.product_id, line.warehouse_id] += line.quantity
        products, units = Counter[str](), Counter[Place]()
        for held in lines:
            products[held.product_id] += held.quantity
            units[held.place] += held.quantity
        if requested != products or in_warehouses - units:
            contents = ", ".join(
                f"{count} of {product} in {warehouse}" for (product, warehouse), count in units.items()
            )
            raise ReservationConflict(f"the reservation is of {contents}: ask for that, or leave it out")

    def has_sold(self, line: Line) -> bool:
        """Return whether a line was sold by a request for the same product, or for the whole reservation."""
        return line.sale is not None and line.sale.product_id == (self.product_id or "")

    def latest_lines(self, lines: list[Line]) -> list[Line]:
        """Return those of the sold lines that the last sale of the same request has sold; all if there was none.

        A request is for a product or for all, and lists its lines or not.
        """
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
        """The response."""
        ids = {"reservationId": self.reservation_id, "reference": self.reference}
        return {**{name: value for name, value in ids.items() if value is not None}, "lines": lines}

    def cause(self, caller: Caller, recorded: str | None = None) -> Cause:
        """The cause of its movements; `recorded` is the reference of the reservation."""
        return Cause(movements.FULFILLED, caller.actor, self.reservation_id, self.reference or recorded)


class Records:
    """The records of a sale of available units, in the table of levels."""

    def __init__(self, table: str, sale: Sale, caller: Caller) -> None:
        self._table = table
        self._reference = sale.reference
        self._caller = caller

    def key(self, part: Part) -> Item:
        """The key of the record of a part.  Callers with an owner have references of their own."""
        name = json.dumps([self._caller.owner, self._reference, *part])
        return levels.own_row(f"{PREFIX}sale#{hashlib.sha256(name.encode()).hexdigest()}")

    def put(self, part: Part, lines: list[Document], now: float) -> dict[str, Any]:
        """The transaction's action that records a part with its response, unless it is recorded."""
        record: Item = {
            **self.key(part),
            "lines": {"S": json.dumps(lines)},
            EXPIRES: {"N": str(int(now) + SOLD_RETENTION_SECONDS)},
        }
        return put_unless_recorded(self._table, record, int(now))

    def found(self, rows: list[Item], parts: dict[Part, list[RequestedLine]], now: float) -> dict[Part, list[Document]]:
        """The lines that were sold before, by their parts.

        Raise `ReferenceConflict` if it was another quantity, or from other warehouses than those requested.
        """
        by_key = {row["product_id"]["S"]: row for row in rows if int(row[EXPIRES]["N"]) >= now}
        sold: dict[Part, list[Document]] = {}
        for part, requested in parts.items():
            row = by_key.get(self.key(part)["product_id"]["S"])
            if row is None:
                continue
            sold[part] = json.loads(row["lines"]["S"])
            units, certain = Counter[str](), Counter[str]()
            for line in sold[part]:
                units[line["warehouse_id"]] += line["quantity"]
            for one in requested:
                certain[one.warehouse_id or ""] += one.quantity
            free = certain.pop("", 0)
            if sum(units.values()) != sum(certain.values()) + free or certain - units:
                product_id, line_id = part
                places = [f"{quantity} of {product_id} in {warehouse}" for warehouse, quantity in units.items()]
                raise ReferenceConflict(
                    f"reference {self._reference!r} has sold {', '.join(places)}"
                    + (f" for line_id {line_id!r}" if line_id else "")
                    + ": repeat that request, or send another line_id for a further sale under this reference",
                    places,
                )
        return sold


def sold_line(units: int, level: Level) -> Document:
    """Return the response's line about sold units; `level` is the level after the sale."""
    fields = {**levels.to_response(level), "quantity": units}
    return {name: fields[name] for name in SOLD}


def partly_sold_error(lines: list[Line]) -> ReservationConflict:
    """Return the error for a reservation of which some lines were sold and none is held; its details list them all."""
    ended = {HELD: EXPIRED}
    states = [
        f"{ended.get(line.state, line.state)}: {line.quantity} of {line.product_id} in {line.warehouse_id}"
        for line in lines
    ]
    return ReservationConflict(
        f"part of reservation {lines[0].reservation_id!r} was sold, and the rest has ended: fulfill the rest without "
        "reservationId, from available units",
        states,
    )
