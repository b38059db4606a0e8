"""An EventBridge schedule that invokes a Lambda function."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

import pulumi
import pulumi_aws as aws

from ...settings import check_schedule
from .function_target import FunctionTarget


@dataclass(frozen=True, kw_only=True)
class ScheduleArgs:
    """Arguments for `Schedule`."""

    name: str
    """Physical name of the rule."""
    schedule: str
    """Name of the schedule in the service definition. The event contains this name."""
    rate: str
    """Schedule expression: `rate(...)` or `cron(...)`."""
    function: FunctionTarget
    dead_letter_arn: pulumi.Input[str] | None = None
    """Dead-letter queue for events that EventBridge cannot deliver. Its policy must allow the rule to send messages.
    Default (None): no dead-letter queue."""
    tags: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_schedule("rate", self.rate)


class Schedule(pulumi.ComponentResource):
    """An EventBridge rule that invokes a function, and the permission to invoke it."""

    def __init__(self, name: str, args: ScheduleArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tap:aws:Schedule", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        self.resource = aws.cloudwatch.EventRule(
            f"{name}-rule", name=args.name, schedule_expression=args.rate, tags=args.tags, opts=child
        )
        self.permission = args.function.allow(f"{name}-permission", "events", self.resource.arn, child)
        self.target = aws.cloudwatch.EventTarget(
            f"{name}-target",
            rule=self.resource.name,
            arn=args.function.arn,
            input=json.dumps({"schedule": args.schedule}),
            dead_letter_config={"arn": args.dead_letter_arn} if args.dead_letter_arn else None,
            opts=child,
        )
        self.register_outputs({"rule_name": self.resource.name})
