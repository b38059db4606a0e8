"""Fixtures that run the Lambda code of the stock service with emulated tables, a topic and a simulated clock."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from benchmarks.deployment import single_function
from lib.local.emulator import REGION, Emulator
from lib.runtime import http_client
from lib.runtime.attributes import to_item, to_json
from lib.runtime.dynamodb import DynamoDB
from lib.runtime.http_client import BACKOFF_SECONDS, Client
from lib.services.stock.handler import reconcile
from lib.services.stock.handler.commands import Commands, commands
from lib.services.stock.handler.repository import Repository
from lib.services.stock.service import SERVICE

from ...support.lambda_context import Context
from ...support.listener import Listener
from ...support.worker import Api, Handler, HandlerResponse, created_tables, load_handler
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
ENVIRONMENTS = 6
NOON = 1_800_000_000.0
"""Initial time of the simulated clock: a full minute."""


@dataclass
class Clock:
    """Simulated clock of the handler."""

    now: float = NOON

    def __call__(self) -> float:
        return self.now


@dataclass
class Tables:
    """Direct access to the tables of the service."""

    api: Api
    dynamodb: Any
    """Boto3 client of the emulator. Its calls are not recorded."""
    _snapshot: dict[str, list[dict[str, Any]]] | None = field(default=None, init=False)

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Cache the items of the tables. Do not write in the context."""
        self._snapshot = {}
        try:
            yield
        finally:
            self._snapshot = None

    def items(self, table: str) -> list[dict[str, Any]]:
        if self._snapshot is None:
            return self._scan(table)
        if table not in self._snapshot:
            self._snapshot[table] = self._scan(table)
        return self._snapshot[table]

    def _scan(self, table: str) -> list[dict[str, Any]]:
        pages = self.dynamodb.get_paginator("scan").paginate(TableName=self.api.tables[table])
        return [json.loads(to_json(item)) for page in pages for item in page["Items"]]

    def level_item(self, product_id: str = "lamp", warehouse_id: str = "main") -> dict[str, Any]:
        key = (product_id, warehouse_id)
        (item,) = [item for item in self.items("management") if (item["product_id"], item["warehouse_id"]) == key]
        return item

    def raw_level_item(self, product_id: str) -> dict[str, Any]:
        """Return the item of a level in DynamoDB's attribute format."""
        item: dict[str, Any] = self.dynamodb.get_item(
            TableName=self.api.tables["management"], Key=to_item({"product_id": product_id, "warehouse_id": "main"})
        )["Item"]
        return item

    def query_product_index(self, product_id: str) -> dict[str, Any]:
        """Return the DynamoDB response for the reserved lines of a product."""
        response = self.dynamodb.query(
            TableName=self.api.tables["reservations"],
            IndexName="product-index",
            KeyConditionExpression="held_for = :product",
            ExpressionAttributeValues={":product": {"S": product_id}},
        )
        return {"Items": response["Items"]}

    def set_attributes(self, product_id: str = "lamp", warehouse_id: str = "main", **values: Any) -> None:
        """Set attributes of a level's item directly."""
        key = {"product_id": product_id, "warehouse_id": warehouse_id}
        self.dynamodb.update_item(
            TableName=self.api.tables["management"],
            Key=to_item(key),
            UpdateExpression="SET " + ", ".join(f"#{name} = :{name}" for name in values),
            ExpressionAttributeNames={f"#{name}": name for name in values},
            ExpressionAttributeValues=to_item({f":{name}": value for name, value in values.items()}),
        )

    def delete_item(self, table: str, **key: Any) -> None:
        self.dynamodb.delete_item(TableName=self.api.tables[table], Key=to_item(key))

    def delete_items(self, table: str, keys: list[dict[str, Any]]) -> None:
        """Delete items directly, in batches of the maximum size."""
        for first in range(0, len(keys), 25):
            deletions = [{"DeleteRequest": {"Key": to_item(key)}} for key in keys[first : first + 25]]
            self.dynamodb.batch_write_item(RequestItems={self.api.tables[table]: deletions})


@dataclass
class Shop(Tables):
    """Client of the API and the jobs of the stock service, with access to its tables and alerts."""

    clock: Clock
    topic: Listener
    movements_source: str
    """Table name in the stream events that the handler accepts."""

    def create(self, product_id: str = "lamp", **fields: Any) -> Any:
        """Create a level and return the response body."""
        response = self.api("POST", "/inventory", {"product_id": product_id, "stock_count": 10, **fields})
        assert response.status == 201, response.text
        return response.body

    def read(self, product_id: str = "lamp", **query: str) -> Any:
        """Return the response body for a product."""
        response = self.api("GET", PRODUCT, keys=(product_id,), query=query)
        assert response.status == 200, response.text
        return response.body

    def update(self, product_id: str = "lamp", **fields: Any) -> HandlerResponse:
        return self.api("PUT", PRODUCT, fields, keys=(product_id,))

    def reserve(
        self, reservation_id: str, quantity: int = 1, product_id: str = "lamp", **fields: Any
    ) -> HandlerResponse:
        body = {"reservationId": reservation_id, "quantity": quantity, **fields}
        return self.api("POST", RESERVE, body, keys=(product_id,))

    def reserve_cart(self, reservation_id: str, *lines: dict[str, Any], **fields: Any) -> HandlerResponse:
        return self.api("POST", CART_RESERVE, {"reservationId": reservation_id, "lines": [*lines], **fields})

    def release(self, reservation_id: str, product_id: str = "lamp") -> HandlerResponse:
        """Release the units of a product from a reservation."""
        return self.api("DELETE", RELEASE, keys=(product_id, reservation_id))

    def release_cart(self, reservation_id: str) -> HandlerResponse:
        return self.api("DELETE", CART_RELEASE, keys=(reservation_id,))

    def fulfill(
        self, product_id: str = "lamp", *, headers: dict[str, str] | None = None, **fields: Any
    ) -> HandlerResponse:
        return self.api("POST", FULFILL, fields, keys=(product_id,), headers=headers)

    def fulfill_cart(self, *lines: dict[str, Any], **fields: Any) -> HandlerResponse:
        return self.api("POST", CART_FULFILL, {**fields, **({"lines": [*lines]} if lines else {})})

    def reconcile(self, product_id: str = "lamp", **fields: Any) -> Any:
        """Reconcile a product and return the response body."""
        response = self.api("POST", RECONCILE, fields, keys=(product_id,))
        assert response.status == 200, response.text
        return response.body

    def list_levels(self, **query: str) -> list[Any]:
        return self.api.paged("/inventory", "levels", **query)

    def list_reservations(self, product_id: str = "lamp", **query: str) -> list[Any]:
        """Return the active reservation lines of a product."""
        return self.api.paged(RESERVATIONS, "reservations", product_id, **query)

    def list_movements(self, product_id: str = "lamp") -> list[Any]:
        """Return all movements of a product, oldest first."""
        return self.api.paged(MOVEMENTS, "movements", product_id, page_size="100")[::-1]

    def release_expired(self, product_id: str) -> None:
        """Release the expired holds of a product."""
        assert commands().expire(product_id) > 0

    def run_schedule(self, schedule: str) -> None:
        """Invoke the handler with a scheduled event."""
        assert self.api.handler({"schedule": schedule}, Context(30)) == {}

    def run_expiry(self) -> None:
        """Run the job that releases expired holds."""
        self.run_schedule("stock-expiry")

    def sent_alerts(self) -> list[dict[str, Any]]:
        """Run the job that sends alerts, and return the alerts published since the last call."""
        self.run_schedule("stock-thresholds")
        return self.published_alerts()

    def published_alerts(self) -> list[dict[str, Any]]:
        """Return the alerts published since the last call."""
        return [json.loads(message["Message"]) for message in self.topic.messages()]

    def start_environment(self, pauses: tuple[float, ...] = BACKOFF_SECONDS) -> None:
        """Replace the execution environment. The new one retries DynamoDB calls after `pauses`."""
        commands().repository.close()
        commands.cache_clear()
        repository = commands().repository
        store = DynamoDB(Client("dynamodb", "DynamoDB_20120810", backoff=pauses))
        Repository.__init__(repository, repository.tables, store, self.clock)


@pytest.fixture(scope="session", name="handler")
def handler_fixture(tmp_path_factory: pytest.TempPathFactory) -> Handler:
    """Return the initialized handler."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("AWS_REGION", REGION)
        environment.setenv("MOVEMENTS_TABLE_NAME", MOVEMENTS_SOURCE)
        return load_handler(single_function(SERVICE), tmp_path_factory.mktemp("archive"))


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compare levels without pauses, because the indexes of the emulator do not lag."""
    monkeypatch.setattr(reconcile, "PAUSE_SECONDS", 0)


@pytest.fixture(name="shop")
def shop_fixture(
    handler: Handler, emulator: Emulator, topic: Listener, worker_environment: pytest.MonkeyPatch
) -> Iterator[Shop]:
    """Return a client of a new execution environment with empty tables."""
    with created_tables(emulator, *SERVICE.tables) as tables:
        for table in SERVICE.tables:
            worker_environment.setenv(table.variable, tables[table.name])
        for function in SERVICE.functions:
            for name, value in function.variables.items():
                worker_environment.setenv(name, value)
        commands.cache_clear()
        shop = Shop(Api(handler, tables), emulator.client("dynamodb"), Clock(), topic, MOVEMENTS_SOURCE)
        shop.start_environment()
        yield shop
        commands().repository.close()
        commands.cache_clear()


@pytest.fixture(name="environments")
def environments_fixture(
    shop: Shop, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[list[Commands]]:
    """Return commands of several execution environments. With `two releases`, every second one is of the previous."""
    # Their threads connect at the same moment, which can exceed the backlog of the emulator.
    monkeypatch.setattr(http_client, "CONNECT_TIMEOUT_SECONDS", 10)
    names = dict(shop.api.tables)
    two_releases = getattr(request, "param", "") == "two releases"
    stores = [PreviousDynamoDB(names) if two_releases and number % 2 else DynamoDB() for number in range(ENVIRONMENTS)]
    environments = [Commands(Repository(commands().repository.tables, store, shop.clock)) for store in stores]
    yield environments
    for environment in environments:
        environment.repository.close()
