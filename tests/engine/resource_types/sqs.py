"""Amazon Simple Queue Service."""

from ..resource_type import ResourceType

TYPES: dict[str, ResourceType] = {
    "aws:sqs/queue:Queue": ResourceType(
        source="internal/service/sqs/queue.go",
        # The name of a FIFO queue ends with `.fifo`.
        id="https://sqs.{region}.amazonaws.com/{account}/{name}",
        # AWS rejects a name with other attributes; with the same ones it returns the existing queue.
        identity="{name}",
        force_new=frozenset({"fifoQueue", "name", "namePrefix"}),
        auto_name="name",
        name_prefix="namePrefix",
        defaults={
            "contentBasedDeduplication": False,
            "delaySeconds": 0,
            "fifoQueue": False,
            "kmsDataKeyReusePeriodSeconds": 300,
            "maxMessageSize": 262144,
            "messageRetentionSeconds": 345600,
            "receiveWaitTimeSeconds": 0,
            "visibilityTimeoutSeconds": 30,
        },
        computed={"arn": "arn:{partition}:sqs:{region}:{account}:{name}", "url": "{id}"},
    ),
    "aws:sqs/queuePolicy:QueuePolicy": ResourceType(
        source="internal/service/sqs/queue_policy.go",
        id="{queueUrl}",
        identity="{queueUrl}",
        upsert=True,
        force_new=frozenset({"queueUrl"}),
    ),
}
