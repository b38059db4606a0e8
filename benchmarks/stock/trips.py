"""How often an operation calls AWS, and how often it waits for an answer before it does."""

from __future__ import annotations

from collections.abc import Sequence

from ..races.plan import CART, PLAN, opened
from ..recorder import Asked, counted, round_trips
from ..tables import Target, section
from ..workloads import trips
from . import calls

TITLE = "stock, round trips: calls of a warm worker, recorded between it and AWS; those made side by side are one trip"
LIMITS = {"read": 1, "create": 1, "reserve": 2, f"reserve, cart of {CART}": 2, "release": 3, "fulfil": 3}


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
    targets += trips("stock", {what: round_trips(recorded) for what, recorded in found.items()})
    return section(TITLE, counted(found), targets=targets)
