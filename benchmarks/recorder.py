"""An endpoint before another that keeps what it is asked, and when."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

HOLD_SECONDS = 0.02
"""How long an answer is kept back: what was asked before it came was asked without waiting for it."""


class Asked(NamedTuple):
    """One call."""

    operation: str
    request: dict[str, Any]
    answer: dict[str, Any]
    begun: float
    ended: float


@contextmanager
def recording(endpoint: str) -> Iterator[tuple[str, list[Asked]]]:
    """The address of a recorder before `endpoint`, and what it is asked while the block runs."""
    asked: list[Asked] = []

    class Handler(BaseHTTPRequestHandler):
        """Hands a call on and keeps it."""

        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:  # pylint: disable=invalid-name  # http.server's name
            """Answer as the endpoint does."""
            begun = time.perf_counter()
            request = self.rfile.read(int(self.headers["Content-Length"]))
            status, answer = _handed_on(endpoint, request, dict(self.headers))
            time.sleep(HOLD_SECONDS)
            asked.append(_understood(self.headers["X-Amz-Target"], request, answer, begun))
            with suppress(BrokenPipeError):  # whoever asked has waited long enough, and asks again
                self.send_response(status)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        server.server_close()


def round_trips(asked: Iterable[Asked]) -> int:
    """The most calls of which each began only after the one before had been answered."""
    count, answered = 0, 0.0
    for call in sorted(asked, key=lambda call: call.ended):
        if call.begun >= answered:
            count, answered = count + 1, call.ended
    return count


def operations(asked: Iterable[Asked]) -> str:
    """What was called, and how often."""
    names = Counter(sorted(call.operation for call in asked))
    return ", ".join(name if count == 1 else f"{count} {name}" for name, count in names.items())


def counted(found: Mapping[str, Sequence[Asked]]) -> list[list[str]]:
    """A row for each of what was done: how often that called AWS, and waited for it."""
    rows = [[what, str(len(asked)), str(round_trips(asked)), operations(asked)] for what, asked in found.items()]
    return [["", "calls", "round trips", "which"], *rows]


def _understood(target: str | None, request: bytes, answer: bytes, begun: float) -> Asked:
    """A call in JSON, or a form of SNS, whose answer nobody needs to know."""
    ended = time.perf_counter()
    if target is None:
        form = dict(parse_qsl(request.decode()))
        return Asked(form["Action"], form, {}, begun, ended)
    return Asked(target.rpartition(".")[2], json.loads(request), json.loads(answer), begun, ended)


def _handed_on(endpoint: str, request: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(urlsplit(endpoint).netloc, timeout=10)
    try:
        connection.request("POST", "/", request, headers)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()
