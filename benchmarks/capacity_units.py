"""Request units of calls, calculated by the published rules of DynamoDB.

The emulator returns correct units for writes, but returns the units of one small item for every read.

Rules in the developer guide: `CapacityUnitCalculations` (sizes), `read-write-operations` (units), `GSI` under "Write
capacity units", and `transaction-apis` under "Capacity management". A transaction consumes two writes for each item of
a table. It consumes one write for each index entry, because indexes are updated after the transaction.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from math import ceil
from typing import Any, NamedTuple

from lib.model import Index, Table

from .recorder import Call

READ_BYTES = 4096
WRITE_BYTES = 1024

Item = dict[str, Any]
Items = Mapping[tuple[str, str], Item]
"""Items of a table by partition key and sort key."""


class Bill(NamedTuple):
    """Request units."""

    reads: float
    writes: Counter[str]
    """Write request units by table or index."""


def bill(
    calls: Iterable[Call], tables: Mapping[str, Table], before: Mapping[str, Items], after: Mapping[str, Items]
) -> Bill:
    """Return the units of calls that each wrote an item at most once, from the table contents before and after them."""
    reads, writes = 0.0, Counter[str]()
    for call in calls:
        if "__type" in call.response:
            raise RuntimeError(f"{call.operation} returned an error: {call.response}.")
        reads += _reads(call)
        for name, key_or_item, factor in _writes(call):
            table = tables[name]
            key = key_of(table, key_or_item)
            old, new = before[name].get(key), after[name].get(key)
            writes[table.name] += factor * max(_write_units(old), _write_units(new))
            for index in table.indexes:
                writes[index.name] += _index_units(table, index, old, new)
    return Bill(reads, writes)


def key_of(table: Table, item: Item) -> tuple[str, str]:
    """Return the partition key and the sort key of an item. Without a sort key, the second value is empty."""
    keys = [key.name for key in (table.hash_key, table.range_key) if key]
    hash_value, range_value = [next(iter(item[name].values())) for name in keys] + [""] * (2 - len(keys))
    return hash_value, range_value


def item_size(item: Item) -> int:
    """Return the size of an item in bytes."""
    return sum(len(name.encode()) + _size(attribute) for name, attribute in item.items())


def read_units(items: Iterable[Item], *, consistent: bool) -> float:
    """Return the units of one read that returned `items`."""
    units = max(ceil(sum(map(item_size, items)) / READ_BYTES), 1)
    return units if consistent else units / 2


def _size(attribute: Item) -> int:
    ((kind, value),) = attribute.items()
    match kind:
        case "S":
            return len(value.encode())
        case "N":
            number = Decimal(value).normalize()
            return (len(number.as_tuple().digits) + 1) // 2 + 1 + (number < 0)
        case "BOOL" | "NULL":
            return 1
        case "M":
            return 3 + len(value) + item_size(value)
        case "L":
            return 3 + len(value) + sum(map(_size, value))
    raise ValueError(f"Attribute type must be S, N, BOOL, NULL, M, or L, got {kind}. Add its size to _size.")


def _reads(call: Call) -> float:
    """Return the read units of a call. Queries are billed by the total size, batches by the size of each item."""
    if call.operation in ("GetItem", "Query", "Scan"):
        items = call.response.get("Items", [call.response.get("Item", {})])
        return read_units(items, consistent=call.request.get("ConsistentRead", False))
    requested = call.request["RequestItems"] if call.operation == "BatchGetItem" else {}
    return sum(
        read_units([item], consistent=requested[table].get("ConsistentRead", False))
        for table, items in call.response.get("Responses", {}).items()
        for item in items
    )


def _writes(call: Call) -> Iterator[tuple[str, Item, int]]:
    """Yield the table, the key or item, and the units per KB of each write of a call."""
    if call.operation in ("PutItem", "UpdateItem", "DeleteItem"):
        yield call.request["TableName"], call.request.get("Item") or call.request["Key"], 1
    for action in call.request.get("TransactItems", ()):
        ((_, write),) = action.items()
        yield write["TableName"], write.get("Item") or write["Key"], 2


def _write_units(item: Item | None) -> int:
    return ceil(item_size(item) / WRITE_BYTES) if item else 0


def _index_units(table: Table, index: Index, old: Item | None, new: Item | None) -> int:
    """Return the units of one write if an index entry is added, removed, or changed, and of two if its key changes."""
    previous, current = _entry(table, index, old), _entry(table, index, new)
    if previous == current:
        return 0
    keys = [key.name for key in (index.hash_key, index.range_key) if key]
    if previous and current and any(previous[name] != current[name] for name in keys):
        return _write_units(previous) + _write_units(current)
    return max(_write_units(previous), _write_units(current))


def _entry(table: Table, index: Index, item: Item | None) -> Item | None:
    """Return the projected attributes of an item, or None if the index does not contain it."""
    keys = {key.name for key in (index.hash_key, index.range_key) if key}
    if item is None or not keys <= item.keys():
        return None
    if index.projection == "ALL":
        return item
    keys |= {key.name for key in (table.hash_key, table.range_key) if key}
    return {name: item[name] for name in keys}
