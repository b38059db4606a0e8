"""Pages of the movements of one warehouse, for a product with several warehouses."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from lib.runtime.http_client import DEADLINE
from lib.services.stock.handler import listings

from ...support.fake_aws import FakeAws, RecordedCall
from ...support.lambda_context import SPENT_SECONDS
from ...support.worker import HandlerResponse
from .conftest import MOVEMENTS, Shop

pytestmark = pytest.mark.slow

MAIN_PER_NORTH = 12
NORTH = 7


@pytest.fixture(name="moving")
def moving_fixture(shop: Shop) -> Shop:
    """Create a product with twelve times as many movements in one warehouse as in the other."""
    for warehouse in ("main", "north"):
        shop.create(warehouse_id=warehouse)
    for number in range(1, NORTH):
        for repetition in range(MAIN_PER_NORTH):
            shop.update(warehouse_id="main", stock_count=100 * number + repetition)
        shop.clock.now += 1
        shop.update(warehouse_id="north", stock_count=100 * number)
    return shop


def page(shop: Shop, size: int, **query: str) -> HandlerResponse:
    """Return a page of movements of the warehouse with few movements."""
    response = shop.api(
        "GET", MOVEMENTS, keys=("lamp",), query={"warehouse_id": "north", "page_size": str(size), **query}
    )
    assert response.status == 200, response.text
    return response


def pages(shop: Shop, size: int) -> Iterator[list[int]]:
    """Yield the sequence numbers of each page."""
    token: dict[str, str] = {}
    while True:
        body = page(shop, size, **token).body
        assert {move["warehouse_id"] for move in body["movements"]} <= {"north"}
        yield [int(move["sequence"]) for move in body["movements"]]
        if body["next_page_token"] is None:
            return
        token = {"page_token": body["next_page_token"]}


def queries(wire: FakeAws) -> list[dict[str, Any]]:
    bodies = [json.loads(call.body) for call in wire.calls if call.headers["x-amz-target"].endswith(".Query")]
    return [body for body in bodies if "FilterExpression" in body]


def test_pages_of_one_warehouse_are_full(moving: Shop, wire: FakeAws) -> None:
    before = len(queries(wire))
    assert [*pages(moving, 3)] == [[7, 6, 5], [4, 3, 2], [1]]
    requests = queries(wire)[before:]
    assert [request["Limit"] for request in requests[:3]] == [4, 16, 64]
    assert all(request["ConsistentRead"] for request in requests)


def test_page_of_the_only_warehouse_needs_one_query(shop: Shop, wire: FakeAws) -> None:
    shop.create(warehouse_id="north")
    for count in range(3):
        shop.update(stock_count=count)
    assert [int(move["sequence"]) for move in page(shop, 3).body["movements"]] == [4, 3, 2]
    assert len(queries(wire)) == 1


def test_pages_are_complete_if_a_request_reads_the_maximum(
    moving: Shop, monkeypatch: pytest.MonkeyPatch, wire: FakeAws
) -> None:
    monkeypatch.setattr(listings, "MAX_EXAMINED", 10)
    before = len(queries(wire))
    sequences = [*pages(moving, 3)]
    assert [number for numbers in sequences for number in numbers] == [7, 6, 5, 4, 3, 2, 1]
    assert [] in sequences
    limits = [request["Limit"] for request in queries(wire)[before:]]
    assert limits[:4] == [4, 6, 4, 6]


def test_page_is_short_if_time_is_used_up(moving: Shop, wire: FakeAws) -> None:
    def use_up_time(request: RecordedCall) -> str:
        if b"FilterExpression" in request.body:
            DEADLINE.start(SPENT_SECONDS)
        return "pass"

    page(moving, 3)  # Loads the signing key of page tokens.
    wire.script = [use_up_time]
    body = page(moving, 3).body
    assert [int(move["sequence"]) for move in body["movements"]] == [7]
    wire.script = ["pass"]
    rest = page(moving, 100, page_token=body["next_page_token"]).body
    assert [int(move["sequence"]) for move in rest["movements"]] == [6, 5, 4, 3, 2, 1]
