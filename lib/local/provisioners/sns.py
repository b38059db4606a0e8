"""Topics."""

from __future__ import annotations

from ..emulator import Place
from .base import Inputs, Made, chosen, provisions, tag_list


@provisions("aws:sns/topic:Topic")
def topic(place: Place, inputs: Inputs) -> Made:
    """A topic."""
    encryption = chosen(inputs, KmsMasterKeyId="kmsMasterKeyId")
    request = {"Name": inputs["name"], "Attributes": encryption, "Tags": tag_list(inputs)}
    arn = place.client("sns").create_topic(**request)["TopicArn"]
    return Made(arn, {"arn": arn})


@provisions("aws:sns/topicSubscription:TopicSubscription")
def topic_subscription(place: Place, inputs: Inputs) -> Made:
    """A subscription; the emulator confirms it by itself, and mails nothing."""
    made = place.client("sns").subscribe(
        TopicArn=inputs["topic"], Protocol=inputs["protocol"], Endpoint=inputs["endpoint"], ReturnSubscriptionArn=True
    )
    return Made(made["SubscriptionArn"], {"arn": made["SubscriptionArn"]})


@provisions("aws:sns/topicPolicy:TopicPolicy")
def topic_policy(place: Place, inputs: Inputs) -> Made:
    """Who may publish to a topic."""
    place.client("sns").set_topic_attributes(
        TopicArn=inputs["arn"], AttributeName="Policy", AttributeValue=inputs["policy"]
    )
    return Made(inputs["arn"], {})
