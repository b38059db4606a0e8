"""A queue that hears what a topic is told."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


class Listener:
    """Subscribed to one topic."""

    def __init__(self, sqs: Any, queue: str) -> None:
        self._sqs = sqs
        self._queue = queue

    def heard(self, wait_seconds: int = 0) -> list[dict[str, Any]]:
        """The notifications since the last look; waits for the first."""
        found: list[dict[str, Any]] = []
        wait = {"WaitTimeSeconds": wait_seconds} if wait_seconds else {}
        asked = {"QueueUrl": self._queue, "MaxNumberOfMessages": 10}
        while messages := self._sqs.receive_message(**asked, **wait).get("Messages"):
            wait = {}
            for message in messages:
                found.append(json.loads(message["Body"]))
                self._sqs.delete_message(QueueUrl=self._queue, ReceiptHandle=message["ReceiptHandle"])
        return found


@contextmanager
def listening(client: Callable[[str], Any], topic_arn: str) -> Iterator[Listener]:
    """A listener of a topic; `client` makes boto3 clients."""
    sqs = client("sqs")
    queue = sqs.create_queue(QueueName=f"listener-{uuid.uuid4().hex[:12]}")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn,
        "Condition": {"ArnEquals": {"aws:SourceArn": topic_arn}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": policy})
    subscribed = client("sns").subscribe(TopicArn=topic_arn, Protocol="sqs", Endpoint=arn, ReturnSubscriptionArn=True)[
        "SubscriptionArn"
    ]
    try:
        yield Listener(sqs, queue)
    finally:
        client("sns").unsubscribe(SubscriptionArn=subscribed)
        sqs.delete_queue(QueueUrl=queue)
