"""Callers at once, over the API: nothing is oversold, and everything happens once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from ..conftest import Answer
from .conftest import Shop, counts, in_time, new_id

pytestmark = pytest.mark.untraced

CALLERS = 16
ROUNDS = 3
LAST_UNITS = 10
AGAIN = (429, 502, 503, 504)
"""After these a caller asks again with the same id or key, which is not done twice."""


def at_once(
    call: Callable[[int], Answer], first: Callable[[], Answer], again: Collection[int] = (429,)
) -> list[Answer]:
    """Return the last response to each caller, which repeats throttled requests.

    All of them send `first` before, so that as many instances of the function have started.
    """
    barrier = Barrier(CALLERS)

    def run(number: int) -> Answer:
        in_time(first, AGAIN)
        barrier.wait()
        return in_time(lambda: call(number), again)

    with ThreadPoolExecutor(CALLERS) as threads:
        answers = list(threads.map(run, range(CALLERS)))
    assert [answer.body for answer in answers if answer.status >= 500] == []
    return answers


def statuses(answers: list[Answer]) -> Counter[int]:
    """How many were answered what."""
    return Counter(answer.status for answer in answers)


@pytest.mark.parametrize("number", range(ROUNDS))
def test_of_a_crowd_as_many_get_the_last_units_as_there_are(shop: Shop, number: int) -> None:
    """4.3, edge: the last item is reserved by one, ten by ten."""
    product = shop.make(LAST_UNITS, threshold_level=number)
    answers = at_once(
        lambda caller: shop.reserve(product, 1, f"{product}-{caller}"),
        first=lambda: shop.reserve(new_id()),
        again=AGAIN,
    )
    assert statuses(answers) == {201: LAST_UNITS, 409: CALLERS - LAST_UNITS}
    assert {answer.body["code"] for answer in answers if answer.status == 409} == {"INSUFFICIENT_STOCK"}
    assert counts(shop.level(product)) == (LAST_UNITS, LAST_UNITS, 0)
    winners = {answer.body["reservationId"] for answer in answers if answer.status == 201}
    assert {hold["reservationId"] for hold in shop.all_of(product, "reservations")} == winners
    shop.balanced(product)


def test_of_buyers_without_a_cart_as_many_get_units_as_there_are(shop: Shop) -> None:
    """FR-5: free units are sold once, too."""
    product = shop.make(LAST_UNITS)
    path = f"/inventory/{product}/fulfill"
    answers = at_once(
        lambda caller: shop.http("POST", path, {"quantity": 3}, Idempotency_Key=f"{product}-{caller}"),
        first=lambda: shop.fulfill(new_id(), quantity=1),
        again=AGAIN,
    )
    assert statuses(answers) == {200: 3, 409: CALLERS - 3}
    assert counts(shop.level(product)) == (1, 0, 1)
    shop.balanced(product)


def test_of_two_administrators_with_the_same_token_one_wins(shop: Shop) -> None:
    """4.2, FR-2, edge: and the others are told to look again."""
    product = shop.make(10)
    for token in ("version", "last_updated"):
        seen = {f"expected_{token}": shop.level(product, "main")[token]}
        before = len(shop.types(product))
        answers = at_once(
            lambda number, seen=seen: shop.update(product, stock_count=100 + number, **seen),  # type: ignore[misc]
            first=lambda: shop.update(new_id(), stock_count=1),
        )
        assert statuses(answers) == {200: 1, 409: CALLERS - 1}
        assert {answer.body["code"] for answer in answers if answer.status == 409} == {"VERSION_CONFLICT"}
        (won,) = [answer.body for answer in answers if answer.status == 200]
        assert shop.level(product, "main") == won
        assert len(shop.types(product)) == before + 1
        shop.update(product, stock_count=10)
    shop.balanced(product)
