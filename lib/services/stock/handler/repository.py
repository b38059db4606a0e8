"""The stock: everything that changes levels and reservations, each change with its movement."""

from __future__ import annotations

import itertools
import json
import os
import time
from collections import Counter
from collections.abc import Container, Iterable
from contextlib import suppress
from functools import cache, partial
from typing import Any, Callable, NamedTuple

from ....runtime import metrics
from ....runtime.dynamodb import DynamoDB
from ....runtime.errors import ApiError, BadRequest, Conflict, NotFound, TooManyRequests, VersionConflict
from ....runtime.http_client import BUDGET, RANDOM
from ....runtime.idempotency import Idempotency
from ....runtime.paging import PageTokens
from . import levels, movements, quotas, reservations
from .errors import (
    BelowReserved,
    BelowZero,
    HoldLimit,
    InsufficientStock,
    ReservationConflict,
    ReservationExpired,
    ReservationFulfilled,
    missing,
    no_reservation,
)
from .levels import Level, Place
from .movements import Cause
from .reservations import Booking, Caller, Key, Line, Sold, Wanted
from .sales import SOLD, Answer, Records, Sale
from .unit_of_work import MadeBefore, Overtaken, Settled, SoldBefore, Tables, Unsettled, Work

FREED_AT_ONCE = 48
"""How many ended holds one transaction, of at most 100 actions, gives back."""
MAX_LINES_WITH_LIMIT = 24
"""Most lines of a reservation that is counted in quotas: of the 100 actions of a transaction each line takes four."""
PAUSE_SECONDS = 0.02
MAX_PAUSE_SECONDS = 0.4
PAGE = 100
"""How many ended holds are read at once."""
EXPIRY = Cause(movements.EXPIRED, "expiry")


class Edit(NamedTuple):
    """What is to become of a level."""

    figures: dict[str, Any]
    """To set."""
    adjustment: int | None
    """To add to what is on hand."""
    reason: str | None
    expected_version: int | None
    expected_last_updated: str | None
    """As `levels.instant` writes it."""

    def check(self, level: Level) -> None:
        """Raise `VersionConflict` if the level is not the one that is meant."""
        if self.expected_version in (None, level.version) and self._has_expected_time(level.last_updated):
            return
        told = ("version", "last_updated", "stock_count", "threshold_level")
        raise VersionConflict(
            f"{level.product_id} in {level.warehouse_id} has been changed: read it again, then change that",
            [f"{name} {getattr(level, name)}" for name in told],
        )

    def _has_expected_time(self, last_updated: str) -> bool:
        if self.expected_last_updated is None:
            return True
        with suppress(ValueError):
            return self.expected_last_updated == levels.instant(last_updated)
        return False

    def of(self, level: Level) -> dict[str, Any]:
        """The figures that make a difference."""
        wanted = dict(self.figures)
        if self.adjustment is not None:
            wanted["stock_count"] = level.stock_count + self.adjustment
            if wanted["stock_count"] > levels.COUNT_MAX:
                raise BadRequest(
                    f"adjustment must leave a stock_count of at most {levels.COUNT_MAX}, got {self.adjustment}"
                )
        return {name: value for name, value in wanted.items() if getattr(level, name) != value}


class Stock:
    """Levels, reservations and movements."""

    def __init__(self, tables: Tables, store: DynamoDB, now: Callable[[], float] = time.time) -> None:
        self.tables = tables
        self.store = store
        self.now = now
        self.tokens = PageTokens(store, tables.levels, levels.own_row)

    def once(self, idempotency: Idempotency | None, carry_out: Callable[[], Answer]) -> Answer:
        """Run a request, or return the recorded response if it is a repetition."""
        if (recorded := self._told_before(idempotency)) is not None:
            return recorded
        try:
            return carry_out()
        except MadeBefore as exc:
            return _loaded(exc.answer)
        except ApiError as exc:
            # What is in its way may be what it did itself, when it came for the first time a moment ago.
            if (recorded := self._told_before(idempotency)) is not None:
                return recorded
            if isinstance(exc, InsufficientStock):
                metrics.emit(OversellsRefused=(1, "Count"))
            raise

    def create(self, level: Level, by: str, idempotency: Idempotency | None) -> Answer:
        """A new level; `Conflict` if it is there."""
        work = Work({}, self.now())
        work.make(level, Cause(movements.CREATED, by))
        answer = levels.shown(level)
        try:
            work.commit(self.store, self.tables, idempotency, json.dumps(answer))
        except Overtaken as exc:
            raise Conflict(f"{level.product_id} is in {level.warehouse_id} already: PUT changes it") from exc
        return answer

    def update(
        self, product_id: str, warehouse_id: str | None, edit: Edit, by: str, idempotency: Idempotency | None
    ) -> Answer:
        """A level as it is once it is changed."""

        def step(work: Work) -> Answer:
            old = work.after[_only(work, product_id, warehouse_id)]
            edit.check(old)
            figures = edit.of(old)
            if not figures:
                return levels.shown(old.at(work.now))
            change = figures.get("stock_count", old.stock_count) - old.stock_count
            cause = Cause(movements.UPDATED if edit.adjustment is None else movements.ADJUSTED, by, reason=edit.reason)
            new = work.move(old.place, cause, change, partial(levels.edited, **figures))
            if change < 0 and new.available < 0:
                raise _too_few(edit, old, new.at(work.now))
            return levels.shown(new.at(work.now))

        return self._freeing([Wanted(product_id, warehouse_id, 0)], step, idempotency)

    def reserve(self, booking: Booking, caller: Caller, idempotency: Idempotency | None) -> Answer:
        """Hold all that is asked for, or nothing.  The same again gets the same answer."""
        lines = reservations.added_up(booking.lines)
        counted = _max_held_units() > 0
        if counted and len(lines) > MAX_LINES_WITH_LIMIT:
            raise BadRequest(
                f"lines: at most {MAX_LINES_WITH_LIMIT} where max_held_units is set, got {len(lines)}: reserve the "
                "others under another reservationId"
            )
        over: Line | None = None

        def step(work: Work) -> Answer:
            allotted = _summed(lines, _allotted(work, lines))
            end = levels.end_of_hold(work.now, booking.minutes, [work.after[place] for place in allotted])
            at = levels.moment(work.now, over.reserved_at if over else "")
            made = [
                booking.line(caller, place, units, number=number, reserved_at=at, end=end)._replace(counted=counted)
                for number, (place, units) in enumerate(allotted.items())
            ]
            for line in made:
                cause = Cause(movements.RESERVED, caller.actor, line.reservation_id, line.reference)
                work.move(line.place, cause, line.quantity, partial(levels.held, units=line.quantity, end=end))
                work.line(line, reservations.put(self.tables.reservations, line, over))
            self._count(work, made, 1)
            return reservations.shown(made)

        while True:
            try:
                return self._freeing(lines, step, idempotency)
            except (InsufficientStock, HoldLimit, NotFound):
                if active := self._active(booking, caller):
                    return self._recorded(reservations.shown(active), idempotency)
                raise
            except Settled:
                if active := self._active(booking, caller):
                    return self._recorded(reservations.shown(active), idempotency)
                over = self._ended(booking.reservation_id)
                _check_budget(f"reservation {booking.reservation_id}")

    def release(
        self,
        reservation_id: str,
        product_id: str | None,
        caller: Caller,
        reserved_at: str | None = None,
        idempotency: Idempotency | None = None,
    ) -> Answer:
        """Give back what a reservation holds of a product, or all it holds; `NotFound` if that is nothing."""
        cause = Cause(movements.RELEASED, caller.actor, reservation_id)
        while True:
            now = self.now()
            lines = [line for line in self._lines(reservation_id) if line.usable_by(caller)]
            # A reservation that took the id over since is not the one to release.
            reserved_at = reserved_at or (lines[0].reserved_at if lines else None)
            live = [
                line
                for line in lines
                if line.live(now) and line.reserved_at == reserved_at and product_id in (None, line.product_id)
            ]
            if not live:
                raise no_reservation(reservation_id, product_id)
            try:
                return self._settle(live, reservations.RELEASED, cause, idempotency=idempotency)
            except Settled:
                _check_budget(f"reservation {reservation_id}")

    def fulfill(self, sale: Sale, caller: Caller, idempotency: Idempotency | None) -> Answer:
        """Sell all that is asked for, or nothing."""
        if sale.reservation_id is not None:
            return self._fulfill_held(sale.reservation_id, sale, caller, idempotency)
        parts = sale.parts()
        records = Records(self.tables.levels, sale, caller)
        sold: dict[Any, list[Answer]] = {}

        def step(work: Work) -> Answer:
            response = []
            rest = {part: requested for part, requested in parts.items() if part not in sold}
            places = iter(_allotted(work, [line for requested in rest.values() for line in requested]))
            for part, requested in parts.items():
                lines = sold.get(part, [])
                if part not in sold:
                    for place, units in _summed(requested, itertools.islice(places, len(requested))).items():
                        level = work.move(place, sale.cause(caller), units, partial(levels.sold, units=units))
                        lines = [*lines, _sold(units, level.at(work.now))]
                    if part:
                        work.sale(part, records.put(part, lines, work.now))
                response += lines
            return sale.response(response)

        while True:
            rest = [line for part, lines in parts.items() if part not in sold for line in lines]
            try:
                return self._freeing(reservations.added_up(rest), step, idempotency)
            except (SoldBefore, InsufficientStock, NotFound) as exc:
                # What is in its way may be what it did itself, when it came for the first time.
                named = {part: requested for part, requested in parts.items() if part}
                before, now = sold, self.now()
                rows = self.store.rows(self.tables.levels, map(records.key, named)) if named else []
                sold = {**records.found(rows, named, now)}
                if sold == before and not isinstance(exc, SoldBefore):
                    raise
                _check_budget(f"reference {sale.reference}")

    def expire(self, product_id: str, most: int | None = None, first: Container[Place] = ()) -> int:
        """Release the holds of a product that have ended, and return their number.

        With `most` it is about so many at most, and from one page: those of the places in `first` before others.
        """
        query = self.held(product_id)
        query["KeyConditionExpression"] += " AND ends <= :now"
        query["ExpressionAttributeValues"][":now"] = {"N": str(int(self.now()))}
        freed = 0
        for rows in self.store.pages("Query", **query, Limit=PAGE):
            lines = sorted(map(reservations.line_of, rows), key=lambda line: (line.place not in first, line.place))
            for _, group in itertools.groupby(lines, key=lambda line: line.place):
                freed += self._expire(list(group)[:most])
                if BUDGET.spent() or (most and freed >= most):
                    return freed
            if most:
                break
        return freed

    def _expire(self, left: list[Line]) -> int:
        freed = 0
        while left and not BUDGET.spent():
            some, left = left[:FREED_AT_ONCE], left[FREED_AT_ONCE:]
            try:
                self._settle(some, reservations.EXPIRED, EXPIRY)
                freed += len(some)
            except Settled as exc:
                left = [line for line in some if line.key not in exc.lines] + left
        return freed

    def levels(self, wanted: Iterable[Wanted]) -> dict[Place, Level]:
        """The levels that are wanted, up to date: of a product in any warehouse, all."""
        asked = list(wanted)
        anywhere = dict.fromkeys(line.product_id for line in asked if line.warehouse_id is None)
        places = dict.fromkeys((line.product_id, line.warehouse_id or "") for line in asked)
        found = self.at([place for place in places if place[0] not in anywhere])
        for rows in self.store.queries(*map(self._everywhere, anywhere)):
            found.update(levels.levels_of(rows))
        return found

    def held(self, product_id: str) -> dict[str, Any]:
        """The query of what is held of a product, and of what has ended and is not given back yet."""
        return {
            "TableName": self.tables.reservations,
            "IndexName": "product-index",
            "KeyConditionExpression": "held_for = :product",
            "ExpressionAttributeValues": {":product": {"S": product_id}},
        }

    def close(self) -> None:
        """Close the connections to AWS."""
        self.store.close()

    def _told_before(self, idempotency: Idempotency | None) -> Answer | None:
        if idempotency is None:
            return None
        for trace in self.store.rows(self.tables.levels, idempotency.rows):
            if made := idempotency.made(trace):
                return _loaded(made["answer"]["S"])
        return None

    def _recorded(self, answer: Answer, idempotency: Idempotency | None) -> Answer:
        """Return the response of a request that changes nothing, and record it, so that its repetition repeats it."""
        if idempotency:
            Work({}, self.now()).commit(self.store, self.tables, idempotency, json.dumps(answer))
        return answer

    def _fulfill_held(self, reservation_id: str, sale: Sale, caller: Caller, idempotency: Idempotency | None) -> Answer:
        reserved_at = sale.reserved_at
        while True:
            found = [line for line in self._lines(reservation_id) if line.usable_by(caller)]
            lines = [line for line in found if sale.product_id in (None, line.product_id)]
            if not lines:
                raise no_reservation(reservation_id, sale.product_id)
            reserved_at = reserved_at or lines[0].reserved_at
            if lines[0].reserved_at != reserved_at:
                raise ReservationExpired(
                    f"reservationId {reservation_id!r}: the reservation of {reserved_at} has ended, and the id is of "
                    f"one of {lines[0].reserved_at}"
                )
            recorded = next((line.reference for line in found if line.reference), None)
            if None not in (recorded, sale.reference) and recorded != sale.reference:
                raise ReservationConflict(
                    f"reference {sale.reference!r}: reservation {reservation_id!r} has another one, send that or none"
                )
            now = self.now()
            live = [line for line in lines if line.live(now)]
            if not live:
                return self._recorded(sale.response(self._sold_before(sale, lines)), idempotency)
            _check_asked(sale.requested(), live)
            try:
                # Line 0 guards the id: it is kept, and has the reference, whichever lines are sold.
                guard = found[0] if found[0].line == 0 and found[0] not in live else None
                cause = sale.cause(caller, recorded)
                return self._settle(
                    live, reservations.FULFILLED, cause, sale=sale, idempotency=idempotency, guard=guard
                )
            except Settled:
                _check_budget(f"reservation {reservation_id}")

    def _settle(
        self,
        lines: list[Line],
        state: str,
        cause: Cause,
        *,
        sale: Sale | None = None,
        idempotency: Idempotency | None = None,
        guard: Line | None = None,
    ) -> Answer:
        """End holds; those that are sold, and the `guard` of their reservation, are kept."""
        ended, table = levels.fulfilled if sale else levels.freed, self.tables.reservations

        def step(work: Work) -> Answer:
            told = []
            attributes = reservations.sale_attributes(work.now, cause.reference) if sale else {}
            for line in lines:
                if line.place not in work.after:
                    raise missing(*line.place)
                of_line = cause._replace(reservationId=line.reservation_id)
                level = work.move(line.place, of_line, line.quantity, partial(ended, units=line.quantity, end=line.end))
                told.append(_sold(line.quantity, level.at(work.now)))
                own = {}
                if sale:
                    record = Sold(levels.moment(work.now), sale.product_id or "", json.dumps(told[-1]))
                    own = reservations.sold_attributes(record)
                work.line(line, reservations.settle(table, line, state, level.moved_at, {**attributes, **own}))
            if state != reservations.EXPIRED:
                self._count(work, lines, -1)
            if guard and attributes:
                work.line(guard, reservations.retain(table, guard, attributes))
            return sale.response(told) if sale else {}

        wanted = [Wanted(*place, 0) for place in dict.fromkeys(line.place for line in lines)]
        if state == reservations.EXPIRED:
            return self._changed(self.levels(wanted), step, idempotency, exact=False)
        return self._freeing(wanted, step, idempotency)

    def _count(self, work: Work, lines: list[Line], sign: int) -> None:
        """Count lines in the quotas of their callers: 1 adds them, -1 removes them."""
        limit = _max_held_units()
        units = Counter[tuple[str, str, int]]()
        for line in lines:
            if line.counted:
                units[line.owner or line.actor, line.product_id, line.end] += line.quantity
        names = list(dict.fromkeys((caller, product_id) for caller, product_id, _ in units))
        rows = self.store.rows(self.tables.levels, [quotas.key(*name) for name in names])
        for quota in quotas.quotas_of(names, rows):
            changed = quota
            for (*name, end), count in units.items():
                if (quota.caller, quota.product_id) == tuple(name):
                    changed = changed.changed(sign * count, end, work.now, limit)
            work.quota(quota.caller, quota.product_id, changed.put(self.tables.levels, work.now))

    def _freeing(self, asked: list[Wanted], step: Callable[[Work], Answer], idempotency: Idempotency | None) -> Answer:
        """Run a change, and release holds that have ended where it depends on them.

        Their number depends on the units that are requested, not on how many have ended; for a status alone it is one
        transaction.
        """
        found = self.levels(asked)
        if any(len(level.holds) >= levels.MAX_ENDS for level in found.values()) and self._some_freed(found):
            found = self.levels(asked)
        exact = True
        while True:
            try:
                return self._changed(found, step, idempotency, exact=exact)
            except Unsettled as exc:
                # What cannot be given back, for an index that lags or a reservation that is lost, holds nobody up.
                if not self._some_freed(found) and exc.error:
                    raise exc.error from exc
                exact = exact and exc.error is not None
                found = self.levels(asked)

    def _some_freed(self, found: dict[Place, Level]) -> bool:
        """Whether levels are no longer as they were found: what has ended was given back, by us or by others."""
        now = self.now()
        ended = {place: level for place, level in found.items() if level.at(now) != level}
        if not ended or BUDGET.spent():
            return False
        products = dict.fromkeys(product_id for product_id, _ in ended)
        return sum(self.expire(product, FREED_AT_ONCE, ended) for product in products) > 0 or self.at(ended) != ended

    def _changed(
        self, found: dict[Place, Level], step: Callable[[Work], Answer], idempotency: Idempotency | None, *, exact: bool
    ) -> Answer:
        """Carry a change out, however often others are quicker; `found` keeps up with them."""
        attempts = itertools.count()
        while True:
            work = Work(found, self.now(), exact=exact)
            answer = step(work)
            if work.after == found:
                return self._recorded(answer, idempotency)
            try:
                work.commit(self.store, self.tables, idempotency, json.dumps(answer))
                return answer
            except Overtaken as exc:
                rows = exc.rows
            _check_budget(", ".join(sorted({product for product, _ in work.after})))
            if attempt := next(attempts):
                time.sleep(RANDOM.uniform(0, min(PAUSE_SECONDS * 2**attempt, MAX_PAUSE_SECONDS)))
            now = levels.levels_of(filter(None, rows.values())) if rows else self.at(work.changed())
            for place in rows or work.changed():
                found.pop(place)
            found.update(now)

    def _active(self, booking: Booking, caller: Caller) -> list[Line]:
        """The lines of the reservation that an id has, none if that has ended.

        Raise `ReservationFulfilled` if any of it was sold, `ReservationConflict` if it is another reservation.
        """
        now = self.now()
        name = f"reservationId {booking.reservation_id!r}"
        lines = self._lines(booking.reservation_id)
        if any(line.state == reservations.FULFILLED for line in lines):
            raise ReservationFulfilled(f"{name} has been fulfilled: reserve under another id")
        active = [line for line in lines if line.live(now)]
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

    def _ended(self, reservation_id: str) -> Line | None:
        """The line that guards an id whose reservation has ended; None if anything of it is not given back."""
        now = self.now()
        lines = self._lines(reservation_id)
        if stale := [line for line in lines if line.state == reservations.HELD and not line.live(now)]:
            with suppress(Settled):
                self._settle(stale, reservations.EXPIRED, EXPIRY)
            lines = self._lines(reservation_id)
        given_back = all(line.state in reservations.GIVEN_BACK for line in lines)
        return next((line for line in lines if line.line == 0 and given_back), None)

    def _sold_before(self, sale: Sale, lines: list[Line]) -> list[Answer]:
        """The response's lines of the sale that a request repeats; raise if the lines were not sold, or not by it."""
        products = {line.product_id for line in sale.requested() or ()}
        lines = [line for line in lines if line.product_id in products] or lines
        sold = [line for line in lines if line.state == reservations.FULFILLED]
        if not sold:
            if all(line.state == reservations.RELEASED for line in lines):
                raise no_reservation(lines[0].reservation_id, sale.product_id)
            raise ReservationExpired(
                f"reservation {lines[0].reservation_id} ended at {lines[0].expiry}: fulfil without it, from free units"
            )
        # A sale is of all that is held of what it is of: what it left had ended before.
        if len(sold) < len(lines) and not any(_is_of(line, sale) for line in sold):
            raise _sold_in_part(lines)
        records = self._records_of(sold)
        mine = [line for line in sold if sale.reference in (None, line.reference, records[line.key].get("reference"))]
        if not mine:
            raise ReservationConflict(
                f"reference {sale.reference!r}: reservation {lines[0].reservation_id!r} was sold without it, repeat "
                "the request without a reference"
            )
        together = _together(sale, mine)
        _check_asked(sale.requested(), together)
        return [{name: records[line.key][name] for name in SOLD} for line in together]

    def _records_of(self, lines: list[Line]) -> dict[Key, Answer]:
        """What the response said of sold lines; of those that an earlier release sold, what their movements say."""
        records = {line.key: _loaded(line.sale.line) for line in lines if line.sale}
        earlier = {line.place: line for line in lines if not line.sale}
        keys = [movements.key(place, line.settled_at or "") for place, line in earlier.items()]
        for movement in map(movements.shown, self.store.rows(self.tables.movements, keys) if keys else ()):
            records[earlier[movement["product_id"], movement["warehouse_id"]].key] = movement
        return records

    def _lines(self, reservation_id: str) -> list[Line]:
        """The lines of the latest reservation under an id."""
        asked = {
            "TableName": self.tables.reservations,
            "KeyConditionExpression": "reservation_id = :id",
            "ExpressionAttributeValues": {":id": {"S": reservation_id}},
            "ConsistentRead": True,
        }
        (rows,) = self.store.queries(asked)
        return reservations.lines_of(rows)

    def _everywhere(self, product_id: str) -> dict[str, Any]:
        return {
            "TableName": self.tables.levels,
            "KeyConditionExpression": "product_id = :product",
            "ExpressionAttributeValues": {":product": {"S": product_id}},
            "ConsistentRead": True,
        }

    def at(self, places: Iterable[Place]) -> dict[Place, Level]:
        """The levels at these places, up to date."""
        return levels.levels_of(self.store.rows(self.tables.levels, map(levels.key, places)))


def _allotted(work: Work, lines: list[Wanted]) -> list[Place]:
    """From which warehouse each line is taken: lines of a certain warehouse first, then the largest.

    Where it may be any, one of those with enough: at random, so that one product in several is not held up by one row;
    the one with the fewest, if other lines are of the same product.
    """
    taken = Counter[Place]()
    places: dict[int, Place] = {}
    products = Counter(line.product_id for line in lines)
    for number, line in sorted(enumerate(lines), key=lambda one: (one[1].warehouse_id is None, -one[1].quantity)):
        there = [
            level
            for level in work.after.values()
            if level.product_id == line.product_id and line.warehouse_id in (None, level.warehouse_id)
        ]
        if not there:
            raise missing(line.product_id, line.warehouse_id)
        left = {level.place: level.available - taken[level.place] for level in there}
        enough = [place for place, units in left.items() if units >= line.quantity]
        if not enough:
            most = max(level.at(work.now).available - taken[level.place] for level in there)
            error = InsufficientStock(
                f"{line.quantity} of {line.product_id} are wanted, {max(most, 0)} are available",
                [f"product_id {line.product_id}", f"available {max(most, 0)}"],
            )
            raise Unsettled(error) if most >= line.quantity else error
        alone = products[line.product_id] == 1
        places[number] = RANDOM.choice(enough) if alone else min((left[place], place) for place in enough)[1]
        taken[places[number]] += line.quantity
    return [places[number] for number in range(len(lines))]


def _summed(lines: list[Wanted], places: Iterable[Place]) -> dict[Place, int]:
    """The units of lines by the places that they are taken from."""
    units = Counter[Place]()
    for line, place in zip(lines, places):
        units[place] += line.quantity
    return dict(units)


def _is_of(line: Line, sale: Sale) -> bool:
    """Whether a line was sold by a request of the same product, or by one of all that the reservation holds."""
    return line.sale is not None and line.sale.product_id == (sale.product_id or "")


def _together(sale: Sale, lines: list[Line]) -> list[Line]:
    """Those of the sold lines that the last sale of the same request has sold; all if there was none.

    A request is of a product or of all, and lists its lines or not.
    """
    of_sale: dict[str, list[Line]] = {}
    for line in lines:
        if line.sale and _is_of(line, sale):
            of_sale.setdefault(line.sale.at, []).append(line)
    for at in sorted(of_sale, reverse=True):
        with suppress(ReservationConflict):
            _check_asked(sale.requested(), of_sale[at])
            return of_sale[at]
    return lines


def _too_few(edit: Edit, old: Level, new: Level) -> ApiError | Unsettled:
    """The exception for an edit that leaves fewer units than are held; `new` is the level without ended holds."""
    held = new.reserved_count
    if new.stock_count < 0:
        return BelowZero(
            f"adjustment {edit.adjustment} exceeds the {old.stock_count} units on hand",
            [f"stock_count {old.stock_count}"],
        )
    error = BelowReserved(
        f"stock_count {new.stock_count}: {held} are held; leave as many, or release them first",
        [f"reserved_count {held}"],
    )
    return error if new.available < 0 else Unsettled(error)


def _only(work: Work, product_id: str, warehouse_id: str | None) -> Place:
    """The warehouse that is meant."""
    if not work.after:
        raise missing(product_id, warehouse_id)
    if len(work.after) > 1:
        names = ", ".join(sorted(warehouse for _, warehouse in work.after))
        raise BadRequest(f"warehouse_id: {product_id} is in several, {names}: give one")
    return next(iter(work.after))


def _check_asked(asked: list[Wanted] | None, lines: list[Line]) -> None:
    """Raise `ReservationConflict` unless what is asked for is all that a reservation holds, no more and no less."""
    if asked is None:
        return
    wanted, certain, held, there = Counter[str](), Counter[Place](), Counter[str](), Counter[Place]()
    for line in asked:
        wanted[line.product_id] += line.quantity
        if line.warehouse_id:
            certain[line.product_id, line.warehouse_id] += line.quantity
    for mine in lines:
        held[mine.product_id] += mine.quantity
        there[mine.place] += mine.quantity
    if wanted != held or certain - there:
        told = ", ".join(f"{units} of {product} in {warehouse}" for (product, warehouse), units in there.items())
        raise ReservationConflict(f"the reservation is of {told}: ask for that, or leave it out")


def _sold_in_part(lines: list[Line]) -> ReservationConflict:
    """The error for a reservation of which some lines were sold and none is held; its details list them all."""
    ended = {reservations.HELD: reservations.EXPIRED}
    states = [
        f"{ended.get(line.state, line.state)}: {line.quantity} of {line.product_id} in {line.warehouse_id}"
        for line in lines
    ]
    return ReservationConflict(
        f"part of reservation {lines[0].reservation_id!r} was sold, and the rest has ended: fulfill the rest without "
        "reservationId, from available units",
        states,
    )


def _sold(units: int, level: Level) -> Answer:
    told = {**levels.shown(level), "quantity": units}
    return {name: told[name] for name in SOLD}


def _max_held_units() -> int:
    """The limit of a caller's held units of a product; 0: none."""
    return int(os.environ.get("MAX_HELD_UNITS", "0"))


def _check_budget(what: str) -> None:
    if BUDGET.spent():
        raise TooManyRequests(f"{what}: changed by too many at once; try again in a moment")


def _loaded(answer: str) -> Answer:
    found: Answer = json.loads(answer)
    return found


@cache
def stock() -> Stock:
    """This worker's tables, made once."""
    names = (f"{table}_TABLE_NAME" for table in ("LEVELS", "RESERVATIONS", "MOVEMENTS"))
    return Stock(Tables(*(os.environ.get(name, "") for name in names)), DynamoDB())
