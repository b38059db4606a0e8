"""Cost of a page of items in a small table and in a large table."""

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
    f"inventory, growth: the Query of a list of {PAGE} items, for the first page and for a page in the middle\n"
    "DynamoDB bills the items it reads. Times are longer than in DynamoDB, because the emulator sorts the whole index\n"
    "partition for each Query"
)
_EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


class Page(NamedTuple):
    """The usage of one page."""

    first_item: int
    """Number of the newest item on the page."""
    items_read: int
    """Number of items that DynamoDB read."""
    units: float
    response_bytes: int
    seconds: float


def report() -> str:
    """Fill a small and a large table, and query the same pages of both in interleaved rounds."""
    with Emulator() as emulator:
        queries: dict[tuple[int, str], dict[str, Any]] = {}
        for count in (FEW, MANY):
            with open_session(emulator, SERVICE, f"growth-{count}") as session:
                session.worker.send(listing())
                query = next(call.request for call in session.calls if call.operation == "Query")
                session.deployment.put_all(("items", _item(number)) for number in range(count))
            queries[count, "first"] = query
            queries[count, "middle"] = {**query, "ExclusiveStartKey": _start_key(_item(count // 2))}
        samples: dict[tuple[int, str], list[Page]] = {key: [] for key in queries}
        for _ in range(ROUNDS):
            for key, query in queries.items():
                samples[key].append(_query(emulator, query))
    pages = {
        key: rounds[0]._replace(seconds=median(page.seconds for page in rounds)) for key, rounds in samples.items()
    }
    return section(TITLE, _table(pages), targets=[*_targets(pages)])


def _item(number: int) -> Item:
    """Return the current version of an item, which is the only version in the indexes."""
    at = {"S": (_EPOCH + timedelta(seconds=number)).isoformat(timespec="microseconds").replace("+00:00", "Z")}
    numbers = {name: {"N": str(DESK[name])} for name in ("quantity", "price")}
    fields = {name: {"S": f"{DESK[name]}"} for name in ("name", "description", "category")}
    item = {**items.new_item(f"{number:032x}", {**fields, **numbers}), "createdAt": at, "lastUpdated": at}
    return items.current_row(item, {})


def _start_key(item: Item) -> Item:
    return {name: item[name] for name in ("itemId", "version", "listing", "listedAt")}


def _query(emulator: Emulator, query: Mapping[str, Any]) -> Page:
    started = time.perf_counter()
    response = emulator.client("dynamodb").query(**query)
    seconds = time.perf_counter() - started
    response_bytes = int(response["ResponseMetadata"]["HTTPHeaders"]["content-length"])
    return Page(
        int(response["Items"][0]["itemId"]["S"], 16),
        response["ScannedCount"],
        read_units(response["Items"], consistent=False),
        response_bytes,
        seconds,
    )


def _table(pages: Mapping[tuple[int, str], Page]) -> list[list[str]]:
    baseline = pages[FEW, "first"].seconds
    head = ["", "first item", "items read", "read units", "response bytes", "emulator ms", "ratio"]
    return [head] + [
        [
            f"{count:,} items, {position} page",
            f"{page.first_item:,}",
            str(page.items_read),
            f"{page.units:g}",
            str(page.response_bytes),
            f"{page.seconds * 1e3:.0f}",
            f"{page.seconds / baseline:.1f}",
        ]
        for (count, position), page in pages.items()
    ]


def _targets(pages: Mapping[tuple[int, str], Page]) -> Iterator[Target]:
    for position in ("first", "middle"):
        for label, measure in (("items read", "items_read"), ("read units", "units")):
            measured = getattr(pages[MANY, position], measure) / getattr(pages[FEW, position], measure)
            yield Target(
                label=f"{label} of the {position} page, ratio of {MANY:,} to {FEW:,} items",
                limit=1.0,
                measured=measured,
            )
