"""Reservations per second over HTTP in a local deployment, and whether levels and reservations agree afterwards."""

from __future__ import annotations

import http.client
import itertools
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import quantiles
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from lib.local import aws_config
from lib.services.stock.handler import levels, reservations

from ..local import ready, running
from ..tables import Target, section

CALLERS = (1, 8, 32)
SHARDS = 8
THOUSAND = 1_000
RUN_SECONDS = 5.0
LAST = 50
"""Units of a product of which one run reserves all."""
PLENTY = 1_000_000
TITLE = (
    f"stock, load: callers reserve over HTTP without a pause, {RUN_SECONDS:.0f} s each run, of a local run on two "
    "processors that callers, gateway, functions and tables share"
)
COUNTED = (201, 409, 429)


class Run(NamedTuple):
    """The responses of a run."""

    seconds: float
    statuses: Counter[int]
    milliseconds: list[float]
    """Durations of the requests with status 201."""


class Shop:
    """A local deployment, called over HTTP."""

    def __init__(self, outputs: Mapping[str, Any], dynamodb: Any) -> None:
        self._url = urlsplit(outputs["api_url"])
        self._headers = {"Content-Type": "application/json", "x-api-key": outputs.get("api_key", "")}
        self._ids = itertools.count()
        self._dynamodb = dynamodb

    def fill(self, product: str, warehouse: str, units: int) -> None:
        """Store a level."""
        level = levels.new_level((product, warehouse), units, 0, None, levels.format_timestamp(time.time()))
        self._dynamodb.put_item(TableName="inventory-management-dev", Item=levels.to_item(level))

    def reserve(self, callers: int, product: Callable[[int], str], seconds: float) -> Run:
        """Let callers reserve concurrently; `product` returns the product of the nth reservation."""
        started = time.perf_counter()
        with ThreadPoolExecutor(callers) as pool:
            found = list(pool.map(lambda _: self._reserving(product, started + seconds), range(callers)))
        told = [one for answers in found for one in answers]
        took = time.perf_counter() - started
        return Run(took, Counter(status for status, _ in told), [ms for status, ms in told if status == 201])

    def held(self) -> tuple[int, int]:
        """Return the reserved units, counted by levels and by reservations."""
        rows = self._rows("inventory-management-dev")
        counted = sum(int(row["reserved_count"]["N"]) for row in rows if "reserved_count" in row)
        lines = [row for row in self._rows("inventory-reservations-dev") if row["state"]["S"] == reservations.HELD]
        return counted, sum(int(row["quantity"]["N"]) for row in lines)

    def _reserving(self, product: Callable[[int], str], until: float) -> list[tuple[int, float]]:
        connection = http.client.HTTPConnection(self._url.netloc, timeout=30)
        told = []
        while (begun := time.perf_counter()) < until:
            number = next(self._ids)
            body = json.dumps({"reservationId": f"cart-{number}", "quantity": 1})
            path = f"{self._url.path}/inventory/{product(number)}/reserve"
            connection.request("POST", path, body, self._headers)
            answer = connection.getresponse()
            answer.read()
            told.append((answer.status, (time.perf_counter() - begun) * 1e3))
        connection.close()
        return told

    def _rows(self, table: str) -> Iterator[dict[str, Any]]:
        for page in self._dynamodb.get_paginator("scan").paginate(TableName=table, ConsistentRead=True):
            yield from page["Items"]


def report() -> str:
    """Run one after another, and compare levels and reservations at the end."""
    runs: dict[str, Run] = {}
    with tempfile.TemporaryDirectory() as folder, running(folder, "stock") as said:
        ready(said)
        outputs = json.loads(Path(folder, "flat-outputs.json").read_text(encoding="utf-8"))
        shop = Shop(outputs, aws_config.session(Path(folder)).client("dynamodb"))
        _fill(shop)
        # Start a worker for each caller.
        told = shop.reserve(CALLERS[-1], lambda _: "WARM", RUN_SECONDS).statuses[201]
        for what, product in (
            ("one product", lambda _: "HOT"),
            (f"one product, {SHARDS} warehouses", lambda _: "SHARDED"),
            ("a thousand products", lambda number: f"LAMP-{number % THOUSAND}"),
        ):
            for callers in CALLERS:
                _tell(f"{what}, {callers} callers")
                runs[f"{what}, {callers} callers"] = shop.reserve(callers, product, RUN_SECONDS)
        last = runs[f"the last {LAST}, {CALLERS[-1]} callers"] = shop.reserve(
            CALLERS[-1], lambda _: "LAST", RUN_SECONDS
        )
        counted, in_rows = shop.held()
    told += sum(run.statuses[201] for run in runs.values())
    targets = [
        Target(label=f"reservations of the last {LAST}", limit=LAST, measured=last.statuses[201]),
        Target(
            label="units that levels count but no reservation holds, or the other way",
            limit=0,
            measured=abs(counted - in_rows),
        ),
        Target(label="responses with 201 without a reservation in a level", limit=0, measured=told - counted),
    ]
    return section(TITLE, _table(runs), targets=targets)


def _fill(shop: Shop) -> None:
    """Store the levels, without reservations."""
    levels_of = {("WARM", "main"): PLENTY, ("HOT", "main"): PLENTY, ("LAST", "main"): LAST}
    levels_of |= {("SHARDED", f"main-{number + 1}"): PLENTY for number in range(SHARDS)}
    levels_of |= {(f"LAMP-{number}", "main"): PLENTY for number in range(THOUSAND)}
    for (product, warehouse), units in levels_of.items():
        shop.fill(product, warehouse, units)


def _tell(what: str) -> None:
    if sys.stderr.isatty():
        print(f"  {what}", file=sys.stderr, flush=True)


def _table(runs: Mapping[str, Run]) -> list[list[str]]:
    head = ["", "201 a second", "ratio", "p50 ms", "p95 ms", *map(str, COUNTED), "others"]
    least = next(iter(runs.values()))
    rows = []
    for what, run in runs.items():
        rate = run.statuses[201] / run.seconds
        percentiles = quantiles(run.milliseconds, n=100)
        others = sum(count for status, count in run.statuses.items() if status not in COUNTED)
        rows.append(
            [
                what,
                f"{rate:.0f}",
                f"{rate * least.seconds / least.statuses[201]:.2f}",
                *(f"{percentiles[place]:.0f}" for place in (49, 94)),
                *(str(run.statuses[status]) for status in COUNTED),
                str(others),
            ]
        )
    return [head, *rows]
