"""Retries of the records of table streams."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

STREAM_RETRY_SECONDS = 0.5
"""Time until failed records of a table stream are delivered again. MiniStack delivers other records only afterwards."""


FindMapping = Callable[[str, str], Mapping[str, Any] | None]
"""Returns the event source mapping with the name of a function and the ARN of a stream, or None."""


def mapping_finder(iterate: Callable[[], Iterable[tuple[Any, ...]]]) -> FindMapping:
    """Return a function that finds event source mappings. They are the last members of the tuples of `iterate`."""

    def find_mapping(name: str, source: str) -> Mapping[str, Any] | None:
        mappings: Iterator[Mapping[str, Any]] = (mapping for *_, mapping in iterate())
        return next((m for m in mappings if (m["FunctionName"], m["EventSourceArn"]) == (name, source)), None)

    return find_mapping


def with_stream_retries(
    execute: Callable[[Any, Any], Any],
    find_mapping: FindMapping,
    discard: Callable[..., None],
    seconds: float = STREAM_RETRY_SECONDS,
) -> Callable[[Any, Any], Any]:
    """Return a function that invokes a Lambda function, and delivers failed records of a table stream again.

    MiniStack ignores `batchItemFailures` of streams and `MaximumRetryAttempts`. As in Lambda, records from the first
    failed one are delivered again, `seconds` later. After the last attempt, it moves to the on-failure destination.
    """

    def execute_with_retries(function: Mapping[str, Any], event: Any) -> Any:
        records: Any = event.get("Records") if isinstance(event, dict) else None
        source = records[0].get("eventSourceARN", "") if records else ""
        mapping = find_mapping(function["config"]["FunctionName"], source) if ":dynamodb:" in source else None
        result = execute(function, event)
        if mapping is None:
            return result
        attempts = 0
        while (first := _first_failure(result, records)) is not None:
            attempts = 1 if first else attempts + 1
            records = records[first:]
            if attempts > mapping["MaximumRetryAttempts"]:
                discard(mapping, function, records[:1], source, result, "RetryAttemptsExhausted")
                attempts, records = 0, records[1:]
            if not records:
                break
            time.sleep(seconds)
            result = execute(function, {**event, "Records": records})
        return {**result, "error": False}

    return execute_with_retries


def _first_failure(result: Mapping[str, Any], records: Sequence[Mapping[str, Any]]) -> int | None:
    """Return the index of the first failed record of a stream, or None. If the function fails, all records do."""
    if result.get("error"):
        return 0
    body = result.get("body")
    response = json.loads(body) if isinstance(body, str | bytes) and body else body
    failures = {failure["itemIdentifier"] for failure in (response or {}).get("batchItemFailures") or ()}
    numbers = (record["dynamodb"]["SequenceNumber"] for record in records)
    return next((index for index, number in enumerate(numbers) if number in failures), None)
