"""A Lambda function that consumes events of an EventBridge event bus."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pulumi
import pulumi_aws as aws

from .function_target import FunctionTarget

MAX_EVENT_AGE_SECONDS = 3_600
"""Time for which EventBridge retries to invoke the function, so that alarms on dead letters report a failure early."""


@dataclass(frozen=True, kw_only=True)
class EventConsumerArgs:
    """Arguments for `EventConsumer`."""

    name: str
    """Physical name of the rule."""
    consumer: str
    """Name of the consumer in the service definition. The payload of the function contains this name."""
    pattern: Mapping[str, Any]
    """Event pattern, such as `{"source": ["shop"]}`."""
    bus_name: pulumi.Input[str] | None = None
    """Name of the event bus. Default (None): the default bus of the account."""
    function: FunctionTarget
    dead_letter_arn: pulumi.Input[str] | None = None
    """Dead-letter queue for events that EventBridge cannot deliver. Its policy must allow the rule to send messages.
    Default (None): no dead-letter queue."""
    tags: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)


class EventConsumer(pulumi.ComponentResource):
    """An EventBridge rule that invokes a function for matching events, and the permission to invoke it."""

    def __init__(self, name: str, args: EventConsumerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tap:aws:EventConsumer", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        self.resource = aws.cloudwatch.EventRule(
            f"{name}-rule",
            name=args.name,
            event_bus_name=args.bus_name,
            event_pattern=json.dumps(args.pattern, sort_keys=True),
            tags=args.tags,
            opts=child,
        )
        self.permission = args.function.allow(f"{name}-permission", "events", self.resource.arn, child)
        self.target = aws.cloudwatch.EventTarget(
            f"{name}-target",
            rule=self.resource.name,
            event_bus_name=args.bus_name,
            arn=args.function.arn,
            input_transformer={
                # EventBridge replaces the placeholder with the JSON object of the event.
                "input_template": f'{{"consumer": {json.dumps(args.consumer)}, "event": <aws.events.event.json>}}'
            },
            dead_letter_config={"arn": args.dead_letter_arn} if args.dead_letter_arn else None,
            retry_policy={"maximum_event_age_in_seconds": MAX_EVENT_AGE_SECONDS, "maximum_retry_attempts": 185},
            opts=child,
        )
        bus = {} if args.bus_name is None else {"EventBusName": pulumi.Output.from_input(args.bus_name)}
        self.dimensions = {**bus, "RuleName": self.resource.name}
        """Dimensions of the CloudWatch metrics of the rule. Those of the default bus have no bus name."""
        self.register_outputs({"rule_name": self.resource.name})
