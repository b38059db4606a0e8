"""Requests to SQS."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from lib.runtime.http_client import AwsError
from lib.runtime.sqs import Sqs

from ...support.fake_aws import FakeAws

URL = "https://sqs.us-east-1.amazonaws.com/123456789012/orders"


@pytest.fixture(name="sqs")
def sqs_fixture(fake_aws: FakeAws) -> Iterator[Sqs]:
    fake_aws.script = [(200, {"MessageId": "m1"})]
    client = Sqs()
    yield client
    client.close()


def sent(fake_aws: FakeAws) -> dict[str, Any]:
    """Return the parameters of the only request."""
    (call,) = fake_aws.calls
    assert call.headers["x-amz-target"] == "AmazonSQS.SendMessage"
    return dict(json.loads(call.body))


def test_message_without_options_has_only_its_body(fake_aws: FakeAws, sqs: Sqs) -> None:
    assert sqs.send(URL, "hello") == "m1"
    assert sent(fake_aws) == {"QueueUrl": URL, "MessageBody": "hello"}


def test_message_can_override_the_delay_with_zero(fake_aws: FakeAws, sqs: Sqs) -> None:
    sqs.send(URL, "hello", attributes={"kind": "order"}, delay_seconds=0)
    assert sent(fake_aws) == {
        "QueueUrl": URL,
        "MessageBody": "hello",
        "MessageAttributes": {"kind": {"DataType": "String", "StringValue": "order"}},
        "DelaySeconds": 0,
    }


def test_message_of_a_fifo_queue_has_a_group_and_a_deduplication_id(fake_aws: FakeAws, sqs: Sqs) -> None:
    sqs.send(f"{URL}.fifo", "hello", group_id="a", deduplication_id="1")
    parameters = sent(fake_aws)
    assert (parameters["MessageGroupId"], parameters["MessageDeduplicationId"]) == ("a", "1")


def test_rejected_message_is_an_error(fake_aws: FakeAws, sqs: Sqs) -> None:
    fake_aws.script = [(400, {"__type": "com.amazonaws.sqs#QueueDoesNotExist", "message": "no such queue"})]
    with pytest.raises(AwsError, match=r"^QueueDoesNotExist: no such queue$"):
        sqs.send(URL, "hello")


@pytest.mark.parametrize("code", ["RequestThrottled", "KmsThrottled"])
def test_throttled_message_is_sent_again(fake_aws: FakeAws, sqs: Sqs, code: str) -> None:
    fake_aws.script = [(403, {"__type": f"com.amazonaws.sqs#{code}"}), (200, {"MessageId": "m1"})]
    assert sqs.send(URL, "hello") == "m1"
    assert len(fake_aws.calls) == 2
