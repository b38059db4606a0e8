"""Reservations per second over HTTP in a local deployment, and a comparison of levels and reservations."""

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

from ..local import start_local, wait_until_ready
from ..tables import Target, section

CALLERS = (1, 8, 32)
SHARDS = 8
PRODUCTS = 1_000
RUN_SECONDS = 5.0
SCARCE_STOCK = 50
"""Number of units of a product that one run sells out."""
AMPLE_STOCK = 1_000_000
TITLE = (
    f"stock, load: callers reserve continuously over HTTP for {RUN_SECONDS:.0f} s per run, in a local deployment on "
    "two processors, which callers, gateway, functions, and tables share"
)
REPORTED_STATUSES = (201, 409, 429)


class Run(NamedTuple):
    """The responses of a run."""

    seconds: float
    statuses: Counter[int]
    milliseconds: list[float]
    """Durations of requests with status 201."""


class Shop:
    """HTTP client of a local deployment."""

    def __init__(self, outputs: Mapping[str, Any], dynamodb: Any) -> None:
        self._url = urlsplit(outputs["api_url"])
        self._headers = {"Content-Type": "application/json", "x-api-key": outputs.get("api_key", "")}
        self._ids = itertools.count()
        self._dynamodb = dynamodb

    def fill(self, product: str, warehouse: str, units: int) -> None:
        level = levels.new_level((product, warehouse), units, 0, None, levels.format_timestamp(time.time()))
        self._dynamodb.put_item(TableName="inventory-management-dev", Item=levels.to_item(level))

    def reserve(self, callers: int, product: Callable[[int], str], seconds: float) -> Run:
        """Run concurrent callers. `product` returns the product of the nth reservation."""
        started = time.perf_counter()
        with ThreadPoolExecutor(callers) as pool:
            results = list(pool.map(lambda _: self._reserve_until(product, started + seconds), range(callers)))
        responses = [response for result in results for response in result]
        elapsed = time.perf_counter() - started
        return Run(
            elapsed, Counter(status for status, _ in responses), [ms for status, ms in responses if status == 201]
        )

    def count_reserved(self) -> tuple[int, int]:
        """Return the reserved units of all levels, and of all reservations."""
        rows = self._scan("inventory-management-dev")
        counted = sum(int(row["reserved_count"]["N"]) for row in rows if "reserved_count" in row)
        reservation_lines = [
            row for row in self._scan("inventory-reservations-dev") if row["state"]["S"] == reservations.HELD
        ]
        return counted, sum(int(row["quantity"]["N"]) for row in reservation_lines)

    def _reserve_until(self, product: Callable[[int], str], deadline: float) -> list[tuple[int, float]]:
        connection = http.client.HTTPConnection(self._url.netloc, timeout=30)
        responses = []
        while (started := time.perf_counter()) < deadline:
            number = next(self._ids)
            body = json.dumps({"reservationId": f"cart-{number}", "quantity": 1})
            path = f"{self._url.path}/inventory/{product(number)}/reserve"
            connection.request("POST", path, body, self._headers)
            response = connection.getresponse()
            response.read()
            responses.append((response.status, (time.perf_counter() - started) * 1e3))
        connection.close()
        return responses

    def _scan(self, table: str) -> Iterator[dict[str, Any]]:
        for page in self._dynamodb.get_paginator("scan").paginate(TableName=table, ConsistentRead=True):
            yield from page["Items"]


def report() -> str:
    """Run all scenarios, and compare levels and reservations afterwards."""
    runs: dict[str, Run] = {}
    with tempfile.TemporaryDirectory() as folder, start_local(folder, "stock") as output:
        wait_until_ready(output)
        outputs = json.loads(Path(folder, "flat-outputs.json").read_text(encoding="utf-8"))
        shop = Shop(outputs, aws_config.session(Path(folder)).client("dynamodb"))
        _fill(shop)
        # Start an execution environment for each caller.
        created = shop.reserve(CALLERS[-1], lambda _: "WARM", RUN_SECONDS).statuses[201]
        for name, product in (
            ("one product", lambda _: "HOT"),
            (f"one product, {SHARDS} warehouses", lambda _: "SHARDED"),
            (f"{PRODUCTS:,} products", lambda number: f"LAMP-{number % PRODUCTS}"),
        ):
            for callers in CALLERS:
                _print_progress(f"{name}, {callers} callers")
                runs[f"{name}, {callers} callers"] = shop.reserve(callers, product, RUN_SECONDS)
        last = runs[f"the last {SCARCE_STOCK} units, {CALLERS[-1]} callers"] = shop.reserve(
            CALLERS[-1], lambda _: "LAST", RUN_SECONDS
        )
        counted, reserved = shop.count_reserved()
    created += sum(run.statuses[201] for run in runs.values())
    targets = [
        Target(label=f"reservations of the last {SCARCE_STOCK} units", limit=SCARCE_STOCK, measured=last.statuses[201]),
        Target(
            label="difference between reserved units of levels and of reservations",
            limit=0,
            measured=abs(counted - reserved),
        ),
        Target(
            label="difference between responses with status 201 and reserved units",
            limit=0,
            measured=created - counted,
        ),
    ]
    return section(TITLE, _table(runs), targets=targets)


def _fill(shop: Shop) -> None:
    levels_of = {("WARM", "main"): AMPLE_STOCK, ("HOT", "main"): AMPLE_STOCK, ("LAST", "main"): SCARCE_STOCK}
    levels_of |= {("SHARDED", f"main-{number + 1}"): AMPLE_STOCK for number in range(SHARDS)}
    levels_of |= {(f"LAMP-{number}", "main"): AMPLE_STOCK for number in range(PRODUCTS)}
    for (product, warehouse), units in levels_of.items():
        shop.fill(product, warehouse, units)


def _print_progress(name: str) -> None:
    if sys.stderr.isatty():
        print(f"  {name}", file=sys.stderr, flush=True)


def _table(runs: Mapping[str, Run]) -> list[list[str]]:
    head = ["", "201 per second", "ratio", "p50 ms", "p95 ms", *map(str, REPORTED_STATUSES), "others"]
    baseline = next(iter(runs.values()))
    rows = []
    for name, run in runs.items():
        rate = run.statuses[201] / run.seconds
        percentiles = quantiles(run.milliseconds, n=100)
        others = sum(count for status, count in run.statuses.items() if status not in REPORTED_STATUSES)
        rows.append(
            [
                name,
                f"{rate:.0f}",
                f"{rate * baseline.seconds / baseline.statuses[201]:.2f}",
                *(f"{percentiles[percentile]:.0f}" for percentile in (49, 94)),
                *(str(run.statuses[status]) for status in REPORTED_STATUSES),
                str(others),
            ]
        )
    return [head, *rows]
