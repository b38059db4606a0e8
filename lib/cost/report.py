"""Bills as tables, of cells that are text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict

from ..services import BUILT_IN, load
from ..settings import docs_of
from .bill import Bill, Item
from .prices import DATE, PRICES, REGION
from .traffic import Traffic

Row = Sequence[str]

BASIS = (
    f"{REGION}, AWS's list prices of {DATE}, no free tier, no credits, no taxes.",
    "Provisioned capacity is at its least: what scaling leaves, or what traffic takes that never varies.",
)
FIXED_ONLY = (
    "{service} has no workload, so only its fixed costs are shown. "
    "Set workload=Workload(...) in its ServiceFactory: see CONTRIBUTING.md."
)
"""Message for a service without measured operations."""
NUMBER_DIGITS = 3


def totals(bills: Mapping[str, Mapping[str, Bill]]) -> list[Row]:
    """What a month costs by service and environment, and how much of it in a month without traffic."""
    head = ["USD a month", *next(iter(bills.values()))]
    rows: list[Row] = [head]
    for service, row in bills.items():
        rows.append([service, *(_usd(bill.usd()) for bill in row.values())])
        rows.append(["  of it fixed", *(_usd(bill.usd(fixed=True)) for bill in row.values())])
    return rows


def items(bill: Bill) -> list[Row]:
    """What one bill says: what comes to something."""
    rows = [
        [item.kind, item.what, number(item.amount), item.unit, "fixed" if item.fixed else "", _usd(item.usd)]
        for item in bill.items
        if item.amount
    ]
    return [["resource", "billed for", "a month", "", "", "USD"], *rows, ["total", "", "", "", "", _usd(bill.usd())]]


def remarks(bill: Bill) -> Iterator[str]:
    """What one bill is silent about."""
    for what, kinds in (
        ("comes to nothing in such a month", _idle(bill.items)),
        ("costs nothing", bill.free),
        ("CANNOT BE PRICED", bill.unpriced),
    ):
        if kinds:
            yield f"{what}: {', '.join(kinds)}"


def prices() -> list[Row]:
    """Every price."""
    rows = [
        [f"`{name}`", price.unit, f"{price.usd:.10f}".rstrip("0").rstrip("."), number(price.per), f"<{price.page}>"]
        for name, price in PRICES.items()
    ]
    return [["Price", "Unit", "USD", "for", "Page"], *rows]


def work() -> list[Row]:
    """Return the operations that represent the traffic of each built-in service."""
    rows = [
        [
            service,
            part,
            one.name,
            number(one.read_units),
            number(one.write_units),
            str(len(one.round_trips)),
            number(one.processor_ms),
        ]
        for service in BUILT_IN
        if (done := load(service).workload)
        for part, operations in (("read", done.reads), ("write", done.writes), ("sweep", done.schedules.values()))
        for one in operations
    ]
    return [["Service", "Counts as", "Operation", "Read units", "Write units", "Round trips", "Processor ms"], *rows]


def traffic() -> list[Row]:
    """What is said of a month where nothing else is."""
    texts = docs_of(Traffic)
    rows = [[f"`{option(name)}`", texts[name], default(value)] for name, value in asdict(Traffic()).items()]
    return [["Option", "What", "Default"], *rows]


def option(field: str) -> str:
    """The command line's name of a field of the traffic."""
    return f"--{field.replace('_', '-')}"


def default(value: float | None) -> str:
    """What a field says where nobody does."""
    return "measured" if value is None else number(value)


def number(value: float) -> str:
    """A number as people write it."""
    return f"{value:,.0f}" if value >= 10**NUMBER_DIGITS else f"{value:.{NUMBER_DIGITS}g}"


def _usd(value: float) -> str:
    return f"{value:,.2f}"


def _idle(found: Iterable[Item]) -> list[str]:
    busy: dict[str, bool] = {}
    for item in found:
        busy[item.kind] = busy.get(item.kind, False) or item.amount > 0
    return [kind for kind, some in busy.items() if not some]
