"""The services that can be deployed by name: the built-in ones, and those that installed packages register.

A package registers a `ServiceFactory` by the entry point group `tap_stack.services`:

    [project.entry-points."tap_stack.services"]
    notes = "notes:FACTORY"

A service is imported when it is used: a package that cannot be imported breaks its own service only.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points

from ..model import Service, ServiceFactory

GROUP = "tap_stack.services"
"""Entry point group of the services of other packages."""
BUILT_IN = ("items", "inventory", "stock")
LOADED: dict[str, ServiceFactory] = {}
"""The factories that were used so far."""


class ServiceError(ValueError):
    """A service that cannot be loaded. The message names the distribution that registers it, and the remedy."""


def names() -> tuple[str, ...]:
    """Return the names of all services, without importing any of them."""
    return (*BUILT_IN, *sorted(registered().keys() - {*BUILT_IN}))


def load(name: str) -> ServiceFactory:
    """Return the factory of a service, importing only that service.

    Raise `ServiceError` if the name is not registered, is registered twice, or its package is faulty.
    """
    if name not in LOADED:
        LOADED[name] = _load(name)
    return LOADED[name]


def loadable() -> Iterator[ServiceFactory]:
    """Import every service and yield the factories, without those that cannot be loaded."""
    for name in names():
        try:
            yield load(name)
        except ServiceError:
            continue


class _Descriptions(Mapping[str, Service]):
    """The services with their default settings by name, each imported when it is looked up."""

    def __getitem__(self, name: str) -> Service:
        if name not in self:
            raise KeyError(name)
        return load(name).default

    def __contains__(self, name: object) -> bool:
        return name in BUILT_IN or name in names()

    def __iter__(self) -> Iterator[str]:
        return iter(names())

    def __len__(self) -> int:
        return len(names())


SERVICES = _Descriptions()


@cache
def registered() -> Mapping[str, list[EntryPoint]]:
    """Return the entry points of other distributions by the name of their service."""
    found: dict[str, list[EntryPoint]] = {}
    for entry_point in entry_points(group=GROUP):
        found.setdefault(entry_point.name, []).append(entry_point)
    return found


def _load(name: str) -> ServiceFactory:
    claims = registered().get(name, [])
    if len(claims) + (name in BUILT_IN) > 1:
        owners = ["tap-stack (built in)"] * (name in BUILT_IN) + sorted(map(_distribution, claims))
        raise ServiceError(
            f"service {name!r} must be registered by one distribution, got {', '.join(owners)}. "
            "Uninstall the others, or rename their services."
        )
    if name in BUILT_IN:
        factory: ServiceFactory = import_module(f".{name}", __package__).FACTORY
        return factory
    if not claims:
        raise ServiceError(f"service must be one of {', '.join(names())}, got {name!r}.")
    return _load_entry_point(claims[0])


def _load_entry_point(entry_point: EntryPoint) -> ServiceFactory:
    name, origin = entry_point.name, f"entry point {entry_point.value!r} of {_distribution(entry_point)}"
    try:
        factory = entry_point.load()
        described = factory.default.name if isinstance(factory, ServiceFactory) else ""
    except Exception as exc:  # pylint: disable=broad-exception-caught  # a package raises any exception on import
        raise ServiceError(
            f"service {name!r} cannot be loaded: {origin} raised {type(exc).__name__}: {exc}. "
            "Correct or uninstall that distribution."
        ) from exc
    if not isinstance(factory, ServiceFactory):
        raise ServiceError(f"service {name!r}: {origin} must be a ServiceFactory, got {type(factory).__name__}.")
    if wrong := {factory.name, described} - {name}:
        raise ServiceError(
            f"service {name!r}: the factory and the description of {origin} must have that name, got {wrong.pop()!r}. "
            "Rename the service or the entry point."
        )
    return factory


def _distribution(entry_point: EntryPoint) -> str:
    dist = entry_point.dist
    return f"distribution {dist.name} {dist.version}" if dist else "an unknown distribution"
