"""What DynamoDB bills for each operation."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from lib.local.emulator import Emulator
from lib.services.inventory.service import SERVICE
from lib.services.inventory.tables import INDEXES

from ..capacity_units import Bill, bill, item_size
from ..contenders import Worker, contenders, worker
from ..events import Event
from ..recorder import Asked, recording
from ..stage import snapshot
from ..tables import section
from ..workloads import billed
from . import calls
from .stage import Stage, set_up

BATCH = 25
PAGE = 20
TITLE = "inventory, units: what was recorded, billed by DynamoDB's published rules"
PLACES = ("items", "audit", *INDEXES)

PLAN: dict[str, Callable[[Worker], Event]] = {
    "create": lambda process: calls.create(),
    "create, with a sku": lambda process: calls.create(sku="DESK-140"),
    "create, with an Idempotency-Key": lambda process: calls.create(key="once"),
    "update that changes nothing": lambda process: calls.update(calls.made(process), quantity=40),
    "update": lambda process: calls.update(calls.made(process), quantity=41),
    "update of the category": lambda process: calls.update(calls.made(process), category="office"),
    "delete": lambda process: calls.delete(calls.made(process)),
    "delete, with a sku": lambda process: calls.delete(calls.made(process, sku="DESK-160")),
    "read, audited": lambda process: calls.read(calls.made(process)),
    f"list of {PAGE}, audited": lambda process: calls.listing(page_size=str(PAGE)),
    "find by sku, audited": lambda process: calls.listing(sku="DESK-140"),
    "history of two versions, audited": lambda process: calls.history(_changed(process)),
    f"batch of {BATCH} new": lambda process: calls.batch(BATCH),
    f"batch of {BATCH} new, with an Idempotency-Key": lambda process: calls.batch(BATCH, key="delivery"),
}
UNAUDITED = ("read, audited", f"list of {PAGE}, audited", "history of two versions, audited")


def report() -> str:
    """Record each operation, and bill it."""
    bills: dict[str, Bill] = {}
    with Emulator() as emulator, tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        ours = contenders(Path(folder), SERVICE, {})[0]
        for audit_reads in (True, False):
            with recording(emulator.url) as (endpoint, heard):
                stage = set_up(emulator, endpoint, f"audit-{audit_reads}", audit_reads=audit_reads)
                with worker(ours, stage.environment) as process:
                    calls.asked(process, calls.batch(BATCH))
                    calls.asked(process, calls.listing())  # makes the page tokens' key
                    for what in PLAN if audit_reads else UNAUDITED:
                        name = what if audit_reads else what.replace(", audited", "")
                        bills[name] = _billed(emulator, stage, process, PLAN[what](process), heard)
                largest = max(
                    item_size(row) for rows in snapshot(emulator, stage.tables).values() for row in rows.values()
                )
    title = f"{TITLE}; the largest row had {largest} bytes"
    return section(title, _table(bills), targets=billed(SERVICE.name, bills))


def _billed(emulator: Emulator, stage: Stage, process: Worker, event: Event, heard: list[Asked]) -> Bill:
    before = snapshot(emulator, stage.tables)
    heard.clear()
    calls.asked(process, event)
    return bill(heard, stage.tables, before, snapshot(emulator, stage.tables))


def _changed(process: Worker) -> str:
    item = calls.made(process)
    calls.asked(process, calls.update(item, quantity=41))
    return item


def _table(bills: dict[str, Bill]) -> list[list[str]]:
    head = ["", "read", "written", *PLACES]
    rows = [
        [what, f"{found.reads:g}", str(found.writes.total()), *(str(found.writes[place] or "-") for place in PLACES)]
        for what, found in bills.items()
    ]
    return [head, *rows]
