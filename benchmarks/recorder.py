"""Proxies that record or delay calls to AWS."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

DELAY_SECONDS = 0.02
"""Delay of every response, which makes dependent calls distinguishable from concurrent calls."""

Forward = Callable[[], tuple[int, bytes]]
"""Forwards the request and returns the status and the body of the response."""
Handle = Callable[[str | None, bytes, Forward], tuple[int, bytes]]
"""Returns the status and the body of the response to a request. Arguments: `X-Amz-Target`, body, and `Forward`."""


class Call(NamedTuple):
    """A recorded call to AWS."""

    operation: str
    request: dict[str, Any]
    response: dict[str, Any]
    started: float
    finished: float


@contextmanager
def proxy(endpoint: str, handle: Handle) -> Iterator[str]:
    """Start a proxy of `endpoint` that handles requests with `handle`, and yield its URL."""

    class Handler(BaseHTTPRequestHandler):
        """Passes every request to `handle`."""

        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:  # pylint: disable=invalid-name  # http.server's name
            """Respond with the result of `handle`."""
            request = self.rfile.read(int(self.headers["Content-Length"]))
            headers = dict(self.headers)
            target = self.headers["X-Amz-Target"]
            status, response = handle(target, request, lambda: _forward(endpoint, request, headers))
            with suppress(BrokenPipeError):  # the caller timed out and retries
                self.send_response(status)
                self.send_header("Content-Length", str(len(response)))
                self.end_headers()
                self.wfile.write(response)

        def log_message(self, *_: Any) -> None:
            """Disable logging."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def recording(endpoint: str) -> Iterator[tuple[str, list[Call]]]:
    """Start a proxy of `endpoint`, and yield its URL and the calls that it receives."""
    calls: list[Call] = []

    def handle(target: str | None, request: bytes, forward: Forward) -> tuple[int, bytes]:
        started = time.perf_counter()
        status, response = forward()
        time.sleep(DELAY_SECONDS)
        calls.append(_parse(target, request, response, started))
        return status, response

    with proxy(endpoint, handle) as url:
        yield url, calls


def round_trips(calls: Iterable[Call]) -> int:
    """Return the length of the longest sequence of calls that each started after the previous call finished."""
    count, finished = 0, 0.0
    for call in sorted(calls, key=lambda call: call.finished):
        if call.started >= finished:
            count, finished = count + 1, call.finished
    return count


def operations(calls: Iterable[Call]) -> str:
    """Return the names of the called operations with their number of calls."""
    names = Counter(sorted(call.operation for call in calls))
    return ", ".join(name if count == 1 else f"{count} {name}" for name, count in names.items())


def _parse(target: str | None, request: bytes, response: bytes, started: float) -> Call:
    """Parse a JSON call, or a form of SNS, whose response is not used."""
    finished = time.perf_counter()
    if target is None:
        form = dict(parse_qsl(request.decode()))
        return Call(form["Action"], form, {}, started, finished)
    return Call(target.rpartition(".")[2], json.loads(request), json.loads(response), started, finished)


def _forward(endpoint: str, request: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(urlsplit(endpoint).netloc, timeout=10)
    try:
        connection.request("POST", "/", request, headers)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()
