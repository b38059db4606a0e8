"""Pages of items in a small table and in a large one."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any, NamedTuple

from lib.local.emulator import Emulator
from lib.runtime.attributes import Item
from lib.services.inventory.handler import items
from lib.services.inventory.service import SERVICE

from ..capacity_units import read_units
from ..deployment import open_session
from ..services.inventory import DESK, PAGE, listing
from ..tables import Target, section

FEW, MANY = 1_000, 100_000
ROUNDS = 5
TITLE = (
    f"inventory, growth: the Query that a list of {PAGE} was recorded to make, of the first page and of one half way\n"
    "DynamoDB bills the rows it reads.  The time is the emulator's, which sorts a whole index partition for each Query"
)
_EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


class Page(NamedTuple):
    """The cost of a page."""

    begins: int
    """The number of its newest item."""
    rows: int
    """Number of items that DynamoDB read."""
    units: float
    answer_bytes: int
    seconds: float


def report() -> str:
    """Fill two tables, and query the same pages of each in turn."""
    with Emulator() as emulator:
        queries: dict[tuple[int, str], dict[str, Any]] = {}
        for count in (FEW, MANY):
            with open_session(emulator, SERVICE, f"growth-{count}") as session:
                session.worker.send(listing())
                query = next(call.request for call in session.calls if call.operation == "Query")
                session.deployment.put_all(("items", _row(number)) for number in range(count))
            queries[count, "first"] = query
            queries[count, "middle"] = {**query, "ExclusiveStartKey": _key(_row(count // 2))}
        taken: dict[tuple[int, str], list[Page]] = {which: [] for which in queries}
        for _ in range(ROUNDS):
            for which, query in queries.items():
                taken[which].append(_taken(emulator, query))
    pages = {which: found[0]._replace(seconds=median(p.seconds for p in found)) for which, found in taken.items()}
    return section(TITLE, _table(pages), targets=[*_targets(pages)])


def _row(number: int) -> Item:
    """Return the current version of an item, the only one that is in an index."""
    at = {"S": (_EPOCH + timedelta(seconds=number)).isoformat(timespec="microseconds").replace("+00:00", "Z")}
    numbers = {name: {"N": str(DESK[name])} for name in ("quantity", "price")}
    fields = {name: {"S": f"{DESK[name]}"} for name in ("name", "description", "category")}
    item = {**items.new_item(f"{number:032x}", {**fields, **numbers}), "createdAt": at, "lastUpdated": at}
    return items.current_row(item, {})


def _key(row: Item) -> Item:
    return {name: row[name] for name in ("itemId", "version", "listing", "listedAt")}


def _taken(emulator: Emulator, query: Mapping[str, Any]) -> Page:
    started = time.perf_counter()
    found = emulator.client("dynamodb").query(**query)
    seconds = time.perf_counter() - started
    answered = int(found["ResponseMetadata"]["HTTPHeaders"]["content-length"])
    return Page(
        int(found["Items"][0]["itemId"]["S"], 16),
        found["ScannedCount"],
        read_units(found["Items"], consistent=False),
        answered,
        seconds,
    )


def _table(pages: Mapping[tuple[int, str], Page]) -> list[list[str]]:
    least = pages[FEW, "first"].seconds
    head = ["", "begins with item", "rows read", "read units", "answer bytes", "emulator ms", "ratio"]
    return [head] + [
        [
            f"{count:,} items, {where} page",
            f"{page.begins:,}",
            str(page.rows),
            f"{page.units:g}",
            str(page.answer_bytes),
            f"{page.seconds * 1e3:.0f}",
            f"{page.seconds / least:.1f}",
        ]
        for (count, where), page in pages.items()
    ]


def _targets(pages: Mapping[tuple[int, str], Page]) -> Iterator[Target]:
    for where in ("first", "middle"):
        for what in ("rows", "units"):
            measured = getattr(pages[MANY, where], what) / getattr(pages[FEW, where], what)
            yield Target(
                label=f"read {what} of the {where} page, {MANY:,} items of {FEW:,}", limit=1.0, measured=measured
            )
