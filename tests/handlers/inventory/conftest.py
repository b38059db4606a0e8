"""The inventory service's Lambda code over real tables, a topic with a queue behind it, and a parameter."""

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
    """Everything that a worker reaches."""

    api: Api
    emulator: Emulator
    alerts: Listener

    def create(self, *, headers: dict[str, str] | None = None, **fields: Any) -> Any:
        """A new item, as it was answered."""
        desk = {"name": "Walnut desk", "category": "furniture", "quantity": 40, "price": 349.95}
        answer = self.api("POST", "/items", {**desk, **fields}, headers=headers)
        assert answer.status == 201, answer.text
        return answer.body

    def change(self, item: Any, /, *, headers: dict[str, str] | None = None, **fields: Any) -> HandlerResponse:
        """The answer to a change of an item."""
        return self.api("PUT", ITEM, fields, keys=(item["itemId"],), headers=headers)

    def read(self, item: Any, **query: str) -> HandlerResponse:
        """The answer to a read of an item."""
        return self.api("GET", ITEM, keys=(item["itemId"],), query=query)

    def delete(self, item: Any, **headers: str) -> HandlerResponse:
        """The answer to the deletion of an item."""
        return self.api("DELETE", ITEM, keys=(item["itemId"],), headers=headers)

    def history(self, item: Any) -> list[Any]:
        """Every version of an item, newest first."""
        return self.api.paged(HISTORY, "versions", item["itemId"], page_size="50")

    def listed(self, **query: str) -> list[Any]:
        """The items of a listing, page after page."""
        return self.api.paged("/items", "items", **query)

    def rows(self, table: str) -> list[dict[str, Any]]:
        """Every row of a table."""
        dynamodb = self.emulator.client("dynamodb")
        pages = dynamodb.get_paginator("scan").paginate(TableName=self.api.tables[table])
        return [json.loads(to_json(row)) for page in pages for row in page["Items"]]

    def audit(self, *operations: str) -> list[dict[str, Any]]:
        """The audit rows of some operations, or all, in their order."""
        found = [row for row in self.rows("audit") if not operations or row["operation"] in operations]
        return sorted(found, key=lambda row: str(row["timestamp"]))

    def forget(self) -> None:
        """A new worker takes over."""
        repository.inventory().close()
        repository.inventory.cache_clear()

    def sweep(self) -> None:
        """Let the schedule come round."""
        assert self.api.handler({"schedule": "send-alerts"}, Context(30)) == {}

    def told(self) -> list[dict[str, Any]]:
        """What was published since the last look."""
        return self.alerts.messages()


@pytest.fixture
def make_due(shop: Shop) -> Callable[[], None]:
    """Lets a minute go by for every unsent alert."""

    def due() -> None:
        past = (datetime.now(UTC) - timedelta(minutes=1)).isoformat()
        for row in shop.rows("items"):
            if row.get("listing") == "tap#unsent":
                shop.emulator.client("dynamodb").update_item(
                    TableName=shop.api.tables["items"],
                    Key={"itemId": {"S": row["itemId"]}, "version": {"N": str(row["version"])}},
                    UpdateExpression="SET listedAt = :past",
                    ExpressionAttributeValues={":past": {"S": past}},
                )

    return due


@pytest.fixture(scope="session", name="handler")
def handler_fixture(tmp_path_factory: pytest.TempPathFactory) -> Handler:
    """The function's handler, in a worker that has started without a need for settings."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("AWS_REGION", REGION)
        environment.setenv("ITEMS_TABLE_NAME", "none")
        environment.delenv("CONFIG_PARAMETER", raising=False)
        handler = load_handler(SERVICE, tmp_path_factory.mktemp("archive"))
    assert repository.inventory.cache_info().currsize == 1
    return handler


@pytest.fixture(name="config")
def config_fixture(emulator: Emulator, worker_environment: pytest.MonkeyPatch) -> str:
    """The name of the parameter with the service's settings."""
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
    """The handler in a fresh worker's environment, with nothing in its tables."""
    assert config
    with created_tables(emulator, *SERVICE.tables) as tables:
        worker_environment.setenv("ITEMS_TABLE_NAME", tables["items"])
        worker_environment.setenv("AUDIT_TABLE_NAME", tables["audit"])
        repository.inventory.cache_clear()
        shop = Shop(Api(handler, tables), emulator, topic)
        yield shop
        shop.forget()
