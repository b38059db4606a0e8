"""How often an operation calls AWS, and how often it waits for an answer before it does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from ..recorder import Asked, round_trips
from ..tables import Target, section
from . import calls
from .plan import CART, PLAN, opened

TITLE = "stock, round trips: calls of a warm worker, recorded between it and AWS; those made side by side are one trip"
LIMITS = {"read": 1, "create": 1, "reserve": 2, f"reserve, cart of {CART}": 2, "release": 3, "fulfil": 3}

Recorded = Mapping[str, Sequence[Asked]]


def report() -> str:
    """Ask for each operation twice, and count what the second asks of AWS."""
    found: dict[str, Sequence[Asked]] = {}
    with opened() as shop:
        for what, request in PLAN.items():
            calls.asked(shop.process, request(shop))
            event = request(shop)
            shop.asked.clear()
            calls.asked(shop.process, event)
            found[what] = [*shop.asked]
    targets = [
        Target(what=f"round trips of {what}", limit=limit, measured=round_trips(found[what]))
        for what, limit in LIMITS.items()
    ]
    return section(TITLE, _table(found), targets=targets)


def _table(found: Recorded) -> list[list[str]]:
    rows = []
    for what, asked in found.items():
        names = Counter(sorted(call.operation for call in asked))
        told = ", ".join(name if count == 1 else f"{count} {name}" for name, count in names.items())
        rows.append([what, str(len(asked)), str(round_trips(asked)), told])
    return [["", "calls", "round trips", "which"], *rows]
