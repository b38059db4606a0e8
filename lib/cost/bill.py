"""The bill of a month."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from ..console import Terminal
from ..model import Workload
from ..program import project
from ..program.recorder import Deployment, RegisteredResource, record_file
from ..services import BUILT_IN, load
from ..settings.environments import ENVIRONMENTS
from .billing import BILLED, FREE, UNPRICED
from .month import Month
from .prices import PRICES, Prices
from .traffic import Traffic


class Item(NamedTuple):
    """A line of a bill."""

    kind: str
    what: str
    amount: float
    unit: str
    usd: float
    fixed: bool


class Bill(NamedTuple):
    """What a month costs."""

    items: list[Item]
    """Those, too, that come to nothing."""
    free: list[str]
    """Types that cost nothing, whatever happens."""
    unpriced: list[str]
    """What there is besides."""

    def data(self) -> dict[str, Any]:
        """Return the bill as JSON has it."""
        return {
            "usd": self.usd(),
            "fixed_usd": self.usd(fixed=True),
            "items": [item._asdict() for item in self.items],
            "free": self.free,
            "unpriced": self.unpriced,
        }

    def usd(self, *, fixed: bool | None = None) -> float:
        """All of it; what is fixed, or what is not."""
        return sum(item.usd for item in self.items if fixed in (None, item.fixed))


def bill_of(deployment: Deployment, traffic: Traffic, service: str) -> Bill:
    """Return the bill of a deployment of a registered service; without a workload, its fixed costs only."""
    factory = load(service)
    found = bill(Month(deployment, traffic, factory.workload or Workload(), factory.default))
    return found if factory.workload else found._replace(items=[item for item in found.items if item.fixed])


def bill(month: Month, prices: Prices = PRICES) -> Bill:
    """What a month comes to."""
    found: dict[str, list[RegisteredResource]] = {}
    for resource in month.made.registered:
        if resource.custom and not resource.kind.startswith("providers."):
            found.setdefault(resource.kind, []).append(resource)
    return Bill(
        [item for kind in sorted(found) for item in _items(kind, found[kind], month, prices)],
        sorted(found.keys() & FREE),
        [text for kind in sorted(found) for text in _unpriced(kind, found[kind])] + _elsewhere(month),
    )


@cache
def standard(program: Path) -> Mapping[str, Mapping[str, Bill]]:
    """Return the bills of the built-in services in every environment, for the default traffic."""

    def of(service: str, environment: str) -> Bill:
        made = record_file(program, {"service": service, "environment": environment})
        return bill_of(made, Traffic(), service)

    return {service: {environment: of(service, environment) for environment in ENVIRONMENTS} for service in BUILT_IN}


def bills(
    services: Sequence[str],
    environments: Sequence[str],
    pairs: Sequence[str],
    traffic: Traffic,
    terminal: Terminal,
) -> dict[str, dict[str, Bill]]:
    """Return the bills of the project in this folder by service and environment, with config from `key=value` pairs."""
    here = project.read(Path())
    overrides = project.parse_config_pairs(here, pairs)

    def of(service: str, environment: str) -> Bill:
        terminal.passing(f"  {service} in {environment} ...")
        deployment = record_file(here.program, project.config(here, environment, service) | overrides, here.name)
        return bill_of(deployment, traffic, service)

    found = {service: {environment: of(service, environment) for environment in environments} for service in services}
    terminal.passing("")
    return found


def _items(kind: str, found: Sequence[RegisteredResource], month: Month, prices: Prices) -> Iterator[Item]:
    inputs = [resource.inputs for resource in found]
    for line in BILLED.get(kind, ()):
        amount, price = line.amount(inputs, month), prices[line.price]
        yield Item(kind, line.what, amount, price.unit, price.of(amount), line.fixed)


def _elsewhere(month: Month) -> list[str]:
    """Tables that stand already are read and written, too, and nobody knows how they are paid for."""
    return ["tables that stand already"] if month.workload.reads and not month.tables else []


def _unpriced(kind: str, found: Sequence[RegisteredResource]) -> Iterator[str]:
    if kind not in BILLED and kind not in FREE:
        yield f"{kind}, {len(found)} of them"
    for what, has in UNPRICED.get(kind, {}).items():
        yield from (f"{kind} {resource.name}: {what}" for resource in found if has(resource.inputs))
