"""Concurrent reservations of one product, at an endpoint that cancels overlapping transactions as DynamoDB does.

The emulator runs transactions one after another, so that they never end in a `TransactionConflict`.
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
from ..services.stock import PLENTY, put_level, read, reserve
from ..tables import Target, section

READ_SECONDS = 0.004
TRANSACTION_SECONDS = 0.012
"""What DynamoDB takes of each, roughly; while a transaction takes it, others of the same rows conflict with it."""
CALLERS = (1, 4, 16)
SHARDS = 8
RUN_SECONDS = 5.0
REMAINING_MS = 10_000
"""Timeout of the reserve function."""
TITLE = (
    f"stock, conflicts: workers reserve without a pause for {RUN_SECONDS:.0f} s each run, before an endpoint that\n"
    f"takes {READ_SECONDS * 1e3:.0f} ms for a read and {TRANSACTION_SECONDS * 1e3:.0f} ms for a transaction,\n"
    "and turns away transactions of a row that another is at, as DynamoDB does and the emulator does not"
)


class Tally(NamedTuple):
    """The result of a run."""

    seconds: float
    statuses: Counter[int]
    transactions: Counter[str]
    """Number of transactions by outcome."""
    milliseconds: list[float]
    held: int
    """Reserved units of all levels."""

    @property
    def won(self) -> int:
        """Return the number of reservations."""
        return self.statuses[201]


def report() -> str:
    """Let callers reserve one product in one warehouse, then in several."""
    with Emulator() as emulator:
        tallies = {(shards, callers): run(emulator, callers, shards) for shards in (1, SHARDS) for callers in CALLERS}
    oversold = sum(abs(tally.won - tally.held) for tally in tallies.values())
    targets = [Target(label="units in levels without a 201, or the other way round", limit=0, measured=oversold)]
    return section(TITLE, _table(tallies), targets=targets)


def run(emulator: Emulator, callers: int, shards: int) -> Tally:
    """Let callers, each with its own worker, reserve one product in a number of warehouses."""
    deployment = deploy(emulator, SERVICE, f"run-{time.monotonic_ns()}")
    for number in range(shards):
        level = levels.new_level(("LAMP-7", f"main-{number + 1}"), PLENTY, 10, None, levels.format_timestamp(0))
        put_level(deployment, level)
    with ExitStack() as stack:
        url, outcomes = stack.enter_context(conflicting(deployment))
        environment = {**deployment.environment, "AWS_ENDPOINT_URL": url, "REMAINING_MS": str(REMAINING_MS)}
        code = library(single_function(SERVICE))
        workers = [stack.enter_context(start_worker(code, environment)) for _ in range(callers)]
        pool = stack.enter_context(ThreadPoolExecutor(callers))
        list(pool.map(lambda worker: worker.send(read("LAMP-7")), workers))
        started = time.perf_counter()
        answered = list(pool.map(lambda worker: _reserve(worker, started + RUN_SECONDS), workers))
        seconds = time.perf_counter() - started
    responses = [response for of_caller in answered for response in of_caller]
    stored = deployment.snapshot()[deployment.names["management"]].values()
    return Tally(
        seconds,
        Counter(status for status, _ in responses),
        outcomes,
        [milliseconds for status, milliseconds in responses if status == 201],
        held=sum(int(level["reserved_count"]["N"]) for level in stored),
    )


def _reserve(worker: Worker, until: float) -> list[tuple[int, float]]:
    """Return the status and the milliseconds of each request."""
    responses = []
    while (started := time.perf_counter()) < until:
        status = worker.serve(reserve("LAMP-7")).response["statusCode"]
        responses.append((status, (time.perf_counter() - started) * 1e3))
    return responses


@contextmanager
def conflicting(deployment: Deployment) -> Iterator[tuple[str, Counter[str]]]:
    """Yield the URL of an endpoint that cancels overlapping transactions, and the number of transactions by outcome."""
    busy: set[tuple[str, tuple[str, str]]] = set()
    outcomes: Counter[str] = Counter()
    lock = threading.Lock()

    def handle(target: str | None, request: bytes, forward: Forward) -> tuple[int, bytes]:
        if not (target or "").endswith("TransactWriteItems"):
            time.sleep(READ_SECONDS)
            return forward()
        keys = _keys(json.loads(request)["TransactItems"], deployment.tables)
        with lock:
            conflicts = [key in busy for key in keys]
            if not any(conflicts):
                busy.update(keys)
        if any(conflicts):
            outcomes["TransactionConflict"] += 1
            time.sleep(READ_SECONDS)
            return 400, _canceled(conflicts)
        try:
            status, response = forward()
            # A transaction whose condition is not met is rejected before it locks its items.
            time.sleep(TRANSACTION_SECONDS if status == 200 else READ_SECONDS)
        finally:
            with lock:
                busy.difference_update(keys)
        outcomes["ConditionalCheckFailed" if status == 400 else "committed"] += 1
        return status, response

    with proxy(deployment.emulator.url, handle) as url:
        yield url, outcomes


def _keys(actions: Sequence[Mapping[str, Any]], tables: Mapping[str, Table]) -> list[tuple[str, tuple[str, str]]]:
    """Return the table and the key of each action."""
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
    least = tallies[1, CALLERS[0]]
    head = ["warehouses, callers", "201 a second", "ratio", "409", "429", "5xx", "p50 ms", "p95 ms"]
    rows = []
    for (shards, callers), found in tallies.items():
        rate = found.won / found.seconds
        percentiles = quantiles(found.milliseconds, n=100)
        attempts = found.transactions.total() / found.won
        rows.append(
            [
                f"{shards}, {callers}",
                f"{rate:.0f}",
                f"{rate / (least.won / least.seconds):.2f}",
                *(str(found.statuses[status]) for status in (409, 429)),
                str(sum(count for status, count in found.statuses.items() if status >= 500)),
                f"{percentiles[49]:.0f}",
                f"{percentiles[94]:.0f}",
                f"{attempts:.2f}",
                f"{found.transactions['TransactionConflict'] / found.won:.2f}",
                f"{found.transactions['ConditionalCheckFailed'] / found.won:.2f}",
            ]
        )
    return [[*head, "transactions a 201", "conflicts", "overtaken"], *rows]
