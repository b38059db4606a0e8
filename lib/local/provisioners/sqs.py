"""Queues."""

from __future__ import annotations

from ..emulator import Place
from .base import Inputs, Made, chosen, provisions, without_tls


@provisions("aws:sqs/queue:Queue")
def queue(place: Place, inputs: Inputs) -> Made:
    """A queue."""
    attributes = chosen(
        inputs, SqsManagedSseEnabled="sqsManagedSseEnabled", MessageRetentionPeriod="messageRetentionSeconds"
    )
    client = place.client("sqs")
    said = {name: str(value).lower() for name, value in attributes.items()}
    said |= chosen(inputs, KmsMasterKeyId="kmsMasterKeyId")
    url = client.create_queue(QueueName=inputs["name"], Attributes=said, tags=inputs.get("tags") or {})["QueueUrl"]
    arn = client.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    return Made(url, {"arn": arn, "url": url})


@provisions("aws:sqs/queuePolicy:QueuePolicy")
def queue_policy(place: Place, inputs: Inputs) -> Made:
    """Who may use a queue."""
    attributes = {"Policy": without_tls(inputs["policy"])}
    place.client("sqs").set_queue_attributes(QueueUrl=inputs["queueUrl"], Attributes=attributes)
    return Made(inputs["queueUrl"], {})
