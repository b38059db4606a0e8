"""A function's code as it is deployed: its archive's own index, over tables in the emulator."""

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


class Answer(NamedTuple):
    """What the handler answered."""

    status: int
    headers: dict[str, str]
    body: Any
    text: str


class Api:
    """Calls the handler as API Gateway would."""

    def __init__(self, handler: Handler, tables: Mapping[str, str]) -> None:
        self.handler = handler
        self.tables = tables
        """Names in AWS by names in the description."""
        self.seconds = 30.0
        """What each call is given."""

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
    ) -> Answer:
        """`path` is the route's own (`/items/{ItemId}`), `keys` fill its parameters; `event` overrides the rest."""
        names = [part.strip("{}") for part in path.split("/") if part.startswith("{")]
        asked = {
            "resource": path,
            "httpMethod": method,
            "pathParameters": dict(zip(names, keys, strict=True)) or None,
            "multiValueQueryStringParameters": {n: v if isinstance(v, list) else [v] for n, v in (query or {}).items()},
            "headers": headers,
            "body": body if body is None or isinstance(body, str) else json.dumps(body),
            "requestContext": {"requestId": "request-1"},
            **event,
        }
        answer = self.handler(asked, Context(self.seconds))
        text = answer["body"]
        document = json.loads(text, parse_float=Decimal) if text else None
        return Answer(answer["statusCode"], answer["headers"], document, text)

    def paged(self, path: str, member: str, *keys: str, **query: str) -> list[Any]:
        """Return the entries of all pages of a listing."""
        found: list[Any] = []
        token: dict[str, str] = {}
        while True:
            page = self("GET", path, keys=keys, query={**query, **token})
            assert page.status == 200, page.text
            assert len(page.body[member]) <= int(query.get("page_size", "25"))
            found += page.body[member]
            if page.body["next_page_token"] is None:
                return found
            token = {"page_token": page.body["next_page_token"]}


def refused(answer: Answer, status: int, code: str, says: str) -> None:
    """The common error shape."""
    assert (answer.status, answer.body["code"], answer.body["requestId"]) == (status, code, "request-1")
    assert says in answer.body["error"] + " ".join(answer.body["details"])
    assert set(answer.body) == {"error", "code", "requestId", "details"}


def started(service: Service, folder: Path) -> Handler:
    """The `handler` of the index of a service's first function, in a worker that has started.

    Its runtime is this checkout's.
    """
    for name, text in sources(service, service.functions[0], ORIGIN).items():
        if not name.startswith("tap_stack/"):
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_text(text, encoding="utf-8")
    sys.path.insert(0, str(folder))
    try:
        handler: Handler = importlib.import_module("index").handler
    finally:
        sys.path.remove(str(folder))
        for name in [name for name in sys.modules if name == "index" or name.partition(".")[0] == "validators"]:
            del sys.modules[name]
    return handler


@contextmanager
def standing(emulator: Emulator, *tables: Table) -> Iterator[dict[str, str]]:
    """Empty tables with their indexes; their names in AWS by their names."""
    names = {table.name: f"{table.name}-{uuid.uuid4().hex[:8]}" for table in tables}
    for table in tables:
        create_table(emulator, table, names[table.name])
    try:
        yield names
    finally:
        for name in names.values():
            emulator.client("dynamodb").delete_table(TableName=name)
