"""A worker that dies between any two calls of AWS, and answers that are lost, leave everything whole."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ...support.fake_aws import Asked, FakeAws
from ...support.lambda_context import SPENT_SECONDS
from ...support.worker import Answer, refused
from .conftest import ITEM, Shop
from .consistency import check

pytestmark = pytest.mark.slow


def key(item: Any) -> dict[str, str]:
    """The same for the same item."""
    return {"Idempotency-Key": item["itemId"] if item else "once"}


LOW = {"name": "Desk", "category": "furniture", "quantity": 3, "price": 1, "sku": "D-1"}

Do = Callable[[Shop, Any], Answer]
OPERATIONS: dict[str, Do] = {
    "create": lambda shop, item: shop.api("POST", "/items", LOW, headers=key(item)),
    "change": lambda shop, item: shop.change(item, sku="D-2", quantity=2),
    "delete": lambda shop, item: shop.delete(item),
    "list": lambda shop, _: shop.api("GET", "/items", query={"page_size": "1"}),
    "history": lambda shop, item: shop.api("GET", "/items/{itemId}/history", keys=(item["itemId"],)),
    "batch": lambda shop, item: shop.api(
        "POST", "/items/batch", {"items": [LOW, {"itemId": item["itemId"], "quantity": 2}]}, headers=key(item)
    ),
}


def until(calls: int) -> list[str]:
    """Return the script of a worker that ends as soon as AWS has executed one more call."""
    return [*["pass"] * calls, "lose", "hang up"]


def cut(shop: Shop, wire: FakeAws, script: list[str], do: Do, item: Any) -> bool:
    """Let the script's first calls through, then end; whether the operation came to its own end all the same."""
    calls = script.count("pass")
    wire.script = script
    shop.api.seconds = SPENT_SECONDS
    before = len(wire.asked)
    do(shop, item)
    wire.script, shop.api.seconds = ["pass"], 5.0
    return len(wire.asked) - before <= calls


@pytest.mark.parametrize("name", OPERATIONS)
def test_a_crash_between_any_two_calls_leaves_everything_whole(shop: Shop, wire: FakeAws, name: str) -> None:
    calls, finished = 0, False
    while not finished:
        item = shop.create(sku=f"first-{calls}")
        finished = cut(shop, wire, until(calls), OPERATIONS[name], item)
        check(shop)
        for row in shop.listed():
            assert shop.delete(row).status == 200
        calls += 1
    assert calls >= 2


@pytest.mark.parametrize("calls", range(4))
@pytest.mark.untraced
def test_a_creation_that_broke_off_is_made_once_when_it_is_repeated(shop: Shop, wire: FakeAws, calls: int) -> None:
    cut(shop, wire, until(calls), OPERATIONS["create"], None)
    answer = OPERATIONS["create"](shop, None)
    assert (answer.status, shop.listed()) == (201, [answer.body])
    check(shop)


@pytest.mark.parametrize("calls", range(5))
def test_an_alert_is_never_lost(shop: Shop, wire: FakeAws, calls: int, make_due: Callable[[], None]) -> None:
    item = shop.create()
    cut(shop, wire, until(calls), OPERATIONS["change"], item)
    changed = shop.read(item).body["version"] == 2
    make_due()
    shop.sweep()
    assert {message["Subject"] for message in shop.told()} == (
        {f"Low stock: 2 left of item {item['itemId']}"} if changed else set()
    )
    check(shop)


@pytest.mark.parametrize("at", range(2))
def test_a_lost_response_does_not_change_the_outcome(shop: Shop, wire: FakeAws, at: int) -> None:
    item = shop.create(sku="D-1", quantity=40)
    wire.script = [*["pass"] * at, "lose", "pass"]
    changed = shop.change(item, sku="D-2", quantity=30)
    assert (changed.status, changed.body["version"]) == (200, 2)
    deleted = shop.delete(item)
    assert (deleted.status, deleted.body["version"]) == (200, 3)
    check(shop)


@pytest.mark.parametrize("at", range(2))
def test_a_read_is_audited_once_although_a_response_is_lost(shop: Shop, wire: FakeAws, at: int) -> None:
    item = shop.create()
    wire.script = [*["pass"] * at, "lose", "pass"]
    assert shop.api("GET", ITEM, keys=(item["itemId"],)).body == item
    assert len(shop.audit("READ")) == 1


@pytest.mark.parametrize("refusal", ["ProvisionedThroughputExceededException", "ValidationException"])
def test_a_change_that_is_made_is_told_so_whatever_becomes_of_its_alert(
    shop: Shop, wire: FakeAws, refusal: str, make_due: Callable[[], None]
) -> None:
    wire.script = [lambda asked: (400, {"__type": refusal}) if b"REMOVE listing" in asked.body else "pass"]
    item = shop.create(quantity=3)
    wire.script = ["pass"]
    check(shop)
    make_due()
    shop.sweep()
    subjects = [message["Subject"] for message in shop.told()]
    assert subjects == [f"Low stock: 3 left of item {item['itemId']}"] * 2, "told at least once"


def test_an_alert_for_which_no_time_is_left_is_the_sweeps(shop: Shop, make_due: Callable[[], None]) -> None:
    item = shop.create()
    shop.api.seconds = SPENT_SECONDS
    assert shop.change(item, quantity=3).status == 200
    assert shop.told() == []
    make_due()
    shop.sweep()
    assert len(shop.told()) == 1


def test_what_cannot_be_audited_is_not_answered(shop: Shop, wire: FakeAws) -> None:
    item = shop.create()
    wire.script = [lambda asked: "hang up" if b"auditId" in asked.body else "pass"]
    shop.api.seconds = SPENT_SECONDS
    refused(shop.read(item), 503, "SERVICE_UNAVAILABLE", "did not respond in time. Send the request again.")


def overtaken_by(wire: FakeAws, other: Callable[[], Answer], calls: int = 1) -> None:
    """Let somebody else come in between, once so many calls have been made."""

    def overtake(_: Asked) -> str:
        wire.script = ["pass"]
        assert other().status == 200
        return "pass"

    wire.script = [*["pass"] * calls, overtake]


@pytest.mark.parametrize(
    "changes", [{"quantity": 30}, {"quantity": 30, "name": "Other"}, {"quantity": 30, "sku": "D-3"}]
)
def test_a_change_that_is_overtaken_is_made_on_top_of_the_other(
    shop: Shop, wire: FakeAws, changes: dict[str, Any]
) -> None:
    item = shop.create(sku="D-1")
    overtaken_by(wire, lambda: shop.change(item, price=2, sku="D-2"))
    answer = shop.change(item, **changes)
    assert (answer.status, answer.body["version"], answer.body["price"]) == (200, 3, 2)
    check(shop)


def test_a_guarded_change_that_is_overtaken_is_lost(shop: Shop, wire: FakeAws) -> None:
    item = shop.create()
    overtaken_by(wire, lambda: shop.change(item, price=2))
    refused(shop.change(item, quantity=30, expectedVersion=1), 409, "VERSION_CONFLICT", "at version 2, not 1")
    check(shop)


def test_a_change_that_a_deletion_overtakes_finds_nothing(shop: Shop, wire: FakeAws) -> None:
    item = shop.create()
    overtaken_by(wire, lambda: shop.delete(item))
    refused(shop.change(item, quantity=30), 404, "NOT_FOUND", "no item")
    check(shop)


@pytest.mark.parametrize("other", ["gives its sku up", "is deleted"])
def test_an_item_that_lost_its_sku_while_it_was_looked_up_is_not_found(shop: Shop, wire: FakeAws, other: str) -> None:
    item = shop.create(sku="D-1")
    overtaken_by(wire, lambda: shop.delete(item) if other == "is deleted" else shop.change(item, sku=None), calls=2)
    assert shop.listed(sku="D-1") == []


def test_a_guard_that_contradicts_the_item_is_an_error_and_no_change(shop: Shop) -> None:
    item = shop.create(sku="D-1")
    shop.emulator.client("dynamodb").delete_item(
        TableName=shop.api.tables["items"], Key={"itemId": {"S": "tap#sku#D-1"}, "version": {"N": "0"}}
    )
    with pytest.raises(Exception, match="ConditionalCheckFailed"):
        shop.change(item, sku=None)
    assert shop.read(item).body == item
