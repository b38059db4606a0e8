"""A Lambda function that consumes the stream of a table."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pulumi
import pulumi_aws as aws

BATCH_SIZE = 100
"""Maximum number of records per invocation."""
RETRIES = 3
"""Maximum number of retries of failed records, which block later records of the shard."""


@dataclass(frozen=True, kw_only=True)
class ConsumerArgs:
    """Arguments for `Consumer`."""

    stream_arn: pulumi.Input[str]
    function_name: pulumi.Input[str]
    """Name of the function, or ARN of its alias. The function's role must allow it to read the stream."""
    pattern: Mapping[str, Any] | None = None
    """Lambda event filter pattern for the records. Default (None): all records."""
    dead_letter_arn: pulumi.Input[str] | None = None
    """Queue that receives the stream position of records that fail after all retries. Default (None): the records are
    discarded."""
    tags: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)


class Consumer(pulumi.ComponentResource):
    """An event source mapping from the stream of a table to a function.

    It reads changes made after its creation. A failed batch is split in two before it is retried.
    """

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
