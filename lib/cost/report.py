"""Tables of bills, prices, and assumptions. All cells are strings."""

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
    f"AWS list prices for {REGION}, {DATE}, without free tier, credits, and taxes.",
    "Provisioned capacity is the minimum of auto scaling, or the capacity for constant traffic if that is higher.",
)
DERIVED = (
    "{service} has no workload, so its variable costs are derived from its routes, schedules, consumers and grants. "
    "Set workload=Workload(...) in its ServiceFactory for measured values: see docs/guides/own-service.md."
)
"""Message for a service without measured operations."""
NUMBER_DIGITS = 3


def totals(bills: Mapping[str, Mapping[str, Bill]]) -> list[Row]:
    """Return the total and the fixed monthly costs by service and environment."""
    head = ["USD per month", *next(iter(bills.values()))]
    rows: list[Row] = [head]
    for service, environments in bills.items():
        rows.append([service, *(_usd(bill.usd()) for bill in environments.values())])
        rows.append(["  fixed costs", *(_usd(bill.usd(fixed=True)) for bill in environments.values())])
    return rows


def items(bill: Bill) -> list[Row]:
    """Return the lines of a bill that have usage."""
    rows = [
        [item.kind, item.label, format_number(item.amount), item.unit, "fixed" if item.fixed else "", _usd(item.usd)]
        for item in bill.items
        if item.amount
    ]
    return [["resource", "usage", "per month", "unit", "", "USD"], *rows, ["total", "", "", "", "", _usd(bill.usd())]]


def remarks(bill: Bill) -> Iterator[str]:
    """Yield the resources of a bill that have no usage, are free of charge, or have an unknown price."""
    for label, resources in (
        ("no usage", _unused(bill.items)),
        ("free of charge", bill.free),
        ("UNKNOWN PRICE", bill.unpriced),
    ):
        if resources:
            yield f"{label}: {', '.join(resources)}"


def prices() -> list[Row]:
    """Return all prices."""
    rows = [
        [
            f"`{name}`",
            price.unit,
            f"{price.usd:.10f}".rstrip("0").rstrip("."),
            format_number(price.per),
            f"<{price.page}>",
        ]
        for name, price in PRICES.items()
    ]
    return [["Price", "Unit", "USD", "for", "Page"], *rows]


def operations() -> list[Row]:
    """Return the operations that represent the traffic of each built-in service."""
    rows = [
        [
            service,
            kind,
            operation.name,
            format_number(operation.read_units),
            format_number(operation.write_units),
            str(len(operation.round_trips)),
            format_number(operation.processor_ms),
        ]
        for service in BUILT_IN
        if (workload := load(service).workload)
        for kind, members in (
            ("read", workload.reads),
            ("write", workload.writes),
            ("schedule", workload.schedules.values()),
        )
        for operation in members
    ]
    return [["Service", "Kind", "Operation", "Read units", "Write units", "Round trips", "Processor ms"], *rows]


def traffic() -> list[Row]:
    """Return the traffic options with their defaults."""
    descriptions = docs_of(Traffic)
    rows = [
        [f"`{option_name(name)}`", descriptions[name], _default(value)] for name, value in asdict(Traffic()).items()
    ]
    return [["Option", "Description", "Default"], *rows]


def option_name(field: str) -> str:
    """Return the command-line option of a traffic field."""
    return f"--{field.replace('_', '-')}"


def _default(value: float | None) -> str:
    return "measured" if value is None else format_number(value)


def format_number(value: float) -> str:
    """Format a number with thousands separators, or with three significant digits below 1,000."""
    return f"{value:,.0f}" if value >= 10**NUMBER_DIGITS else f"{value:.{NUMBER_DIGITS}g}"


def _usd(value: float) -> str:
    return f"{value:,.2f}"


def _unused(lines: Iterable[Item]) -> list[str]:
    has_usage: dict[str, bool] = {}
    for item in lines:
        has_usage[item.kind] = has_usage.get(item.kind, False) or item.amount > 0
    return [kind for kind, is_used in has_usage.items() if not is_used]
