"""What the sweeps read of few levels and of many, and a reconciliation of a thousand."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

from lib.local.emulator import Emulator
from lib.runtime.attributes import Item
from lib.services.stock.handler import levels, movements, reservations
from lib.services.stock.handler.levels import Level
from lib.services.stock.handler.movements import Cause
from lib.services.stock.handler.reservations import Line

from ..capacity_units import read_units
from ..contenders import Worker, contenders, worker
from ..recorder import Asked, operations, recording, round_trips
from ..stock import calls
from ..stock.stage import Stage, set_up, whole
from ..tables import Target, section

FEW, MANY = 1_000, 100_000
DUE = 5
HELD_EVERY = 10
"""Of so many levels one is held until tomorrow."""
DAY_SECONDS = 86_400
WRITERS = 8
CHUNK = 25
"""Rows a BatchWriteItem."""
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
    """One sweep."""

    asked: list[Asked]
    seconds: float

    def rows(self) -> int:
        """How many were read."""
        return sum(call.answer.get("ScannedCount", len(_items(call))) for call in self.asked)

    def units(self) -> float:
        """For them."""
        return sum(_units(call) for call in self.asked)


def report() -> str:
    """Sweep, make something due, and sweep again; of few levels and of many."""
    runs: dict[str, Run] = {}
    with Emulator() as emulator, tempfile.TemporaryDirectory(prefix="benchmark-") as folder, ExitStack() as stack:
        ours = contenders(Path(folder), whole(), {})[0]
        endpoint, heard = stack.enter_context(recording(emulator.url))
        for count in (FEW, MANY):
            stage = set_up(emulator, endpoint, f"sweeps-{count}")
            _fill(emulator, stage, count)
            process = stack.enter_context(worker(ours, {**stage.environment, "REMAINING_MS": "900000"}))
            if count == FEW:
                runs[f"reconciliation, {FEW:,} levels"] = _swept(process, RECONCILIATION, heard)
            for what, schedule in SWEEPS.items():
                runs[f"{what}, {count:,} levels, none due"] = _swept(process, schedule, heard)
            _write(emulator, stage, (row for number in range(DUE) for row in _due(count + number)), DUE)
            for what, schedule in SWEEPS.items():
                runs[f"{what}, {count:,} levels, {DUE} due"] = _swept(process, schedule, heard)
    return section(TITLE, _table(runs), targets=[*_targets(runs)])


def _swept(process: Worker, schedule: str, heard: list[Asked]) -> Run:
    heard.clear()
    started = time.perf_counter()
    calls.asked(process, calls.schedule(schedule))
    return Run(_answered(heard), time.perf_counter() - started)


def _answered(heard: Sequence[Asked]) -> list[Asked]:
    """Without those that were asked again before the emulator had answered them, as of many rows it is slow."""
    return [
        call
        for call in heard
        if not any(
            other.operation == call.operation
            and other.request == call.request
            and call.begun < other.begun < call.ended
            for other in heard
        )
    ]


def _fill(emulator: Emulator, stage: Stage, count: int) -> None:
    _write(emulator, stage, (row for number in range(count) for row in _quiet(number)), count)


def _write(emulator: Emulator, stage: Stage, rows: Writes, count: int) -> None:
    """Rows in chunks, each as soon as the emulator takes it."""
    dynamodb = emulator.client("dynamodb")

    def put(chunk: Sequence[tuple[Table, Item]]) -> int:
        request: dict[str, list[Item]] = {}
        for table, row in chunk:
            request.setdefault(stage.names[table], []).append({"PutRequest": {"Item": row}})
        dynamodb.batch_write_item(RequestItems=request)
        return sum(table == "management" for table, _ in chunk)

    done = 0
    with ThreadPoolExecutor(WRITERS) as writers:
        for more in writers.map(put, _chunks(rows)):
            done += more
            if sys.stderr.isatty():
                end = "\r" if done < count else "\n"
                print(f"\r{done:,} of {count:,} levels", end=end, file=sys.stderr, flush=True)


def _chunks(rows: Writes) -> Iterator[list[tuple[Table, Item]]]:
    chunk = []
    for row in rows:
        chunk.append(row)
        if len(chunk) == CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _quiet(number: int) -> Writes:
    """A level of which nothing is due, and what is written of it elsewhere."""
    level = _created(number)
    if number % HELD_EVERY:
        yield from _moved(Cause(movements.CREATED, "benchmark"), level)
    else:
        yield from _held(level, int(time.time()) + DAY_SECONDS)


def _due(number: int) -> Writes:
    """A level with a hold that has ended and with an alert that nobody was told of."""
    low = _created(number)._replace(stock_count=3)
    yield from _held(low, int(time.time()) - DAY_SECONDS)


def _created(number: int) -> Level:
    at = levels.format_timestamp(time.time() - 2 * DAY_SECONDS)
    return levels.created((f"LAMP-{number:07}", calls.WAREHOUSE), 1_000, 10, f"category {number % 20}", at)


def _held(level: Level, end: int) -> Writes:
    at = levels.format_timestamp(time.time() - 2 * DAY_SECONDS, level.moved_at)
    line = Line(f"cart-{level.product_id}", 0, *level.place, 1, reservations.HELD, at, end, "benchmark", "0" * 32)
    yield "reservations", reservations.row(line)
    cause = Cause(movements.RESERVED, "benchmark", line.reservation_id)
    yield from _moved(cause, levels.held(level, units=1, end=end, at=at))


def _moved(cause: Cause, level: Level) -> Writes:
    yield "management", levels.row(level)
    movement = movements.row(cause, 1, level, "benchmark")
    yield "movements", movements.alert(movement, level) if movements.crosses(None, level) else movement


def _items(call: Asked) -> list[Item]:
    if call.operation == "BatchGetItem":
        return [item for items in call.answer["Responses"].values() for item in items]
    return list(call.answer.get("Items", []))


def _units(call: Asked) -> float:
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
                str(round_trips(run.asked)),
                f"{run.seconds:.2f}",
                operations(run.asked),
            ]
        )
    return [["", "rows read", "read units", "round trips", "emulator s", "calls"], *rows]


def _targets(runs: Mapping[str, Run]) -> Iterator[Target]:
    measures: dict[str, Callable[[Run], float]] = {"rows": Run.rows, "units": Run.units}
    for what in SWEEPS:
        yield Target(
            what=f"rows read by {what}, {MANY:,} levels, none due",
            limit=0,
            measured=runs[f"{what}, {MANY:,} levels, none due"].rows(),
        )
        for name, measure in measures.items():
            few, many = (measure(runs[f"{what}, {count:,} levels, {DUE} due"]) for count in (FEW, MANY))
            yield Target(
                what=f"read {name} of {what}, {DUE} due, {MANY:,} levels of {FEW:,}", limit=1, measured=many / few
            )
