"""Requests to SNS, and their responses."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from urllib.parse import parse_qs

import pytest

from lib.runtime.http_client import AwsError
from lib.runtime.sns import MAX_BATCH_BYTES, Notification, Sns

from ...support.fake_aws import FakeAws, RecordedCall

TOPIC = "arn:aws:sns:us-east-1:123456789012:alerts"


@pytest.fixture(name="sns")
def sns_fixture(fake_aws: FakeAws) -> Iterator[Sns]:
    assert fake_aws.url
    client = Sns(retries=False)
    yield client
    client.close()


def notifications(count: int, padding: int = 0) -> list[Notification]:
    return [Notification(f"Subject {n}", {"number": n}, "x" * padding, f"call-{n}") for n in range(count)]


def form_of(call: RecordedCall) -> dict[str, str]:
    return {name: value for name, (value,) in parse_qs(call.body.decode()).items()}


def ids(call: RecordedCall) -> list[str]:
    return [value for name, value in form_of(call).items() if name.endswith(".Id")]


def accepting(*rejected: str) -> Callable[[RecordedCall], tuple[int, bytes]]:
    """Return a response of SNS that accepts all entries of a batch except the rejected ones."""

    def response(call: RecordedCall) -> tuple[int, bytes]:
        successful = [f"<member><MessageId>m</MessageId><Id>{i}</Id></member>" for i in ids(call) if i not in rejected]
        failed = [
            f"<member><Code>InvalidParameter</Code>\n<Message>entry {i}</Message>"
            f"<Id>{i}</Id><SenderFault>true</SenderFault></member>"
            for i in ids(call)
            if i in rejected
        ]
        result = f"<Failed>{''.join(failed)}</Failed><Successful>{''.join(successful)}</Successful>"
        return (
            200,
            f"<PublishBatchResponse><PublishBatchResult>{result}</PublishBatchResult></PublishBatchResponse>".encode(),
        )

    return response


def test_notification_has_separate_messages_for_email_and_other_protocols(fake_aws: FakeAws, sns: Sns) -> None:
    fake_aws.script = [accepting()]
    assert (
        sns.publish_batch(TOPIC, [Notification("Low stock", {"name": "Tür"}, "Tür: 3 left & falling", "call-1")]) == {}
    )
    (call,) = fake_aws.calls
    form = form_of(call)
    entry = "PublishBatchRequestEntries.member.1."
    messages = json.loads(form.pop(f"{entry}Message"))
    assert form == {
        "Action": "PublishBatch",
        "Version": "2010-03-31",
        "TopicArn": TOPIC,
        f"{entry}Id": "0",
        f"{entry}Subject": "Low stock",
        f"{entry}MessageStructure": "json",
        f"{entry}MessageAttributes.entry.1.Name": "correlationId",
        f"{entry}MessageAttributes.entry.1.Value.DataType": "String",
        f"{entry}MessageAttributes.entry.1.Value.StringValue": "call-1",
    }
    assert (json.loads(messages["default"]), messages["email"]) == ({"name": "Tür"}, "Tür: 3 left & falling")
    assert call.headers["content-type"] == "application/x-www-form-urlencoded"
    assert "/us-east-1/sns/aws4_request" in call.headers["authorization"]
    assert "x-amz-target" not in call.headers


def test_error_response_without_xml_has_its_status_as_code_and_is_not_retried(fake_aws: FakeAws, sns: Sns) -> None:
    fake_aws.script = [(503, b"\xff<html>")]
    error = sns.publish_batch(TOPIC, notifications(1))[0]
    assert (error.code, error.message, error.ambiguous) == ("HTTP503", "", True)
    assert len(fake_aws.calls) == 1


@pytest.mark.parametrize(("count", "batches"), [(0, []), (1, [1]), (10, [10]), (11, [10, 1]), (25, [10, 10, 5])])
def test_batches_have_at_most_ten_entries(fake_aws: FakeAws, sns: Sns, count: int, batches: list[int]) -> None:
    fake_aws.script = [accepting()]
    assert sns.publish_batch(TOPIC, notifications(count)) == {}
    assert [len(ids(call)) for call in fake_aws.calls] == batches
    assert [i for call in fake_aws.calls for i in ids(call)] == [str(n) for n in range(count)]


def test_batches_do_not_exceed_the_maximum_size(fake_aws: FakeAws, sns: Sns) -> None:
    fake_aws.script = [accepting()]
    assert sns.publish_batch(TOPIC, notifications(5, MAX_BATCH_BYTES // 2 - 200)) == {}
    assert [len(ids(call)) for call in fake_aws.calls] == [2, 2, 1]


def test_rejected_entries_of_a_batch_are_returned_by_position(fake_aws: FakeAws, sns: Sns) -> None:
    fake_aws.script = [accepting("3", "11")]
    errors = sns.publish_batch(TOPIC, notifications(12))
    assert {position: str(error) for position, error in errors.items()} == {
        3: "InvalidParameter: entry 3",
        11: "InvalidParameter: entry 11",
    }


def test_entry_that_is_not_in_the_response_is_an_error(fake_aws: FakeAws, sns: Sns) -> None:
    fake_aws.script = [(200, b"<PublishBatchResponse/>")]
    errors = sns.publish_batch(TOPIC, notifications(1))
    assert {position: error.code for position, error in errors.items()} == {0: "NoResponse"}


def test_failed_batch_does_not_prevent_other_batches(fake_aws: FakeAws, sns: Sns) -> None:
    failure = b"<ErrorResponse><Error><Code>Throttled</Code><Message>slow\ndown</Message></Error></ErrorResponse>"
    fake_aws.script = [(429, failure), accepting()]
    errors = sns.publish_batch(TOPIC, notifications(12))
    assert {position: str(error) for position, error in errors.items()} == dict.fromkeys(
        range(10), "Throttled: slow\ndown"
    )
    assert not errors[0].ambiguous
    assert [len(ids(call)) for call in fake_aws.calls] == [10, 2]


PUBLISHED = b"<PublishResponse><PublishResult><MessageId>m1</MessageId></PublishResult></PublishResponse>"


def test_message_without_options_has_only_its_text(fake_aws: FakeAws, sns: Sns) -> None:
    fake_aws.script = [(200, PUBLISHED)]
    assert sns.publish(TOPIC, "hello <b>") == "m1"
    assert form_of(fake_aws.calls[0]) == {
        "Action": "Publish",
        "Version": "2010-03-31",
        "TopicArn": TOPIC,
        "Message": "hello <b>",
    }


def test_message_has_its_subject_attributes_and_group(fake_aws: FakeAws, sns: Sns) -> None:
    fake_aws.script = [(200, PUBLISHED)]
    attributes = {"type": "order", "country": "DE"}
    sns.publish(TOPIC, "hello", subject="Order", attributes=attributes, group_id="a", deduplication_id="1")
    form = form_of(fake_aws.calls[0])
    assert (form["Subject"], form["MessageGroupId"], form["MessageDeduplicationId"]) == ("Order", "a", "1")
    entries = [[form[f"MessageAttributes.entry.{n}.{part}"] for part in ("Name", "Value.StringValue")] for n in (1, 2)]
    assert entries == [["type", "order"], ["country", "DE"]]


def test_rejected_message_raises_an_error_and_a_throttled_one_is_retried(fake_aws: FakeAws) -> None:
    def error(code: str) -> bytes:
        return f"<ErrorResponse><Error><Code>{code}</Code><Message>no</Message></Error></ErrorResponse>".encode()

    with closing(Sns()) as client:
        fake_aws.script = [(400, error("Throttling")), (200, PUBLISHED), (404, error("NotFound"))]
        assert client.publish(TOPIC, "hello") == "m1"
        with pytest.raises(AwsError, match="NotFound"):
            client.publish(TOPIC, "hello")
    assert len(fake_aws.calls) == 3
