"""Items that the schedules read in small tables and in large ones."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from lib.local.emulator import Emulator
from lib.runtime.attributes import Item
from lib.services.stock.handler import levels, movements, reservations
from lib.services.stock.handler.levels import Level
from lib.services.stock.handler.movements import Cause
from lib.services.stock.handler.reservations import Line
from lib.services.stock.service import SERVICE

from ..capacity_units import read_units
from ..deployment import Session, open_session
from ..recorder import Call, operations, round_trips
from ..services.stock import WAREHOUSE, schedule
from ..tables import Target, section

FEW, MANY = 1_000, 100_000
DUE = 5
HELD_EVERY = 10
"""One of this number of levels has units reserved until tomorrow."""
DAY_SECONDS = 86_400
SWEEPS = {"expiry": "stock-expiry", "thresholds": "stock-thresholds"}
RECONCILIATION = "stock-reconciliation"
TITLE = (
    f"stock, sweeps: one run of each over levels of which every {HELD_EVERY}th is held until tomorrow, when nothing is "
    f"due and when {DUE} are\nread units by DynamoDB's published rules; the time is the emulator's, which goes through "
    "a whole index for each Query"
)

Table = str
Writes = Iterator[tuple[Table, Item]]


class Run(NamedTuple):
    """One run of a schedule."""

    calls: list[Call]
    seconds: float

    def rows(self) -> int:
        """Return the number of items that were read."""
        return sum(call.response.get("ScannedCount", len(_items(call))) for call in self.calls)

    def units(self) -> float:
        """Return the read request units of these items."""
        return sum(_units(call) for call in self.calls)


def report() -> str:
    """Run the sweeps over few levels and over many, before and after something is due."""
    runs: dict[str, Run] = {}
    with Emulator() as emulator:
        for count in (FEW, MANY):
            with open_session(emulator, SERVICE, f"sweeps-{count}", REMAINING_MS="900000") as session:
                session.deployment.put_all(item for number in range(count) for item in _quiet(number))
                if count == FEW:
                    runs[f"reconciliation, {FEW:,} levels"] = _swept(session, RECONCILIATION)
                for name, sweep in SWEEPS.items():
                    runs[f"{name}, {count:,} levels, none due"] = _swept(session, sweep)
                session.deployment.put_all(item for number in range(DUE) for item in _due(count + number))
                for name, sweep in SWEEPS.items():
                    runs[f"{name}, {count:,} levels, {DUE} due"] = _swept(session, sweep)
    return section(TITLE, _table(runs), targets=[*_targets(runs)])


def _swept(session: Session, name: str) -> Run:
    session.calls.clear()
    started = time.perf_counter()
    session.worker.send(schedule(name))
    return Run(_finished(session.calls), time.perf_counter() - started)


def _finished(calls: Sequence[Call]) -> list[Call]:
    """Return the calls without those that were retried before the emulator, which is slow, had responded."""
    return [
        call
        for call in calls
        if not any(
            other.operation == call.operation
            and other.request == call.request
            and call.started < other.started < call.finished
            for other in calls
        )
    ]


def _quiet(number: int) -> Writes:
    """Yield a level of which nothing is due, with its other items."""
    level = _created(number)
    if number % HELD_EVERY:
        yield from _moved(Cause(movements.CREATED, "benchmark"), level)
    else:
        yield from _held(level, int(time.time()) + DAY_SECONDS)


def _due(number: int) -> Writes:
    """Yield a level with an expired reservation and with an alert that was not sent."""
    low = _created(number)._replace(stock_count=3)
    yield from _held(low, int(time.time()) - DAY_SECONDS)


def _created(number: int) -> Level:
    at = levels.format_timestamp(time.time() - 2 * DAY_SECONDS)
    return levels.new_level((f"LAMP-{number:07}", WAREHOUSE), 1_000, 10, f"category {number % 20}", at)


def _held(level: Level, end: int) -> Writes:
    at = levels.format_timestamp(time.time() - 2 * DAY_SECONDS, level.moved_at)
    line = Line(f"cart-{level.product_id}", 0, *level.key, 1, reservations.HELD, at, end, "benchmark", "0" * 32)
    yield "reservations", reservations.to_item(line)
    cause = Cause(movements.RESERVED, "benchmark", line.reservation_id)
    yield from _moved(cause, levels.add_hold(level, units=1, end=end, at=at))


def _moved(cause: Cause, level: Level) -> Writes:
    yield "management", levels.to_item(level)
    movement = movements.to_item(cause, 1, level, "benchmark")
    yield "movements", movements.to_alert(movement, level) if movements.crosses(None, level) else movement


def _items(call: Call) -> list[Item]:
    if call.operation == "BatchGetItem":
        return [item for items in call.response["Responses"].values() for item in items]
    return list(call.response.get("Items", []))


def _units(call: Call) -> float:
    if call.operation == "BatchGetItem":
        return float(sum(read_units([item], consistent=True) for item in _items(call)))
    return read_units(_items(call), consistent=False) if call.operation in ("Query", "Scan") else 0


def _table(runs: Mapping[str, Run]) -> list[list[str]]:
    rows = []
    for what, run in runs.items():
        rows.append(
            [
                what,
                str(run.rows()),
                f"{run.units():g}",
                str(round_trips(run.calls)),
                f"{run.seconds:.2f}",
                operations(run.calls),
            ]
        )
    return [["", "rows read", "read units", "round trips", "emulator s", "calls"], *rows]


def _targets(runs: Mapping[str, Run]) -> Iterator[Target]:
    measures: dict[str, Callable[[Run], float]] = {"rows": Run.rows, "units": Run.units}
    for what in SWEEPS:
        yield Target(
            label=f"rows read by {what}, {MANY:,} levels, none due",
            limit=0,
            measured=runs[f"{what}, {MANY:,} levels, none due"].rows(),
        )
        for name, measure in measures.items():
            few, many = (measure(runs[f"{what}, {count:,} levels, {DUE} due"]) for count in (FEW, MANY))
            yield Target(
                label=f"read {name} of {what}, {DUE} due, {MANY:,} levels of {FEW:,}", limit=1, measured=many / few
            )
