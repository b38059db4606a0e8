"""An SQS queue for failed events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pulumi
import pulumi_aws as aws

from ...documents import iam
from ..derived import derive

RETENTION_SECONDS = 14 * 86_400
"""Retention of messages: the maximum of SQS, so that operators have time to inspect failed events."""


@dataclass(frozen=True, kw_only=True)
class QueueArgs:
    """Arguments for `Queue`."""

    name: str
    """Physical name of the queue."""
    rules: Sequence[str] = ()
    """Names of the EventBridge rules of the same account and region that can send messages to the queue; `<bus>/<rule>`
    for a rule of a custom event bus."""
    buses: Sequence[str] = ()
    """Names of the event buses of the same account and region that can send messages to the queue."""
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
            message_retention_seconds=RETENTION_SECONDS,
            tags=args.tags,
            opts=child,
        )
        self.name = self.resource.name
        self.arn = self.resource.arn
        self.url = self.resource.url
        self.policy = aws.sqs.QueuePolicy(
            f"{name}-policy",
            queue_url=self.url,
            policy=pulumi.Output.json_dumps(derive(iam.queue_policy, self.arn, list(args.rules), list(args.buses))),
            opts=child,
        )
        self.register_outputs({"name": self.name, "arn": self.arn, "url": self.url})

    def grant(self, actions: Sequence[str]) -> pulumi.Output[iam.Statement]:
        """Return a statement that allows `actions`, e.g. `["SendMessage"]`, on this queue."""
        return derive(lambda arn: iam.allow("sqs", actions, [arn]), self.arn)
