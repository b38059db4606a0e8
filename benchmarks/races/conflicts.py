"""Many callers after one product, before an endpoint that turns overlapping transactions away as DynamoDB does.

The emulator carries one transaction out after another, so there nobody ever meets a `TransactionConflict`.
"""

from __future__ import annotations

import http.client
import json
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from statistics import quantiles
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from lib.local.emulator import Emulator
from lib.services.stock.handler import levels

from ..capacity_units import key_of
from ..contenders import Contender, Worker, contenders, worker
from ..stage import snapshot
from ..stock import calls
from ..stock.stage import PLENTY, Stage, put_level, set_up, whole
from ..tables import Target, section

READ_SECONDS = 0.004
TRANSACTION_SECONDS = 0.012
"""What DynamoDB takes of each, roughly; while a transaction takes it, others of the same rows conflict with it."""
CALLERS = (1, 4, 16)
SHARDS = 8
RUN_SECONDS = 5.0
REMAINING_MS = 10_000
"""What the reserve function is given."""
TITLE = (
    f"stock, conflicts: workers reserve without a pause for {RUN_SECONDS:.0f} s each run, before an endpoint that\n"
    f"takes {READ_SECONDS * 1e3:.0f} ms for a read and {TRANSACTION_SECONDS * 1e3:.0f} ms for a transaction,\n"
    "and turns away transactions of a row that another is at, as DynamoDB does and the emulator does not"
)


class Tally(NamedTuple):
    """What became of a run."""

    seconds: float
    statuses: Counter[int]
    transactions: Counter[str]
    """By what they were answered."""
    milliseconds: list[float]
    held: int
    """Units that levels say are held."""

    @property
    def won(self) -> int:
        """Reservations made."""
        return self.statuses[201]


def report() -> str:
    """One product in one warehouse, then in several, for as many callers each."""
    tallies: dict[tuple[int, int], Tally] = {}
    with Emulator() as emulator, tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        ours = contenders(Path(folder), whole(), {})[0]
        for shards in (1, SHARDS):
            for callers in CALLERS:
                tallies[shards, callers] = run(emulator, ours, callers, shards)
    oversold = sum(abs(tally.won - tally.held) for tally in tallies.values())
    targets = [Target(what="units held that nobody was told of, or the other way round", limit=0, measured=oversold)]
    return section(TITLE, _table(tallies), targets=targets)


def run(emulator: Emulator, contender: Contender, callers: int, shards: int) -> Tally:
    """So many callers, a worker each, after one product in so many warehouses."""
    stage = set_up(emulator, emulator.url, f"run-{time.monotonic_ns()}")
    for number in range(shards):
        level = levels.created(("LAMP-7", f"main-{number + 1}"), PLENTY, 10, None, levels.format_timestamp(0))
        put_level(emulator, stage, level)
    with ExitStack() as stack:
        endpoint, answered = stack.enter_context(conflicting(emulator.url, stage))
        environment = {**stage.environment, "AWS_ENDPOINT_URL": endpoint, "REMAINING_MS": str(REMAINING_MS)}
        workers = [stack.enter_context(worker(contender, environment)) for _ in range(callers)]
        pool = stack.enter_context(ThreadPoolExecutor(callers))
        list(pool.map(lambda process: process.serve(calls.read("LAMP-7")), workers))
        started = time.perf_counter()
        found = list(pool.map(lambda process: _reserving(process, started + RUN_SECONDS), workers))
        seconds = time.perf_counter() - started
    told = [one for answers in found for one in answers]
    rows = snapshot(emulator, stage.tables)[stage.names["management"]].values()
    return Tally(
        seconds,
        Counter(status for status, _ in told),
        answered,
        [milliseconds for status, milliseconds in told if status == 201],
        held=sum(int(row["reserved_count"]["N"]) for row in rows),
    )


def _reserving(process: Worker, until: float) -> list[tuple[int, float]]:
    told = []
    while (begun := time.perf_counter()) < until:
        status = process.serve(calls.reserve("LAMP-7")).answer["statusCode"]
        told.append((status, (time.perf_counter() - begun) * 1e3))
    return told


@contextmanager
def conflicting(endpoint: str, stage: Stage) -> Iterator[tuple[str, Counter[str]]]:
    """The address of such an endpoint before another, and how many transactions were answered what."""
    busy: set[tuple[str, tuple[str, str]]] = set()
    answered: Counter[str] = Counter()
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        """Hands calls on over a connection of its own."""

        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def setup(self) -> None:
            """Reach what is behind."""
            super().setup()
            self.behind = http.client.HTTPConnection(urlsplit(endpoint).netloc, timeout=10)

        def finish(self) -> None:
            """Leave it."""
            self.behind.close()
            super().finish()

        def do_POST(self) -> None:  # pylint: disable=invalid-name  # http.server's name
            """Answer as DynamoDB does."""
            request = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers["X-Amz-Target"].endswith("TransactWriteItems"):
                status, answer = self._transaction(request)
            else:
                time.sleep(READ_SECONDS)
                status, answer = self._handed_on(request)
            self.send_response(status)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

        def _transaction(self, request: bytes) -> tuple[int, bytes]:
            rows = _rows(json.loads(request)["TransactItems"], stage)
            with lock:
                met = [row in busy for row in rows]
                if not any(met):
                    busy.update(rows)
            if any(met):
                answered["TransactionConflict"] += 1
                time.sleep(READ_SECONDS)
                return 400, _canceled(met)
            try:
                status, answer = self._handed_on(request)
                # One whose condition does not hold is turned away before it is at its rows.
                time.sleep(TRANSACTION_SECONDS if status == 200 else READ_SECONDS)
            finally:
                with lock:
                    busy.difference_update(rows)
            answered["ConditionalCheckFailed" if status == 400 else "carried out"] += 1
            return status, answer

        def _handed_on(self, request: bytes) -> tuple[int, bytes]:
            self.behind.request("POST", "/", request, dict(self.headers))
            response = self.behind.getresponse()
            return response.status, response.read()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", answered
    finally:
        server.shutdown()
        server.server_close()


def _rows(actions: Sequence[Mapping[str, Any]], stage: Stage) -> list[tuple[str, tuple[str, str]]]:
    """The table and the key of each action."""
    writes = [write for action in actions for write in action.values()]
    return [
        (write["TableName"], key_of(stage.tables[write["TableName"]], write.get("Item") or write["Key"]))
        for write in writes
    ]


def _canceled(met: list[bool]) -> bytes:
    reasons = [{"Code": "TransactionConflict" if one else "None"} for one in met]
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
