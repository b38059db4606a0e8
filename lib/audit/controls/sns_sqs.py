"""SNS and SQS."""

from ..control import Control
from ..iam_documents import allowed, listed, opened, refuses_open_connections

TOPIC = ("sns.Topic",)
TOPIC_POLICY = ("sns.TopicPolicy", "sns.Topic")
QUEUE = ("sqs.Queue",)
QUEUE_POLICY = ("sqs.QueuePolicy", "sqs.Queue")

CONTROLS = (
    Control(
        ids=("SNS.1", "CKV_AWS_26", "SEC08-BP02"),
        title="A key of KMS encrypts a topic",
        severity="medium",
        kinds=TOPIC,
        holds=lambda topic, _: topic.given("kmsMasterKeyId"),
        remedy="Set `encryption_key`.",
    ),
    Control(
        ids=("SNS.4", "CKV_AWS_169", "CKV_AWS_385", "SEC03-BP07"),
        title="A topic is not public",
        severity="critical",
        kinds=TOPIC_POLICY,
        holds=lambda resource, _: not opened(resource.get("policy")),
        remedy="Name in the topic's policy who may publish and who may subscribe.",
    ),
    Control(
        ids=("SQS.1", "CKV_AWS_27", "SEC08-BP02"),
        title="A queue is encrypted",
        severity="medium",
        kinds=QUEUE,
        holds=lambda queue, _: queue.given("sqsManagedSseEnabled") or queue.given("kmsMasterKeyId"),
        remedy="Set `sqsManagedSseEnabled` of `sqs.Queue`.",
    ),
    Control(
        ids=("CKV2_AWS_73",),
        title="A customer managed key encrypts a queue",
        severity="low",
        kinds=QUEUE,
        holds=lambda queue, _: queue.given("kmsMasterKeyId"),
        remedy="Set `encryption_key`.",
    ),
    Control(
        ids=("SQS.3", "CKV_AWS_168", "CKV_AWS_387", "SEC03-BP07"),
        title="A queue is not public",
        severity="critical",
        kinds=QUEUE_POLICY,
        holds=lambda resource, _: not opened(resource.get("policy")),
        remedy="Name in the queue's policy who may send and who may receive.",
    ),
    Control(
        ids=("CKV_AWS_72", "SEC03-BP02"),
        title="No one has every permission on a queue",
        severity="medium",
        kinds=QUEUE_POLICY,
        holds=lambda resource, _: (
            not any(
                action in ("*", "sqs:*", "SQS:*")
                for statement in allowed(resource.get("policy"))
                for action in listed(statement.get("Action"))
            )
        ),
        remedy="Name in the queue's policy what may be done.",
    ),
    Control(
        ids=("SEC09-BP02",),
        title="A queue takes nothing over an open connection",
        severity="medium",
        kinds=("sqs.QueuePolicy",),
        holds=lambda resource, _: refuses_open_connections(resource.get("policy")),
        remedy="Deny in the queue's policy what comes without `aws:SecureTransport`.",
    ),
)
