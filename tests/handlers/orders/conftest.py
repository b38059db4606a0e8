"""Fixtures for an API whose operations have typed parameters."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lib.local.emulator import REGION, Emulator
from lib.runtime import idempotent

from ...support.orders import operations
from ...support.orders_service import SERVICE
from ...support.worker import Api, Handler, created_tables, load_handler


@pytest.fixture(scope="session", name="handler")
def handler_fixture(tmp_path_factory: pytest.TempPathFactory) -> Handler:
    """Return the handler of the function after its initialization."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("AWS_REGION", REGION)
        return load_handler(SERVICE, tmp_path_factory.mktemp("archive"))


@pytest.fixture(name="records")
def records_fixture(emulator: Emulator, worker_environment: pytest.MonkeyPatch) -> Iterator[str]:
    """Return the name of an empty table for idempotency records."""
    with created_tables(emulator, *SERVICE.tables) as tables:
        worker_environment.setenv("IDEMPOTENCY_TABLE", tables["idempotency"])
        idempotent.store.cache_clear()
        yield tables["idempotency"]
        idempotent.store().close()


@pytest.fixture(name="api")
def api_fixture(handler: Handler, records: str) -> Api:
    """Return the API without orders."""
    operations.ORDERS.clear()
    return Api(handler, {"idempotency": records})
