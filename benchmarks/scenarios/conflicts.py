"""Concurrent reservations of one product, with a proxy that cancels conflicting transactions like DynamoDB.

The emulator runs transactions sequentially, so it never returns a `TransactionConflict`.
"""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from statistics import quantiles
from typing import Any, NamedTuple

from lib.local.emulator import Emulator
from lib.model import Table
from lib.services.stock.handler import levels
from lib.services.stock.service import SERVICE

from ..candidates import Worker, library, start_worker
from ..capacity_units import key_of
from ..deployment import Deployment, deploy, single_function
from ..recorder import Forward, proxy
from ..services.stock import AMPLE_STOCK, put_level, read, reserve
from ..tables import Target, section

READ_SECONDS = 0.004
TRANSACTION_SECONDS = 0.012
"""Approximate latency in DynamoDB. During a transaction, other transactions with the same items conflict with it."""
CALLERS = (1, 4, 16)
SHARDS = 8
RUN_SECONDS = 5.0
REMAINING_MS = 10_000
"""Timeout of the reserve function."""
TITLE = (
    f"stock, conflicts: workers reserve continuously for {RUN_SECONDS:.0f} s per run, with a proxy that adds\n"
    f"{READ_SECONDS * 1e3:.0f} ms to a read and {TRANSACTION_SECONDS * 1e3:.0f} ms to a transaction,\n"
    "and cancels conflicting transactions like DynamoDB, unlike the emulator"
)


class Tally(NamedTuple):
    """The result of a run."""

    seconds: float
    statuses: Counter[int]
    transactions: Counter[str]
    """Number of transactions by outcome."""
    milliseconds: list[float]
    reserved_units: int
    """Reserved units of all levels."""

    @property
    def succeeded(self) -> int:
        """The number of successful reservations."""
        return self.statuses[201]


def report() -> str:
    """Reserve one product in one warehouse, and then in several warehouses."""
    with Emulator() as emulator:
        tallies = {(shards, callers): run(emulator, callers, shards) for shards in (1, SHARDS) for callers in CALLERS}
    oversold = sum(abs(tally.succeeded - tally.reserved_units) for tally in tallies.values())
    targets = [
        Target(label="difference between reserved units and responses with status 201", limit=0, measured=oversold)
    ]
    return section(TITLE, _table(tallies), targets=targets)


def run(emulator: Emulator, callers: int, shards: int) -> Tally:
    """Run callers, each with a separate worker, that reserve one product in a number of warehouses."""
    deployment = deploy(emulator, SERVICE, f"run-{time.monotonic_ns()}")
    for number in range(shards):
        level = levels.new_level(("LAMP-7", f"main-{number + 1}"), AMPLE_STOCK, 10, None, levels.format_timestamp(0))
        put_level(deployment, level)
    with ExitStack() as stack:
        url, outcomes = stack.enter_context(conflict_proxy(deployment))
        environment = {**deployment.environment, "AWS_ENDPOINT_URL": url, "REMAINING_MS": str(REMAINING_MS)}
        code = library(single_function(SERVICE))
        workers = [stack.enter_context(start_worker(code, environment)) for _ in range(callers)]
        pool = stack.enter_context(ThreadPoolExecutor(callers))
        list(pool.map(lambda worker: worker.send(read("LAMP-7")), workers))
        started = time.perf_counter()
        results = list(pool.map(lambda worker: _reserve(worker, started + RUN_SECONDS), workers))
        seconds = time.perf_counter() - started
    responses = [response for result in results for response in result]
    items = deployment.snapshot()[deployment.names["management"]].values()
    return Tally(
        seconds,
        Counter(status for status, _ in responses),
        outcomes,
        [milliseconds for status, milliseconds in responses if status == 201],
        reserved_units=sum(int(level["reserved_count"]["N"]) for level in items),
    )


def _reserve(worker: Worker, until: float) -> list[tuple[int, float]]:
    """Return the status and the duration in milliseconds of each request."""
    responses = []
    while (started := time.perf_counter()) < until:
        status = worker.handle(reserve("LAMP-7")).response["statusCode"]
        responses.append((status, (time.perf_counter() - started) * 1e3))
    return responses


@contextmanager
def conflict_proxy(deployment: Deployment) -> Iterator[tuple[str, Counter[str]]]:
    """Yield the URL of a proxy that cancels conflicting transactions, and the number of transactions by outcome."""
    locked: set[tuple[str, tuple[str, str]]] = set()
    outcomes: Counter[str] = Counter()
    lock = threading.Lock()

    def handle(target: str | None, request: bytes, forward: Forward) -> tuple[int, bytes]:
        if not (target or "").endswith("TransactWriteItems"):
            time.sleep(READ_SECONDS)
            return forward()
        keys = _keys(json.loads(request)["TransactItems"], deployment.tables)
        with lock:
            conflicts = [key in locked for key in keys]
            if not any(conflicts):
                locked.update(keys)
        if any(conflicts):
            outcomes["TransactionConflict"] += 1
            time.sleep(READ_SECONDS)
            return 400, _canceled(conflicts)
        try:
            status, response = forward()
            # A failed condition cancels the transaction before it locks its items.
            time.sleep(TRANSACTION_SECONDS if status == 200 else READ_SECONDS)
        finally:
            with lock:
                locked.difference_update(keys)
        outcomes["ConditionalCheckFailed" if status == 400 else "committed"] += 1
        return status, response

    with proxy(deployment.emulator.url, handle) as url:
        yield url, outcomes


def _keys(actions: Sequence[Mapping[str, Any]], tables: Mapping[str, Table]) -> list[tuple[str, tuple[str, str]]]:
    writes = [write for action in actions for write in action.values()]
    return [
        (write["TableName"], key_of(tables[write["TableName"]], write.get("Item") or write["Key"])) for write in writes
    ]


def _canceled(conflicts: list[bool]) -> bytes:
    reasons = [{"Code": "TransactionConflict" if conflict else "None"} for conflict in conflicts]
    message = f"Transaction cancelled, please refer cancellation reasons for specific reasons {reasons}"
    kind = "com.amazonaws.dynamodb.v20120810#TransactionCanceledException"
    return json.dumps({"__type": kind, "Message": message, "CancellationReasons": reasons}).encode()


def _table(tallies: Mapping[tuple[int, int], Tally]) -> list[list[str]]:
    baseline = tallies[1, CALLERS[0]]
    head = ["warehouses, callers", "201 per second", "ratio", "409", "429", "5xx", "p50 ms", "p95 ms"]
    rows = []
    for (shards, callers), tally in tallies.items():
        rate = tally.succeeded / tally.seconds
        percentiles = quantiles(tally.milliseconds, n=100)
        attempts = tally.transactions.total() / tally.succeeded
        rows.append(
            [
                f"{shards}, {callers}",
                f"{rate:.0f}",
                f"{rate / (baseline.succeeded / baseline.seconds):.2f}",
                *(str(tally.statuses[status]) for status in (409, 429)),
                str(sum(count for status, count in tally.statuses.items() if status >= 500)),
                f"{percentiles[49]:.0f}",
                f"{percentiles[94]:.0f}",
                f"{attempts:.2f}",
                f"{tally.transactions['TransactionConflict'] / tally.succeeded:.2f}",
                f"{tally.transactions['ConditionalCheckFailed'] / tally.succeeded:.2f}",
            ]
        )
    return [[*head, "transactions per 201", "conflicts", "failed conditions"], *rows]
