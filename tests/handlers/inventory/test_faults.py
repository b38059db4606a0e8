"""Failures between calls to AWS, lost responses and concurrent changes do not make the tables inconsistent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ...support.fake_aws import FakeAws, RecordedCall
from ...support.lambda_context import SPENT_SECONDS
from ...support.worker import HandlerResponse, assert_error
from .conftest import ITEM, Shop
from .consistency import check

pytestmark = pytest.mark.slow


def key(item: Any) -> dict[str, str]:
    """Return an idempotency key for the item."""
    return {"Idempotency-Key": item["itemId"] if item else "key-1"}


LOW = {"name": "Desk", "category": "furniture", "quantity": 3, "price": 1, "sku": "D-1"}

Operation = Callable[[Shop, Any], HandlerResponse]
OPERATIONS: dict[str, Operation] = {
    "create": lambda shop, item: shop.api("POST", "/items", LOW, headers=key(item)),
    "change": lambda shop, item: shop.change(item, sku="D-2", quantity=2),
    "delete": lambda shop, item: shop.delete(item),
    "list": lambda shop, _: shop.api("GET", "/items", query={"page_size": "1"}),
    "history": lambda shop, item: shop.api("GET", "/items/{itemId}/history", keys=(item["itemId"],)),
    "batch": lambda shop, item: shop.api(
        "POST", "/items/batch", {"items": [LOW, {"itemId": item["itemId"], "quantity": 2}]}, headers=key(item)
    ),
}


def interrupt(shop: Shop, wire: FakeAws, calls: int, operation: Operation, item: Any) -> bool:
    """Run an operation that loses its connection after some calls. AWS executes the next call without a response.

    Return whether the operation finished before it was interrupted.
    """
    wire.script = [*["pass"] * calls, "lose", "hang up"]
    shop.api.seconds = SPENT_SECONDS
    before = len(wire.calls)
    operation(shop, item)
    wire.script, shop.api.seconds = ["pass"], 5.0
    return len(wire.calls) - before <= calls


@pytest.mark.parametrize("name", OPERATIONS)
def test_tables_are_consistent_after_an_interruption_at_any_call(shop: Shop, wire: FakeAws, name: str) -> None:
    calls, finished = 0, False
    while not finished:
        item = shop.create(sku=f"first-{calls}")
        finished = interrupt(shop, wire, calls, OPERATIONS[name], item)
        check(shop)
        for row in shop.listed():
            assert shop.delete(row).status == 200
        calls += 1
    assert calls >= 2


@pytest.mark.parametrize("calls", range(4))
@pytest.mark.untraced
def test_repeated_create_after_an_interruption_creates_one_item(shop: Shop, wire: FakeAws, calls: int) -> None:
    interrupt(shop, wire, calls, OPERATIONS["create"], None)
    response = OPERATIONS["create"](shop, None)
    assert (response.status, shop.listed()) == (201, [response.body])
    check(shop)


@pytest.mark.parametrize("calls", range(5))
def test_alert_is_published_after_an_interruption(
    shop: Shop, wire: FakeAws, calls: int, make_due: Callable[[], None]
) -> None:
    item = shop.create()
    interrupt(shop, wire, calls, OPERATIONS["change"], item)
    changed = shop.read(item).body["version"] == 2
    make_due()
    shop.run_schedule()
    assert {message["Subject"] for message in shop.published()} == (
        {f"Low stock: 2 left of item {item['itemId']}"} if changed else set()
    )
    check(shop)


@pytest.mark.parametrize("calls", range(2))
def test_lost_response_of_aws_does_not_change_the_outcome(shop: Shop, wire: FakeAws, calls: int) -> None:
    item = shop.create(sku="D-1", quantity=40)
    wire.script = [*["pass"] * calls, "lose", "pass"]
    changed = shop.change(item, sku="D-2", quantity=30)
    assert (changed.status, changed.body["version"]) == (200, 2)
    deleted = shop.delete(item)
    assert (deleted.status, deleted.body["version"]) == (200, 3)
    check(shop)


@pytest.mark.parametrize("calls", range(2))
def test_read_is_audited_once_after_a_lost_response(shop: Shop, wire: FakeAws, calls: int) -> None:
    item = shop.create()
    wire.script = [*["pass"] * calls, "lose", "pass"]
    assert shop.api("GET", ITEM, keys=(item["itemId"],)).body == item
    assert len(shop.audit("READ")) == 1


@pytest.mark.parametrize("error", ["ProvisionedThroughputExceededException", "ValidationException"])
def test_error_after_the_publication_does_not_fail_the_request_and_repeats_the_alert(
    shop: Shop, wire: FakeAws, error: str, make_due: Callable[[], None]
) -> None:
    wire.script = [lambda call: (400, {"__type": error}) if b"REMOVE listing" in call.body else "pass"]
    item = shop.create(quantity=3)
    wire.script = ["pass"]
    check(shop)
    make_due()
    shop.run_schedule()
    subjects = [message["Subject"] for message in shop.published()]
    assert subjects == [f"Low stock: 3 left of item {item['itemId']}"] * 2


def test_schedule_publishes_an_alert_that_was_raised_after_the_deadline(
    shop: Shop, make_due: Callable[[], None]
) -> None:
    item = shop.create()
    shop.api.seconds = SPENT_SECONDS
    assert shop.change(item, quantity=3).status == 200
    assert shop.published() == []
    make_due()
    shop.run_schedule()
    assert len(shop.published()) == 1


def test_read_fails_if_it_cannot_be_audited(shop: Shop, wire: FakeAws) -> None:
    item = shop.create()
    wire.script = [lambda call: "hang up" if b"auditId" in call.body else "pass"]
    shop.api.seconds = SPENT_SECONDS
    assert_error(shop.read(item), 503, "SERVICE_UNAVAILABLE", "did not respond in time. Send the request again.")


def run_concurrently(wire: FakeAws, other: Callable[[], HandlerResponse], calls: int = 1) -> None:
    """Send another request while the next request runs, after its first calls to AWS."""

    def send_other(_: RecordedCall) -> str:
        wire.script = ["pass"]
        assert other().status == 200
        return "pass"

    wire.script = [*["pass"] * calls, send_other]


@pytest.mark.parametrize(
    "changes", [{"quantity": 30}, {"quantity": 30, "name": "Other"}, {"quantity": 30, "sku": "D-3"}]
)
def test_change_is_retried_after_a_concurrent_change(shop: Shop, wire: FakeAws, changes: dict[str, Any]) -> None:
    item = shop.create(sku="D-1")
    run_concurrently(wire, lambda: shop.change(item, price=2, sku="D-2"))
    response = shop.change(item, **changes)
    assert (response.status, response.body["version"], response.body["price"]) == (200, 3, 2)
    check(shop)


def test_change_with_an_expected_version_is_rejected_after_a_concurrent_change(shop: Shop, wire: FakeAws) -> None:
    item = shop.create()
    run_concurrently(wire, lambda: shop.change(item, price=2))
    message = "has version 2, not 1."
    assert_error(shop.change(item, quantity=30, expectedVersion=1), 409, "VERSION_CONFLICT", message)
    check(shop)


def test_change_after_a_concurrent_deletion_is_not_found(shop: Shop, wire: FakeAws) -> None:
    item = shop.create()
    run_concurrently(wire, lambda: shop.delete(item))
    assert_error(shop.change(item, quantity=30), 404, "NOT_FOUND", f"Item '{item['itemId']}' not found.")
    check(shop)


@pytest.mark.parametrize("other", ["release", "deletion"])
def test_item_that_concurrently_releases_its_sku_is_not_found(shop: Shop, wire: FakeAws, other: str) -> None:
    item = shop.create(sku="D-1")
    run_concurrently(wire, lambda: shop.delete(item) if other == "deletion" else shop.change(item, sku=None), calls=2)
    assert shop.listed(sku="D-1") == []


def test_missing_owner_of_a_sku_is_an_error_and_changes_no_item(shop: Shop) -> None:
    item = shop.create(sku="D-1")
    shop.emulator.client("dynamodb").delete_item(
        TableName=shop.api.tables["items"], Key={"itemId": {"S": "tap#sku#D-1"}, "version": {"N": "0"}}
    )
    with pytest.raises(Exception, match="ConditionalCheckFailed"):
        shop.change(item, sku=None)
    assert shop.read(item).body == item
