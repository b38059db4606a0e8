"""Bills of deployments for one month."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from ..console import Terminal
from ..model import Service, Workload
from ..program.recorder import Deployment, RegisteredResource, record_file
from ..program.runs import program_runs
from ..program.stacks import DeployedStack, by_label
from ..services import BUILT_IN, SERVICES, load
from ..settings.environments import ENVIRONMENTS
from .billing import BILLED, FREE, UNPRICED
from .default_workload import derive
from .month import Month
from .prices import PRICES, Prices
from .traffic import Traffic

PLURALS = {"queue": "queues", "bucket": "buckets", "event_bus": "event buses"}
"""Labels of existing resources, by kind."""


class Item(NamedTuple):
    """A line of a bill."""

    kind: str
    label: str
    amount: float
    unit: str
    usd: float
    fixed: bool


class Bill(NamedTuple):
    """Costs of a deployment in one month."""

    items: list[Item]
    """All lines, including those without usage."""
    free: list[str]
    """Resource types that are always free of charge."""
    unpriced: list[str]
    """Resources and settings with an unknown price."""

    def data(self) -> dict[str, Any]:
        """Return the bill as JSON data."""
        return {
            "usd": self.usd(),
            "fixed_usd": self.usd(fixed=True),
            "items": [item._asdict() for item in self.items],
            "free": self.free,
            "unpriced": self.unpriced,
        }

    def usd(self, *, fixed: bool | None = None) -> float:
        """Return the total cost, or only the costs that are fixed or not fixed."""
        return sum(item.usd for item in self.items if fixed in (None, item.fixed))


def bill_of(deployment: Deployment, traffic: Traffic, service: str, definition: Service | None = None) -> Bill:
    """Return the bill of a deployment of a service, by default for the workload of its definition.

    `definition` defaults to that of the registered service.
    """
    definition = definition or load(service).default
    return bill(Month(deployment, traffic, workload_of(service) or derive(definition), definition))


def workload_of(service: str) -> Workload | None:
    """Return the workload of a service, or None if it is not registered or has none."""
    return load(service).workload if service in SERVICES else None


def bill(month: Month, prices: Prices = PRICES) -> Bill:
    """Return the bill of a deployment for one month."""
    by_kind: dict[str, list[RegisteredResource]] = {}
    for resource in month.deployment.registered:
        if resource.custom and not resource.kind.startswith("providers."):
            by_kind.setdefault(resource.kind, []).append(resource)
    return Bill(
        [item for kind in sorted(by_kind) for item in _items(kind, by_kind[kind], month, prices)],
        sorted(by_kind.keys() & FREE),
        [label for kind in sorted(by_kind) for label in _unpriced(kind, by_kind[kind])] + _existing(month),
    )


@cache
def standard(program: Path) -> Mapping[str, Mapping[str, Bill]]:
    """Return the bills of the built-in services in every environment, for the default traffic."""

    def bill_for(service: str, environment: str) -> Bill:
        deployment = record_file(program, {"service": service, "environment": environment})
        return bill_of(deployment, Traffic(), service)

    return {
        service: {environment: bill_for(service, environment) for environment in ENVIRONMENTS} for service in BUILT_IN
    }


def bills(
    services: Sequence[str],
    environments: Sequence[str],
    pairs: Sequence[str],
    traffic: Traffic,
    terminal: Terminal,
) -> dict[str, dict[str, Bill]]:
    """Return the bills of the program in the working directory by service and environment.

    Without services, return the bills of all services of the program. `pairs` are additional config values in the form
    `key=value`.
    """
    result: dict[str, dict[str, Bill]] = {}
    for run in program_runs(services, environments, pairs):
        terminal.show_transient(f"  {run.label} in {run.environment} ...")
        deployment = run.record()
        for label, stack in by_label(run.select(deployment.stacks)).items():
            own = deployment._replace(registered=_resources_of(stack, deployment))
            result.setdefault(label, {})[stack.environment] = bill_of(own, traffic, stack.service.name, stack.service)
    terminal.show_transient("")
    return result


def _resources_of(stack: DeployedStack, deployment: Deployment) -> list[RegisteredResource]:
    """Return the resources of a stack. Those outside of all stacks belong to the first one."""
    others = {
        resource.urn for other in deployment.stacks if other != stack for resource in deployment.resources_of(other)
    }
    if stack == deployment.stacks[0]:
        return [resource for resource in deployment.registered if resource.urn not in others]
    return deployment.resources_of(stack)


def _items(kind: str, resources: Sequence[RegisteredResource], month: Month, prices: Prices) -> Iterator[Item]:
    inputs = [resource.inputs for resource in resources]
    for line in BILLED.get(kind, ()):
        amount, price = line.amount(inputs, month), prices[line.price]
        yield Item(kind, line.label, amount, price.unit, price.cost_of(amount), line.fixed)


def _existing(month: Month) -> list[str]:
    """Return labels of the existing resources that the operations use. Their usage and billing mode are unknown."""
    uses_tables = month.workload.reads and month.service.tables
    kinds = {resource.KIND for resource in month.service.existing()}
    labels = ["existing tables"] if uses_tables and not month.tables else []
    return labels + [f"existing {label}" for kind, label in PLURALS.items() if kind in kinds]


def _unpriced(kind: str, resources: Sequence[RegisteredResource]) -> Iterator[str]:
    if kind not in BILLED and kind not in FREE:
        yield f"{kind} ({len(resources)})"
    for label, applies in UNPRICED.get(kind, {}).items():
        yield from (f"{kind} {resource.name}: {label}" for resource in resources if applies(resource.inputs))
