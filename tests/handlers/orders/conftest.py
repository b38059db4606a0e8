"""Fixtures for the orders API in `examples/orders`, whose operations have typed parameters."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from examples.orders.handler import operations, store
from examples.orders.service import SERVICE
from lib.local.emulator import REGION, Emulator
from lib.model import idempotency_table
from lib.runtime import idempotent

from ...support.worker import Api, Handler, created_tables, load_handler

ORDERS: Any = SERVICE  # mypy treats `lib` and `tap_stack` as different packages


@pytest.fixture(scope="session", name="handler")
def handler_fixture(tmp_path_factory: pytest.TempPathFactory) -> Handler:
    """Return the handler of the API function after its initialization."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("AWS_REGION", REGION)
        return load_handler(ORDERS, tmp_path_factory.mktemp("archive"))


@pytest.fixture(name="records")
def records_fixture(emulator: Emulator, worker_environment: pytest.MonkeyPatch) -> Iterator[str]:
    """Return the name of an empty table for idempotency records."""
    with created_tables(emulator, idempotency_table()) as tables:
        worker_environment.setenv("IDEMPOTENCY_TABLE", tables["idempotency"])
        idempotent.store.cache_clear()
        yield tables["idempotency"]
        idempotent.store().close()


@pytest.fixture(name="queue")
def queue_fixture(emulator: Emulator, worker_environment: pytest.MonkeyPatch) -> Iterator[str]:
    """Return the URL of an empty queue for orders."""
    url = emulator.client("sqs").create_queue(QueueName=f"orders-{uuid.uuid4().hex[:8]}")["QueueUrl"]
    worker_environment.setenv("ORDERS_QUEUE", url)
    operations.queue.cache_clear()
    yield url
    operations.queue().close()
    emulator.client("sqs").delete_queue(QueueUrl=url)


@pytest.fixture(name="api")
def api_fixture(
    handler: Handler, emulator: Emulator, worker_environment: pytest.MonkeyPatch, queue: str
) -> Iterator[Api]:
    """Return the API with empty tables."""
    assert queue
    with created_tables(emulator, *ORDERS.tables) as tables:
        for table in ORDERS.tables:
            worker_environment.setenv(table.variable, tables[table.name])
        for cached in (store.client, store.page_tokens, idempotent.store):
            cached.cache_clear()
        yield Api(handler, tables)
        store.client().close()
        idempotent.store().close()
