"""How often an operation calls AWS, and how often it waits for an answer before it does."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from lib.local.emulator import Emulator
from lib.services.inventory.service import SERVICE

from ..contenders import Contender, Worker, contenders, worker
from ..events import Event
from ..recorder import Asked, counted, recording, round_trips
from ..tables import Target, section
from ..workloads import trips
from . import calls
from .stage import set_up

BATCH = 25
PAGE = 20
TITLE = (
    "inventory, round trips: calls of a warm worker, recorded between it and AWS; those made side by side are one trip"
)

Plan = dict[str, Callable[[Worker], Event]]
"""Names of operations, and what makes the request of each."""

AUDITED: Plan = {
    "create": lambda process: calls.create(),
    "read, audited": lambda process: calls.read(calls.made(process)),
    "update": lambda process: calls.update(calls.made(process), quantity=41),
    "delete": lambda process: calls.delete(calls.made(process)),
    f"list of {PAGE}, audited": lambda process: calls.listing(page_size=str(PAGE)),
    "history, audited": lambda process: calls.history(calls.made(process)),
    f"batch of {BATCH} new": lambda process: calls.batch(BATCH),
}
UNAUDITED: Plan = {
    "read": AUDITED["read, audited"],
    f"list of {PAGE}": AUDITED[f"list of {PAGE}, audited"],
}
LIMITS = {"create": 1, "read, audited": 1, "read": 1}

Recorded = dict[str, Sequence[Asked]]


def report() -> str:
    """Ask for each operation twice, and count what the second asks of AWS."""
    with Emulator() as emulator, tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        ours = contenders(Path(folder), SERVICE, {})[0]
        found = {
            **_recorded(emulator, ours, AUDITED, audit_reads=True),
            **_recorded(emulator, ours, UNAUDITED, audit_reads=False),
        }
    targets = [
        Target(what=f"round trips of {what}", limit=limit, measured=round_trips(found[what]))
        for what, limit in LIMITS.items()
    ]
    targets += trips(SERVICE.name, {what: round_trips(recorded) for what, recorded in found.items()})
    return section(TITLE, counted(found), targets=targets)


def _recorded(emulator: Emulator, contender: Contender, plan: Plan, *, audit_reads: bool) -> Recorded:
    found: Recorded = {}
    with recording(emulator.url) as (endpoint, heard):
        stage = set_up(emulator, endpoint, f"audit-{audit_reads}", audit_reads=audit_reads)
        with worker(contender, stage.environment) as process:
            calls.asked(process, calls.batch(BATCH))
            for what, request in plan.items():
                calls.asked(process, request(process))
                event = request(process)
                heard.clear()
                calls.asked(process, event)
                found[what] = [*heard]
    return found
