"""Updates of levels, and the execution of all changes.

A change reads levels, builds a transaction and commits it. It is retried after conflicts. If it depends on expired
holds, they are released first.
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
from .errors import BelowReserved, BelowZero, level_not_found
from .levels import Level, LevelKey
from .movements import Cause
from .repository import Repository
from .reservations import Line, RequestedLine, Sold
from .sales import Document, Sale, sold_line
from .unit_of_work import ExpiredHolds, LinesChanged, UnitOfWork

MAX_RELEASES = 48
"""Maximum number of expired holds that one transaction releases. A transaction has at most 100 actions."""
PAGE = 100
"""Number of expired holds per query."""
EXPIRY = Cause(movements.EXPIRED, "expiry")

Change = Callable[[UnitOfWork], Document]
"""Function that adds changes to a transaction and returns the response."""


class Edit(NamedTuple):
    """Requested update of a level."""

    values: dict[str, Any]
    """Fields to set."""
    adjustment: int | None
    """Units to add to `stock_count`."""
    reason: str | None
    expected_version: int | None
    expected_last_updated: str | None
    """Normalized by `levels.normalize_timestamp`."""

    def check(self, level: Level) -> None:
        """Raise `VersionConflict` if the level does not have the expected version and timestamp."""
        if self.expected_version in (None, level.version) and self._has_expected_time(level.last_updated):
            return
        names = ("version", "last_updated", "stock_count", "threshold_level")
        raise VersionConflict(
            f"Product {level.product_id!r} in warehouse {level.warehouse_id!r} was modified. Read it and try again.",
            [f"{name} {getattr(level, name)}" for name in names],
        )

    def changed_values(self, level: Level) -> dict[str, Any]:
        """Return the new values of the fields that differ from the level."""
        values = dict(self.values)
        if self.adjustment is not None:
            values["stock_count"] = level.stock_count + self.adjustment
            if values["stock_count"] > levels.COUNT_MAX:
                raise BadRequest(
                    f"adjustment must result in a stock_count of at most {levels.COUNT_MAX}, got {self.adjustment}."
                )
        return {name: value for name, value in values.items() if getattr(level, name) != value}

    def check_reserved(self, old: Level, new: Level, now: float) -> None:
        """Raise an error if the edit removes units and leaves fewer units than are reserved."""
        if new.stock_count >= old.stock_count or new.available >= 0:
            return
        current = new.as_of(now)
        if new.stock_count < 0:
            raise BelowZero(
                f"adjustment must not remove more than the {old.stock_count} units on hand, got {self.adjustment}.",
                [f"stock_count {old.stock_count}"],
            )
        reserved = current.reserved_count
        error = BelowReserved(
            f"stock_count must be at least the {reserved} reserved units, got {new.stock_count}. Release units first.",
            [f"reserved_count {reserved}"],
        )
        raise error if current.available < 0 else ExpiredHolds(error)

    def _has_expected_time(self, last_updated: str) -> bool:
        if self.expected_last_updated is None:
            return True
        with suppress(ValueError):
            return self.expected_last_updated == levels.normalize_timestamp(last_updated)
        return False


class Changes:
    """Execution of changes of levels and reservations."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository

    def apply(self, requested: list[RequestedLine], change: Change, idempotency: Idempotency | None) -> Document:
        """Apply a change to the requested levels, and release expired holds if it depends on them.

        The number of released holds depends on the requested units, not on the number of expired holds. If only a
        status depends on expired holds, one transaction releases them.
        """
        current = self._repository.levels(requested)
        if any(len(level.holds) >= levels.MAX_EXPIRY_TIMES for level in current.values()) and self._release_expired(
            current
        ):
            current = self._repository.levels(requested)
        exact = True
        while True:
            try:
                return self._commit(current, change, idempotency, exact=exact)
            except ExpiredHolds as exc:
                # A hold that cannot be released (index lags, reservation is missing) must not block the change.
                if not self._release_expired(current) and exc.error:
                    raise exc.error from exc
                exact = exact and exc.error is not None
                current = self._repository.levels(requested)

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
        """Release or sell reserved lines; raise `LinesChanged` if one was modified. `guard` is line 0 of the
        reservation, if it is not one of `lines`. It is retained as long as the sold lines.
        """
        end_hold, table = levels.fulfill_hold if sale else levels.release_hold, self._repository.tables.reservations

        def change(work: UnitOfWork) -> Document:
            sold = []
            attributes = reservations.sale_attributes(work.now, cause.reference) if sale else {}
            for line in lines:
                if line.level_key not in work.after:
                    raise level_not_found(*line.level_key)
                line_cause = cause._replace(reservationId=line.reservation_id)
                change_level = partial(end_hold, units=line.quantity, expiry=line.expires_at)
                level = work.move(line.level_key, line_cause, line.quantity, change_level)
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

        requested = [RequestedLine(*key, 0) for key in dict.fromkeys(line.level_key for line in lines)]
        if state == reservations.EXPIRED:
            return self._commit(self._repository.levels(requested), change, idempotency, exact=False)
        return self.apply(requested, change, idempotency)

    def expire(self, product_id: str, limit: int | None = None, first: Container[LevelKey] = ()) -> int:
        """Release the expired lines of a product and return their number.

        With `limit`, read one page, start with the levels in `first`, and stop after about `limit` lines.
        """
        query = self._repository.holds_query(product_id)
        query["KeyConditionExpression"] += " AND ends <= :now"
        query["ExpressionAttributeValues"][":now"] = {"N": str(int(self._repository.now()))}
        released = 0
        for items in self._repository.store.paginate("Query", **query, Limit=PAGE):
            lines = sorted(
                map(reservations.from_item, items), key=lambda line: (line.level_key not in first, line.level_key)
            )
            for _, group in itertools.groupby(lines, key=lambda line: line.level_key):
                released += self._expire(list(group)[:limit])
                if DEADLINE.is_exceeded() or (limit and released >= limit):
                    return released
            if limit:
                break
        return released

    def count(self, work: UnitOfWork, lines: list[Line], sign: int) -> None:
        """Add lines to the quotas of their callers if `sign` is 1, or remove them if it is -1."""
        units = Counter[tuple[str, str, int]]()
        for line in lines:
            if line.counted:
                units[line.owner or line.actor, line.product_id, line.expires_at] += line.quantity
        names = list(dict.fromkeys((caller, product_id) for caller, product_id, _ in units))
        for quota in self._repository.quotas(names):
            changed = quota
            for (*name, expiry), count in units.items():
                if (quota.caller, quota.product_id) == tuple(name):
                    changed = changed.with_units(sign * count, expiry, work.now, max_held_units())
            action = changed.put(self._repository.tables.levels, work.now)
            work.quotas["quota", quota.caller, quota.product_id] = action

    def _expire(self, remaining: list[Line]) -> int:
        released = 0
        while remaining and not DEADLINE.is_exceeded():
            lines, remaining = remaining[:MAX_RELEASES], remaining[MAX_RELEASES:]
            try:
                self.settle(lines, reservations.EXPIRED, EXPIRY)
                released += len(lines)
            except LinesChanged as exc:
                remaining = [line for line in lines if line.key not in exc.lines] + remaining
        return released

    def _release_expired(self, current: dict[LevelKey, Level]) -> bool:
        """Release expired holds. Return whether this or another request modified the levels."""
        now = self._repository.now()
        expired = {key: level for key, level in current.items() if level.as_of(now) != level}
        if not expired or DEADLINE.is_exceeded():
            return False
        products = dict.fromkeys(product_id for product_id, _ in expired)
        released = sum(self.expire(product, MAX_RELEASES, expired) for product in products)
        return released > 0 or self._repository.levels_by_key(expired) != expired

    def _commit(
        self, current: dict[LevelKey, Level], change: Change, idempotency: Idempotency | None, *, exact: bool
    ) -> Document:
        """Commit a change and retry after conflicts. `current` is updated with concurrently modified levels."""
        retries = Retries()
        while True:
            work = UnitOfWork(current, self._repository.now(), exact=exact)
            response = change(work)
            if work.after == current:
                return self._repository.record_response(response, idempotency)
            try:
                work.commit(self._repository, idempotency, json.dumps(response))
                return response
            except WriteConflict as exc:
                items = exc.items
            retries.wait(busy(", ".join(sorted({product for product, _ in work.after}))))
            changed = items or work.changed()
            now = levels.from_items(filter(None, items.values())) if items else self._repository.levels_by_key(changed)
            for key in changed:
                current.pop(key)
            current.update(now)


def max_held_units() -> int:
    """Return the maximum number of units of a product that one caller can reserve; 0 disables the limit."""
    return int(os.environ.get("MAX_HELD_UNITS", "0"))


def busy(subject: str) -> str:
    """Return the error message for a request that conflicted with others until its time was used up."""
    return f"Too many concurrent changes of {subject}. Try again later."
