"""A stand-in for an AWS endpoint: answers in turn what it is told to, and keeps what it was asked.

Over a real endpoint it can also carry a request out and lose the answer.
"""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

from lib.runtime.attributes import Item


class Asked(NamedTuple):
    """One request as it arrived."""

    path: str
    headers: dict[str, str]
    body: bytes
    connection: int
    """The port it came from: the same for two requests over one connection."""


class FakeAws:
    """Plays its script, a line a request.

    A line is a status and a document (and what becomes of the connection after it), `hang up`, `pass` to the endpoint
    behind, `pass, then hang up`, `lose`: pass, and hang up instead of answering; or a function that is given what was
    asked and returns one of these.
    """

    def __init__(self, behind: str = "") -> None:
        self.behind = behind
        self.script: list[Any] = []
        self.asked: list[Asked] = []
        self.url = ""
        self.closed = threading.Event()
        """A connection has been closed from this side."""

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        """Play one line of the script; the last one again when it is used up."""
        length = int(handler.headers.get("Content-Length") or 0)
        headers = {name.lower(): value for name, value in handler.headers.items()}
        asked = Asked(handler.path, headers, handler.rfile.read(length), handler.client_address[1])
        self.asked.append(asked)
        line = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        if callable(line):
            line = line(asked)
        if line == "pass":
            line = self._carried_out(handler.command, asked)
        elif line == "pass, then hang up":
            line = (*self._carried_out(handler.command, asked), "then hang up")
        elif line == "lose":
            self._carried_out(handler.command, asked)
            line = "hang up"
        if line == "hang up":
            handler.close_connection = True
            return
        status, document, *more = line
        body = document if isinstance(document, bytes) else json.dumps(document).encode()
        handler.send_response(status)
        handler.send_header("Content-Length", str(len(body)))
        if "close" in more:
            handler.send_header("Connection", "close")
        handler.end_headers()
        handler.wfile.write(body)
        if "then hang up" in more:
            handler.close_connection = True

    def _carried_out(self, method: str, asked: Asked) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection(self.behind, timeout=60)
        try:
            connection.request(method, asked.path, asked.body, asked.headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()


@contextmanager
def serving(behind: str = "") -> Iterator[FakeAws]:
    """A `FakeAws` on a free port of loopback; `behind` is the address of a real endpoint."""
    fake = FakeAws(behind)

    class Handler(BaseHTTPRequestHandler):
        """Hands every request to the script."""

        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:  # pylint: disable=invalid-name  # http.server's name
            fake.answer(self)

        def do_GET(self) -> None:  # pylint: disable=invalid-name  # http.server's name
            fake.answer(self)

        def do_PUT(self) -> None:  # pylint: disable=invalid-name  # http.server's name
            fake.answer(self)

        def do_DELETE(self) -> None:  # pylint: disable=invalid-name  # http.server's name
            fake.answer(self)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # pylint: disable=redefined-builtin
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        """Notes when a connection is closed."""

        def shutdown_request(self, request: Any) -> None:
            """Close a connection."""
            super().shutdown_request(request)
            fake.closed.set()

    server = Server(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    fake.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield fake
    finally:
        server.shutdown()
        server.server_close()


def canceled(*codes: str, **items: Item) -> tuple[int, dict[str, Any]]:
    """Return the response to a transaction whose actions fail with codes, or as their condition fails on an item."""
    reasons = [{"Code": code} for code in codes] + [
        {"Code": "ConditionalCheckFailed", "Item": item} for item in items.values()
    ]
    return 400, {"__type": "x#TransactionCanceledException", "message": "", "CancellationReasons": reasons}
