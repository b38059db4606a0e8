"""Gives back what was held and has ended."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from ....runtime import logging, metrics
from ....runtime.errors import ApiError
from ....runtime.http_client import DEADLINE, AwsError
from .commands import Commands
from .levels import HOLDS, Place

PAGE = 100
SIDE_BY_SIDE = 8
"""How many products are swept at once."""


def sweep(commands: Commands) -> int:
    """Give back every hold that has ended; how many those were."""
    started = commands.repository.now()
    oldest = started
    outcomes: list[int | Exception] = []
    swept: dict[str, Place] = {}
    with ThreadPoolExecutor(SIDE_BY_SIDE) as threads:
        for page in _due(commands, int(started)):
            oldest = min([oldest, *page.values()])
            if DEADLINE.is_exceeded():
                break
            # A product is swept once, in all its warehouses.
            due = {place[0]: place for place in page if place[0] not in swept}
            swept.update(due)
            outcomes += threads.map(partial(_given_back, commands), due.values())
    freed = sum(outcome for outcome in outcomes if isinstance(outcome, int))
    metrics.emit(SweepAge=(started - oldest, "Seconds"))
    for outcome in outcomes:
        if isinstance(outcome, Exception):
            raise outcome
    return freed


def _given_back(commands: Commands, place: Place) -> int | Exception:
    """The number of holds of a level's product that were released, or the error, which does not stop the others."""
    try:
        freed = commands.expire(place[0])
    except (ApiError, AwsError) as exc:
        logging.write("ERROR", "not given back", product=place[0], warehouse=place[1], error=str(exc))
        return exc
    if not freed and not DEADLINE.is_exceeded():
        # The row says that somebody holds units that no reservation is of: `reconcile` tells and mends it.
        logging.write("WARN", "nothing to give back", product=place[0], warehouse=place[1])
    return freed


def _due(commands: Commands, now: int) -> Iterator[dict[Place, int]]:
    """The levels of which a hold has ended, with when, the oldest first."""
    due = commands.repository.store.paginate(
        "Query",
        TableName=commands.repository.tables.levels,
        IndexName="due-index",
        KeyConditionExpression="due = :holds AND due_at <= :now",
        ExpressionAttributeValues={":holds": {"S": HOLDS}, ":now": {"N": str(now)}},
        Limit=PAGE,
    )
    for rows in due:
        yield {(row["product_id"]["S"], row["warehouse_id"]["S"]): int(row["due_at"]["N"]) for row in rows}
