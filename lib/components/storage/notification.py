"""The Lambda functions that S3 invokes for the events of a bucket."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from ...model import BucketConsumer
from ..compute.function_target import FunctionTarget
from .bucket import Bucket


@dataclass(frozen=True, kw_only=True)
class BucketTarget:
    """A function that consumes events of a bucket."""

    consumer: BucketConsumer
    """Events and objects for which S3 invokes the function. The records contain the name of the consumer as
    `configurationId`."""
    function: FunctionTarget


@dataclass(frozen=True, kw_only=True)
class BucketNotificationArgs:
    """Arguments for `BucketNotification`."""

    bucket: Bucket
    targets: Sequence[BucketTarget]
    """All functions that consume events of the bucket, because a bucket has only one notification configuration."""
    account: pulumi.Input[str]
    """Account of the bucket. Another account can own a bucket with the same name after this one is deleted."""


class BucketNotification(pulumi.ComponentResource):
    """The notification configuration of a bucket, and the permissions of S3 to invoke the functions."""

    def __init__(self, name: str, args: BucketNotificationArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tap:aws:BucketNotification", name, None, opts)
        self._args, self._child = args, pulumi.ResourceOptions(parent=self)
        self.permissions = {
            target.consumer.name: self._permission(f"{name}-{target.consumer.name}-permission", target)
            for target in args.targets
        }
        self.resource = aws.s3.BucketNotification(
            f"{name}-notification",
            bucket=args.bucket.name,
            lambda_functions=[
                {
                    "id": target.consumer.name,
                    "lambda_function_arn": target.function.arn,
                    "events": [f"s3:{event}" for event in target.consumer.events],
                    "filter_prefix": target.consumer.prefix or None,
                    "filter_suffix": target.consumer.suffix or None,
                }
                for target in args.targets
            ],
            # S3 rejects functions that it cannot invoke.
            opts=pulumi.ResourceOptions(parent=self, depends_on=list(self.permissions.values())),
        )
        self.register_outputs({"bucket_name": args.bucket.name})

    def _permission(self, name: str, target: BucketTarget) -> aws.lambda_.Permission:
        return target.function.allow(name, "s3", self._args.bucket.arn, self._child, self._args.account)
