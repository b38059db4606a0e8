"""A Lambda function that consumes the messages of a topic."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from ..derived import derive
from .function_target import FunctionTarget


@dataclass(frozen=True, kw_only=True)
class TopicConsumerArgs:
    """Arguments for `TopicConsumer`."""

    topic_arn: pulumi.Input[str]
    function: FunctionTarget
    filter_policy: Mapping[str, Any] | None = None
    """SNS filter policy. Default (None): all messages."""
    filter_scope: str = "MessageAttributes"
    """Part of a message to which the filter policy applies: `MessageAttributes` or `MessageBody`."""
    dead_letter_arn: pulumi.Input[str] | None = None
    """Queue for messages that SNS cannot deliver to Lambda. Its policy must allow the topic to send messages. Default
    (None): the messages are discarded."""


class TopicConsumer(pulumi.ComponentResource):
    """A subscription of a function to a topic, and the permission to invoke the function."""

    def __init__(self, name: str, args: TopicConsumerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tap:aws:TopicConsumer", name, None, opts)
        self.permission = args.function.allow(
            f"{name}-permission", "sns", args.topic_arn, pulumi.ResourceOptions(parent=self)
        )
        self.resource = aws.sns.TopicSubscription(
            f"{name}-subscription",
            topic=args.topic_arn,
            protocol="lambda",
            endpoint=args.function.arn,
            filter_policy=json.dumps(args.filter_policy, sort_keys=True) if args.filter_policy else None,
            # The provider rejects a scope without a policy.
            filter_policy_scope=args.filter_scope if args.filter_policy else None,
            redrive_policy=(
                derive(lambda arn: json.dumps({"deadLetterTargetArn": arn}), args.dead_letter_arn)
                if args.dead_letter_arn
                else None
            ),
            # SNS retries a delivery without permission only a few times.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[self.permission]),
        )
        self.arn = self.resource.arn
        self.register_outputs({"arn": self.arn})
