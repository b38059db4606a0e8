"""The stock service's Lambda code over real tables and a topic with a queue behind it, at a time of the tests' own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from benchmarks.deployment import single_function
from lib.local.emulator import REGION, Emulator
from lib.runtime.attributes import to_item, to_json
from lib.runtime.dynamodb import DynamoDB
from lib.runtime.http_client import BACKOFF_SECONDS, Client
from lib.services.stock.handler import reconcile
from lib.services.stock.handler.commands import Commands, commands
from lib.services.stock.handler.repository import Repository
from lib.services.stock.service import SERVICE

from ...support.lambda_context import Context
from ...support.listener import Listener
from ...support.worker import Answer, Api, Handler, standing, started
from .previous_release import PreviousDynamoDB

PRODUCT = "/inventory/{productId}"
RESERVE = f"{PRODUCT}/reserve"
RELEASE = f"{PRODUCT}/reserve/{{reservationId}}"
FULFILL = f"{PRODUCT}/fulfill"
RELEASE_ANY = f"{PRODUCT}/reservations/{{reservationId}}"
CART_RESERVE = "/inventory/reserve"
CART_RELEASE = "/inventory/reserve/{reservationId}"
CART_FULFILL = "/inventory/fulfill"
MOVEMENTS = f"{PRODUCT}/movements"
RESERVATIONS = f"{PRODUCT}/reservations"
RECONCILE = f"{PRODUCT}/reconcile"
MOVEMENTS_SOURCE = "movements"
WORKERS = 6
NOON = 1_800_000_000.0
"""The tests' time when they begin: a full minute."""


@dataclass
class Clock:
    """The time that the worker is told."""

    now: float = NOON

    def __call__(self) -> float:
        return self.now


@dataclass
class Tables:
    """The service's tables, behind its back."""

    api: Api
    dynamodb: Any
    """A client of what is behind the worker's line to AWS."""
    _snapshot: dict[str, list[dict[str, Any]]] | None = field(default=None, init=False)

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Read each table at most once, while nothing is written."""
        self._snapshot = {}
        try:
            yield
        finally:
            self._snapshot = None

    def rows(self, table: str) -> list[dict[str, Any]]:
        """Every row of a table."""
        if self._snapshot is None:
            return self._scan(table)
        if table not in self._snapshot:
            self._snapshot[table] = self._scan(table)
        return self._snapshot[table]

    def _scan(self, table: str) -> list[dict[str, Any]]:
        pages = self.dynamodb.get_paginator("scan").paginate(TableName=self.api.tables[table])
        return [json.loads(to_json(row)) for page in pages for row in page["Items"]]

    def row(self, product_id: str = "lamp", warehouse_id: str = "main") -> dict[str, Any]:
        """The row of a level."""
        place = (product_id, warehouse_id)
        (found,) = [row for row in self.rows("management") if (row["product_id"], row["warehouse_id"]) == place]
        return found

    def raw(self, product_id: str) -> dict[str, Any]:
        """The row of a level as AWS answers it."""
        found: dict[str, Any] = self.dynamodb.get_item(
            TableName=self.api.tables["management"], Key=to_item({"product_id": product_id, "warehouse_id": "main"})
        )["Item"]
        return found

    def index(self, product_id: str) -> dict[str, Any]:
        """What the index of what is held says of a product, as AWS answers it."""
        found = self.dynamodb.query(
            TableName=self.api.tables["reservations"],
            IndexName="product-index",
            KeyConditionExpression="held_for = :product",
            ExpressionAttributeValues={":product": {"S": product_id}},
        )
        return {"Items": found["Items"]}

    def tamper(self, product_id: str = "lamp", warehouse_id: str = "main", **values: Any) -> None:
        """Write figures into a level's row behind the service's back."""
        key = {"product_id": product_id, "warehouse_id": warehouse_id}
        self.dynamodb.update_item(
            TableName=self.api.tables["management"],
            Key=to_item(key),
            UpdateExpression="SET " + ", ".join(f"#{name} = :{name}" for name in values),
            ExpressionAttributeNames={f"#{name}": name for name in values},
            ExpressionAttributeValues=to_item({f":{name}": value for name, value in values.items()}),
        )

    def erase(self, table: str, **key: Any) -> None:
        """Remove a row behind the service's back."""
        self.dynamodb.delete_item(TableName=self.api.tables[table], Key=to_item(key))

    def erase_all(self, table: str, keys: list[dict[str, Any]]) -> None:
        """Remove rows behind the service's back, as many in a request as DynamoDB takes."""
        for first in range(0, len(keys), 25):
            deletions = [{"DeleteRequest": {"Key": to_item(key)}} for key in keys[first : first + 25]]
            self.dynamodb.batch_write_item(RequestItems={self.api.tables[table]: deletions})


@dataclass
class Shop(Tables):
    """Everything that a worker reaches."""

    clock: Clock
    topic: Listener
    movements_source: str
    """The table whose changes the worker knows."""

    def create(self, product_id: str = "lamp", **fields: Any) -> Any:
        """A new level, as it was answered."""
        answer = self.api("POST", "/inventory", {"product_id": product_id, "stock_count": 10, **fields})
        assert answer.status == 201, answer.text
        return answer.body

    def read(self, product_id: str = "lamp", **query: str) -> Any:
        """What is told of a product."""
        answer = self.api("GET", PRODUCT, keys=(product_id,), query=query)
        assert answer.status == 200, answer.text
        return answer.body

    def update(self, product_id: str = "lamp", **fields: Any) -> Answer:
        """The answer to a change of a level."""
        return self.api("PUT", PRODUCT, fields, keys=(product_id,))

    def reserve(self, reservation_id: str, quantity: int = 1, product_id: str = "lamp", **fields: Any) -> Answer:
        """The answer to a reservation."""
        body = {"reservationId": reservation_id, "quantity": quantity, **fields}
        return self.api("POST", RESERVE, body, keys=(product_id,))

    def reserve_cart(self, reservation_id: str, *lines: dict[str, Any], **fields: Any) -> Answer:
        """The answer to the reservation of a cart."""
        return self.api("POST", CART_RESERVE, {"reservationId": reservation_id, "lines": [*lines], **fields})

    def release(self, reservation_id: str, product_id: str = "lamp") -> Answer:
        """The answer to a release."""
        return self.api("DELETE", RELEASE, keys=(product_id, reservation_id))

    def release_cart(self, reservation_id: str) -> Answer:
        """The answer to a release of all that a reservation holds."""
        return self.api("DELETE", CART_RELEASE, keys=(reservation_id,))

    def fulfill(self, product_id: str = "lamp", *, headers: dict[str, str] | None = None, **fields: Any) -> Answer:
        """The answer to a fulfilment."""
        return self.api("POST", FULFILL, fields, keys=(product_id,), headers=headers)

    def fulfill_cart(self, *lines: dict[str, Any], **fields: Any) -> Answer:
        """The answer to the fulfilment of a cart."""
        return self.api("POST", CART_FULFILL, {**fields, **({"lines": [*lines]} if lines else {})})

    def reconcile(self, product_id: str = "lamp", **fields: Any) -> Any:
        """What was found to differ."""
        answer = self.api("POST", RECONCILE, fields, keys=(product_id,))
        assert answer.status == 200, answer.text
        return answer.body

    def listed(self, **query: str) -> list[Any]:
        """The levels of a listing."""
        return self.api.paged("/inventory", "levels", **query)

    def held(self, product_id: str = "lamp", **query: str) -> list[Any]:
        """What is held of a product."""
        return self.api.paged(RESERVATIONS, "reservations", product_id, **query)

    def moved(self, product_id: str = "lamp") -> list[Any]:
        """Every movement of a product, oldest first."""
        return self.api.paged(MOVEMENTS, "movements", product_id, page_size="100")[::-1]

    def expire_one(self, product_id: str) -> None:
        """Let what was held of one product and has ended be given back."""
        assert commands().expire(product_id) > 0

    def run(self, schedule: str) -> None:
        """Let a schedule come round."""
        assert self.api.handler({"schedule": schedule}, Context(30)) == {}

    def expire(self) -> None:
        """Let what was held and has ended be given back."""
        self.run("stock-expiry")

    def told(self) -> list[dict[str, Any]]:
        """What was published since the last look, after what is due was sent."""
        self.run("stock-thresholds")
        return self.heard()

    def heard(self) -> list[dict[str, Any]]:
        """What was published since the last look."""
        return [json.loads(message["Message"]) for message in self.topic.heard()]

    def forget(self, pauses: tuple[float, ...] = BACKOFF_SECONDS) -> None:
        """A new worker takes over, which tries again after each of the pauses."""
        commands().repository.close()
        commands.cache_clear()
        repository = commands().repository
        connected = DynamoDB(Client("dynamodb", "DynamoDB_20120810", backoff=pauses))
        Repository.__init__(repository, repository.tables, connected, self.clock)


@pytest.fixture(scope="session", name="handler")
def handler_fixture(tmp_path_factory: pytest.TempPathFactory) -> Handler:
    """The handler, in a worker that has started."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("AWS_REGION", REGION)
        environment.setenv("MOVEMENTS_TABLE_NAME", MOVEMENTS_SOURCE)
        return started(single_function(SERVICE), tmp_path_factory.mktemp("archive"))


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compare levels again without a pause: nothing lags here."""
    monkeypatch.setattr(reconcile, "PAUSE_SECONDS", 0)


@pytest.fixture(name="shop")
def shop_fixture(
    handler: Handler, emulator: Emulator, topic: Listener, worker_environment: pytest.MonkeyPatch
) -> Iterator[Shop]:
    """The handler in a fresh worker's environment, with nothing in its tables."""
    with standing(emulator, *SERVICE.tables) as tables:
        for table in SERVICE.tables:
            worker_environment.setenv(table.variable, tables[table.name])
        for function in SERVICE.functions:
            for name, value in function.variables.items():
                worker_environment.setenv(name, value)
        commands.cache_clear()
        shop = Shop(Api(handler, tables), emulator.client("dynamodb"), Clock(), topic, MOVEMENTS_SOURCE)
        shop.forget()
        yield shop
        commands().repository.close()
        commands.cache_clear()


@pytest.fixture(name="workers")
def workers_fixture(shop: Shop, request: pytest.FixtureRequest) -> Iterator[list[Commands]]:
    """Several workers, each with its own connections; with `two releases` half of them are of the previous one."""
    names = dict(shop.api.tables)
    two_releases = getattr(request, "param", "") == "two releases"
    stores = [PreviousDynamoDB(names) if two_releases and number % 2 else DynamoDB() for number in range(WORKERS)]
    found = [Commands(Repository(commands().repository.tables, store, shop.clock)) for store in stores]
    yield found
    for worker in found:
        worker.repository.close()
