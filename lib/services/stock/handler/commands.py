"""The commands of the stock service: create, update, reserve, release, fulfill and expire."""

from __future__ import annotations

import itertools
import json
import os
from contextlib import suppress
from functools import cache, partial
from typing import Any, Callable

from ....runtime import metrics
from ....runtime.dynamodb import DynamoDB
from ....runtime.errors import ApiError, BadRequest, Conflict, NotFound
from ....runtime.idempotency import Idempotency
from ....runtime.transactions import AlreadyExecuted, WriteConflict, check_deadline
from . import levels, movements, reservations
from .changes import EXPIRY, Changes, Edit, busy, max_held_units
from .errors import (
    HoldLimit,
    InsufficientStock,
    ReservationConflict,
    ReservationExpired,
    ReservationFulfilled,
    no_reservation,
)
from .levels import Level
from .movements import Cause
from .repository import Repository, Tables
from .reservations import Booking, Caller, Line, RequestedLine, merge_lines
from .sales import SOLD, Document, Records, Sale, partly_sold_error, sold_line
from .unit_of_work import AlreadySold, LinesChanged, UnitOfWork, sum_units

MAX_LINES_WITH_LIMIT = 24
"""Maximum lines of a reservation that counts in quotas: of the 100 actions of a transaction each line takes four."""


class Commands:
    """Changes of levels and reservations, each with its movements."""

    def __init__(self, repository: Repository) -> None:
        self.repository = repository
        self._changes = Changes(repository)

    def run_idempotently(self, idempotency: Idempotency | None, command: Callable[[], Document]) -> Document:
        """Run a command, or return the recorded response if its idempotency key was used before."""
        if (recorded := self.repository.recorded_response(idempotency)) is not None:
            return recorded
        try:
            return command()
        except AlreadyExecuted as exc:
            response: Document = json.loads(exc.result["answer"]["S"])
            return response
        except ApiError as exc:
            # An earlier attempt of this request, executed a moment ago, might be what prevents it.
            if (recorded := self.repository.recorded_response(idempotency)) is not None:
                return recorded
            if isinstance(exc, InsufficientStock):
                metrics.emit(OversellsRefused=(1, "Count"))
            raise

    def create(self, level: Level, actor: str, idempotency: Idempotency | None) -> Document:
        """Create a level; raise `Conflict` if it exists."""
        work = UnitOfWork({}, self.repository.now())
        work.create(level, Cause(movements.CREATED, actor))
        response = levels.to_response(level)
        try:
            work.commit(self.repository, idempotency, json.dumps(response))
        except WriteConflict as exc:
            raise Conflict(f"{level.product_id} is in {level.warehouse_id} already: PUT changes it") from exc
        return response

    def update(
        self, product_id: str, warehouse_id: str | None, edit: Edit, actor: str, idempotency: Idempotency | None
    ) -> Document:
        """Update a level and return it."""

        def change(work: UnitOfWork) -> Document:
            old = work.only_level(product_id, warehouse_id)
            edit.check(old)
            values = edit.changed_values(old)
            if not values:
                return levels.to_response(old.as_of(work.now))
            units = values.get("stock_count", old.stock_count) - old.stock_count
            kind = movements.UPDATED if edit.adjustment is None else movements.ADJUSTED
            cause = Cause(kind, actor, reason=edit.reason)
            new = work.move(old.place, cause, units, partial(levels.edited, **values))
            edit.check_reserved(old, new, work.now)
            return levels.to_response(new.as_of(work.now))

        return self._changes.apply([RequestedLine(product_id, warehouse_id, 0)], change, idempotency)

    def reserve(self, booking: Booking, caller: Caller, idempotency: Idempotency | None) -> Document:
        """Hold all requested units or none. The same request again receives the same response."""
        lines = merge_lines(booking.lines)
        counted = max_held_units() > 0
        if counted and len(lines) > MAX_LINES_WITH_LIMIT:
            raise BadRequest(
                f"lines: at most {MAX_LINES_WITH_LIMIT} where max_held_units is set, got {len(lines)}: reserve the "
                "others under another reservationId"
            )
        replaced: Line | None = None

        def change(work: UnitOfWork) -> Document:
            units_by_place = sum_units(lines, work.allocate(lines))
            end = levels.end_of_hold(work.now, booking.minutes, [work.after[place] for place in units_by_place])
            at = levels.format_timestamp(work.now, replaced.reserved_at if replaced else "")
            new_lines = [
                booking.line(caller, place, units, number=number, reserved_at=at, end=end)._replace(counted=counted)
                for number, (place, units) in enumerate(units_by_place.items())
            ]
            for line in new_lines:
                cause = Cause(movements.RESERVED, caller.actor, line.reservation_id, line.reference)
                work.move(line.place, cause, line.quantity, partial(levels.held, units=line.quantity, end=end))
                work.lines[line.key] = reservations.put(self.repository.tables.reservations, line, replaced)
            self._changes.count(work, new_lines, 1)
            return reservations.to_response(new_lines)

        while True:
            try:
                return self._changes.apply(lines, change, idempotency)
            except (InsufficientStock, HoldLimit, NotFound, LinesChanged) as exc:
                if active := self._active_lines(booking, caller):
                    return self.repository.record_response(reservations.to_response(active), idempotency)
                if not isinstance(exc, LinesChanged):
                    raise
                replaced = self._replaceable_line(booking.reservation_id)
                check_deadline(busy(f"reservation {booking.reservation_id}"))

    def release(
        self,
        reservation_id: str,
        product_id: str | None,
        caller: Caller,
        reserved_at: str | None = None,
        idempotency: Idempotency | None = None,
    ) -> Document:
        """Release what a reservation holds of a product, or all it holds; raise `NotFound` if that is nothing."""
        cause = Cause(movements.RELEASED, caller.actor, reservation_id)
        while True:
            now = self.repository.now()
            lines = [line for line in self.repository.lines(reservation_id) if line.usable_by(caller)]
            # A reservation that took the id over since is not the one to release.
            reserved_at = reserved_at or (lines[0].reserved_at if lines else None)
            active = [
                line
                for line in lines
                if line.is_active(now) and line.reserved_at == reserved_at and product_id in (None, line.product_id)
            ]
            if not active:
                raise no_reservation(reservation_id, product_id)
            try:
                return self._changes.settle(active, reservations.RELEASED, cause, idempotency=idempotency)
            except LinesChanged:
                check_deadline(busy(f"reservation {reservation_id}"))

    def fulfill(self, sale: Sale, caller: Caller, idempotency: Idempotency | None) -> Document:
        """Sell all requested units or none."""
        if sale.reservation_id is not None:
            return self._fulfill_reservation(sale.reservation_id, sale, caller, idempotency)
        parts = sale.parts()
        records = Records(self.repository.tables.levels, sale, caller)
        sold: dict[Any, list[Document]] = {}

        def change(work: UnitOfWork) -> Document:
            response = []
            rest = {part: requested for part, requested in parts.items() if part not in sold}
            places = iter(work.allocate([line for requested in rest.values() for line in requested]))
            for part, requested in parts.items():
                lines = sold.get(part, [])
                if part not in sold:
                    for place, units in sum_units(requested, itertools.islice(places, len(requested))).items():
                        level = work.move(place, sale.cause(caller), units, partial(levels.sold, units=units))
                        lines = [*lines, sold_line(units, level.as_of(work.now))]
                    if part:
                        work.sales[("sale", *part)] = records.put(part, lines, work.now)
                response += lines
            return sale.response(response)

        while True:
            rest = [line for part, lines in parts.items() if part not in sold for line in lines]
            try:
                return self._changes.apply(merge_lines(rest), change, idempotency)
            except (AlreadySold, InsufficientStock, NotFound) as exc:
                # An earlier attempt of this request might be what prevents it.
                before = sold
                sold = self.repository.recorded_sales(records, {part: lines for part, lines in parts.items() if part})
                if sold == before and not isinstance(exc, AlreadySold):
                    raise
                check_deadline(busy(f"reference {sale.reference}"))

    def expire(self, product_id: str) -> int:
        """Release the expired holds of a product, and return their number."""
        return self._changes.expire(product_id)

    def _fulfill_reservation(
        self, reservation_id: str, sale: Sale, caller: Caller, idempotency: Idempotency | None
    ) -> Document:
        reserved_at = sale.reserved_at
        while True:
            usable = [line for line in self.repository.lines(reservation_id) if line.usable_by(caller)]
            lines = [line for line in usable if sale.product_id in (None, line.product_id)]
            if not lines:
                raise no_reservation(reservation_id, sale.product_id)
            reserved_at = reserved_at or lines[0].reserved_at
            if lines[0].reserved_at != reserved_at:
                raise ReservationExpired(
                    f"reservationId {reservation_id!r}: the reservation of {reserved_at} has ended, and the id is of "
                    f"one of {lines[0].reserved_at}"
                )
            recorded = next((line.reference for line in usable if line.reference), None)
            if None not in (recorded, sale.reference) and recorded != sale.reference:
                raise ReservationConflict(
                    f"reference {sale.reference!r}: reservation {reservation_id!r} has another one, send that or none"
                )
            now = self.repository.now()
            active = [line for line in lines if line.is_active(now)]
            if not active:
                return self.repository.record_response(sale.response(self._sold_lines(sale, lines)), idempotency)
            sale.check_lines(active)
            # Line 0 guards the id: it is retained, and has the reference, whichever lines are sold.
            guard = usable[0] if usable[0].line == 0 and usable[0] not in active else None
            cause = sale.cause(caller, recorded)
            try:
                return self._changes.settle(
                    active, reservations.FULFILLED, cause, sale=sale, idempotency=idempotency, guard=guard
                )
            except LinesChanged:
                check_deadline(busy(f"reservation {reservation_id}"))

    def _active_lines(self, booking: Booking, caller: Caller) -> list[Line]:
        """Return the lines of the reservation that has the id; none if it has ended.

        Raise `ReservationFulfilled` if any of it was sold, `ReservationConflict` if it is another reservation.
        """
        now = self.repository.now()
        name = f"reservationId {booking.reservation_id!r}"
        lines = self.repository.lines(booking.reservation_id)
        if any(line.state == reservations.FULFILLED for line in lines):
            raise ReservationFulfilled(f"{name} has been fulfilled: reserve under another id")
        active = [line for line in lines if line.is_active(now)]
        if not active:
            return []
        if not active[0].usable_by(caller):
            raise ReservationConflict(f"{name} is in use by another caller: reserve under another id")
        if booking.reference not in (None, active[0].reference):
            raise ReservationConflict(
                f"reference {booking.reference!r}: {name} is of another reference or of none, reserve under another id"
            )
        if active != lines or active[0].digest != booking.digest:
            raise ReservationConflict(
                f"{name} holds other lines or has another lifetime_minutes, or part of it was released: reserve under "
                "another id"
            )
        return active

    def _replaceable_line(self, reservation_id: str) -> Line | None:
        """Return line 0 of a reservation that has ended; None if any of its lines is not released."""
        now = self.repository.now()
        lines = self.repository.lines(reservation_id)
        if expired := [line for line in lines if line.state == reservations.HELD and not line.is_active(now)]:
            with suppress(LinesChanged):
                self._changes.settle(expired, reservations.EXPIRED, EXPIRY)
            lines = self.repository.lines(reservation_id)
        is_released = all(line.state in reservations.GIVEN_BACK for line in lines)
        return next((line for line in lines if line.line == 0 and is_released), None)

    def _sold_lines(self, sale: Sale, lines: list[Line]) -> list[Document]:
        """Return the response's lines of the sale that a request repeats; raise an error if it has not sold them."""
        products = {line.product_id for line in sale.requested() or ()}
        lines = [line for line in lines if line.product_id in products] or lines
        sold = [line for line in lines if line.state == reservations.FULFILLED]
        if not sold:
            if all(line.state == reservations.RELEASED for line in lines):
                raise no_reservation(lines[0].reservation_id, sale.product_id)
            raise ReservationExpired(
                f"reservation {lines[0].reservation_id} ended at {lines[0].expiry}: fulfil without it, from free units"
            )
        # A sale is of all lines that are held: those it has left had ended before.
        if len(sold) < len(lines) and not any(map(sale.has_sold, sold)):
            raise partly_sold_error(lines)
        responses = self.repository.response_lines(sold)
        mine = [line for line in sold if sale.reference in (None, line.reference, responses[line.key].get("reference"))]
        if not mine:
            raise ReservationConflict(
                f"reference {sale.reference!r}: reservation {lines[0].reservation_id!r} was sold without it, repeat "
                "the request without a reference"
            )
        latest = sale.latest_lines(mine)
        sale.check_lines(latest)
        return [{name: responses[line.key][name] for name in SOLD} for line in latest]


@cache
def commands() -> Commands:
    """Return the commands of this execution environment."""
    names = (f"{table}_TABLE_NAME" for table in ("LEVELS", "RESERVATIONS", "MOVEMENTS"))
    return Commands(Repository(Tables(*(os.environ.get(name, "") for name in names)), DynamoDB()))
