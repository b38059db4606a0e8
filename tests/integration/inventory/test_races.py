"""Callers at once, over the API."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from threading import Barrier
from typing import Any

import pytest

from ..conftest import Answer, Http, eventually

pytestmark = pytest.mark.untraced

CALLERS = 32
DESK = {"name": "Desk", "category": "race", "quantity": 1000, "price": 1}


def at_once(call: Callable[[int], Answer]) -> list[Answer]:
    """What each caller was answered."""
    barrier = Barrier(CALLERS)

    def run(number: int) -> Answer:
        barrier.wait()
        return call(number)

    with ThreadPoolExecutor(CALLERS) as threads:
        return list(threads.map(run, range(CALLERS)))


def history(http: Http, item: Any) -> list[Any]:
    versions: list[Any] = http("GET", f"/items/{item['itemId']}/history?page_size=50").body["versions"]
    return versions[::-1]


@pytest.fixture(name="item")
def item_fixture(http: Http) -> Any:
    return http("POST", "/items", DESK).body


def test_writers_of_one_item_lose_no_update(http: Http, item: Any) -> None:
    answers = at_once(lambda number: http("PUT", f"/items/{item['itemId']}", {"description": str(number)}))
    assert {answer.status for answer in answers} <= {200, 429}
    won = [answer.body for answer in answers if answer.status == 200]
    assert won
    versions = history(http, item)
    assert [version["version"] for version in versions] == [*range(1, len(won) + 2)]
    written = [version["item"]["description"] for version in versions[1:]]
    assert sorted(written) == sorted(body["description"] for body in won)
    for before, after in pairwise(versions[1:]):
        assert after["changes"]["description"] == {
            "old": before["item"]["description"],
            "new": after["item"]["description"],
        }
    assert http("GET", f"/items/{item['itemId']}").body == versions[-1]["item"]


def test_of_guarded_writers_one_wins_a_version(http: Http, item: Any) -> None:
    answers = at_once(
        lambda number: http("PUT", f"/items/{item['itemId']}", {"description": str(number)}, If_Match='"1"')
    )
    assert Counter(answer.status for answer in answers if answer.status != 429)[200] == 1
    assert {answer.status for answer in answers} <= {200, 412, 429}
    assert len(history(http, item)) == 2


def test_creators_of_one_sku_make_one_item(http: Http) -> None:
    sku = uuid.uuid4().hex
    answers = at_once(lambda _: http("POST", "/items", {**DESK, "sku": sku}))
    assert Counter(answer.status for answer in answers)[201] == 1
    assert {answer.status for answer in answers} <= {201, 409, 429}
    (made,) = [answer.body for answer in answers if answer.status == 201]
    assert http("GET", f"/items?sku={sku}").body["items"] == [made]


def test_the_same_request_at_once_is_carried_out_once(http: Http) -> None:
    key, category = uuid.uuid4().hex, uuid.uuid4().hex
    answers = at_once(lambda _: http("POST", "/items", {**DESK, "category": category}, Idempotency_Key=key))
    assert {answer.status for answer in answers} <= {201, 429}
    assert len({answer.body["itemId"] for answer in answers if answer.status == 201}) == 1

    def one_is_listed() -> None:
        assert len(http("GET", f"/items?category={category}").body["items"]) == 1

    eventually(one_is_listed)


def test_deletion_and_changes_agree_on_who_came_first(http: Http, item: Any) -> None:
    path = f"/items/{item['itemId']}"
    answers = at_once(lambda n: http("DELETE", path) if n % 8 == 0 else http("PUT", path, {"description": str(n)}))
    assert {answer.status for answer in answers} <= {200, 404, 429}
    gone = [answer for answer in answers if answer.status == 200 and "message" in answer.body]
    versions = history(http, item)
    assert len(gone) <= 1
    assert [version["operation"] for version in versions].count("DELETE") == len(gone)
    assert "DELETE" not in [version["operation"] for version in versions[:-1]]
    assert len(versions) == 1 + sum(answer.status == 200 for answer in answers)
