"""Controls of SNS and SQS."""

from ..control import Control
from ..graph import Uses
from ..iam_documents import allow_statements, allows_public_access, as_list, denies_insecure_transport

TOPIC = ("sns.Topic",)
TOPIC_POLICY = ("sns.TopicPolicy", "sns.Topic")
QUEUE = ("sqs.Queue",)
QUEUE_POLICY = ("sqs.QueuePolicy", "sqs.Queue")

CONTROLS = (
    Control(
        ids=("SNS.1", "CKV_AWS_26", "SEC08-BP02"),
        title="SNS topics should be encrypted at rest with AWS KMS keys",
        severity="medium",
        kinds=TOPIC,
        is_compliant=lambda topic, _: topic.is_set("kmsMasterKeyId"),
        remediation="Set `encryption_key`.",
        other_remediation="Set `kmsMasterKeyId` of the `sns.Topic`.",
    ),
    Control(
        ids=("SNS.4", "CKV_AWS_169", "CKV_AWS_385", "SEC03-BP07"),
        title="SNS topic policies should not allow public access",
        severity="critical",
        kinds=TOPIC_POLICY,
        is_compliant=lambda resource, _: not allows_public_access(resource.get("policy")),
        remediation="List the allowed publishers and subscribers in the topic policy.",
    ),
    Control(
        ids=("SQS.1", "CKV_AWS_27", "SEC08-BP02"),
        title="SQS queues should be encrypted at rest",
        severity="medium",
        kinds=QUEUE,
        is_compliant=lambda queue, _: queue.is_set("sqsManagedSseEnabled") or queue.is_set("kmsMasterKeyId"),
        remediation="Set `sqsManagedSseEnabled` of the `sqs.Queue` to true.",
    ),
    Control(
        ids=("CKV2_AWS_73",),
        title="SQS queues should be encrypted with AWS KMS keys",
        severity="low",
        kinds=QUEUE,
        is_compliant=lambda queue, _: queue.is_set("kmsMasterKeyId"),
        remediation="Set `encryption_key`.",
        other_remediation="Set `kmsMasterKeyId` of the `sqs.Queue`.",
    ),
    Control(
        ids=("SQS.3", "CKV_AWS_168", "CKV_AWS_387", "SEC03-BP07"),
        title="SQS queue policies should not allow public access",
        severity="critical",
        kinds=QUEUE_POLICY,
        is_compliant=lambda resource, _: not allows_public_access(resource.get("policy")),
        remediation="List the allowed senders and receivers in the queue policy.",
    ),
    Control(
        ids=("CKV_AWS_72", "SEC03-BP02"),
        title="SQS queue policies should not allow all actions",
        severity="medium",
        kinds=QUEUE_POLICY,
        is_compliant=lambda resource, _: (
            not any(
                action in ("*", "sqs:*", "SQS:*")
                for statement in allow_statements(resource.get("policy"))
                for action in as_list(statement.get("Action"))
            )
        ),
        remediation="List the required actions in the queue policy.",
    ),
    Control(
        ids=("REL05-BP04",),
        title="SQS queues that invoke Lambda functions should have a dead-letter queue",
        severity="medium",
        kinds=("lambda.EventSourceMapping",),
        related=Uses(kinds=QUEUE, property="eventSourceArn"),
        is_compliant=lambda _, queues: all(queue.is_set("redrivePolicy") for queue in queues),
        remediation="Set `redrivePolicy` of the `sqs.Queue`.",
    ),
    Control(
        ids=("SEC09-BP02",),
        title="SQS queue policies should require requests to use TLS",
        severity="medium",
        kinds=("sqs.QueuePolicy",),
        is_compliant=lambda resource, _: denies_insecure_transport(resource.get("policy")),
        remediation="In the queue policy, deny requests for which `aws:SecureTransport` is false.",
    ),
)
