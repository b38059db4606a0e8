"""Requests to EventBridge."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from lib.runtime.eventbridge import EventBridge
from lib.runtime.http_client import AwsError, is_retryable

from ...support.fake_aws import FakeAws

ACCEPTED = (200, {"FailedEntryCount": 0, "Entries": [{"EventId": "e1"}]})


def rejected(code: str) -> tuple[int, dict[str, Any]]:
    return 200, {"FailedEntryCount": 1, "Entries": [{"ErrorCode": code, "ErrorMessage": "not now"}]}


@pytest.fixture(name="events")
def events_fixture(fake_aws: FakeAws) -> Iterator[EventBridge]:
    fake_aws.script = [ACCEPTED]
    client = EventBridge()
    yield client
    client.close()


def put(events: EventBridge, **detail: Any) -> str:
    return events.put("shop-dev", "shop", "Order placed", detail)


def test_event_has_its_detail_as_json(fake_aws: FakeAws, events: EventBridge) -> None:
    assert put(events, id="o-1", total=Decimal("9.50"), lines=[Decimal(2)]) == "e1"
    (call,) = fake_aws.calls
    assert call.headers["x-amz-target"] == "AWSEvents.PutEvents"
    assert call.headers["content-type"] == "application/x-amz-json-1.1"
    (entry,) = json.loads(call.body)["Entries"]
    assert json.loads(entry.pop("Detail")) == {"id": "o-1", "total": 9.5, "lines": [2]}
    assert entry == {"EventBusName": "shop-dev", "Source": "shop", "DetailType": "Order placed"}


@pytest.mark.parametrize("code", ["InternalFailure", "ThrottlingException"])
def test_event_that_is_rejected_temporarily_is_put_again(fake_aws: FakeAws, events: EventBridge, code: str) -> None:
    fake_aws.script = [rejected(code), ACCEPTED]
    assert put(events) == "e1"
    assert len(fake_aws.calls) == 2


def test_event_that_is_rejected_is_an_error(fake_aws: FakeAws, events: EventBridge) -> None:
    fake_aws.script = [rejected("NotAuthorizedForSourceException")]
    with pytest.raises(AwsError, match=r"^NotAuthorizedForSourceException: not now$") as raised:
        put(events)
    assert not is_retryable(raised.value)
    assert len(fake_aws.calls) == 1


def test_detail_with_another_type_is_rejected(fake_aws: FakeAws, events: EventBridge) -> None:
    with pytest.raises(TypeError, match=r"^values must be JSON types or Decimal, got set\.$"):
        put(events, tags={"new"})
    assert not fake_aws.calls
