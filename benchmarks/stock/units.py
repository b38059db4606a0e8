"""What DynamoDB bills for each operation."""

from __future__ import annotations

from collections.abc import Mapping

from lib.services.stock.handler import levels

from ..capacity_units import Bill, bill, item_size
from ..races.plan import PLAN, opened
from ..stage import snapshot
from ..tables import section
from ..workloads import billed
from . import calls

TITLE = "stock, units: what was recorded, billed by DynamoDB's published rules"
LISTINGS = [name for name, _ in levels.INDEXES.values()]
PLACES = {
    "levels": ["management"],
    "their listings": LISTINGS,
    "reservations": ["reservations", "product-index"],
    "movements": ["movements"],
    "due": ["due-index"],
}
"""Tables and indexes; both of `due-index` are counted as one."""


def report() -> str:
    """Record each operation, and bill it."""
    bills: dict[str, Bill] = {}
    with opened() as shop:
        for what, request in PLAN.items():
            event = request(shop)
            before = snapshot(shop.emulator, shop.stage.tables)
            shop.asked.clear()
            calls.asked(shop.process, event)
            bills[what] = bill(shop.asked, shop.stage.tables, before, snapshot(shop.emulator, shop.stage.tables))
        largest = max(
            item_size(row) for rows in snapshot(shop.emulator, shop.stage.tables).values() for row in rows.values()
        )
    title = f"{TITLE}; the largest row had {largest} bytes"
    return section(title, _table(bills), targets=billed("stock", bills))


def _table(bills: Mapping[str, Bill]) -> list[list[str]]:
    rows = []
    for what, found in bills.items():
        written = [sum(found.writes[name] for name in names) for names in PLACES.values()]
        rows.append([what, f"{found.reads:g}", str(found.writes.total()), *(str(units or "-") for units in written)])
    return [["", "read", "written", *PLACES], *rows]
