"""Fixtures for the Lambda code of the inventory service, with its tables, topic and parameter in the emulator."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import pytest

from lib.local.emulator import REGION, Emulator
from lib.runtime.attributes import to_json
from lib.services.inventory.handler import repository
from lib.services.inventory.service import SERVICE

from ...support.lambda_context import Context
from ...support.listener import Listener
from ...support.worker import Api, Handler, HandlerResponse, created_tables, load_handler

ITEM = "/items/{itemId}"
HISTORY = "/items/{itemId}/history"
CONFIG = {"audit_reads": True, "default_page_size": 20, "low_stock_threshold": 10, "max_page_size": 50}


class Shop(NamedTuple):
    """The API of a shop, its AWS resources, and the subscriber of its alerts."""

    api: Api
    emulator: Emulator
    alerts: Listener

    def create(self, *, headers: dict[str, str] | None = None, **fields: Any) -> Any:
        """Create an item and return it."""
        desk = {"name": "Walnut desk", "category": "furniture", "quantity": 40, "price": 349.95}
        response = self.api("POST", "/items", {**desk, **fields}, headers=headers)
        assert response.status == 201, response.text
        return response.body

    def change(self, item: Any, /, *, headers: dict[str, str] | None = None, **fields: Any) -> HandlerResponse:
        return self.api("PUT", ITEM, fields, keys=(item["itemId"],), headers=headers)

    def read(self, item: Any, **query: str) -> HandlerResponse:
        return self.api("GET", ITEM, keys=(item["itemId"],), query=query)

    def delete(self, item: Any, **headers: str) -> HandlerResponse:
        return self.api("DELETE", ITEM, keys=(item["itemId"],), headers=headers)

    def history(self, item: Any) -> list[Any]:
        """Return all versions of an item, newest first."""
        return self.api.paged(HISTORY, "versions", item["itemId"], page_size="50")

    def listed(self, **query: str) -> list[Any]:
        """Return the items of all pages of a listing."""
        return self.api.paged("/items", "items", **query)

    def rows(self, table: str) -> list[dict[str, Any]]:
        dynamodb = self.emulator.client("dynamodb")
        pages = dynamodb.get_paginator("scan").paginate(TableName=self.api.tables[table])
        return [json.loads(to_json(row)) for page in pages for row in page["Items"]]

    def audit(self, *operations: str) -> list[dict[str, Any]]:
        """Return the audit records of `operations` in chronological order. Default: all operations."""
        records = [row for row in self.rows("audit") if not operations or row["operation"] in operations]
        return sorted(records, key=lambda row: str(row["timestamp"]))

    def restart(self) -> None:
        """Discard cached settings and connections, as a new execution environment does."""
        repository.inventory().close()
        repository.inventory.cache_clear()

    def run_schedule(self) -> None:
        """Invoke the schedule that publishes alerts."""
        assert self.api.handler({"schedule": "send-alerts"}, Context(30)) == {}

    def published(self) -> list[dict[str, Any]]:
        """Return the messages that were published since the previous call."""
        return self.alerts.messages()


@pytest.fixture
def make_due(shop: Shop) -> Callable[[], None]:
    """Return a function that ends the leases of all unpublished alerts."""

    def end_leases() -> None:
        past = (datetime.now(UTC) - timedelta(minutes=1)).isoformat()
        for row in shop.rows("items"):
            if row.get("listing") == "tap#unsent":
                shop.emulator.client("dynamodb").update_item(
                    TableName=shop.api.tables["items"],
                    Key={"itemId": {"S": row["itemId"]}, "version": {"N": str(row["version"])}},
                    UpdateExpression="SET listedAt = :past",
                    ExpressionAttributeValues={":past": {"S": past}},
                )

    return end_leases


@pytest.fixture(scope="session", name="handler")
def handler_fixture(tmp_path_factory: pytest.TempPathFactory) -> Handler:
    """Return the handler of the function after an initialization without settings."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("AWS_REGION", REGION)
        environment.setenv("ITEMS_TABLE_NAME", "none")
        environment.delenv("CONFIG_PARAMETER", raising=False)
        handler = load_handler(SERVICE, tmp_path_factory.mktemp("archive"))
    assert repository.inventory.cache_info().currsize == 1
    return handler


@pytest.fixture(name="config")
def config_fixture(emulator: Emulator, worker_environment: pytest.MonkeyPatch) -> str:
    """Return the name of the parameter with the settings of the service."""
    name = f"/inventory/{uuid.uuid4().hex[:8]}/config"
    emulator.client("ssm").put_parameter(Name=name, Value=json.dumps(CONFIG), Type="String")
    worker_environment.setenv("CONFIG_PARAMETER", name)
    worker_environment.setenv("CONFIG_PARAMETER_DEPLOYED", json.dumps(CONFIG))
    return name


@pytest.fixture(name="shop")
def shop_fixture(
    handler: Handler,
    emulator: Emulator,
    topic: Listener,
    config: str,
    worker_environment: pytest.MonkeyPatch,
) -> Iterator[Shop]:
    """Return a shop with a new repository and empty tables."""
    assert config
    with created_tables(emulator, *SERVICE.tables) as tables:
        worker_environment.setenv("ITEMS_TABLE_NAME", tables["items"])
        worker_environment.setenv("AUDIT_TABLE_NAME", tables["audit"])
        repository.inventory.cache_clear()
        new_shop = Shop(Api(handler, tables), emulator, topic)
        yield new_shop
        new_shop.restart()
