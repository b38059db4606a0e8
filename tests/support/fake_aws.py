"""A fake AWS endpoint that records requests. It returns scripted responses or forwards requests to an endpoint."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

from lib.runtime.attributes import Item


class RecordedCall(NamedTuple):
    """A recorded request."""

    path: str
    headers: dict[str, str]
    body: bytes
    connection: int
    """Port of the client, which identifies the connection."""


class FakeAws:
    """A fake endpoint with a script that has one step per request.

    A step is one of:

    - a status and a document, optionally followed by `close` (send the header), `then hang up` (close silently), or a
      URL (send the header `Location`),
    - `hang up`: close the connection without a response,
    - `pass`: forward the request to the upstream endpoint,
    - `pass, then hang up`: forward the request, return the response and close the connection,
    - `lose`: forward the request and close the connection without a response,
    - a function that receives the recorded request and returns one of the above.
    """

    def __init__(self, upstream: str = "") -> None:
        self.upstream = upstream
        self.script: list[Any] = []
        self.calls: list[RecordedCall] = []
        self.url = ""
        self.closed = threading.Event()
        """Set when this endpoint has closed a connection."""

    def respond(self, handler: BaseHTTPRequestHandler) -> None:
        """Execute the next step of the script. The last step is repeated."""
        length = int(handler.headers.get("Content-Length") or 0)
        headers = {name.lower(): value for name, value in handler.headers.items()}
        call = RecordedCall(handler.path, headers, handler.rfile.read(length), handler.client_address[1])
        self.calls.append(call)
        step = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        if callable(step):
            step = step(call)
        if step == "pass":
            step = self._forward(handler.command, call)
        elif step == "pass, then hang up":
            step = (*self._forward(handler.command, call), "then hang up")
        elif step == "lose":
            self._forward(handler.command, call)
            step = "hang up"
        if step == "hang up":
            handler.close_connection = True
            return
        status, document, *options = step
        body = document if isinstance(document, bytes) else json.dumps(document).encode()
        handler.send_response(status)
        handler.send_header("Content-Length", str(len(body)))
        for location in (option for option in options if option.startswith("http://")):
            handler.send_header("Location", location)
        if "close" in options:
            handler.send_header("Connection", "close")
        handler.end_headers()
        handler.wfile.write(body)
        if "then hang up" in options:
            handler.close_connection = True

    def _forward(self, method: str, call: RecordedCall) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection(self.upstream, timeout=60)
        try:
            connection.request(method, call.path, call.body, call.headers)
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()


@contextmanager
def serving(upstream: str = "") -> Iterator[FakeAws]:
    """Start a `FakeAws` on a free port of the loopback interface. `upstream` is the host and port for forwarding."""
    fake = FakeAws(upstream)

    class Handler(BaseHTTPRequestHandler):
        """Passes every request to the fake endpoint."""

        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:  # pylint: disable=invalid-name  # http.server's name
            fake.respond(self)

        def do_GET(self) -> None:  # pylint: disable=invalid-name  # http.server's name
            fake.respond(self)

        def do_PUT(self) -> None:  # pylint: disable=invalid-name  # http.server's name
            fake.respond(self)

        def do_DELETE(self) -> None:  # pylint: disable=invalid-name  # http.server's name
            fake.respond(self)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # pylint: disable=redefined-builtin
            """Do not log."""

    class Server(ThreadingHTTPServer):
        """A server that records when it closes a connection."""

        def shutdown_request(self, request: Any) -> None:
            """Close a connection and record it."""
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
    """Return the response to a canceled transaction. `codes` are its reasons, and `items` failed their condition."""
    reasons = [{"Code": code} for code in codes] + [
        {"Code": "ConditionalCheckFailed", "Item": item} for item in items.values()
    ]
    return 400, {"__type": "x#TransactionCanceledException", "message": "", "CancellationReasons": reasons}
