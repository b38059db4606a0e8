"""Changes of the stock that meet others, against a stand-in: the emulator lets no two transactions meet."""

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
    """A stock at noon."""
    assert fake_aws.url
    repository = Repository(
        Tables("levels", "reservations", "movements"), DynamoDB(Client("dynamodb", "DynamoDB")), lambda: NOON
    )
    yield Commands(repository)
    repository.close()


def test_a_reservation_that_met_another_is_made_from_the_level_as_it_is_now(stock: Commands, fake_aws: FakeAws) -> None:
    taken = levels.add_hold(LEVEL, units=10, end=int(NOON) + 60, at=levels.format_timestamp(NOON + 1))
    fake_aws.script = [
        (200, {"Items": [levels.to_item(LEVEL)]}),
        (400, CONFLICT),
        (200, {"Responses": {"levels": [levels.to_item(taken)]}}),
        (200, {}),
    ]
    stock.reserve(Booking("cart", [RequestedLine("LAMP-7", None, 2)], 30), Caller("anonymous"), None)
    asked = [asked.headers["x-amz-target"].rpartition(".")[2] for asked in fake_aws.asked]
    assert asked == ["Query", "TransactWriteItems", "BatchGetItem", "TransactWriteItems"]
    assert b'"reserved_count":{"N":"12"}' in fake_aws.asked[-1].body
