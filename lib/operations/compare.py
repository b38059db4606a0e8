"""Comparison of two tables by digests of their items."""

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

from .aws import SIDE_BY_SIDE

Row = Mapping[str, Mapping[str, Any]]

SETS = ("SS", "NS", "BS")
MOST_COMPARED = 150
"""Attributes that one condition can compare: DynamoDB takes 300 operators in an expression."""
SIDES = ("there", "here")
SEGMENTS = SIDE_BY_SIDE // len(SIDES)
"""In how many parts each table is read, side by side."""
BATCH = 1_000


def digest(row: Row) -> bytes:
    """The same for rows that are equal."""
    text = json.dumps(_ordered({"M": row}), sort_keys=True, separators=(",", ":"), default=bytes.hex)
    return blake2b(text.encode(), digest_size=16).digest()


def _ordered(value: Mapping[str, Any]) -> Any:
    """A value with its sets in order."""
    ((kind, inside),) = value.items()
    if kind == "M":
        return {kind: {name: _ordered(one) for name, one in inside.items()}}
    if kind == "L":
        return {kind: [_ordered(one) for one in inside]}
    return {kind: sorted(inside) if kind in SETS else inside}


def key_text(row: Row, keys: Sequence[str]) -> str:
    """The key of a row, as text."""
    return json.dumps({name: row[name] for name in keys}, default=bytes.hex)


def key_from(text: str) -> dict[str, dict[str, Any]]:
    """Return the key of an item from its text."""
    found = json.loads(text)
    return {
        name: {kind: bytes.fromhex(value) if kind == "B" else value for kind, value in one.items()}
        for name, one in found.items()
    }


def unchanged(live: Row, wanted: Row, keys: Sequence[str]) -> dict[str, Any] | None:
    """The condition of a write that the row is as it was read, with nothing that `wanted` alone has.

    An empty `live` is no row.  None for a row too wide for one condition.
    """
    known = [name for name in {**live, **wanted} if name not in keys] if live else []
    if len(known) > MOST_COMPARED:
        return None
    names = {"#key": keys[0], **{f"#{number}": name for number, name in enumerate(known)}}
    values = {f":{number}": live[name] for number, name in enumerate(known) if name in live}
    there = f"attribute_{'' if live else 'not_'}exists(#key)"
    same = (f"#{n} = :{n}" if f":{n}" in values else f"attribute_not_exists(#{n})" for n in range(len(known)))
    condition = {"ConditionExpression": " AND ".join([there, *same]), "ExpressionAttributeNames": names}
    return {**condition, "ExpressionAttributeValues": values} if values else condition


@dataclass(frozen=True, kw_only=True)
class Pair:
    """The table that was restored, there, and the live one, here."""

    dynamodb: Any
    there: str
    here: str
    keys: Sequence[str]
    ttl: str = ""
    """The attribute that ends rows; one that has ended is no row, whether DynamoDB has deleted it or not."""

    def digest(self, row: Row) -> bytes | None:
        """What tells a row from others; None for one that has ended or that is not there."""
        ends = row.get(self.ttl, {}).get("N")
        return None if not row or (ends and float(ends) <= time.time()) else digest(row)


class Counts(NamedTuple):
    """How many rows of two tables are what to each other."""

    equal: int
    different: int
    only_there: int
    only_here: int


class Difference(NamedTuple):
    """A row that is not the same in both."""

    key: str
    there: bytes | None
    here: bytes | None

    @property
    def kind(self) -> str:
        """In words."""
        return "only here" if self.there is None else "only there" if self.here is None else "different"


class Comparison:
    """The digests of the rows of two tables, in a file of SQLite's own: memory does not grow with the tables."""

    def __init__(self, pair: Pair, database: sqlite3.Connection, heard: Callable[[int], None]) -> None:
        self._pair, self._database, self._heard = pair, database, heard
        self._database.execute("CREATE TABLE rows (key TEXT PRIMARY KEY, there BLOB, here BLOB) WITHOUT ROWID")
        self._lock = threading.Lock()
        self._read = 0

    def note(self, side: str, page: Sequence[Row]) -> None:
        """Keep the digests of rows of one side, by their keys."""
        found = [(key_text(row, self._pair.keys), told) for row in page if (told := self._pair.digest(row))]
        values = f"INSERT INTO rows (key, {side}) VALUES (?, ?)"  # noqa: S608  # one of SIDES
        with self._lock:
            self._database.executemany(f"{values} ON CONFLICT (key) DO UPDATE SET {side} = excluded.{side}", found)
            self._read += len(page)
            self._heard(self._read)

    def counts(self) -> Counts:
        """The result."""
        sums = "SUM(there = here), SUM(there <> here), SUM(here IS NULL), SUM(there IS NULL)"
        (found,) = self._database.execute(f"SELECT {sums} FROM rows")  # noqa: S608  # nothing of a caller's
        return Counts(*(number or 0 for number in found))

    def differences(self) -> Iterator[list[Difference]]:
        """All that is not equal, in batches."""
        cursor = self._database.execute("SELECT key, there, here FROM rows WHERE there IS NOT here")
        while batch := cursor.fetchmany(BATCH):
            yield [Difference(*one) for one in batch]


@contextmanager
def compared(pair: Pair, heard: Callable[[int], None]) -> Iterator[Comparison]:
    """Both tables, read side by side; `heard` gets how many rows were read so far."""
    # SQLite deletes a database without a name when it is closed.
    with closing(sqlite3.connect("", check_same_thread=False)) as database:
        comparison = Comparison(pair, database, heard)
        _read(pair, comparison)
        yield comparison


def _read(pair: Pair, comparison: Comparison) -> None:
    stopped = threading.Event()

    def read(side: str, segment: int) -> None:
        pages = pair.dynamodb.get_paginator("scan").paginate(
            TableName=getattr(pair, side), Segment=segment, TotalSegments=SEGMENTS
        )
        for page in takewhile(lambda _: not stopped.is_set(), pages):
            comparison.note(side, page["Items"])

    with ThreadPoolExecutor(SIDE_BY_SIDE) as threads:
        parts = [threads.submit(read, side, segment) for segment in range(SEGMENTS) for side in SIDES]
        try:
            for part in as_completed(parts):
                part.result()
        finally:
            stopped.set()
