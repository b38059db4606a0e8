"""What the local run costs a newcomer: from the command to `ready`, and one request after another over HTTP."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import quantiles
from typing import IO, Any
from urllib.parse import urlsplit

from .tables import Target, section

REQUESTS = 100
READY_SECONDS = 10.0
REQUEST_MS = 15.0
PAUSE_SECONDS = 1 / 15
"""Between requests: the items service lets 17 a second through."""
TITLE = f"local: tap local until it is ready, then {REQUESTS} requests of each kind in sequence"


def report() -> str:
    """Start a local run, wait until it serves, and ask it."""
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        with running(folder, "items") as said:
            ready(said)
            seconds = time.perf_counter() - started
            outputs = json.loads(Path(folder, "flat-outputs.json").read_text(encoding="utf-8"))
            times = _asked(urlsplit(outputs["api_url"]))
    table = [["", "p50 ms", "p95 ms"], *([what, f"{p[49]:.1f}", f"{p[94]:.1f}"] for what, p in times.items())]
    targets = [Target(label="seconds to ready", limit=READY_SECONDS, measured=seconds)]
    targets += [Target(label=f"p50 of {what}, ms", limit=REQUEST_MS, measured=p[49]) for what, p in times.items()]
    return section(TITLE, table, targets=targets)


@contextmanager
def running(folder: str, service: str, *more: str) -> Iterator[IO[str]]:
    """What a local run of a service says; its outputs go into `folder`, `more` is for its command."""
    command = [sys.executable, "-m", "lib", "local", "--service", service, "--outputs", folder, *more]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.stdout
        finally:
            process.terminate()
            process.communicate()


def ready(said: IO[str]) -> None:
    """Wait until it serves."""
    heard = []
    for line in said:
        heard.append(line)
        if "ready" in line:
            return
    raise RuntimeError("the local run did not get ready:\n" + "".join(heard))


def _asked(url: Any) -> dict[str, list[float]]:
    """Percentiles of the milliseconds of each kind of request, at a pace below the API's own throttle."""
    connection = http.client.HTTPConnection(url.netloc)
    times: dict[str, list[float]] = {"POST /items": [], "GET /items/{ItemId}": []}
    for number in range(REQUESTS):
        body = json.dumps({"ItemId": f"bench-{number}", "price": 1.25})
        times["POST /items"].append(_timed(connection, "POST", f"{url.path}/items", body))
        times["GET /items/{ItemId}"].append(_timed(connection, "GET", f"{url.path}/items/bench-{number}"))
    connection.close()
    return {what: quantiles(found, n=100) for what, found in times.items()}


def _timed(connection: http.client.HTTPConnection, method: str, path: str, body: str | None = None) -> float:
    time.sleep(PAUSE_SECONDS)
    started = time.perf_counter()
    connection.request(method, path, body, {"Content-Type": "application/json"})
    answer = connection.getresponse()
    answer.read()
    if answer.status >= 300:
        raise RuntimeError(f"{method} {path}: {answer.status}")
    return (time.perf_counter() - started) * 1000
