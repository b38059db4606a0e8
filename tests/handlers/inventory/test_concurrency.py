"""Concurrent requests."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from threading import Barrier
from typing import Any

import pytest

from ...support.worker import HandlerResponse
from .conftest import Shop
from .consistency import check

pytestmark = [pytest.mark.slow, pytest.mark.untraced]

CALLERS = 16
DESK = {"name": "Desk", "category": "race", "quantity": 1000, "price": 1}


def send_concurrently(call: Callable[[int], HandlerResponse]) -> list[HandlerResponse]:
    """Return the response to each caller."""
    barrier = Barrier(CALLERS)

    def run(number: int) -> HandlerResponse:
        barrier.wait()
        return call(number)

    with ThreadPoolExecutor(CALLERS) as threads:
        return list(threads.map(run, range(CALLERS)))


@pytest.fixture(name="item")
def item_fixture(shop: Shop) -> Any:
    return shop.create()


def test_concurrent_updates_are_not_lost(shop: Shop, item: Any) -> None:
    responses = send_concurrently(lambda number: shop.change(item, description=str(number)))
    assert {response.status for response in responses} <= {200, 429}
    updated = [response.body for response in responses if response.status == 200]
    assert updated
    versions = shop.history(item)[::-1]
    assert [version["version"] for version in versions] == [*range(1, len(updated) + 2)]
    written = [version["item"]["description"] for version in versions[1:]]
    assert sorted(written) == sorted(body["description"] for body in updated)
    for before, after in pairwise(versions[1:]):
        assert after["changes"]["description"] == {
            "old": before["item"]["description"],
            "new": after["item"]["description"],
        }
    assert shop.read(item).body == versions[-1]["item"]


def test_one_of_concurrent_updates_of_a_version_succeeds(shop: Shop, item: Any) -> None:
    headers = {"If-Match": '"1"'}
    responses = send_concurrently(lambda number: shop.change(item, headers=headers, description=str(number)))
    assert Counter(response.status for response in responses)[200] == 1
    assert {response.status for response in responses} <= {200, 412, 429}
    assert len(shop.history(item)) == 2


def test_concurrent_requests_with_one_sku_create_one_item(shop: Shop) -> None:
    sku = "D-1"
    responses = send_concurrently(lambda _: shop.api("POST", "/items", {**DESK, "sku": sku}))
    assert Counter(response.status for response in responses)[201] == 1
    assert {response.status for response in responses} <= {201, 409, 429}
    (created,) = [response.body for response in responses if response.status == 201]
    assert shop.listed(sku=sku) == [created]


def test_concurrent_requests_with_one_idempotency_key_create_one_item(shop: Shop) -> None:
    headers = {"Idempotency-Key": "key-1"}
    responses = send_concurrently(lambda _: shop.api("POST", "/items", DESK, headers=headers))
    assert {response.status for response in responses} <= {201, 429}
    created = {response.body["itemId"] for response in responses if response.status == 201}
    assert len(shop.listed()) == len(created) == 1
    check(shop)


def test_concurrent_deletions_and_updates_have_a_consistent_order(shop: Shop, item: Any) -> None:
    responses = send_concurrently(lambda n: shop.delete(item) if n % 8 == 0 else shop.change(item, description=str(n)))
    assert {response.status for response in responses} <= {200, 404, 429}
    deletions = [response for response in responses if response.status == 200 and "message" in response.body]
    versions = shop.history(item)[::-1]
    assert len(deletions) <= 1
    assert [version["operation"] for version in versions].count("DELETE") == len(deletions)
    assert "DELETE" not in [version["operation"] for version in versions[:-1]]
    assert len(versions) == 1 + sum(response.status == 200 for response in responses)
