"""Fixtures for the Lambda code of the items service."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lib.local.emulator import REGION, Emulator
from lib.services.items.handler import repository
from lib.services.items.service import SERVICE

from ...support.worker import Api, Handler, created_tables, load_handler


@pytest.fixture(scope="session", name="handler")
def handler_fixture(tmp_path_factory: pytest.TempPathFactory) -> Handler:
    """Return the handler of the function after its initialization."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("AWS_REGION", REGION)
        environment.setenv("DYNAMODB_TABLE_NAME", "none")
        handler = load_handler(SERVICE, tmp_path_factory.mktemp("archive"))
    assert repository.items.cache_info().currsize == 1
    return handler


@pytest.fixture(name="api")
def api_fixture(handler: Handler, emulator: Emulator, worker_environment: pytest.MonkeyPatch) -> Iterator[Api]:
    """Return the API with a new repository and an empty table."""
    with created_tables(emulator, *SERVICE.tables) as tables:
        worker_environment.setenv("DYNAMODB_TABLE_NAME", tables["table"])
        repository.items.cache_clear()
        yield Api(handler, tables)
        repository.items().close()
        repository.items.cache_clear()
