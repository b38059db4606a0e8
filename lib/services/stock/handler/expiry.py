"""Gives back what was held and has ended."""

from __future__ import annotations

from collections.abc import Iterator

from ....runtime import logs, metrics
from ....runtime.aws import BUDGET, AwsError
from ....runtime.errors import ApiError
from .levels import HOLDS, Place
from .store import Stock

PAGE = 100


def sweep(stock: Stock) -> int:
    """Give back every hold that has ended; how many those were."""
    started = stock.now()
    oldest, freed = started, 0
    failure: Exception | None = None
    for place, due_at in _due(stock, int(started)):
        oldest = min(oldest, due_at)
        if BUDGET.spent():
            break
        try:
            count = stock.expire(place)
        except (ApiError, AwsError) as exc:
            # One that cannot be given back must not keep back the others.
            logs.write("ERROR", "not given back", product=place[0], warehouse=place[1], error=str(exc))
            failure = exc
            continue
        freed += count
        if not count:
            # The row says that somebody holds units that no reservation is of: `reconcile` tells and mends it.
            logs.write("WARN", "nothing to give back", product=place[0], warehouse=place[1])
    metrics.emit(SweepAge=(started - oldest, "Seconds"), ReservationsExpired=(freed, "Count"))
    if failure:
        raise failure
    return freed


def _due(stock: Stock, now: int) -> Iterator[tuple[Place, int]]:
    """The levels of which a hold has ended, the oldest first, with when."""
    due = stock.store.pages(
        "Query",
        TableName=stock.tables.levels,
        IndexName="due-index",
        KeyConditionExpression="due = :holds AND due_at <= :now",
        ExpressionAttributeValues={":holds": {"S": HOLDS}, ":now": {"N": str(now)}},
        Limit=PAGE,
    )
    for rows in due:
        for row in rows:
            yield (row["product_id"]["S"], row["warehouse_id"]["S"]), int(row["due_at"]["N"])
