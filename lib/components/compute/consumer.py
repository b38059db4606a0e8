"""A table's stream that calls a function."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pulumi
import pulumi_aws as aws

BATCH_SIZE = 100
"""Most records of one call."""
RETRIES = 3
"""How often records that fail are tried again; meanwhile those after them wait."""


@dataclass(frozen=True, kw_only=True)
class ConsumerArgs:
    """What a `Consumer` is made from."""

    stream_arn: pulumi.Input[str]
    function_name: pulumi.Input[str]
    """Of a function whose role may read the stream; or the ARN of the alias that is called."""
    pattern: Mapping[str, Any] | None = None
    """Which records it is for, as Lambda's event filters say it; None: all."""
    dead_letter_arn: pulumi.Input[str] | None = None
    """The queue that is told of records that failed for good; None: nobody is."""
    tags: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)


class Consumer(pulumi.ComponentResource):
    """Calls one function with what changes in a table from now on, a batch that fails in halves."""

    def __init__(self, name: str, args: ConsumerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tap:aws:Consumer", name, None, opts)
        pattern = json.dumps(args.pattern, sort_keys=True) if args.pattern else None
        self.resource = aws.lambda_.EventSourceMapping(
            f"{name}-mapping",
            event_source_arn=args.stream_arn,
            function_name=args.function_name,
            starting_position="LATEST",
            batch_size=BATCH_SIZE,
            maximum_batching_window_in_seconds=0,
            bisect_batch_on_function_error=True,
            maximum_retry_attempts=RETRIES,
            filter_criteria={"filters": [{"pattern": pattern}]} if pattern else None,
            destination_config=(
                {"on_failure": {"destination_arn": args.dead_letter_arn}} if args.dead_letter_arn else None
            ),
            tags=args.tags,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.id = self.resource.id
        self.register_outputs({"id": self.id})
