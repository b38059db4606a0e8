"""What the items service counts."""

from __future__ import annotations

import pytest

from lib.services.items.service import SERVICE

from ...support.fake_aws import FakeAws
from ...support.metric_assertions import check_metrics, summed
from ...support.worker import Api

ONE = {"ItemId": "a", "CreatedAt": "1"}


def test_operations_emit_what_their_descriptions_say(api: Api, capsys: pytest.CaptureFixture[str]) -> None:
    assert api("POST", "/items", {}).status == 201
    assert api("GET", "/items").status == 200
    check_metrics(SERVICE, capsys.readouterr().out)


@pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": "once"}], ids=["keys of its own", "a key"])
@pytest.mark.parametrize("lost", [False, True], ids=["answered", "answer lost"])
def test_what_is_there_already_is_not_created_again(
    api: Api, wire: FakeAws, capsys: pytest.CaptureFixture[str], headers: dict[str, str], lost: bool
) -> None:
    wire.script = ["lose", "pass"] if lost else ["pass"]
    statuses = [api("POST", "/items", ONE, headers=headers).status for _ in range(2)]
    assert statuses == [201, 201 if headers else 409]
    assert summed(capsys.readouterr().out) == {"ItemsCreated": 1}
