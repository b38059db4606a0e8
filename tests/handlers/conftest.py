"""The items service's Lambda code as it is deployed: its archive's own index, over a table in the emulator."""

from __future__ import annotations

import importlib
import json
import sys
import uuid
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any, NamedTuple

import pytest

from lib.archive import sources
from lib.local.emulator import REGION, Emulator
from lib.services.items.handler import store
from lib.services.items.service import SERVICE

from ..fake_aws import FakeAws, serving
from ..lambda_context import Context


class Answer(NamedTuple):
    """What the handler answered."""

    status: int
    headers: dict[str, str]
    body: Any
    text: str


class Api:
    """Calls the handler as API Gateway would."""

    def __init__(self, handler: Callable[[Any, Any], Any], table: str) -> None:
        self.handler = handler
        self.table = table

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
        answer = self.handler(asked, Context())
        text = answer["body"]
        document = json.loads(text, parse_float=Decimal) if text else None
        return Answer(answer["statusCode"], answer["headers"], document, text)


@pytest.fixture(scope="session", name="handler")
def handler_fixture(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Any, Any], Any]]:
    """The `handler` of the archive's index, in a worker that has started; its runtime is this checkout's."""
    folder = tmp_path_factory.mktemp("archive")
    for name, text in sources(SERVICE, SERVICE.functions[0], "https://shop.example.com").items():
        if not name.startswith("lib/"):
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_text(text, encoding="utf-8")
    sys.path.insert(0, str(folder))
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("AWS_REGION", REGION)
        environment.setenv("DYNAMODB_TABLE_NAME", "none")
        index = importlib.import_module("index")
    assert store.items.cache_info().currsize == 1
    yield index.handler
    sys.path.remove(str(folder))


@pytest.fixture(name="table")
def table_fixture(emulator: Emulator) -> Iterator[str]:
    """An empty items table."""
    name, dynamodb = f"items-{uuid.uuid4().hex[:8]}", emulator.client("dynamodb")
    dynamodb.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[
            {"AttributeName": "ItemId", "KeyType": "HASH"},
            {"AttributeName": "CreatedAt", "KeyType": "RANGE"},
        ],
        AttributeDefinitions=[{"AttributeName": n, "AttributeType": "S"} for n in ("ItemId", "CreatedAt")],
    )
    yield name
    dynamodb.delete_table(TableName=name)


@pytest.fixture(name="wire")
def wire_fixture(emulator: Emulator) -> Iterator[FakeAws]:
    """The line between the handler and DynamoDB, which can be cut."""
    with serving(behind=emulator.url.removeprefix("http://")) as fake:
        fake.script = ["pass"]
        yield fake


@pytest.fixture(name="api")
def api_fixture(
    handler: Callable[[Any, Any], Any], table: str, wire: FakeAws, aws_environment: pytest.MonkeyPatch
) -> Iterator[Api]:
    """The handler in a fresh worker's environment."""
    aws_environment.setenv("AWS_ENDPOINT_URL", wire.url)
    aws_environment.setenv("AWS_REGION", REGION)
    aws_environment.setenv("AWS_ACCESS_KEY_ID", "test")
    aws_environment.setenv("AWS_SECRET_ACCESS_KEY", "test")
    aws_environment.delenv("AWS_SESSION_TOKEN")
    aws_environment.setenv("DYNAMODB_TABLE_NAME", table)
    store.items.cache_clear()
    yield Api(handler, table)
    store.items().close()
    store.items.cache_clear()
