"""Publishing, as SNS is asked."""

from __future__ import annotations

import json
from collections.abc import Iterator
from urllib.parse import parse_qs

import pytest

from lib.runtime.aws import AwsError
from lib.runtime.sns import Sns

from ..fake_aws import FakeAws

TOPIC = "arn:aws:sns:us-east-1:123456789012:alerts"


@pytest.fixture(name="sns")
def sns_fixture(fake_aws: FakeAws) -> Iterator[Sns]:
    assert fake_aws.url
    client = Sns()
    yield client
    client.close()


def test_a_message_has_a_text_for_people_and_one_for_programs(fake_aws: FakeAws, sns: Sns) -> None:
    fake_aws.script = [(200, b"<PublishResponse/>")]
    sns.publish(TOPIC, "Low stock", {"name": "Tür"}, "Tür: 3 left & falling", correlation_id="call-1")
    (asked,) = fake_aws.asked
    form = {name: value for name, (value,) in parse_qs(asked.body.decode()).items()}
    texts = json.loads(form.pop("Message"))
    assert form == {
        "Action": "Publish",
        "Version": "2010-03-31",
        "TopicArn": TOPIC,
        "Subject": "Low stock",
        "MessageStructure": "json",
        "MessageAttributes.entry.1.Name": "correlationId",
        "MessageAttributes.entry.1.Value.DataType": "String",
        "MessageAttributes.entry.1.Value.StringValue": "call-1",
    }
    assert (json.loads(texts["default"]), texts["email"]) == ({"name": "Tür"}, "Tür: 3 left & falling")
    assert asked.headers["content-type"] == "application/x-www-form-urlencoded"
    assert "/us-east-1/sns/aws4_request" in asked.headers["authorization"]
    assert "x-amz-target" not in asked.headers


@pytest.mark.parametrize(
    ("status", "answer", "says"),
    [
        (
            404,
            b"<ErrorResponse><Error><Code>NotFound</Code>\n<Message>no\ntopic</Message></Error></ErrorResponse>",
            ("NotFound", "no\ntopic"),
        ),
        (503, b"\xff<html>", ("HTTP503", "")),
    ],
)
def test_a_refusal_is_read_from_its_xml(
    fake_aws: FakeAws, sns: Sns, status: int, answer: bytes, says: tuple[str, str]
) -> None:
    fake_aws.script = [(status, answer)]
    with pytest.raises(AwsError) as refused:
        sns.publish(TOPIC, "Low stock", {}, "", correlation_id="call-1")
    assert (refused.value.code, refused.value.message) == says
    assert refused.value.ambiguous == (status >= 500)
    assert len(fake_aws.asked) == 1, "one attempt: the sweep makes the others"
