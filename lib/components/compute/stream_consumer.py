"""A Lambda function that consumes the stream of a table."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pulumi
import pulumi_aws as aws


@dataclass(frozen=True, kw_only=True)
class StreamConsumerArgs:
    """Arguments for `StreamConsumer`."""

    stream_arn: pulumi.Input[str]
    function_name: pulumi.Input[str]
    """Name of the function, or ARN of its alias. The function's role must allow it to read the stream."""
    pattern: Mapping[str, Any] | None = None
    """Lambda event filter pattern for the records. Default (None): all records."""
    batch_size: int = 100
    """Maximum number of records per invocation."""
    window_seconds: int = 0
    """Time for which Lambda collects records before it invokes the function."""
    max_retries: int = 3
    """Maximum number of retries of failed records, which block later records of the shard."""
    parallelization_factor: int = 1
    """Number of batches of a shard that are processed at the same time."""
    starting_position: str = "LATEST"
    """First records of a new consumer: `LATEST` or `TRIM_HORIZON`. Pulumi ignores changes."""
    dead_letter_arn: pulumi.Input[str] | None = None
    """Queue that receives the stream position of records that fail after all retries. Default (None): the records are
    discarded."""
    tags: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)


class StreamConsumer(pulumi.ComponentResource):
    """An event source mapping from the stream of a table to a function.

    Only the failed records that the function reports are delivered again. If an invocation fails, its batch is split
    in two before it is retried.
    """

    def __init__(self, name: str, args: StreamConsumerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tap:aws:Consumer", name, None, opts)
        pattern = json.dumps(args.pattern, sort_keys=True) if args.pattern else None
        self.resource = aws.lambda_.EventSourceMapping(
            f"{name}-mapping",
            event_source_arn=args.stream_arn,
            function_name=args.function_name,
            starting_position=args.starting_position,
            batch_size=args.batch_size,
            maximum_batching_window_in_seconds=args.window_seconds,
            # Always set, because the provider does not reset a value that is no longer set.
            parallelization_factor=args.parallelization_factor,
            bisect_batch_on_function_error=True,
            maximum_retry_attempts=args.max_retries,
            function_response_types=["ReportBatchItemFailures"],
            filter_criteria={"filters": [{"pattern": pattern}]} if pattern else None,
            destination_config=(
                {"on_failure": {"destination_arn": args.dead_letter_arn}} if args.dead_letter_arn else None
            ),
            tags=args.tags,
            # AWS rejects a second mapping of the same stream and function, which would replace this one.
            opts=pulumi.ResourceOptions(parent=self, ignore_changes=["startingPosition"]),
        )
        self.id = self.resource.id
        self.register_outputs({"id": self.id})
