"""Items that scheduled jobs read in a small table and in a large table."""

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
RESERVED_EVERY = 10
"""Every nth level has a unit that is reserved until tomorrow."""
DAY_SECONDS = 86_400
SCHEDULES = {"expiry": "stock-expiry", "thresholds": "stock-thresholds"}
RECONCILIATION = "stock-reconciliation"
TITLE = (
    f"stock, scheduled jobs: one run of each, with reservations of every {RESERVED_EVERY}th level, without due "
    f"items and with {DUE}\nread units by the published rules of DynamoDB; times are longer than in DynamoDB, "
    "because the emulator scans a whole index for each Query"
)

Table = str
Writes = Iterator[tuple[Table, Item]]


class Run(NamedTuple):
    """One run of a scheduled job."""

    calls: list[Call]
    seconds: float

    def items_read(self) -> int:
        """Return the number of items that were read."""
        return sum(call.response.get("ScannedCount", len(_items(call))) for call in self.calls)

    def units(self) -> float:
        """Return the consumed read request units."""
        return sum(_units(call) for call in self.calls)


def report() -> str:
    """Run the scheduled jobs with few and with many levels, without and with due items."""
    runs: dict[str, Run] = {}
    with Emulator() as emulator:
        for count in (FEW, MANY):
            with open_session(emulator, SERVICE, f"jobs-{count}", REMAINING_MS="900000") as session:
                session.deployment.put_all(item for number in range(count) for item in _level_writes(number))
                if count == FEW:
                    runs[f"reconciliation, {FEW:,} levels"] = _run(session, RECONCILIATION)
                for job, schedule_name in SCHEDULES.items():
                    runs[f"{job}, {count:,} levels, none due"] = _run(session, schedule_name)
                session.deployment.put_all(item for number in range(DUE) for item in _due_writes(count + number))
                for job, schedule_name in SCHEDULES.items():
                    runs[f"{job}, {count:,} levels, {DUE} due"] = _run(session, schedule_name)
    return section(TITLE, _table(runs), targets=[*_targets(runs)])


def _run(session: Session, name: str) -> Run:
    session.calls.clear()
    started = time.perf_counter()
    session.worker.send(schedule(name))
    return Run(_without_timeouts(session.calls), time.perf_counter() - started)


def _without_timeouts(calls: Sequence[Call]) -> list[Call]:
    """Remove the calls that timed out, because the emulator is slow, and that the function retried."""
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


def _level_writes(number: int) -> Writes:
    """Yield the items of a level without due reservations or alerts."""
    level = _new_level(number)
    if number % RESERVED_EVERY:
        yield from _movement_writes(Cause(movements.CREATED, "benchmark"), level)
    else:
        yield from _reservation_writes(level, int(time.time()) + DAY_SECONDS)


def _due_writes(number: int) -> Writes:
    """Yield the items of a level with an expired reservation and a pending alert."""
    low = _new_level(number)._replace(stock_count=3)
    yield from _reservation_writes(low, int(time.time()) - DAY_SECONDS)


def _new_level(number: int) -> Level:
    at = levels.format_timestamp(time.time() - 2 * DAY_SECONDS)
    return levels.new_level((f"LAMP-{number:07}", WAREHOUSE), 1_000, 10, f"category {number % 20}", at)


def _reservation_writes(level: Level, end: int) -> Writes:
    at = levels.format_timestamp(time.time() - 2 * DAY_SECONDS, level.moved_at)
    line = Line(f"cart-{level.product_id}", 0, *level.key, 1, reservations.HELD, at, end, "benchmark", "0" * 32)
    yield "reservations", reservations.to_item(line)
    cause = Cause(movements.RESERVED, "benchmark", line.reservation_id)
    yield from _movement_writes(cause, levels.add_hold(level, units=1, expiry=end, at=at))


def _movement_writes(cause: Cause, level: Level) -> Writes:
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
    for name, run in runs.items():
        rows.append(
            [
                name,
                str(run.items_read()),
                f"{run.units():g}",
                str(round_trips(run.calls)),
                f"{run.seconds:.2f}",
                operations(run.calls),
            ]
        )
    return [["", "items read", "read units", "round trips", "emulator s", "calls"], *rows]


def _targets(runs: Mapping[str, Run]) -> Iterator[Target]:
    measures: dict[str, Callable[[Run], float]] = {"items read": Run.items_read, "read units": Run.units}
    for name in SCHEDULES:
        yield Target(
            label=f"items read by {name}, {MANY:,} levels, none due",
            limit=0,
            measured=runs[f"{name}, {MANY:,} levels, none due"].items_read(),
        )
        for measured, measure in measures.items():
            few, many = (measure(runs[f"{name}, {count:,} levels, {DUE} due"]) for count in (FEW, MANY))
            yield Target(
                label=f"{measured} of {name}, {DUE} due, ratio of {MANY:,} to {FEW:,} levels",
                limit=1,
                measured=many / few,
            )
