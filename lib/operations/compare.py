"""Comparison of a restored table with the live table by digests of their items."""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import closing, contextmanager
from dataclasses import dataclass
from hashlib import blake2b
from itertools import takewhile
from typing import Any, NamedTuple

from .aws import MAX_CONCURRENCY

Item = Mapping[str, Mapping[str, Any]]

SET_TYPES = ("SS", "NS", "BS")
MAX_COMPARED_ATTRIBUTES = 150
"""Maximum number of attributes in a condition: DynamoDB accepts 300 operators in an expression."""
TABLES = ("restored", "live")
"""Fields of `Pair` and columns of the database."""
SEGMENTS = MAX_CONCURRENCY // len(TABLES)
"""Number of segments of the parallel scan of each table."""
BATCH_SIZE = 1_000


def digest(item: Item) -> bytes:
    """Return a digest that is the same for equal items, regardless of the order of attributes and set elements."""
    document = json.dumps(_sorted_sets({"M": item}), sort_keys=True, separators=(",", ":"), default=bytes.hex)
    return blake2b(document.encode(), digest_size=16).digest()


def _sorted_sets(value: Mapping[str, Any]) -> Any:
    ((type_, content),) = value.items()
    if type_ == "M":
        return {type_: {name: _sorted_sets(attribute) for name, attribute in content.items()}}
    if type_ == "L":
        return {type_: [_sorted_sets(element) for element in content]}
    return {type_: sorted(content) if type_ in SET_TYPES else content}


def serialize_key(item: Item, key_names: Sequence[str]) -> str:
    """Return the primary key of an item as JSON, with binary values in hexadecimal."""
    return json.dumps({name: item[name] for name in key_names}, default=bytes.hex)


def parse_key(serialized: str) -> dict[str, dict[str, Any]]:
    """Return the primary key from the result of `serialize_key`."""
    key = json.loads(serialized)
    return {
        name: {type_: bytes.fromhex(value) if type_ == "B" else value for type_, value in attribute.items()}
        for name, attribute in key.items()
    }


def unchanged_condition(live: Item, replacement: Item, key_names: Sequence[str]) -> dict[str, Any] | None:
    """Return the condition of a write that fails if the live item changed since it was read.

    The live item must have the attributes of `live`, and no attribute that only `replacement` has. If `live` is empty,
    the item must not exist. Return None if the items have too many attributes for one condition.
    """
    compared = [name for name in {**live, **replacement} if name not in key_names] if live else []
    if len(compared) > MAX_COMPARED_ATTRIBUTES:
        return None
    names = {"#key": key_names[0], **{f"#{number}": name for number, name in enumerate(compared)}}
    values = {f":{number}": live[name] for number, name in enumerate(compared) if name in live}
    existence = f"attribute_{'' if live else 'not_'}exists(#key)"
    equality = (f"#{n} = :{n}" if f":{n}" in values else f"attribute_not_exists(#{n})" for n in range(len(compared)))
    condition = {"ConditionExpression": " AND ".join([existence, *equality]), "ExpressionAttributeNames": names}
    return {**condition, "ExpressionAttributeValues": values} if values else condition


@dataclass(frozen=True, kw_only=True)
class Pair:
    """A restored table and the live table, by their names."""

    dynamodb: Any
    restored: str
    live: str
    key_names: Sequence[str]
    ttl: str = ""
    """Name of the TTL attribute. Expired items count as missing, even if DynamoDB has not deleted them yet."""

    def digest(self, item: Item) -> bytes | None:
        """Return the digest of an item, or None if it is empty or expired."""
        expires = item.get(self.ttl, {}).get("N")
        return None if not item or (expires and float(expires) <= time.time()) else digest(item)


class Counts(NamedTuple):
    """Number of items by comparison result."""

    equal: int
    different: int
    only_restored: int
    only_live: int


class Difference(NamedTuple):
    """An item that differs between the tables: its serialized key, and its digest in each table that contains it."""

    key: str
    restored: bytes | None
    live: bytes | None

    @property
    def label(self) -> str:
        """The kind of difference."""
        if self.restored is None:
            return "only in the live table"
        return "only in the restored table" if self.live is None else "different"


class Comparison:
    """Digests of the items of two tables in a temporary SQLite database, because they might not fit in memory."""

    def __init__(self, pair: Pair, database: sqlite3.Connection, on_progress: Callable[[int], None]) -> None:
        self._pair, self._database, self._on_progress = pair, database, on_progress
        self._database.execute("CREATE TABLE items (key TEXT PRIMARY KEY, restored BLOB, live BLOB) WITHOUT ROWID")
        self._lock = threading.Lock()
        self._read = 0

    def add(self, table: str, items: Sequence[Item]) -> None:
        """Store the digests of items of one of `TABLES`."""
        digests = [
            (serialize_key(item, self._pair.key_names), value) for item in items if (value := self._pair.digest(item))
        ]
        insert = f"INSERT INTO items (key, {table}) VALUES (?, ?)"  # noqa: S608  # one of TABLES
        with self._lock:
            self._database.executemany(f"{insert} ON CONFLICT (key) DO UPDATE SET {table} = excluded.{table}", digests)
            self._read += len(items)
            self._on_progress(self._read)

    def counts(self) -> Counts:
        """Return the numbers of equal and different items."""
        sums = "SUM(restored = live), SUM(restored <> live), SUM(live IS NULL), SUM(restored IS NULL)"
        (counts,) = self._database.execute(f"SELECT {sums} FROM items")  # noqa: S608  # a constant
        return Counts(*(count or 0 for count in counts))

    def differences(self) -> Iterator[list[Difference]]:
        """Yield the differences in batches."""
        cursor = self._database.execute("SELECT key, restored, live FROM items WHERE restored IS NOT live")
        while batch := cursor.fetchmany(BATCH_SIZE):
            yield [Difference(*columns) for columns in batch]


@contextmanager
def compare_tables(pair: Pair, on_progress: Callable[[int], None]) -> Iterator[Comparison]:
    """Scan both tables and yield their comparison; `on_progress` receives the number of items read so far."""
    # SQLite deletes a database without a name when it is closed.
    with closing(sqlite3.connect("", check_same_thread=False)) as database:
        comparison = Comparison(pair, database, on_progress)
        _scan(pair, comparison)
        yield comparison


def _scan(pair: Pair, comparison: Comparison) -> None:
    is_stopped = threading.Event()

    def scan_segment(table: str, segment: int) -> None:
        pages = pair.dynamodb.get_paginator("scan").paginate(
            TableName=getattr(pair, table), Segment=segment, TotalSegments=SEGMENTS
        )
        for page in takewhile(lambda _: not is_stopped.is_set(), pages):
            comparison.add(table, page["Items"])

    with ThreadPoolExecutor(MAX_CONCURRENCY) as threads:
        scans = [threads.submit(scan_segment, table, segment) for segment in range(SEGMENTS) for table in TABLES]
        try:
            for scan in as_completed(scans):
                scan.result()
        finally:
            is_stopped.set()
