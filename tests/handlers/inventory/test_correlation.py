"""Correlation IDs and actors in audit records, alerts and logs."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from ...support.fake_aws import FakeAws
from .conftest import ITEM, Shop
from .test_alerts import make_sns_unavailable

ID = {"X-Correlation-Id": "delivery-77"}


def published_ids(shop: Shop) -> list[str]:
    """Return the correlation IDs of the messages since the previous call."""
    return [message["MessageAttributes"]["correlationId"]["Value"] for message in shop.published()]


def test_audit_record_and_alert_have_the_correlation_id_of_the_request(shop: Shop) -> None:
    item = shop.create(headers=ID, quantity=3)
    shop.read(item)
    assert [row["correlationId"] for row in shop.audit()] == ["delivery-77", "request-1"]
    assert published_ids(shop) == ["delivery-77"]


def test_alert_of_the_schedule_has_the_correlation_id_of_the_request_that_raised_it(
    shop: Shop, wire: FakeAws, make_due: Callable[[], None], capsys: pytest.CaptureFixture[str]
) -> None:
    make_sns_unavailable(wire)
    shop.create(headers=ID, quantity=3)
    warning, _ = map(json.loads, capsys.readouterr().out.splitlines())
    assert (warning["message"], warning["correlationId"]) == ("alert not published", "delivery-77")
    wire.script = ["pass"]
    make_due()
    shop.run_schedule()
    assert published_ids(shop) == ["delivery-77"]
    (line,) = map(json.loads, capsys.readouterr().out.splitlines())
    assert line["correlationId"] == "invocation-1"


def test_entries_of_a_batch_share_its_correlation_id(
    shop: Shop, wire: FakeAws, capsys: pytest.CaptureFixture[str]
) -> None:
    make_sns_unavailable(wire)
    desk = {"name": "Desk", "category": "furniture", "quantity": 1, "price": 1}
    shop.api("POST", "/items/batch", {"items": [desk] * 9}, headers=ID)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["message"] for line in lines] == [*["alert not published"] * 9, "request"]
    assert (
        {line["correlationId"] for line in lines} == {row["correlationId"] for row in shop.audit()} == {"delivery-77"}
    )


def test_user_name_is_in_the_audit_record_but_not_in_logs(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    item = shop.create()
    context = {"requestId": "request-1", "authorizer": {"claims": {"sub": "1", "username": "mara@example.com"}}}
    shop.api("PUT", ITEM, {"quantity": 39}, keys=(item["itemId"],), requestContext=context)
    assert [row["userId"] for row in shop.audit()] == ["anonymous", "mara@example.com"]
    assert shop.history(item)[0]["changedBy"] == "mara@example.com"
    assert "mara" not in capsys.readouterr().out
