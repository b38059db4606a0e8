"""Write the items of a restored table back to the live table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from .aws import MAX_CONCURRENCY
from .compare import Comparison, Difference, Item, Pair, parse_key, unchanged_condition

WRITTEN, DELETED = "written", "deleted"
CHANGED, TOO_LARGE = "changed since the comparison", "too many attributes for a conditional write"
SKIPPED = (CHANGED, TOO_LARGE)
"""Results of items that are not written."""


class SkippedItem(NamedTuple):
    """Key of an item that was not written, and the reason."""

    key: str
    reason: str


def write_back(pair: Pair, comparison: Comparison, exact: bool, on_skip: Callable[[SkippedItem], None]) -> Counter[str]:
    """Write the restored version of each different item to the live table.

    With `exact`, also delete the items that exist only in the live table. Pass each skipped item to `on_skip`. Return
    the number of items by result.
    """
    results: Counter[str] = Counter()
    with ThreadPoolExecutor(MAX_CONCURRENCY) as threads:
        for batch in comparison.differences():
            selected = [difference for difference in batch if exact or difference.restored]
            batch_results = threads.map(lambda difference: _write(pair, difference), selected)
            for difference, result in zip(selected, batch_results, strict=True):
                results[result] += 1
                if result in SKIPPED:
                    on_skip(SkippedItem(difference.key, result))
    return results


def _write(pair: Pair, difference: Difference) -> str:
    """Write or delete one item unless it changed since the comparison, and return the result."""
    key = parse_key(difference.key)
    restored: Item = {}
    if difference.restored:
        restored = pair.dynamodb.get_item(TableName=pair.restored, Key=key).get("Item", {})
    live: Item = pair.dynamodb.get_item(TableName=pair.live, Key=key, ConsistentRead=True).get("Item", {})
    if (pair.digest(restored), pair.digest(live)) != (difference.restored, difference.live):
        return CHANGED
    condition = unchanged_condition(live, restored, pair.key_names)
    if condition is None:
        return TOO_LARGE
    try:
        if restored:
            pair.dynamodb.put_item(TableName=pair.live, Item=restored, **condition)
        else:
            pair.dynamodb.delete_item(TableName=pair.live, Key=key, **condition)
    except pair.dynamodb.exceptions.ConditionalCheckFailedException:
        return CHANGED
    return WRITTEN if restored else DELETED
