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
    reservation_not_found,
)
from .levels import Level
from .movements import Cause
from .repository import Repository, Tables
from .reservations import Booking, Caller, Line, RequestedLine, merge_lines
from .sales import SOLD, Document, Records, Sale, partly_sold_error, sold_line
from .unit_of_work import AlreadySold, LinesChanged, UnitOfWork, sum_units

MAX_LINES_WITH_LIMIT = 24
"""Maximum number of lines of a reservation with quotas. Each line needs 4 of the 100 actions of a transaction."""


class Commands:
    """Commands that change levels and reservations, and record movements."""

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
            # Another attempt of this request might have succeeded and caused the error.
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
            product, warehouse = level.key
            message = f"Product {product!r} already exists in warehouse {warehouse!r}. Use PUT to change it."
            raise Conflict(message) from exc
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
            new = work.move(old.key, cause, units, partial(levels.edit, **values))
            edit.check_reserved(old, new, work.now)
            return levels.to_response(new.as_of(work.now))

        return self._changes.apply([RequestedLine(product_id, warehouse_id, 0)], change, idempotency)

    def reserve(self, booking: Booking, caller: Caller, idempotency: Idempotency | None) -> Document:
        """Reserve all requested units or none. A repeated request receives the same response."""
        lines = merge_lines(booking.lines)
        counted = max_held_units() > 0
        if counted and len(lines) > MAX_LINES_WITH_LIMIT:
            raise BadRequest(
                f"lines must have at most {MAX_LINES_WITH_LIMIT} entries if max_held_units is set, got {len(lines)}. "
                "Reserve the others with another reservationId."
            )
        replaced: Line | None = None

        def change(work: UnitOfWork) -> Document:
            units_by_level = sum_units(lines, work.allocate(lines))
            expiry = levels.hold_expiry(work.now, booking.minutes, [work.after[key] for key in units_by_level])
            at = levels.format_timestamp(work.now, replaced.reserved_at if replaced else "")
            new_lines = [
                booking.line(caller, key, units, number=number, reserved_at=at, expires_at=expiry)._replace(
                    counted=counted
                )
                for number, (key, units) in enumerate(units_by_level.items())
            ]
            for line in new_lines:
                cause = Cause(movements.RESERVED, caller.actor, line.reservation_id, line.reference)
                work.move(
                    line.level_key, cause, line.quantity, partial(levels.add_hold, units=line.quantity, expiry=expiry)
                )
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
        """Release the units of a product, or all units, of a reservation. Raise `NotFound` if there are none."""
        cause = Cause(movements.RELEASED, caller.actor, reservation_id)
        while True:
            now = self.repository.now()
            lines = [line for line in self.repository.lines(reservation_id) if line.usable_by(caller)]
            # Do not release a later reservation with the same ID.
            reserved_at = reserved_at or (lines[0].reserved_at if lines else None)
            active = [
                line
                for line in lines
                if line.is_active(now) and line.reserved_at == reserved_at and product_id in (None, line.product_id)
            ]
            if not active:
                raise reservation_not_found(reservation_id, product_id)
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
            keys = iter(work.allocate([line for requested in rest.values() for line in requested]))
            for part, requested in parts.items():
                lines = sold.get(part, [])
                if part not in sold:
                    for key, units in sum_units(requested, itertools.islice(keys, len(requested))).items():
                        level = work.move(key, sale.cause(caller), units, partial(levels.sell, units=units))
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
                # Another attempt of this request might have sold the units.
                before = sold
                sold = self.repository.recorded_sales(records, {part: lines for part, lines in parts.items() if part})
                if sold == before and not isinstance(exc, AlreadySold):
                    raise
                check_deadline(busy(f"reference {sale.reference}"))

    def expire(self, product_id: str) -> int:
        """Release the expired lines of a product and return their number."""
        return self._changes.expire(product_id)

    def _fulfill_reservation(
        self, reservation_id: str, sale: Sale, caller: Caller, idempotency: Idempotency | None
    ) -> Document:
        reserved_at = sale.reserved_at
        while True:
            usable = [line for line in self.repository.lines(reservation_id) if line.usable_by(caller)]
            lines = [line for line in usable if sale.product_id in (None, line.product_id)]
            if not lines:
                raise reservation_not_found(reservation_id, sale.product_id)
            reserved_at = reserved_at or lines[0].reserved_at
            if lines[0].reserved_at != reserved_at:
                raise ReservationExpired(
                    f"Reservation {reservation_id!r} of {reserved_at} has ended. Its ID now belongs to the reservation "
                    f"of {lines[0].reserved_at}."
                )
            recorded = next((line.reference for line in usable if line.reference), None)
            if None not in (recorded, sale.reference) and recorded != sale.reference:
                raise ReservationConflict(
                    f"reference must match reservation {reservation_id!r} or be omitted, got {sale.reference!r}."
                )
            now = self.repository.now()
            active = [line for line in lines if line.is_active(now)]
            if not active:
                return self.repository.record_response(sale.response(self._sold_lines(sale, lines)), idempotency)
            sale.check_lines(active)
            # Line 0 guards the ID, so it is retained and stores the reference even if only other lines are sold.
            guard = usable[0] if usable[0].line == 0 and usable[0] not in active else None
            cause = sale.cause(caller, recorded)
            try:
                return self._changes.settle(
                    active, reservations.FULFILLED, cause, sale=sale, idempotency=idempotency, guard=guard
                )
            except LinesChanged:
                check_deadline(busy(f"reservation {reservation_id}"))

    def _active_lines(self, booking: Booking, caller: Caller) -> list[Line]:
        """Return the lines of the active reservation with the requested ID; an empty list if there is none.

        Raise `ReservationFulfilled` if a line was sold, `ReservationConflict` if the reservation differs.
        """
        now = self.repository.now()
        subject, remedy = f"Reservation {booking.reservation_id!r}", "Use another reservationId."
        lines = self.repository.lines(booking.reservation_id)
        if any(line.state == reservations.FULFILLED for line in lines):
            raise ReservationFulfilled(f"{subject} was fulfilled. {remedy}")
        active = [line for line in lines if line.is_active(now)]
        if not active:
            return []
        if not active[0].usable_by(caller):
            raise ReservationConflict(f"{subject} belongs to another caller. {remedy}")
        if booking.reference not in (None, active[0].reference):
            raise ReservationConflict(f"{subject} does not have the reference {booking.reference!r}. {remedy}")
        if active != lines or active[0].digest != booking.digest:
            raise ReservationConflict(
                f"{subject} has other lines or another lifetime_minutes, or was released in part. {remedy}"
            )
        return active

    def _replaceable_line(self, reservation_id: str) -> Line | None:
        """Return line 0 of a reservation if all its lines are released, else None."""
        now = self.repository.now()
        lines = self.repository.lines(reservation_id)
        if expired := [line for line in lines if line.state == reservations.HELD and not line.is_active(now)]:
            with suppress(LinesChanged):
                self._changes.settle(expired, reservations.EXPIRED, EXPIRY)
            lines = self.repository.lines(reservation_id)
        is_released = all(line.state in reservations.RELEASED_STATES for line in lines)
        return next((line for line in lines if line.line == 0 and is_released), None)

    def _sold_lines(self, sale: Sale, lines: list[Line]) -> list[Document]:
        """Return the response lines of the sale that a request repeats; raise an error if there is none."""
        products = {line.product_id for line in sale.requested() or ()}
        lines = [line for line in lines if line.product_id in products] or lines
        sold = [line for line in lines if line.state == reservations.FULFILLED]
        if not sold:
            if all(line.state == reservations.RELEASED for line in lines):
                raise reservation_not_found(lines[0].reservation_id, sale.product_id)
            raise ReservationExpired(
                f"Reservation {lines[0].reservation_id!r} expired at {lines[0].expiry}. Fulfill available units "
                "without reservationId."
            )
        # A sale includes all active lines, so the other lines had ended before.
        if len(sold) < len(lines) and not any(map(sale.has_sold, sold)):
            raise partly_sold_error(lines)
        responses = self.repository.response_lines(sold)
        matching = [
            line for line in sold if sale.reference in (None, line.reference, responses[line.key].get("reference"))
        ]
        if not matching:
            raise ReservationConflict(
                f"reference must be omitted, got {sale.reference!r}. Reservation {lines[0].reservation_id!r} was "
                "fulfilled without this reference."
            )
        latest = sale.latest_lines(matching)
        sale.check_lines(latest)
        return [{name: responses[line.key][name] for name in SOLD} for line in latest]


@cache
def commands() -> Commands:
    """Return the `Commands` instance of the Lambda execution environment."""
    names = (f"{table}_TABLE_NAME" for table in ("LEVELS", "RESERVATIONS", "MOVEMENTS"))
    return Commands(Repository(Tables(*(os.environ.get(name, "") for name in names)), DynamoDB()))
