"""Conflicting transactions, with a fake of AWS: the emulator never reports a conflict."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lib.runtime.dynamodb import DynamoDB
from lib.runtime.http_client import Client
from lib.services.stock.handler import levels
from lib.services.stock.handler.commands import Commands
from lib.services.stock.handler.repository import Repository, Tables
from lib.services.stock.handler.reservations import Booking, Caller, RequestedLine

from ...support.fake_aws import FakeAws

NOON = 1_800_000_000.0
LEVEL = levels.new_level(("LAMP-7", "main"), 12, 5, None, levels.format_timestamp(NOON))
CONFLICT = {
    "__type": "TransactionCanceledException",
    "message": "",
    "CancellationReasons": [{"Code": "TransactionConflict"}, {"Code": "None"}, {"Code": "None"}],
}


@pytest.fixture(name="stock")
def stock_fixture(fake_aws: FakeAws) -> Iterator[Commands]:
    """Return the commands of the stock service at noon."""
    assert fake_aws.url
    repository = Repository(
        Tables("levels", "reservations", "movements"), DynamoDB(Client("dynamodb", "DynamoDB")), lambda: NOON
    )
    yield Commands(repository)
    repository.close()


def test_reservation_after_a_conflict_uses_the_current_level(stock: Commands, fake_aws: FakeAws) -> None:
    reserved = levels.add_hold(LEVEL, units=10, expiry=int(NOON) + 60, at=levels.format_timestamp(NOON + 1))
    fake_aws.script = [
        (200, {"Items": [levels.to_item(LEVEL)]}),
        (400, CONFLICT),
        (200, {"Responses": {"levels": [levels.to_item(reserved)]}}),
        (200, {}),
    ]
    stock.reserve(Booking("cart", [RequestedLine("LAMP-7", None, 2)], 30), Caller("anonymous"), None)
    operations = [call.headers["x-amz-target"].rpartition(".")[2] for call in fake_aws.calls]
    assert operations == ["Query", "TransactWriteItems", "BatchGetItem", "TransactWriteItems"]
    assert b'"reserved_count":{"N":"12"}' in fake_aws.calls[-1].body
