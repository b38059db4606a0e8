"""The items service's Lambda code beside peers that do the same work on the same table."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from lib.local.emulator import Emulator
from lib.services.items.service import SERVICE

from . import events
from .contenders import FLOOR, OURS, TABLE_NAME, Contender, Worker, contenders, worker
from .tables import Target, section

COLD_ROUNDS = 9
WARM_ROUNDS = 7
WARM_UP = 100
BATCH = 300
TITLE = (
    "handlers: a small item created and read; processor time of the function's process, medians\n"
    f"cold: import to first answer, {COLD_ROUNDS} fresh processes each; "
    f"warm: {WARM_ROUNDS} batches of {BATCH} requests each; all interleaved\n"
    "over plain HTTP, as the emulator speaks it: what TLS takes comes on top for everyone"
)

Figures = dict[str, dict[str, float]]
"""What is measured, then whose: seconds."""


def report() -> str:
    """Measure everyone against one emulator, in one run."""
    with Emulator() as emulator, tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        _create_table(emulator)
        everyone = contenders(Path(folder))
        figures = {"cold": _cold(everyone, emulator.url), **_warm(everyone, emulator.url)}
    return section(TITLE, _table(figures), _targets(figures))


def _create_table(emulator: Emulator) -> None:
    table = SERVICE.tables[0]
    roles = [(role, key) for role, key in (("HASH", table.hash_key), ("RANGE", table.range_key)) if key]
    emulator.client("dynamodb").create_table(
        TableName=TABLE_NAME,
        AttributeDefinitions=[{"AttributeName": key.name, "AttributeType": key.type} for _, key in roles],
        KeySchema=[{"AttributeName": key.name, "KeyType": role} for role, key in roles],
        BillingMode="PAY_PER_REQUEST",
    )


def _cold(everyone: Sequence[Contender], endpoint: str) -> dict[str, float]:
    seconds: dict[str, list[float]] = {contender.name: [] for contender in everyone}
    for contender in [*everyone] * COLD_ROUNDS:
        with worker(contender, endpoint) as process:
            event = events.create()
            reply = process.serve(event)
            events.check(contender.name, event, reply.answer)
            seconds[contender.name].append(reply.seconds)
    return {name: median(found) for name, found in seconds.items()}


def _warm(everyone: Sequence[Contender], endpoint: str) -> Figures:
    """Create and read: the workers stay, and take turns batch by batch."""
    with ExitStack() as stack:
        workers = {contender.name: stack.enter_context(worker(contender, endpoint)) for contender in everyone}
        orders = {name: _orders(name, process) for name, process in workers.items()}
        seconds: dict[str, dict[str, list[float]]] = {what: {n: [] for n in workers} for what in ("create", "read")}
        for _ in range(WARM_ROUNDS):
            for what, found in seconds.items():
                for name, process in workers.items():
                    found[name].append(process.serve(orders[name][what], BATCH).seconds / BATCH)
    return {what: {name: median(batches) for name, batches in found.items()} for what, found in seconds.items()}


def _orders(name: str, process: Worker) -> dict[str, dict[str, object]]:
    """The events of one contender, which has answered each rightly and is warm."""
    create = events.create()
    read = events.read(events.keys_of(process.serve(create).answer))
    for event in (create, read):
        events.check(name, event, process.serve(event, WARM_UP).answer)
    return {"create": create, "read": read}


def _table(figures: Figures) -> list[list[str]]:
    head = ["", "cold ms", "x floor", "create us", "x floor", "read us", "x floor"]
    scales = {"cold": 1e3, "create": 1e6, "read": 1e6}
    rows = []
    for name in figures["cold"]:
        cells = [
            cell
            for what, scale in scales.items()
            for cell in (f"{figures[what][name] * scale:.0f}", f"{figures[what][name] / figures[what][FLOOR]:.2f}")
        ]
        rows.append([name, *cells])
    return [head, *rows]


def _targets(figures: Figures) -> list[Target]:
    limits = [("cold", FLOOR, 1.05), ("create", FLOOR, 1.15), ("read", FLOOR, 1.15)]
    peers = [name for name in figures["cold"] if name not in (OURS, FLOOR)]
    limits += [(what, name, 0.6) for name in peers for what in ("create", "read")]
    return [
        Target(what=f"{what}, of {name}", limit=limit, measured=figures[what][OURS] / figures[what][name])
        for what, name, limit in limits
    ]
