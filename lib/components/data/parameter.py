"""A parameter in Systems Manager Parameter Store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pulumi
import pulumi_aws as aws

from ...documents import iam
from ..derived import derive


@dataclass(frozen=True, kw_only=True)
class ParameterArgs:
    """Arguments for `Parameter`."""

    name: str
    """Path of the parameter, e.g. `/shop/dev/config`."""
    value: pulumi.Input[str]
    description: str = ""
    tags: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)


class Parameter(pulumi.ComponentResource):
    """A Parameter Store parameter in plain text. Use `Secret` for secret values."""

    def __init__(self, name: str, args: ParameterArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tap:aws:Parameter", name, None, opts)
        self.value = args.value
        self.resource = aws.ssm.Parameter(
            f"{name}-parameter",
            name=args.name,
            type="String",
            value=args.value,
            description=args.description or None,
            tags=args.tags,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.name = self.resource.name
        self.arn = self.resource.arn
        self.register_outputs({"name": self.name, "arn": self.arn})

    def grant(self, actions: Sequence[str]) -> pulumi.Output[iam.Statement]:
        """Return a statement that allows `actions`, e.g. `["GetParameter"]`, on this parameter."""
        return derive(lambda arn: iam.allow("ssm", actions, [arn]), self.arn)
