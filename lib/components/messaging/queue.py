"""An SQS queue for what could not be done, and the permissions it can hand out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pulumi
import pulumi_aws as aws

from ...documents import iam
from ..derived import derive

RETENTION_SECONDS = 14 * 86_400
"""How long a message waits for somebody to look: the most that SQS keeps."""


@dataclass(frozen=True, kw_only=True)
class QueueArgs:
    """What a `Queue` is made from."""

    name: str
    """The queue's name in AWS."""
    rules: Sequence[str] = ()
    """The names of the EventBridge rules of its own account and region that may send to it."""
    kms_key_arn: pulumi.Input[str] | None = None
    """The key that encrypts it; None: SQS's own."""
    tags: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)


class Queue(pulumi.ComponentResource):
    """An SQS queue, encrypted, that takes nothing over an open connection."""

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
            policy=pulumi.Output.json_dumps(derive(lambda arn: iam.queue_policy(arn, args.rules), self.arn)),
            opts=child,
        )
        self.register_outputs({"name": self.name, "arn": self.arn, "url": self.url})

    def grant(self, actions: Sequence[str]) -> pulumi.Output[iam.Statement]:
        """A statement that allows `actions`, e.g. `["SendMessage"]`, on this queue."""
        return derive(lambda arn: iam.allow("sqs", actions, [arn]), self.arn)
