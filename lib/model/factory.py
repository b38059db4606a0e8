"""Registration of a service by a package, so that it can be deployed by name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ..settings import Definition, SettingsGroup
from .call import Call
from .journey import Journey
from .service import Service
from .workload import Workload


@dataclass(frozen=True, kw_only=True)
class SeedData(Definition):
    """Demo data of a service, as calls of its API."""

    label: str
    """Plural noun for one unit of the data, such as `products`."""
    count: int
    """Default number of units."""
    calls: Callable[[int], Iterable[Sequence[Call]]]
    """Function from a number of units to the calls that create each unit. If the first call returns 409, the unit
    exists."""


@dataclass(frozen=True, kw_only=True)
class ServiceFactory(Definition):
    """A service that can be deployed by name.

    Packages of built-in services define `FACTORY`. Other packages register theirs in the entry point group
    `tap_stack.services`.
    """

    name: str
    """Name of the service, of its entry point and of every definition that `build` returns."""
    build: Callable[[Any], Service]
    """Function from the settings of the service to its definition; the argument is None without `settings`."""
    settings: type[SettingsGroup] | None = None
    """Class of the settings that only this service has. Each field becomes a config key."""
    workload: Workload | None = None
    """Measured operations, from which `tap cost` and `tap scaling` calculate."""
    journey: Journey | None = None
    """Requests of the load test."""
    seed: SeedData | None = None
    """Demo data that `tap seed` creates."""

    @cached_property
    def default(self) -> Service:
        """Service definition for the default settings."""
        return self.build(self.settings() if self.settings else None)
