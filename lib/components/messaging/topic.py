"""An SNS topic with an optional email subscription."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pulumi
import pulumi_aws as aws

from ...documents import iam
from ..derived import derive


@dataclass(frozen=True, kw_only=True)
class TopicArgs:
    """Arguments for `Topic`."""

    name: str
    """Physical name of the topic."""
    email: pulumi.Input[str] = ""
    """Email address to subscribe. Amazon SNS sends a confirmation request first. Default (empty): no subscription."""
    publishers: Sequence[str] = ()
    """AWS services that can publish, e.g. `budgets`. Default (empty): the default policy of SNS, which allows roles and
    alarms of the account to publish. If set, include `cloudwatch` for alarms."""
    kms_key_arn: pulumi.Input[str] | None = None
    """KMS key that encrypts the messages. Default (None): no encryption, because CloudWatch alarms cannot use the AWS
    managed key of SNS."""
    tags: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)


class Topic(pulumi.ComponentResource):
    """An SNS topic."""

    def __init__(self, name: str, args: TopicArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tap:aws:Topic", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        self.resource = aws.sns.Topic(
            f"{name}-topic", name=args.name, kms_master_key_id=args.kms_key_arn, tags=args.tags, opts=child
        )
        self.name = self.resource.name
        self.arn = self.resource.arn
        self.subscription = (
            aws.sns.TopicSubscription(
                f"{name}-email", topic=self.arn, protocol="email", endpoint=args.email, opts=child
            )
            if args.email
            else None
        )
        self.policy = self._policy(name, args) if args.publishers else None
        self.register_outputs({"name": self.name, "arn": self.arn})

    def _policy(self, name: str, args: TopicArgs) -> aws.sns.TopicPolicy:
        statements = derive(lambda arn: [iam.allow_publish(service, arn) for service in args.publishers], self.arn)
        return aws.sns.TopicPolicy(
            f"{name}-policy",
            arn=self.arn,
            policy=pulumi.Output.json_dumps(statements.apply(iam.policy_document)),
            opts=pulumi.ResourceOptions(parent=self),
        )

    def grant(self, actions: Sequence[str]) -> pulumi.Output[iam.Statement]:
        """Return a statement that allows `actions`, e.g. `["Publish"]`, on this topic."""
        return derive(lambda arn: iam.allow("sns", actions, [arn]), self.arn)
