"""Builder of one DynamoDB transaction: changes of levels, their movements, and the other items written with them."""

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
from .errors import InsufficientStock, level_not_found
from .levels import Level, LevelKey, Rearm
from .movements import Cause
from .repository import Repository
from .reservations import Key, RequestedLine

Actions = dict[Any, dict[str, Any]]
CROSSING_METRICS = {levels.LOW_STOCK: "LowStock", levels.OUT_OF_STOCK: "OutOfStock"}
"""Metrics of the levels that enter a status."""
METRICS_BY_TYPE: Mapping[str, Callable[[int, int], dict[str, int]]] = {
    movements.RESERVED: lambda reservations, units: {"ReservationsMade": reservations, "UnitsReserved": units},
    movements.RELEASED: lambda reservations, _: {"ReservationsReleased": reservations},
    movements.EXPIRED: lambda reservations, _: {"ReservationsExpired": reservations},
    movements.FULFILLED: lambda _, units: {"Fulfilments": 1, "UnitsSold": units},
}
"""Metrics of a transaction by the type of its movements, computed from the numbers of reservations and units."""
REARM = {"percent": "ALERT_REARM_PERCENT", "minutes": "ALERT_REARM_MINUTES"}
"""Environment variables of the fields of `Rearm`."""


class LinesChanged(Exception):
    """Reservation lines were modified after they were read. `lines` contains their keys."""

    def __init__(self, lines: set[Key]) -> None:
        super().__init__("lines changed")
        self.lines = lines


class AlreadySold(Exception):
    """An earlier request recorded a part of the sale."""


class ExpiredHolds(Exception):
    """A change depends on holds that have expired and are not released yet.

    The caller raises `error` if the holds cannot be released. If `error` is None, only the status of the level depends
    on them.
    """

    def __init__(self, error: ApiError | None = None) -> None:
        super().__init__("expired holds")
        self.error = error


class UnitOfWork:
    """Changes of levels and their movements, executed in one transaction."""

    def __init__(self, before: dict[LevelKey, Level], now: float, *, exact: bool = False) -> None:
        """With `exact`, a change raises `ExpiredHolds` if expired holds alter the status of its level."""
        self.now = now
        self._exact = exact
        self._before = before
        self.after = dict(before)
        self._movements: dict[LevelKey, list[Item]] = {}
        self._type = ""
        """Type of all movements of the transaction."""
        self._units = 0
        self.lines: Actions = {}
        """Writes of reservation lines, by line key."""
        self.sales: Actions = {}
        """Writes of sale records, by `"sale"`, product and `line_id`."""
        self.quotas: Actions = {}
        """Writes of quotas, by `"quota"`, caller and product."""
        self._alerts: dict[LevelKey, Level] = {}

    def create(self, level: Level, cause: Cause) -> None:
        """Add a new level."""
        self.after[level.key] = level
        self._movements[level.key] = [movements.to_item(cause, level.stock_count, level, INVOCATION.correlation_id)]

    def move(self, key: LevelKey, cause: Cause, quantity: int, change: Callable[..., Level]) -> Level:
        """Change a level, add its movement, and return the new level. `change` receives the level and the time `at`."""
        before = self.after[key]
        after: Level = change(before, at=levels.format_timestamp(self.now, before.moved_at))
        if self._exact and any(level.status != level.as_of(self.now).status for level in (before, after)):
            raise ExpiredHolds
        self.after[key] = after
        self._type = cause.type
        self._units += quantity
        movement = movements.to_item(cause, quantity, after, INVOCATION.correlation_id)
        self._movements.setdefault(key, []).append(movement)
        return after

    def changed(self) -> list[LevelKey]:
        """Return the keys of the changed levels."""
        return [key for key, level in self.after.items() if self._before.get(key) != level]

    def only_level(self, product_id: str, warehouse_id: str | None) -> Level:
        """Return the only level; raise an error if there is none or more than one."""
        if not self.after:
            raise level_not_found(product_id, warehouse_id)
        if len(self.after) > 1:
            names = ", ".join(sorted(warehouse for _, warehouse in self.after))
            raise BadRequest(f"warehouse_id must be set: {product_id} is in several warehouses ({names}).")
        return next(iter(self.after.values()))

    def allocate(self, lines: list[RequestedLine]) -> list[LevelKey]:
        """Return the key of each line's level. Lines with a warehouse are allocated first, then the largest ones.

        A line without a warehouse is allocated to a level with enough units: to a random one, so that requests for one
        product do not all write the same item, or to the one with the fewest units if the product has several lines.
        """
        allocated = Counter[LevelKey]()
        keys: dict[int, LevelKey] = {}
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
                raise level_not_found(line.product_id, line.warehouse_id)
            remaining = {level.key: level.available - allocated[level.key] for level in candidates}
            enough = [key for key, units in remaining.items() if units >= line.quantity]
            if not enough:
                most = max(level.as_of(self.now).available - allocated[level.key] for level in candidates)
                error = InsufficientStock(
                    f"Insufficient stock for {line.product_id}: {line.quantity} requested, {max(most, 0)} available.",
                    [f"product_id {line.product_id}", f"available {max(most, 0)}"],
                )
                raise ExpiredHolds(error) if most >= line.quantity else error
            is_only_line = products[line.product_id] == 1
            keys[number] = RANDOM.choice(enough) if is_only_line else min((remaining[key], key) for key in enough)[1]
            allocated[keys[number]] += line.quantity
        return [keys[number] for number in range(len(lines))]

    def commit(self, repository: Repository, idempotency: Idempotency | None, response: str) -> None:
        """Execute the transaction.

        If a condition fails, raise `AlreadyExecuted`, `AlreadySold`, `LinesChanged` or `WriteConflict`, the first that
        applies. `WriteConflict` contains only levels.
        """
        tables = repository.tables
        rearm = Rearm(**{field: int(os.environ[name]) for field, name in REARM.items() if name in os.environ})
        for key in self._movements:
            before, after = self._before.get(key), self.after[key]
            # Units of expired holds are available even if they are not released yet.
            state, raises = levels.update_alerts(before, after.as_of(self.now), self.now, rearm)
            self.after[key] = after._replace(alerted=state.alerted)
            if raises:
                self._alerts[key] = state
        actions: Actions = {key: self._put(tables.levels, key) for key in self.changed()}
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
        """Yield the movements. If a level raises an alert, its last movement is the alert."""
        for key, items in self._movements.items():
            yield from items[:-1]
            yield movements.to_alert(items[-1], self._alerts[key]) if key in self._alerts else items[-1]

    def _metrics(self) -> dict[str, int]:
        # Every reservation has one line 0.
        reservations = [number for _, number in self.lines].count(0)
        counts = METRICS_BY_TYPE[self._type](reservations, self._units) if self._type in METRICS_BY_TYPE else {}
        for key in self._movements:
            if movements.crosses(self._before.get(key), self.after[key]):
                name = CROSSING_METRICS[self.after[key].status]
                counts[name] = counts.get(name, 0) + 1
        return counts

    def _put(self, table: str, key: LevelKey) -> dict[str, Any]:
        before, item = self._before.get(key), levels.to_item(self.after[key])
        if before is None:
            return put_action(table, item, "attribute_not_exists(product_id)", returns_item=True)
        condition, values = "attribute_exists(product_id) AND attribute_not_exists(#sequence)", {}
        if before.sequence:
            condition, values = "#sequence = :sequence", {":sequence": {"N": str(before.sequence)}}
        return put_action(table, item, condition, values, names={"#sequence": "sequence"}, returns_item=True)


def sum_units(lines: list[RequestedLine], keys: Iterable[LevelKey]) -> dict[LevelKey, int]:
    """Return the sum of the units per level; `keys` are the levels of the lines."""
    units = Counter[LevelKey]()
    for line, key in zip(lines, keys):
        units[key] += line.quantity
    return dict(units)
