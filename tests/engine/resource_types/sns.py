"""Amazon Simple Notification Service."""

from ..resource_type import ResourceType

TYPES: dict[str, ResourceType] = {
    # Read in version 5.  The default access policy is left out.
    "aws:sns/topic:Topic": ResourceType(
        source="internal/service/sns/topic.go",
        # The name of a FIFO topic ends with `.fifo`.
        id="arn:{partition}:sns:{region}:{account}:{name}",
        identity="{name}",
        upsert=True,
        force_new=frozenset({"fifoTopic", "name", "namePrefix"}),
        auto_name="name",
        name_prefix="namePrefix",
        defaults={"contentBasedDeduplication": False, "fifoTopic": False, "signatureVersion": 0},
        computed={"arn": "{id}", "beginningArchiveTime": "", "owner": "{account}"},
    ),
    # Its deletion restores the default policy.
    "aws:sns/topicPolicy:TopicPolicy": ResourceType(
        source="internal/service/sns/topic_policy.go",
        id="{arn}",
        identity="{arn}",
        upsert=True,
        force_new=frozenset({"arn"}),
        computed={"owner": "{account}"},
    ),
    # Read in version 5.  AWS returns the existing subscription of an endpoint.
    "aws:sns/topicSubscription:TopicSubscription": ResourceType(
        source="internal/service/sns/topic_subscription.go",
        id="{topic}:00000000-0000-4000-8000-00{unique}",
        identity="{topic}|{protocol}|{endpoint}",
        upsert=True,
        force_new=frozenset({"endpoint", "protocol", "topic"}),
        defaults={
            "confirmationTimeoutInMinutes": 1,
            "confirmationWasAuthenticated": True,
            "endpointAutoConfirms": False,
            # True until an email address is confirmed.
            "pendingConfirmation": False,
            "rawMessageDelivery": False,
        },
        computed={"arn": "{id}", "ownerId": "{account}"},
    ),
}
