"""What tells of a request in all that comes of it, and of whoever made it."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from ...support.fake_aws import FakeAws
from .conftest import ITEM, Shop
from .test_alerts import sns_down

ID = {"X-Correlation-Id": "delivery-77"}


def attributes(shop: Shop) -> list[str]:
    """The correlation ids of the messages since the last look."""
    return [message["MessageAttributes"]["correlationId"]["Value"] for message in shop.told()]


def test_audit_and_alert_carry_the_requests_id(shop: Shop) -> None:
    item = shop.create(headers=ID, quantity=3)
    shop.read(item)
    assert [row["correlationId"] for row in shop.audit()] == ["delivery-77", "request-1"]
    assert attributes(shop) == ["delivery-77"]


def test_an_alert_that_is_sent_later_carries_the_id_of_the_request_that_caused_it(
    shop: Shop, wire: FakeAws, make_due: Callable[[], None], capsys: pytest.CaptureFixture[str]
) -> None:
    sns_down(wire)
    shop.create(headers=ID, quantity=3)
    kept, _ = map(json.loads, capsys.readouterr().out.splitlines())
    assert (kept["message"], kept["correlationId"]) == ("alert kept", "delivery-77")
    wire.script = ["pass"]
    make_due()
    shop.sweep()
    assert attributes(shop) == ["delivery-77"]
    (line,) = map(json.loads, capsys.readouterr().out.splitlines())
    assert line["correlationId"] == "invocation-1"


def test_entries_of_a_batch_are_known_by_its_id(shop: Shop, wire: FakeAws, capsys: pytest.CaptureFixture[str]) -> None:
    sns_down(wire)
    desk = {"name": "Desk", "category": "furniture", "quantity": 1, "price": 1}
    shop.api("POST", "/items/batch", {"items": [desk] * 9}, headers=ID)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["message"] for line in lines] == [*["alert kept"] * 9, "request"]
    assert (
        {line["correlationId"] for line in lines} == {row["correlationId"] for row in shop.audit()} == {"delivery-77"}
    )


def test_audit_knows_a_user_pools_user_and_the_log_does_not(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    item = shop.create()
    context = {"requestId": "request-1", "authorizer": {"claims": {"sub": "1", "username": "mara@example.com"}}}
    shop.api("PUT", ITEM, {"quantity": 39}, keys=(item["itemId"],), requestContext=context)
    assert [row["userId"] for row in shop.audit()] == ["anonymous", "mara@example.com"]
    assert shop.history(item)[0]["changedBy"] == "mara@example.com"
    assert "mara" not in capsys.readouterr().out
