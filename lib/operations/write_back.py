"""Rows of a restored table, written back to the live one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from .aws import SIDE_BY_SIDE
from .compare import Comparison, Difference, Pair, Row, key_from, unchanged

WRITTEN, DELETED, CHANGED, WIDE = "written", "deleted", "changed meanwhile", "too wide to be written safely"
LEFT = (CHANGED, WIDE)
"""What became of rows that are as they were."""


class Left(NamedTuple):
    """A row that was left as it is."""

    key: str
    why: str


def write_back(pair: Pair, comparison: Comparison, exact: bool, heard: Callable[[Left], None]) -> Counter[str]:
    """Make the live rows that differ what they were, and with `exact` delete those that were not; what became of how
    many, of which `heard` gets each that was left."""
    done: Counter[str] = Counter()
    with ThreadPoolExecutor(SIDE_BY_SIDE) as threads:
        for batch in comparison.differences():
            wanted = [one for one in batch if exact or one.there]
            for difference, became in zip(wanted, threads.map(lambda one: _write(pair, one), wanted), strict=True):
                done[became] += 1
                if became in LEFT:
                    heard(Left(difference.key, became))
    return done


def _write(pair: Pair, difference: Difference) -> str:
    """Write one row, if it still is as it was compared."""
    key = key_from(difference.key)
    wanted: Row = pair.dynamodb.get_item(TableName=pair.there, Key=key).get("Item", {}) if difference.there else {}
    live: Row = pair.dynamodb.get_item(TableName=pair.here, Key=key, ConsistentRead=True).get("Item", {})
    if (pair.digest(wanted), pair.digest(live)) != (difference.there, difference.here):
        return CHANGED
    condition = unchanged(live, wanted, pair.keys)
    if condition is None:
        return WIDE
    try:
        if wanted:
            pair.dynamodb.put_item(TableName=pair.here, Item=wanted, **condition)
        else:
            pair.dynamodb.delete_item(TableName=pair.here, Key=key, **condition)
    except pair.dynamodb.exceptions.ConditionalCheckFailedException:
        return CHANGED
    return WRITTEN if wanted else DELETED
