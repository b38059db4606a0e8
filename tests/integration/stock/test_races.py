"""Concurrent API requests: no oversold units, and every request is executed once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from ..conftest import HttpResponse
from .conftest import Shop, counts, new_id, with_retries

pytestmark = pytest.mark.untraced

CALLERS = 16
ROUNDS = 3
LAST_UNITS = 10
RETRIED = (429, 502, 503, 504)
"""Status codes after which a request with an ID or idempotency key is repeated safely."""


def run_concurrently(
    call: Callable[[int], HttpResponse], first: Callable[[], HttpResponse], retried: Collection[int] = (429,)
) -> list[HttpResponse]:
    """Send a request from each caller concurrently, with retries, and return the last response to each.

    Each caller sends `first` before, so that one execution environment per caller has started.
    """
    barrier = Barrier(CALLERS)

    def run(number: int) -> HttpResponse:
        with_retries(first, RETRIED)
        barrier.wait()
        return with_retries(lambda: call(number), retried)

    with ThreadPoolExecutor(CALLERS) as threads:
        responses = list(threads.map(run, range(CALLERS)))
    assert [response.body for response in responses if response.status >= 500] == []
    return responses


def statuses(responses: list[HttpResponse]) -> Counter[int]:
    return Counter(response.status for response in responses)


@pytest.mark.parametrize("number", range(ROUNDS))
def test_concurrent_reservations_do_not_oversell_the_last_units(shop: Shop, number: int) -> None:
    """4.3, edge: each of the last units is reserved once."""
    product = shop.create(LAST_UNITS, threshold_level=number)
    responses = run_concurrently(
        lambda caller: shop.reserve(product, 1, f"{product}-{caller}"),
        first=lambda: shop.reserve(new_id()),
        retried=RETRIED,
    )
    assert statuses(responses) == {201: LAST_UNITS, 409: CALLERS - LAST_UNITS}
    assert {response.body["code"] for response in responses if response.status == 409} == {"INSUFFICIENT_STOCK"}
    assert counts(shop.level(product)) == (LAST_UNITS, LAST_UNITS, 0)
    winners = {response.body["reservationId"] for response in responses if response.status == 201}
    assert {reserved["reservationId"] for reserved in shop.list_all(product, "reservations")} == winners
    shop.check_consistency(product)


def test_concurrent_sales_do_not_oversell_the_last_units(shop: Shop) -> None:
    """FR-5: each available unit is sold once."""
    product = shop.create(LAST_UNITS)
    path = f"/inventory/{product}/fulfill"
    responses = run_concurrently(
        lambda caller: shop.http("POST", path, {"quantity": 3}, Idempotency_Key=f"{product}-{caller}"),
        first=lambda: shop.fulfill(new_id(), quantity=1),
        retried=RETRIED,
    )
    assert statuses(responses) == {200: 3, 409: CALLERS - 3}
    assert counts(shop.level(product)) == (1, 0, 1)
    shop.check_consistency(product)


def test_concurrent_updates_with_the_same_version_succeed_once(shop: Shop) -> None:
    """4.2, FR-2, edge: all other updates are rejected with a version conflict."""
    product = shop.create(10)
    for token in ("version", "last_updated"):
        expected = {f"expected_{token}": shop.level(product, "main")[token]}
        before = len(shop.movement_types(product))
        responses = run_concurrently(
            lambda number, expected=expected: shop.update(product, stock_count=100 + number, **expected),  # type: ignore[misc]
            first=lambda: shop.update(new_id(), stock_count=1),
        )
        assert statuses(responses) == {200: 1, 409: CALLERS - 1}
        assert {response.body["code"] for response in responses if response.status == 409} == {"VERSION_CONFLICT"}
        (updated,) = [response.body for response in responses if response.status == 200]
        assert shop.level(product, "main") == updated
        assert len(shop.movement_types(product)) == before + 1
        shop.update(product, stock_count=10)
    shop.check_consistency(product)
