"""The stock's Lambda code beside peers that write and read the same rows."""

from __future__ import annotations

import json
import tempfile
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, overload

from lib.local.emulator import Emulator
from lib.model import Service
from lib.services.stock.handler import levels

from ..contenders import FLOOR, OURS, POWERTOOLS, Worker, contenders
from ..events import Answer, Event, faults
from ..race import BATCH, METHOD, Race, Task, Times, compared
from ..tables import Target, section
from ..workloads import timed
from . import calls
from .stage import PLENTY, alone, put_level, set_up, whole

PEERS = {FLOOR: "stock_bare_botocore.py", POWERTOOLS: "stock_powertools.py"}
PRODUCT = "LAMP-7"
LIMITS = {FLOOR: 1.25, POWERTOOLS: 0.6}
WARM = ("read", "read, in a warehouse", "reserve", "reserve, release", "reserve, fulfil")
COLD = {"read": "get-level", "reserve": "reserve"}
"""Each in the archive of its own function."""
TITLE = (
    "stock, handlers: every change a transaction of the level, its movement and the reservation; "
    f"processor time of the function's process, medians\n{METHOD}\n"
    "of two requests, their mean; ours retries a level that another has changed, gives back what has ended, "
    "and answers a repeated request as before; the peers do not"
)
COUNTS = {"stock_count", "reserved_count", "available", "threshold_level", "status", "last_updated", "version"}
LINE = {"product_id", "warehouse_id", "quantity"}
SOLD = {*LINE, "stock_count", "reserved_count", "available", "status"}


class Fresh(Sequence[Event]):
    """Requests in turn that were never made before: `make` gives those about one new reservation."""

    def __init__(self, make: Callable[[str], list[Event]]) -> None:
        self._make = make
        self._length = len(make(""))
        self._made: list[Event] = []

    def __len__(self) -> int:
        return BATCH // self._length * self._length

    @overload
    def __getitem__(self, index: int) -> Event: ...
    @overload
    def __getitem__(self, index: slice) -> list[Event]: ...
    def __getitem__(self, index: int | slice) -> Event | list[Event]:
        if isinstance(index, slice):
            return [self[place] for place in range(*index.indices(len(self)))]
        if index % self._length == 0:
            self._made = self._make(uuid.uuid4().hex)
        return self._made[index % self._length]


def report() -> str:
    """Measure everyone against one emulator, in one run."""
    with Emulator() as emulator, tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        stage = set_up(emulator, emulator.url)
        place = (PRODUCT, calls.WAREHOUSE)
        put_level(emulator, stage, levels.created(place, PLENTY, 10, "lighting", levels.format_timestamp(0)))

        def race(service: Service, name: str) -> Race:
            return Race(contenders(Path(folder, name), service, PEERS), stage.environment, _tasks)

        cold = {f"cold {what}": race(alone(name), name).cold(what) for what, name in COLD.items()}
        together = race(whole(), "whole")
        warm = {what: together.warm(what) for what in WARM}
    times = timed("stock", warm, {what: cold[f"cold {what}"] for what in COLD})
    return section(TITLE, compared(cold, "ms"), compared(warm, "us"), times, targets=[*_targets({**cold, **warm})])


def _tasks(_: Worker) -> dict[str, Task]:
    return {
        "read": Task([calls.read(PRODUCT)], _level_faults),
        "read, in a warehouse": Task([calls.read(PRODUCT, warehouse_id=calls.WAREHOUSE)], _level_faults),
        "reserve": Task(Fresh(lambda made: [calls.reserve(PRODUCT, made)]), _reservation_faults),
        "reserve, release": Task(
            Fresh(lambda made: [calls.reserve(PRODUCT, made), calls.release(PRODUCT, made)]),
            lambda _, answer: faults(answer, 204, body=answer["body"] != ""),
        ),
        "reserve, fulfil": Task(
            Fresh(lambda made: [calls.reserve(PRODUCT, made), calls.fulfill(PRODUCT, reservationId=made)]),
            _sale_faults,
        ),
    }


def _level_faults(asked: Event, answer: Answer) -> list[str]:
    level = json.loads(answer["body"])
    product = {"product_id", *COUNTS}
    one = product | {"warehouse_id", "category"}
    warehouses = [] if asked["queryStringParameters"] else level.get("warehouses", [{}])
    wrong = {
        "members": level.keys() != (product | {"warehouses"} if warehouses else one),
        "warehouses": any(inside.keys() != one for inside in warehouses),
        "counts": level["available"] != level["stock_count"] - level["reserved_count"],
    }
    return faults(answer, 200, **wrong)


def _reservation_faults(asked: Event, answer: Answer) -> list[str]:
    found = json.loads(answer["body"])
    wanted = {"reservationId", "expiry", "reserved_at", "lines", *LINE}
    return faults(answer, 201, members=found.keys() != wanted, id=not _same(asked, found), **_lines(found, LINE))


def _sale_faults(asked: Event, answer: Answer) -> list[str]:
    found = json.loads(answer["body"])
    return faults(answer, 200, id=not _same(asked, found), **_lines(found, SOLD))


def _same(asked: Event, found: Mapping[str, Any]) -> bool:
    return bool(json.loads(asked["body"])["reservationId"] == found.get("reservationId"))


def _lines(found: Mapping[str, Any], members: Iterable[str]) -> dict[str, bool]:
    lines = found.get("lines", [])
    return {"lines": len(lines) != 1 or lines[0].keys() != {*members} or lines[0]["quantity"] != 1}


def _targets(times: Mapping[str, Times]) -> Iterator[Target]:
    for name, limit in LIMITS.items():
        for what, found in times.items():
            yield Target(what=f"{what}, of {name}", limit=limit, measured=found[OURS] / found[name])
