"""SNS topics and SQS queues."""

from __future__ import annotations

from collections.abc import Mapping

from ..emulator import RegionalEmulator
from .base import CreatedResource, Creation, Inputs, call, provisions, register_creations, without_tls

register_creations(
    "sns",
    {
        "sns.TopicPolicy": Creation(
            "set_topic_attributes",
            "{arn}",
            names="TopicArn=arn AttributeValue=policy",
            inputs={"attributeName": "Policy"},
        ),
    },
)


@provisions("sns.Topic")
def topic(aws: RegionalEmulator, inputs: Inputs) -> CreatedResource:
    key = inputs.get("kmsMasterKeyId")
    attributes = {"KmsMasterKeyId": key} if key is not None else {}
    arn = call(aws, "sns", "create_topic", {**inputs, "attributes": attributes})["TopicArn"]
    return CreatedResource(arn, {"arn": arn})


@provisions("sns.TopicSubscription")
def subscription(aws: RegionalEmulator, inputs: Inputs) -> CreatedResource:
    """Create a subscription.

    The emulator confirms it automatically and sends no email. It sends no message that it cannot deliver to a
    dead-letter queue.
    """
    request = {**inputs, "attributes": _attributes(SUBSCRIPTION_ATTRIBUTES, inputs), "returnSubscriptionArn": True}
    arn = call(aws, "sns", "subscribe", request, "TopicArn=topic")["SubscriptionArn"]
    return CreatedResource(arn, {"arn": arn})


SUBSCRIPTION_ATTRIBUTES = {
    "FilterPolicy": "filterPolicy",
    "FilterPolicyScope": "filterPolicyScope",
    "RawMessageDelivery": "rawMessageDelivery",
    "RedrivePolicy": "redrivePolicy",
}
QUEUE_ATTRIBUTES = {
    "ContentBasedDeduplication": "contentBasedDeduplication",
    "DelaySeconds": "delaySeconds",
    "FifoQueue": "fifoQueue",
    "KmsMasterKeyId": "kmsMasterKeyId",
    "MessageRetentionPeriod": "messageRetentionSeconds",
    "RedrivePolicy": "redrivePolicy",
    "SqsManagedSseEnabled": "sqsManagedSseEnabled",
    "VisibilityTimeout": "visibilityTimeoutSeconds",
}


def _attributes(sources: Mapping[str, str], inputs: Inputs) -> dict[str, str]:
    """Return the attributes of a request, which are strings, from the inputs that are set."""
    values = {name: inputs.get(source) for name, source in sources.items()}
    return {
        name: str(value).lower() if isinstance(value, bool) else str(value)
        for name, value in values.items()
        if value is not None
    }


@provisions("sqs.Queue")
def queue(aws: RegionalEmulator, inputs: Inputs) -> CreatedResource:
    """Create a queue."""
    attributes = _attributes(QUEUE_ATTRIBUTES, inputs)
    url = call(aws, "sqs", "create_queue", {**inputs, "attributes": attributes}, "QueueName=name")["QueueUrl"]
    response = aws.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    return CreatedResource(url, {"arn": response["Attributes"]["QueueArn"], "url": url})


@provisions("sqs.QueuePolicy")
def queue_policy(aws: RegionalEmulator, inputs: Inputs) -> CreatedResource:
    """Set the policy of a queue."""
    attributes = {"Policy": without_tls(inputs["policy"])}
    call(aws, "sqs", "set_queue_attributes", {**inputs, "attributes": attributes})
    return CreatedResource(inputs["queueUrl"], {})


@provisions("sqs.RedriveAllowPolicy")
def redrive_allow_policy(aws: RegionalEmulator, inputs: Inputs) -> CreatedResource:
    """Set the source queues of a dead-letter queue."""
    attributes = {"RedriveAllowPolicy": inputs["redriveAllowPolicy"]}
    call(aws, "sqs", "set_queue_attributes", {**inputs, "attributes": attributes})
    return CreatedResource(inputs["queueUrl"], {})
