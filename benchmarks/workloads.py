"""Measurements beside the values of `lib/services/<name>/workload.py`."""

from __future__ import annotations

from collections.abc import Mapping

from lib.model import Operation
from lib.services import load

from .capacity_units import Bill
from .contenders import OURS
from .race import Times
from .tables import Target


def operations(service: str) -> dict[str, Operation]:
    """Return the operations of a service's workload by name."""
    workload = load(service).workload
    return {one.name: one for one in workload.requests} if workload else {}


def billed(service: str, bills: Mapping[str, Bill]) -> list[Target]:
    """Compare request units."""
    return [
        Target(
            what=f"units of {name} that differ from workload.py",
            limit=0,
            measured=abs(bills[name].reads - one.read_units)
            + abs(bills[name].writes.total() - one.write_units)
            + abs(max(bills[name].writes.values(), default=0) - one.table_write_units),
        )
        for name, one in operations(service).items()
        if name in bills
    ]


def trips(service: str, measured: Mapping[str, int]) -> list[Target]:
    """Compare numbers of round trips."""
    return [
        Target(
            what=f"round trips of {name} that differ from workload.py",
            limit=0,
            measured=abs(measured[name] - len(one.round_trips)),
        )
        for name, one in operations(service).items()
        if name in measured
    ]


def timed(service: str, warm: Mapping[str, Times], cold: Mapping[str, Times]) -> list[list[str]]:
    """Return a table of processor times beside those of the workload."""
    rows = [["this library, ms", "warm", "workload.py", "cold", "workload.py"]]
    for name, one in operations(service).items():
        if name in warm:
            first = f"{cold[name][OURS] * 1e3:.0f}" if name in cold else "-"
            now = f"{warm[name][OURS] * 1e3:.2f}"
            rows.append([name, now, f"{one.processor_ms:.2f}", first, f"{one.cold_processor_ms:.0f}"])
    return rows
