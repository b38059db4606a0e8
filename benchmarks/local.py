"""Time until a local deployment is ready, and latency of sequential HTTP requests to it."""

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
"""Delay between requests. The items service throttles at 17 requests per second."""
TITLE = f"local: time until `tap local` is ready, then {REQUESTS} sequential requests of each kind"


def report() -> str:
    """Start a local deployment, wait until it is ready, and measure requests."""
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        with start_local(folder, "items") as output:
            wait_until_ready(output)
            seconds = time.perf_counter() - started
            outputs = json.loads(Path(folder, "flat-outputs.json").read_text(encoding="utf-8"))
            durations = _measure_requests(urlsplit(outputs["api_url"]))
    table = [
        ["", "p50 ms", "p95 ms"],
        *([name, f"{percentiles[49]:.1f}", f"{percentiles[94]:.1f}"] for name, percentiles in durations.items()),
    ]
    targets = [Target(label="seconds to ready", limit=READY_SECONDS, measured=seconds)]
    targets += [
        Target(label=f"p50 of {name}, ms", limit=REQUEST_MS, measured=percentiles[49])
        for name, percentiles in durations.items()
    ]
    return section(TITLE, table, targets=targets)


@contextmanager
def start_local(folder: str, service: str, *options: str) -> Iterator[IO[str]]:
    """Start a local deployment that writes its outputs to `folder`, and yield the output of the command."""
    command = [sys.executable, "-m", "lib", "local", "--service", service, "--outputs", folder, *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.stdout
        finally:
            process.terminate()
            process.communicate()


def wait_until_ready(output: IO[str]) -> None:
    """Wait until the local deployment is ready."""
    lines = []
    for line in output:
        lines.append(line)
        if "ready" in line:
            return
    raise RuntimeError("The local deployment exited before it was ready:\n" + "".join(lines))


def _measure_requests(url: Any) -> dict[str, list[float]]:
    """Return the percentiles of the latency of each kind of request, at a rate below the throttling limit."""
    connection = http.client.HTTPConnection(url.netloc)
    durations: dict[str, list[float]] = {"POST /items": [], "GET /items/{ItemId}": []}
    for number in range(REQUESTS):
        body = json.dumps({"ItemId": f"bench-{number}", "price": 1.25})
        durations["POST /items"].append(_measure_request(connection, "POST", f"{url.path}/items", body))
        durations["GET /items/{ItemId}"].append(_measure_request(connection, "GET", f"{url.path}/items/bench-{number}"))
    connection.close()
    return {name: quantiles(milliseconds, n=100) for name, milliseconds in durations.items()}


def _measure_request(connection: http.client.HTTPConnection, method: str, path: str, body: str | None = None) -> float:
    time.sleep(PAUSE_SECONDS)
    started = time.perf_counter()
    connection.request(method, path, body, {"Content-Type": "application/json"})
    response = connection.getresponse()
    response.read()
    if response.status >= 300:
        raise RuntimeError(f"{method} {path} returned status {response.status}.")
    return (time.perf_counter() - started) * 1000
