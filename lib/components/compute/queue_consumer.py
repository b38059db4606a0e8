"""A Lambda function that consumes the messages of a queue."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pulumi
import pulumi_aws as aws


@dataclass(frozen=True, kw_only=True)
class QueueConsumerArgs:
    """Arguments for `QueueConsumer`."""

    queue_arn: pulumi.Input[str]
    """ARN of the queue. Its visibility timeout must be at least the timeout of the function."""
    function_name: pulumi.Input[str]
    """Name of the function, or ARN of its alias. The function's role must allow it to consume the messages."""
    pattern: Mapping[str, Any] | None = None
    """Lambda event filter pattern for the messages. SQS deletes messages that do not match. Default (None): all
    messages."""
    batch_size: int = 10
    """Maximum number of messages per invocation: at most 10 without a window."""
    window_seconds: int = 0
    """Time for which Lambda collects messages before it invokes the function; 0 for FIFO queues."""
    max_concurrency: int | None = None
    """Maximum number of concurrent invocations, at least 2. Default (None): the concurrency of the function."""
    tags: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)


class QueueConsumer(pulumi.ComponentResource):
    """An event source mapping from a queue to a function. SQS delivers only the messages that the function reports as
    failed again."""

    def __init__(self, name: str, args: QueueConsumerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tap:aws:QueueConsumer", name, None, opts)
        pattern = json.dumps(args.pattern, sort_keys=True) if args.pattern else None
        self.resource = aws.lambda_.EventSourceMapping(
            f"{name}-mapping",
            event_source_arn=args.queue_arn,
            function_name=args.function_name,
            batch_size=args.batch_size,
            # Lambda supports no window for FIFO queues.
            maximum_batching_window_in_seconds=args.window_seconds or None,
            scaling_config={"maximum_concurrency": args.max_concurrency} if args.max_concurrency else None,
            function_response_types=["ReportBatchItemFailures"],
            filter_criteria={"filters": [{"pattern": pattern}]} if pattern else None,
            tags=args.tags,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.id = self.resource.id
        self.register_outputs({"id": self.id})
