"""How a package registers a service, so that it can be deployed by its name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ..settings import SettingsGroup
from .journey import Journey
from .service import Call, Service
from .workload import Workload


@dataclass(frozen=True, kw_only=True)
class SeedData:
    """Demo data of a service, as calls of its API."""

    label: str
    """Plural noun for one unit of the data, such as `products`."""
    count: int
    """Default number of units."""
    calls: Callable[[int], Iterable[Sequence[Call]]]
    """Return the calls that create each of so many units. If the first one responds with 409, the unit exists."""


@dataclass(frozen=True, kw_only=True)
class ServiceFactory:
    """A service that can be deployed by its name.

    The built-in services are `FACTORY` of their packages. Other packages name theirs in the entry point group
    `tap_stack.services`.
    """

    name: str
    """Name of the service, of its entry point and of every description that `build` returns."""
    build: Callable[[Any], Service]
    """Return the description for settings; the argument is None if the service has no settings of its own."""
    settings: type[SettingsGroup] | None = None
    """Class of the settings that only this service has; each field becomes a config key."""
    workload: Workload | None = None
    """Measured operations, from which `tap cost` and `tap scaling` calculate."""
    journey: Journey | None = None
    """Requests of the load test."""
    seed: SeedData | None = None
    """Demo data that `tap seed` creates."""

    @cached_property
    def default(self) -> Service:
        """Description for the default settings."""
        return self.build(self.settings() if self.settings else None)
