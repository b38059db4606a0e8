"""Changes of levels: an edit, and how changes are applied.

A change reads levels, builds a transaction and commits it, again after conflicts. Expired holds are released first if
it depends on them.
"""

from __future__ import annotations

import itertools
import json
import os
from collections import Counter
from collections.abc import Container
from contextlib import suppress
from functools import partial
from typing import Any, Callable, NamedTuple

from ....runtime.errors import BadRequest, VersionConflict
from ....runtime.http_client import DEADLINE
from ....runtime.idempotency import Idempotency
from ....runtime.transactions import Retries, WriteConflict
from . import levels, movements, reservations
from .errors import BelowReserved, BelowZero, missing
from .levels import Level, Place
from .movements import Cause
from .repository import Repository
from .reservations import Line, RequestedLine, Sold
from .sales import Document, Sale, sold_line
from .unit_of_work import ExpiredHolds, LinesChanged, UnitOfWork

RELEASED_TOGETHER = 48
"""Number of expired holds that one transaction, of at most 100 actions, releases."""
PAGE = 100
"""Number of expired holds that one query reads."""
EXPIRY = Cause(movements.EXPIRED, "expiry")

Change = Callable[[UnitOfWork], Document]
"""Adds changes to a transaction and returns the response."""


class Edit(NamedTuple):
    """An update of a level."""

    values: dict[str, Any]
    """Fields to set."""
    adjustment: int | None
    """Units to add to those on hand."""
    reason: str | None
    expected_version: int | None
    expected_last_updated: str | None
    """As `levels.normalize_timestamp` writes it."""

    def check(self, level: Level) -> None:
        """Raise `VersionConflict` if the level is not as expected."""
        if self.expected_version in (None, level.version) and self._has_expected_time(level.last_updated):
            return
        names = ("version", "last_updated", "stock_count", "threshold_level")
        raise VersionConflict(
            f"{level.product_id} in {level.warehouse_id} has been changed: read it again, then change that",
            [f"{name} {getattr(level, name)}" for name in names],
        )

    def changed_values(self, level: Level) -> dict[str, Any]:
        """Return the fields that differ from those of the level, with their new values."""
        values = dict(self.values)
        if self.adjustment is not None:
            values["stock_count"] = level.stock_count + self.adjustment
            if values["stock_count"] > levels.COUNT_MAX:
                raise BadRequest(
                    f"adjustment must leave a stock_count of at most {levels.COUNT_MAX}, got {self.adjustment}"
                )
        return {name: value for name, value in values.items() if getattr(level, name) != value}

    def check_reserved(self, old: Level, new: Level, now: float) -> None:
        """Raise an error if the edit removes units and leaves fewer than are held."""
        if new.stock_count >= old.stock_count or new.available >= 0:
            return
        current = new.as_of(now)
        if new.stock_count < 0:
            raise BelowZero(
                f"adjustment {self.adjustment} exceeds the {old.stock_count} units on hand",
                [f"stock_count {old.stock_count}"],
            )
        held = current.reserved_count
        error = BelowReserved(
            f"stock_count {new.stock_count}: {held} are held; leave as many, or release them first",
            [f"reserved_count {held}"],
        )
        raise error if current.available < 0 else ExpiredHolds(error)

    def _has_expected_time(self, last_updated: str) -> bool:
        if self.expected_last_updated is None:
            return True
        with suppress(ValueError):
            return self.expected_last_updated == levels.normalize_timestamp(last_updated)
        return False


class Changes:
    """Changes of levels and of the reservations that hold their units."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository

    def apply(self, requested: list[RequestedLine], change: Change, idempotency: Idempotency | None) -> Document:
        """Apply a change to the requested levels, and release expired holds if it depends on them.

        Their number depends on the units that are requested, not on how many have expired; for a status alone it is one
        transaction.
        """
        found = self._repository.levels(requested)
        if any(len(level.holds) >= levels.MAX_ENDS for level in found.values()) and self._release_expired(found):
            found = self._repository.levels(requested)
        exact = True
        while True:
            try:
                return self._commit(found, change, idempotency, exact=exact)
            except ExpiredHolds as exc:
                # Holds that cannot be released, as an index lags or a reservation is lost, must not stop the change.
                if not self._release_expired(found) and exc.error:
                    raise exc.error from exc
                exact = exact and exc.error is not None
                found = self._repository.levels(requested)

    def settle(
        self,
        lines: list[Line],
        state: str,
        cause: Cause,
        *,
        sale: Sale | None = None,
        idempotency: Idempotency | None = None,
        guard: Line | None = None,
    ) -> Document:
        """End holds; sold lines, and the `guard` of their reservation, are retained. Raise `LinesChanged`."""
        move, table = levels.fulfilled if sale else levels.freed, self._repository.tables.reservations

        def change(work: UnitOfWork) -> Document:
            sold = []
            attributes = reservations.sale_attributes(work.now, cause.reference) if sale else {}
            for line in lines:
                if line.place not in work.after:
                    raise missing(*line.place)
                line_cause = cause._replace(reservationId=line.reservation_id)
                moved = partial(move, units=line.quantity, end=line.end)
                level = work.move(line.place, line_cause, line.quantity, moved)
                sold.append(sold_line(line.quantity, level.as_of(work.now)))
                line_attributes = {}
                if sale:
                    record = Sold(levels.format_timestamp(work.now), sale.product_id or "", json.dumps(sold[-1]))
                    line_attributes = reservations.sold_attributes(record)
                line_attributes.update(attributes)
                work.lines[line.key] = reservations.settle(table, line, state, level.moved_at, line_attributes)
            if state != reservations.EXPIRED:
                self.count(work, lines, -1)
            if guard and attributes:
                work.lines[guard.key] = reservations.retain(table, guard, attributes)
            return sale.response(sold) if sale else {}

        requested = [RequestedLine(*place, 0) for place in dict.fromkeys(line.place for line in lines)]
        if state == reservations.EXPIRED:
            return self._commit(self._repository.levels(requested), change, idempotency, exact=False)
        return self.apply(requested, change, idempotency)

    def expire(self, product_id: str, most: int | None = None, first: Container[Place] = ()) -> int:
        """Release the expired holds of a product, and return their number.

        With `most` it is about so many at most, and from one page: those of the levels in `first` before others.
        """
        query = self._repository.holds_query(product_id)
        query["KeyConditionExpression"] += " AND ends <= :now"
        query["ExpressionAttributeValues"][":now"] = {"N": str(int(self._repository.now()))}
        released = 0
        for items in self._repository.store.paginate("Query", **query, Limit=PAGE):
            lines = sorted(map(reservations.line_of, items), key=lambda line: (line.place not in first, line.place))
            for _, group in itertools.groupby(lines, key=lambda line: line.place):
                released += self._expire(list(group)[:most])
                if DEADLINE.is_exceeded() or (most and released >= most):
                    return released
            if most:
                break
        return released

    def count(self, work: UnitOfWork, lines: list[Line], sign: int) -> None:
        """Count lines in the quotas of their callers: 1 adds them, -1 removes them."""
        units = Counter[tuple[str, str, int]]()
        for line in lines:
            if line.counted:
                units[line.owner or line.actor, line.product_id, line.end] += line.quantity
        names = list(dict.fromkeys((caller, product_id) for caller, product_id, _ in units))
        for quota in self._repository.quotas(names):
            changed = quota
            for (*name, end), count in units.items():
                if (quota.caller, quota.product_id) == tuple(name):
                    changed = changed.changed(sign * count, end, work.now, max_held_units())
            action = changed.put(self._repository.tables.levels, work.now)
            work.quotas["quota", quota.caller, quota.product_id] = action

    def _expire(self, remaining: list[Line]) -> int:
        released = 0
        while remaining and not DEADLINE.is_exceeded():
            lines, remaining = remaining[:RELEASED_TOGETHER], remaining[RELEASED_TOGETHER:]
            try:
                self.settle(lines, reservations.EXPIRED, EXPIRY)
                released += len(lines)
            except LinesChanged as exc:
                remaining = [line for line in lines if line.key not in exc.lines] + remaining
        return released

    def _release_expired(self, found: dict[Place, Level]) -> bool:
        """Release expired holds; return whether levels have changed since, by this or another request."""
        now = self._repository.now()
        ended = {place: level for place, level in found.items() if level.as_of(now) != level}
        if not ended or DEADLINE.is_exceeded():
            return False
        products = dict.fromkeys(product_id for product_id, _ in ended)
        released = sum(self.expire(product, RELEASED_TOGETHER, ended) for product in products)
        return released > 0 or self._repository.levels_at(ended) != ended

    def _commit(
        self, found: dict[Place, Level], change: Change, idempotency: Idempotency | None, *, exact: bool
    ) -> Document:
        """Commit a change, again after each conflict; `found` is updated with the levels that others have changed."""
        retries = Retries()
        while True:
            work = UnitOfWork(found, self._repository.now(), exact=exact)
            response = change(work)
            if work.after == found:
                return self._repository.record_response(response, idempotency)
            try:
                work.commit(self._repository, idempotency, json.dumps(response))
                return response
            except WriteConflict as exc:
                items = exc.items
            retries.wait(busy(", ".join(sorted({product for product, _ in work.after}))))
            changed = items or work.changed()
            now = levels.levels_of(filter(None, items.values())) if items else self._repository.levels_at(changed)
            for place in changed:
                found.pop(place)
            found.update(now)


def max_held_units() -> int:
    """Return the limit of a caller's held units of a product; 0 if there is none."""
    return int(os.environ.get("MAX_HELD_UNITS", "0"))


def busy(subject: str) -> str:
    """Return the message for a request that was too slow for others."""
    return f"{subject}: changed by too many at once; try again in a moment"
