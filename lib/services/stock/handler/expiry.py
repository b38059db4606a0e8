"""Scheduled release of expired holds."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from ....runtime import logging, metrics
from ....runtime.errors import ApiError
from ....runtime.http_client import DEADLINE, AwsError
from .commands import Commands
from .levels import HOLDS_PARTITION, LevelKey

PAGE = 100
MAX_CONCURRENCY = 8
"""Number of products that are processed concurrently."""


def release_expired(commands: Commands) -> int:
    """Release all expired reservation lines and return their number."""
    started = commands.repository.now()
    oldest = started
    results: list[int | Exception] = []
    processed: dict[str, LevelKey] = {}
    with ThreadPoolExecutor(MAX_CONCURRENCY) as threads:
        for page in _due(commands, int(started)):
            oldest = min([oldest, *page.values()])
            if DEADLINE.is_exceeded():
                break
            # The release of a product includes all its warehouses.
            due = {key[0]: key for key in page if key[0] not in processed}
            processed.update(due)
            results += threads.map(partial(_release, commands), due.values())
    released = sum(result for result in results if isinstance(result, int))
    metrics.emit(SweepAge=(started - oldest, "Seconds"))
    for result in results:
        if isinstance(result, Exception):
            raise result
    return released


def _release(commands: Commands, key: LevelKey) -> int | Exception:
    """Release the expired lines of a level's product. Return their number, or an error."""
    try:
        released = commands.expire(key[0])
    except (ApiError, AwsError) as exc:
        logging.write("ERROR", "release failed", product=key[0], warehouse=key[1], error=str(exc))
        return exc
    if not released and not DEADLINE.is_exceeded():
        # The level has reserved units without a reservation. `reconcile` reports and repairs the level.
        logging.write("WARN", "no reservation for expired hold", product=key[0], warehouse=key[1])
    return released


def _due(commands: Commands, now: int) -> Iterator[dict[LevelKey, int]]:
    """Yield pages of the levels with expired holds and the first expiry of each, oldest first."""
    due = commands.repository.store.paginate(
        "Query",
        TableName=commands.repository.tables.levels,
        IndexName="due-index",
        KeyConditionExpression="due = :holds AND due_at <= :now",
        ExpressionAttributeValues={":holds": {"S": HOLDS_PARTITION}, ":now": {"N": str(now)}},
        Limit=PAGE,
    )
    for items in due:
        yield {(item["product_id"]["S"], item["warehouse_id"]["S"]): int(item["due_at"]["N"]) for item in items}
