"""Metrics of the items service."""

from __future__ import annotations

import pytest

from lib.services.items.service import SERVICE

from ...support.fake_aws import FakeAws
from ...support.metric_assertions import check_metrics, summed
from ...support.worker import Api

ITEM = {"ItemId": "a", "CreatedAt": "1"}


def test_operations_emit_the_metrics_of_their_routes(api: Api, capsys: pytest.CaptureFixture[str]) -> None:
    assert api("POST", "/items", {}).status == 201
    assert api("GET", "/items").status == 200
    check_metrics(SERVICE, capsys.readouterr().out)


@pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": "key-1"}], ids=["no idempotency key", "idempotency key"])
@pytest.mark.parametrize("is_lost", [False, True], ids=["response", "lost response"])
def test_item_is_counted_once(
    api: Api, wire: FakeAws, capsys: pytest.CaptureFixture[str], headers: dict[str, str], is_lost: bool
) -> None:
    wire.script = ["lose", "pass"] if is_lost else ["pass"]
    statuses = [api("POST", "/items", ITEM, headers=headers).status for _ in range(2)]
    assert statuses == [201, 201 if headers else 409]
    assert summed(capsys.readouterr().out) == {"ItemsCreated": 1}
