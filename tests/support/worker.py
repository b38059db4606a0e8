"""The handler of a Lambda function, loaded from its deployed files, with tables in the emulator."""

from __future__ import annotations

import importlib
import json
import sys
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.deployment import create_table
from lib.assets.lambda_archive import sources
from lib.local.emulator import Emulator
from lib.model import Service, Table

from .lambda_context import Context

Handler = Callable[[Any, Any], Any]
ORIGIN = "https://shop.example.com"


class HandlerResponse(NamedTuple):
    """A response of the handler."""

    status: int
    headers: dict[str, str]
    body: Any
    text: str


class Api:
    """A client that invokes the handler with events of API Gateway."""

    def __init__(self, handler: Handler, tables: Mapping[str, str]) -> None:
        self.handler = handler
        self.tables = tables
        """Physical names of tables by name in the service definition."""
        self.seconds = 30.0
        """Remaining time of each invocation."""

    def __call__(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        keys: tuple[str, ...] = (),
        query: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
        **event: Any,
    ) -> HandlerResponse:
        """Send a request to the route with `path`, e.g. `/items/{ItemId}`. `keys` are the path parameters.

        `event` overrides fields of the event.
        """
        names = [part.strip("{}") for part in path.split("/") if part.startswith("{")]
        request = {
            "resource": path,
            "httpMethod": method,
            "pathParameters": dict(zip(names, keys, strict=True)) or None,
            "multiValueQueryStringParameters": {n: v if isinstance(v, list) else [v] for n, v in (query or {}).items()},
            "headers": headers,
            "body": body if body is None or isinstance(body, str) else json.dumps(body),
            "requestContext": {"requestId": "request-1"},
            **event,
        }
        response = self.handler(request, Context(self.seconds))
        text = response["body"]
        document = json.loads(text, parse_float=Decimal) if text else None
        return HandlerResponse(response["statusCode"], response["headers"], document, text)

    def paged(self, path: str, member: str, *keys: str, **query: str) -> list[Any]:
        """Return the entries of all pages of a list."""
        entries: list[Any] = []
        token: dict[str, str] = {}
        while True:
            page = self("GET", path, keys=keys, query={**query, **token})
            assert page.status == 200, page.text
            assert len(page.body[member]) <= int(query.get("page_size", "25"))
            entries += page.body[member]
            if page.body["next_page_token"] is None:
                return entries
            token = {"page_token": page.body["next_page_token"]}


def assert_error(response: HandlerResponse, status: int, code: str, message: str) -> None:
    """Assert that a response is an error in the common form, and that its error or its details contain `message`."""
    assert (response.status, response.body["code"], response.body["requestId"]) == (status, code, "request-1")
    assert message in response.body["error"] + " ".join(response.body["details"])
    assert set(response.body) == {"error", "code", "requestId", "details"}


def load_handler(service: Service, folder: Path) -> Handler:
    """Import and return the handler of the first function of a service, as in a new Lambda execution environment.

    The runtime is imported from this checkout and not from the archive.
    """
    for name, source in sources(service, service.functions[0], ORIGIN).items():
        if not name.startswith("tap_stack/"):
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_text(source, encoding="utf-8")
    sys.path.insert(0, str(folder))
    try:
        handler: Handler = importlib.import_module("index").handler
    finally:
        sys.path.remove(str(folder))
        for name in [name for name in sys.modules if name == "index" or name.partition(".")[0] == "validators"]:
            del sys.modules[name]
    return handler


@contextmanager
def created_tables(emulator: Emulator, *tables: Table) -> Iterator[dict[str, str]]:
    """Create empty tables with their indexes. Yield the physical name of each table by its name in the definition."""
    names = {table.name: f"{table.name}-{uuid.uuid4().hex[:8]}" for table in tables}
    for table in tables:
        create_table(emulator, table, names[table.name])
    try:
        yield names
    finally:
        for name in names.values():
            emulator.client("dynamodb").delete_table(TableName=name)
