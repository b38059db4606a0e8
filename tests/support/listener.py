"""A queue that receives the notifications of an SNS topic."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


class Listener:
    """A queue that is subscribed to a topic."""

    def __init__(self, sqs: Any, queue: str) -> None:
        self._sqs = sqs
        self._queue = queue

    def messages(self, wait_seconds: int = 0) -> list[dict[str, Any]]:
        """Return the notifications since the last call. Wait up to `wait_seconds` for the first one."""
        notifications: list[dict[str, Any]] = []
        wait = {"WaitTimeSeconds": wait_seconds} if wait_seconds else {}
        params = {"QueueUrl": self._queue, "MaxNumberOfMessages": 10}
        while messages := self._sqs.receive_message(**params, **wait).get("Messages"):
            wait = {}
            for message in messages:
                notifications.append(json.loads(message["Body"]))
                self._sqs.delete_message(QueueUrl=self._queue, ReceiptHandle=message["ReceiptHandle"])
        return notifications


@contextmanager
def listening(client: Callable[[str], Any], topic_arn: str) -> Iterator[Listener]:
    """Create a queue and subscribe it to a topic. `client` creates boto3 clients."""
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
    subscription = client("sns").subscribe(
        TopicArn=topic_arn, Protocol="sqs", Endpoint=arn, ReturnSubscriptionArn=True
    )["SubscriptionArn"]
    try:
        yield Listener(sqs, queue)
    finally:
        client("sns").unsubscribe(SubscriptionArn=subscription)
        sqs.delete_queue(QueueUrl=queue)
