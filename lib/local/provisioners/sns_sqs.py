"""SNS topics and SQS queues."""

from __future__ import annotations

from ..emulator import RegionalEmulator
from .base import CreatedResource, Creation, Inputs, call, provisions, register_creations, without_tls

register_creations(
    "sns",
    {
        # The emulator confirms subscriptions automatically and does not send email.
        "sns.TopicSubscription": Creation(
            "subscribe",
            "{SubscriptionArn}",
            {"arn": "{SubscriptionArn}"},
            "TopicArn=topic",
            {"returnSubscriptionArn": True},
        ),
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


QUEUE_ATTRIBUTES = {
    "KmsMasterKeyId": "kmsMasterKeyId",
    "MessageRetentionPeriod": "messageRetentionSeconds",
    "SqsManagedSseEnabled": "sqsManagedSseEnabled",
}


@provisions("sqs.Queue")
def queue(aws: RegionalEmulator, inputs: Inputs) -> CreatedResource:
    """Create a queue."""
    values = {name: inputs.get(source) for name, source in QUEUE_ATTRIBUTES.items()}
    attributes = {
        name: str(value).lower() if isinstance(value, bool) else str(value)
        for name, value in values.items()
        if value is not None
    }
    url = call(aws, "sqs", "create_queue", {**inputs, "attributes": attributes}, "QueueName=name")["QueueUrl"]
    response = aws.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    return CreatedResource(url, {"arn": response["Attributes"]["QueueArn"], "url": url})


@provisions("sqs.QueuePolicy")
def queue_policy(aws: RegionalEmulator, inputs: Inputs) -> CreatedResource:
    """Set the policy of a queue."""
    attributes = {"Policy": without_tls(inputs["policy"])}
    call(aws, "sqs", "set_queue_attributes", {**inputs, "attributes": attributes})
    return CreatedResource(inputs["queueUrl"], {})
