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


def at_once(call: Callable[[int], HandlerResponse]) -> list[HandlerResponse]:
    """What each caller was answered."""
    barrier = Barrier(CALLERS)

    def run(number: int) -> HandlerResponse:
        barrier.wait()
        return call(number)

    with ThreadPoolExecutor(CALLERS) as threads:
        return list(threads.map(run, range(CALLERS)))


@pytest.fixture(name="item")
def item_fixture(shop: Shop) -> Any:
    return shop.create()


def test_writers_of_one_item_lose_no_update(shop: Shop, item: Any) -> None:
    answers = at_once(lambda number: shop.change(item, description=str(number)))
    assert {answer.status for answer in answers} <= {200, 429}
    won = [answer.body for answer in answers if answer.status == 200]
    assert won
    versions = shop.history(item)[::-1]
    assert [version["version"] for version in versions] == [*range(1, len(won) + 2)]
    written = [version["item"]["description"] for version in versions[1:]]
    assert sorted(written) == sorted(body["description"] for body in won)
    for before, after in pairwise(versions[1:]):
        assert after["changes"]["description"] == {
            "old": before["item"]["description"],
            "new": after["item"]["description"],
        }
    assert shop.read(item).body == versions[-1]["item"]


def test_of_guarded_writers_one_wins_a_version(shop: Shop, item: Any) -> None:
    answers = at_once(lambda number: shop.change(item, headers={"If-Match": '"1"'}, description=str(number)))
    assert Counter(answer.status for answer in answers if answer.status != 429)[200] == 1
    assert {answer.status for answer in answers} <= {200, 412, 429}
    assert len(shop.history(item)) == 2


def test_creators_of_one_sku_make_one_item(shop: Shop) -> None:
    sku = "D-1"
    answers = at_once(lambda _: shop.api("POST", "/items", {**DESK, "sku": sku}))
    assert Counter(answer.status for answer in answers)[201] == 1
    assert {answer.status for answer in answers} <= {201, 409, 429}
    (made,) = [answer.body for answer in answers if answer.status == 201]
    assert shop.listed(sku=sku) == [made]


def test_the_same_request_at_once_is_carried_out_once(shop: Shop) -> None:
    headers = {"Idempotency-Key": "once"}
    answers = at_once(lambda _: shop.api("POST", "/items", DESK, headers=headers))
    assert {answer.status for answer in answers} <= {201, 429}
    assert len(shop.listed()) == len({answer.body["itemId"] for answer in answers if answer.status == 201}) == 1
    check(shop)


def test_deletion_and_changes_agree_on_who_came_first(shop: Shop, item: Any) -> None:
    answers = at_once(lambda n: shop.delete(item) if n % 8 == 0 else shop.change(item, description=str(n)))
    assert {answer.status for answer in answers} <= {200, 404, 429}
    gone = [answer for answer in answers if answer.status == 200 and "message" in answer.body]
    versions = shop.history(item)[::-1]
    assert len(gone) <= 1
    assert [version["operation"] for version in versions].count("DELETE") == len(gone)
    assert "DELETE" not in [version["operation"] for version in versions[:-1]]
    assert len(versions) == 1 + sum(answer.status == 200 for answer in answers)
