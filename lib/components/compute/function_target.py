"""A function as the target of an AWS service."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws


@dataclass(frozen=True, kw_only=True)
class FunctionTarget:
    """A Lambda function that an AWS service invokes."""

    name: pulumi.Input[str]
    arn: pulumi.Input[str]
    """ARN of the function, or of the alias to invoke."""
    alias: pulumi.Input[str] | None = None
    """Name of the alias to invoke. Default (None): no alias."""

    def allow(
        self,
        logical_name: str,
        service: str,
        source_arn: pulumi.Input[str],
        opts: pulumi.ResourceOptions,
        account: pulumi.Input[str] | None = None,
    ) -> aws.lambda_.Permission:
        """Allow a resource of a service, such as `events`, to invoke the function. `account` is that of a resource
        whose ARN contains none."""
        return aws.lambda_.Permission(
            logical_name,
            action="lambda:InvokeFunction",
            function=self.name,
            qualifier=self.alias,
            principal=f"{service}.amazonaws.com",
            source_arn=source_arn,
            source_account=account,
            opts=opts,
        )
