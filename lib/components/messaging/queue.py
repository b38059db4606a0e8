"""An SQS queue."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pulumi
import pulumi_aws as aws

from ...documents import iam
from ..derived import derive

RETENTION_SECONDS = 14 * 86_400
"""Default retention of messages: the maximum of SQS, so that operators have time to inspect failed events."""


@dataclass(frozen=True, kw_only=True)
class QueueArgs:
    """Arguments for `Queue`."""

    name: str
    """Physical name of the queue. The name of a FIFO queue ends with `.fifo`."""
    fifo: bool = False
    """Whether the queue is a FIFO queue."""
    deduplicate_by_content: bool = False
    """Whether a FIFO queue discards messages whose body equals that of a message of the last five minutes."""
    visibility_timeout_seconds: int | None = None
    """Time for which SQS hides a received message from other consumers. Default (None): 30 seconds."""
    delay_seconds: int = 0
    """Time for which SQS hides a new message."""
    retention_seconds: int = RETENTION_SECONDS
    """Time after which SQS deletes a message."""
    dead_letters: Queue | None = None
    """Queue for messages that could not be processed, of the same type. Only this queue can move messages to it.
    Default (None): messages are received until they expire."""
    max_receives: int = 5
    """Number of receives after which a message moves to the dead-letter queue."""
    rules: Sequence[pulumi.Input[str]] = ()
    """Names of the EventBridge rules of the same account and region that can send messages to the queue; `<bus>/<rule>`
    for a rule of a custom event bus."""
    buses: Sequence[str] = ()
    """Names of the event buses of the same account and region that can send messages to the queue."""
    topics: Sequence[pulumi.Input[str]] = ()
    """Names of the SNS topics of the same account and region that can send messages to the queue."""
    kms_key_arn: pulumi.Input[str] | None = None
    """KMS key that encrypts the messages. Default (None): SQS managed encryption."""
    tags: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)


class Queue(pulumi.ComponentResource):
    """An encrypted SQS queue with a policy that denies requests without TLS."""

    def __init__(self, name: str, args: QueueArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tap:aws:Queue", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        self.resource = aws.sqs.Queue(
            f"{name}-queue",
            name=args.name,
            sqs_managed_sse_enabled=True if args.kms_key_arn is None else None,
            kms_master_key_id=args.kms_key_arn,
            message_retention_seconds=args.retention_seconds,
            visibility_timeout_seconds=args.visibility_timeout_seconds,
            delay_seconds=args.delay_seconds or None,
            fifo_queue=args.fifo or None,
            content_based_deduplication=args.deduplicate_by_content or None,
            redrive_policy=self._redrive_policy(args),
            tags=args.tags,
            opts=child,
        )
        self.name = self.resource.name
        self.arn = self.resource.arn
        self.url = self.resource.url
        self.policy = aws.sqs.QueuePolicy(
            f"{name}-policy",
            queue_url=self.url,
            policy=pulumi.Output.json_dumps(
                derive(iam.queue_policy, self.arn, [*args.rules], [*args.buses], [*args.topics])
            ),
            opts=child,
        )
        self.dead_letters = args.dead_letters
        self.dead_letter_url = args.dead_letters.url if args.dead_letters else None
        self.redrive_allow_policy = self._redrive_allow_policy(name, args.dead_letters) if args.dead_letters else None
        self.register_outputs({"name": self.name, "arn": self.arn, "url": self.url})

    def grant(self, actions: Sequence[str]) -> pulumi.Output[iam.Statement]:
        """Return a statement that allows `actions`, e.g. `["SendMessage"]`, on this queue."""
        return derive(lambda arn: iam.allow("sqs", actions, [arn]), self.arn)

    def _redrive_policy(self, args: QueueArgs) -> pulumi.Output[str] | None:
        if args.dead_letters is None:
            return None
        return derive(
            lambda arn: json.dumps(
                {"deadLetterTargetArn": arn, "maxReceiveCount": args.max_receives},
                # The provider compares this text with what it reads, and removes spaces only from a known value.
                separators=(",", ":"),
            ),
            args.dead_letters.arn,
        )

    def _redrive_allow_policy(self, name: str, dead_letters: Queue) -> aws.sqs.RedriveAllowPolicy:
        return aws.sqs.RedriveAllowPolicy(
            f"{name}-redrive-allow-policy",
            queue_url=dead_letters.url,
            redrive_allow_policy=derive(
                lambda arn: json.dumps({"redrivePermission": "byQueue", "sourceQueueArns": [arn]}), self.arn
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )
