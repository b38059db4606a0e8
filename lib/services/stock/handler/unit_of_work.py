"""What one transaction does: to which levels, with which movements, and what beside them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any, Callable, NamedTuple

from ....runtime import metrics
from ....runtime.attributes import Item
from ....runtime.dynamodb import DynamoDB, TransactionCanceled, TransactionMet
from ....runtime.errors import ApiError
from ....runtime.idempotency import Idempotency
from ....runtime.invocation import INVOCATION
from . import levels, movements
from .levels import Level, Place, Rearm
from .movements import Cause
from .reservations import Key, Line

Actions = dict[Any, dict[str, Any]]
CROSSINGS = {levels.LOW_STOCK: "LowStock", levels.OUT_OF_STOCK: "OutOfStock"}
"""What counts the levels that come to a status."""
COUNTED: Mapping[str, Callable[[int, int], dict[str, int]]] = {
    movements.RESERVED: lambda made, units: {"ReservationsMade": made, "UnitsReserved": units},
    movements.RELEASED: lambda released, _: {"ReservationsReleased": released},
    movements.EXPIRED: lambda expired, _: {"ReservationsExpired": expired},
    movements.FULFILLED: lambda _, units: {"Fulfilments": 1, "UnitsSold": units},
}
"""What movements of a type are counted as, by how many reservations and units they are of."""
REARM = {"percent": "ALERT_REARM_PERCENT", "minutes": "ALERT_REARM_MINUTES"}
"""Environment variables with the fields of `Rearm`."""
Step = Callable[..., Level]
"""From a level, and `at`, the moment of its movement, to what it becomes."""


class Overtaken(Exception):
    """Others changed levels in between; `rows` has what they are now, None for one that is no longer there.

    It is empty if another transaction is at one just now, or if only quotas were changed.
    """

    def __init__(self, rows: dict[Place, Item | None]) -> None:
        super().__init__("overtaken")
        self.rows = rows


class Settled(Exception):
    """Lines of reservations are not as they were when they were read; `lines` are their keys."""

    def __init__(self, lines: set[Key]) -> None:
        super().__init__("settled")
        self.lines = lines


class SoldBefore(Exception):
    """A part of a sale is recorded already."""


class Unsettled(Exception):
    """Holds of a level have ended and are not released yet, and the change depends on them.

    `error` is to be raised if they cannot be released; None: only the status of the change depends on them.
    """

    def __init__(self, error: ApiError | None = None) -> None:
        super().__init__("unsettled")
        self.error = error


class MadeBefore(Exception):
    """The same request was carried out before; `answer` is what it was answered."""

    def __init__(self, answer: str) -> None:
        super().__init__("made before")
        self.answer = answer


class Tables(NamedTuple):
    """The service's tables; a function knows those that it may use."""

    levels: str
    reservations: str
    movements: str


class Work:
    """Changes of levels, each with its movement, that are carried out together or not at all."""

    def __init__(self, before: dict[Place, Level], now: float, *, exact: bool = False) -> None:
        """With `exact`, a change raises `Unsettled` where what has ended would make its status another."""
        self.now = now
        self._exact = exact
        self._before = before
        self.after = dict(before)
        self._movements: dict[Place, list[Item]] = {}
        self._type = ""
        """Of all its movements."""
        self._units = 0
        self._lines: Actions = {}
        self._sales: Actions = {}
        self._quotas: Actions = {}
        self._alerts: dict[Place, Level] = {}

    def make(self, level: Level, cause: Cause) -> None:
        """A level that is new."""
        self.after[level.place] = level
        self._movements[level.place] = [movements.row(cause, level.stock_count, level, INVOCATION.correlation_id)]

    def move(self, place: Place, cause: Cause, quantity: int, step: Step) -> Level:
        """A change of a level."""
        before = self.after[place]
        after = step(before, at=levels.moment(self.now, before.moved_at))
        if self._exact and any(level.status != level.at(self.now).status for level in (before, after)):
            raise Unsettled
        self.after[place] = after
        self._type = cause.type
        self._units += quantity
        moved = movements.row(cause, quantity, after, INVOCATION.correlation_id)
        self._movements.setdefault(place, []).append(moved)
        return after

    def line(self, line: Line, action: dict[str, Any]) -> None:
        """A change of a reservation's line."""
        self._lines[line.key] = action

    def sale(self, part: tuple[str, str | None], action: dict[str, Any]) -> None:
        """The record of a part of a sale."""
        self._sales[("sale", *part)] = action

    def quota(self, caller: str, product_id: str, action: dict[str, Any]) -> None:
        """A change of what a caller holds of a product."""
        self._quotas["quota", caller, product_id] = action

    def changed(self) -> list[Place]:
        """The levels that are not as they were."""
        return [place for place, level in self.after.items() if self._before.get(place) != level]

    def commit(self, store: DynamoDB, tables: Tables, idempotency: Idempotency | None, answer: str) -> None:
        """Carry it out.

        Raise `MadeBefore`, `SoldBefore`, `Settled` or `Overtaken`, in this order, if it is too late.
        """
        rearm = Rearm(**{field: int(os.environ[name]) for field, name in REARM.items() if name in os.environ})
        for place in self._movements:
            before, after = self._before.get(place), self.after[place]
            # Units whose hold has ended are available, whether or not the row is updated yet.
            state, raises = levels.alerting(before, after.at(self.now), self.now, rearm)
            self.after[place] = after._replace(alerted=state.alerted)
            if raises:
                self._alerts[place] = state
        actions: Actions = {place: self._put(tables, place) for place in self.changed()}
        actions.update(self._lines)
        actions.update(self._sales)
        actions.update(self._quotas)
        for number, row in enumerate(self._told()):
            actions[number] = {"Put": {"TableName": tables.movements, "Item": row}}
        if idempotency:
            actions["trace"] = idempotency.put(tables.levels, {"answer": {"S": answer}})
        try:
            store.transact([*actions.values()], stale=bool(self._before))
        except TransactionMet as exc:
            raise Overtaken({}) from exc
        except TransactionCanceled as exc:
            failed = {name: reason.get("Item") for name, reason in zip(actions, exc.reasons) if _failed(reason)}
            if idempotency and "trace" in failed:
                raise MadeBefore(idempotency.made_before(failed["trace"] or {})["answer"]["S"]) from exc
            if failed.keys() & self._sales.keys():
                raise SoldBefore from exc
            if settled := failed.keys() & self._lines.keys():
                raise Settled(settled) from exc
            raise Overtaken({place: row for place, row in failed.items() if place not in self._quotas}) from exc
        metrics.emit(**{name: (value, "Count") for name, value in self._figures().items()})

    def _told(self) -> Iterator[Item]:
        """The movements; the last of a level is its alert, if it raises one."""
        for place, rows in self._movements.items():
            yield from rows[:-1]
            yield movements.alert(rows[-1], self._alerts[place]) if place in self._alerts else rows[-1]

    def _figures(self) -> dict[str, int]:
        # A reservation is counted with the line that guards its id, however many it has.
        reservations = [number for _, number in self._lines].count(0)
        found = COUNTED[self._type](reservations, self._units) if self._type in COUNTED else {}
        for place in self._movements:
            if movements.crosses(self._before.get(place), self.after[place]):
                name = CROSSINGS[self.after[place].status]
                found[name] = found.get(name, 0) + 1
        return found

    def _put(self, tables: Tables, place: Place) -> dict[str, Any]:
        before = self._before.get(place)
        action: dict[str, Any] = {
            "TableName": tables.levels,
            "Item": levels.row(self.after[place]),
            "ConditionExpression": "attribute_not_exists(product_id)",
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
        if before:
            action["ExpressionAttributeNames"] = {"#sequence": "sequence"}
        if before and before.sequence:
            action["ConditionExpression"] = "#sequence = :sequence"
            action["ExpressionAttributeValues"] = {":sequence": {"N": str(before.sequence)}}
        elif before:
            action["ConditionExpression"] = "attribute_exists(product_id) AND attribute_not_exists(#sequence)"
        return {"Put": action}


def _failed(reason: dict[str, Any]) -> bool:
    return bool(reason.get("Code") == "ConditionalCheckFailed")
