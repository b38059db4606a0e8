"""One transaction that is being built: changes of levels with their movements, and all that is written with them."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Callable

from ....runtime import metrics
from ....runtime.attributes import Item
from ....runtime.dynamodb import put_action
from ....runtime.errors import ApiError, BadRequest
from ....runtime.http_client import RANDOM
from ....runtime.idempotency import Idempotency
from ....runtime.logging import INVOCATION
from ....runtime.transactions import WriteConflict
from . import levels, movements
from .errors import InsufficientStock, missing
from .levels import Level, Place, Rearm
from .movements import Cause
from .repository import Repository
from .reservations import Key, RequestedLine

Actions = dict[Any, dict[str, Any]]
CROSSINGS = {levels.LOW_STOCK: "LowStock", levels.OUT_OF_STOCK: "OutOfStock"}
"""Metrics that count levels which enter a status."""
COUNTED: Mapping[str, Callable[[int, int], dict[str, int]]] = {
    movements.RESERVED: lambda reservations, units: {"ReservationsMade": reservations, "UnitsReserved": units},
    movements.RELEASED: lambda reservations, _: {"ReservationsReleased": reservations},
    movements.EXPIRED: lambda reservations, _: {"ReservationsExpired": reservations},
    movements.FULFILLED: lambda _, units: {"Fulfilments": 1, "UnitsSold": units},
}
"""Metrics of a transaction by the type of its movements, from the numbers of reservations and units."""
REARM = {"percent": "ALERT_REARM_PERCENT", "minutes": "ALERT_REARM_MINUTES"}
"""Environment variables of the fields of `Rearm`."""


class LinesChanged(Exception):
    """Lines of reservations have changed since they were read; `lines` are their keys."""

    def __init__(self, lines: set[Key]) -> None:
        super().__init__("lines changed")
        self.lines = lines


class AlreadySold(Exception):
    """A part of a sale is recorded already."""


class ExpiredHolds(Exception):
    """A change depends on holds of a level that have expired and are not released yet.

    `error` is to be raised if they cannot be released. If it is None, only the status of the level depends on them.
    """

    def __init__(self, error: ApiError | None = None) -> None:
        super().__init__("expired holds")
        self.error = error


class UnitOfWork:
    """Changes of levels, each with its movement, that are executed together or not at all."""

    def __init__(self, before: dict[Place, Level], now: float, *, exact: bool = False) -> None:
        """With `exact`, a change raises `ExpiredHolds` if the status of its level would differ without them."""
        self.now = now
        self._exact = exact
        self._before = before
        self.after = dict(before)
        self._movements: dict[Place, list[Item]] = {}
        self._type = ""
        """The type of all its movements."""
        self._units = 0
        self.lines: Actions = {}
        """Changes of reservations' lines, by the keys of the lines."""
        self.sales: Actions = {}
        """Records of sales, by `"sale"` and the parts."""
        self.quotas: Actions = {}
        """Changes of quotas, by `"quota"`, the callers and the products."""
        self._alerts: dict[Place, Level] = {}

    def create(self, level: Level, cause: Cause) -> None:
        """Add a new level."""
        self.after[level.place] = level
        self._movements[level.place] = [movements.row(cause, level.stock_count, level, INVOCATION.correlation_id)]

    def move(self, place: Place, cause: Cause, quantity: int, change: Callable[..., Level]) -> Level:
        """Change a level and return it; `change` is called with the level and `at`, the time of the movement."""
        before = self.after[place]
        after: Level = change(before, at=levels.format_timestamp(self.now, before.moved_at))
        if self._exact and any(level.status != level.as_of(self.now).status for level in (before, after)):
            raise ExpiredHolds
        self.after[place] = after
        self._type = cause.type
        self._units += quantity
        movement = movements.row(cause, quantity, after, INVOCATION.correlation_id)
        self._movements.setdefault(place, []).append(movement)
        return after

    def changed(self) -> list[Place]:
        """Return the levels that have changed."""
        return [place for place, level in self.after.items() if self._before.get(place) != level]

    def only_level(self, product_id: str, warehouse_id: str | None) -> Level:
        """Return the only level; raise an error if the product has none in the warehouse, or several."""
        if not self.after:
            raise missing(product_id, warehouse_id)
        if len(self.after) > 1:
            names = ", ".join(sorted(warehouse for _, warehouse in self.after))
            raise BadRequest(f"warehouse_id: {product_id} is in several, {names}: give one")
        return next(iter(self.after.values()))

    def allocate(self, lines: list[RequestedLine]) -> list[Place]:
        """Return the level from which each line is taken: lines of a certain warehouse first, then the largest.

        A line of any warehouse is taken from a level with enough units: a random one, so that requests for one product
        do not all write the same level; the one with the fewest units if other lines are of the same product.
        """
        taken = Counter[Place]()
        places: dict[int, Place] = {}
        products = Counter(line.product_id for line in lines)
        for number, line in sorted(
            enumerate(lines), key=lambda entry: (entry[1].warehouse_id is None, -entry[1].quantity)
        ):
            candidates = [
                level
                for level in self.after.values()
                if level.product_id == line.product_id and line.warehouse_id in (None, level.warehouse_id)
            ]
            if not candidates:
                raise missing(line.product_id, line.warehouse_id)
            remaining = {level.place: level.available - taken[level.place] for level in candidates}
            enough = [place for place, units in remaining.items() if units >= line.quantity]
            if not enough:
                most = max(level.as_of(self.now).available - taken[level.place] for level in candidates)
                error = InsufficientStock(
                    f"{line.quantity} of {line.product_id} are wanted, {max(most, 0)} are available",
                    [f"product_id {line.product_id}", f"available {max(most, 0)}"],
                )
                raise ExpiredHolds(error) if most >= line.quantity else error
            is_only_line = products[line.product_id] == 1
            places[number] = RANDOM.choice(enough) if is_only_line else min((remaining[p], p) for p in enough)[1]
            taken[places[number]] += line.quantity
        return [places[number] for number in range(len(lines))]

    def commit(self, repository: Repository, idempotency: Idempotency | None, response: str) -> None:
        """Execute the transaction.

        Raise `AlreadyExecuted`, `AlreadySold`, `LinesChanged` or `WriteConflict`, in this order, if it is too late. The
        last one has only levels.
        """
        tables = repository.tables
        rearm = Rearm(**{field: int(os.environ[name]) for field, name in REARM.items() if name in os.environ})
        for place in self._movements:
            before, after = self._before.get(place), self.after[place]
            # Units whose hold has expired are available, whether or not the item is updated yet.
            state, raises = levels.alerting(before, after.as_of(self.now), self.now, rearm)
            self.after[place] = after._replace(alerted=state.alerted)
            if raises:
                self._alerts[place] = state
        actions: Actions = {place: self._put(tables.levels, place) for place in self.changed()}
        actions.update(self.lines)
        actions.update(self.sales)
        actions.update(self.quotas)
        for number, item in enumerate(self._movement_items()):
            actions[number] = {"Put": {"TableName": tables.movements, "Item": item}}
        try:
            result: Item = {"answer": {"S": response}}
            repository.transactions.commit(actions, idempotency, result, retries_conflicts=not self._before)
        except WriteConflict as exc:
            if exc.items.keys() & self.sales.keys():
                raise AlreadySold from exc
            if lines := exc.items.keys() & self.lines.keys():
                raise LinesChanged(lines) from exc
            for name in self.quotas:
                exc.items.pop(name, None)
            raise
        metrics.emit(**{name: (value, "Count") for name, value in self._metrics().items()})

    def _movement_items(self) -> Iterator[Item]:
        """Yield the movements; the last one of a level is its alert, if it raises one."""
        for place, items in self._movements.items():
            yield from items[:-1]
            yield movements.alert(items[-1], self._alerts[place]) if place in self._alerts else items[-1]

    def _metrics(self) -> dict[str, int]:
        # A reservation is counted by its line 0, however many lines it has.
        reservations = [number for _, number in self.lines].count(0)
        counts = COUNTED[self._type](reservations, self._units) if self._type in COUNTED else {}
        for place in self._movements:
            if movements.crosses(self._before.get(place), self.after[place]):
                name = CROSSINGS[self.after[place].status]
                counts[name] = counts.get(name, 0) + 1
        return counts

    def _put(self, table: str, place: Place) -> dict[str, Any]:
        before, item = self._before.get(place), levels.row(self.after[place])
        if before is None:
            return put_action(table, item, "attribute_not_exists(product_id)", returns_item=True)
        condition, values = "attribute_exists(product_id) AND attribute_not_exists(#sequence)", {}
        if before.sequence:
            condition, values = "#sequence = :sequence", {":sequence": {"N": str(before.sequence)}}
        return put_action(table, item, condition, values, names={"#sequence": "sequence"}, returns_item=True)


def sum_units(lines: list[RequestedLine], places: Iterable[Place]) -> dict[Place, int]:
    """Return the units of lines by the levels from which they are taken."""
    units = Counter[Place]()
    for line, place in zip(lines, places):
        units[place] += line.quantity
    return dict(units)
