"""Registry of the services that can be deployed: built-in services, and services of installed packages.

A package registers a `ServiceFactory` in the entry point group `tap_stack.services`:

    [project.entry-points."tap_stack.services"]
    notes = "notes:FACTORY"

Commands also accept a definition that is not registered, as `module:attribute`. A service is imported on first use, so
an import error of a package affects only its service.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

from ..model import Service, ServiceFactory
from ..settings.error_location import located

GROUP = "tap_stack.services"
"""Entry point group of the services of other packages."""
BUILT_IN = ("items", "inventory", "stock")
LOADED: dict[str, ServiceFactory] = {}
"""Cached factories by the name of their service."""
REFERENCED: dict[str, ServiceFactory] = {}
"""Factories that `load_reference` returned, by the name of their service."""
REFERENCE = re.compile(r"(?P<module>[\w.]+):(?P<attribute>\w+)")


class ServiceError(ValueError):
    """A service cannot be loaded. The message names the distribution that registers it, and the remedy."""


def names() -> tuple[str, ...]:
    """Return the names of all services without importing them."""
    return (*BUILT_IN, *sorted((registered().keys() | REFERENCED.keys()) - {*BUILT_IN}))


def load(name: str) -> ServiceFactory:
    """Return the factory of a service.

    Raise `ServiceError` if the name is not registered, is registered twice, or has an invalid entry point.
    """
    if name not in LOADED:
        LOADED[name] = _load(name)
    return LOADED[name]


def loadable() -> Iterator[ServiceFactory]:
    """Yield the factories of all services except those that cannot be loaded."""
    for name in names():
        try:
            yield load(name)
        except ServiceError:
            continue


def load_reference(reference: str) -> ServiceFactory:
    """Return the factory of a service that is not registered, such as `shop.service:SERVICE`.

    The module is imported from the current folder or from installed packages; its attribute is a `Service` or a
    `ServiceFactory`. From then on, this process finds the service by its name. Raise `ServiceError` if the reference is
    invalid or if another service has the name.
    """
    match = REFERENCE.fullmatch(reference)
    if match is None:
        raise ServiceError(f"service must be a name or module:attribute, got {reference!r}.")
    if match["module"] == "__main__":
        raise ServiceError(
            f"service must be defined in a module that creates no resources, got {reference!r}. Omit it to use the "
            "services of the program, or move the definition to another module."
        )
    if (folder := str(Path.cwd())) not in sys.path:
        sys.path.insert(0, folder)
    try:
        definition = getattr(import_module(match["module"]), match["attribute"])
    except Exception as exc:  # Importing a module can raise any exception.
        message = located(exc).removesuffix(".")
        raise ServiceError(f"service {reference!r} cannot be loaded: {message}. Correct it.") from exc
    if isinstance(definition, Service):
        service = definition
        definition = ServiceFactory(name=service.name, build=lambda _: service)
    if not isinstance(definition, ServiceFactory):
        expected = f"must be a Service or a ServiceFactory, got {type(definition).__name__}"
        raise ServiceError(f"service {reference!r} {expected}.")
    name = definition.name
    if name in BUILT_IN or name in registered():
        raise ServiceError(f"service {reference!r} must not have the name of another service, got {name!r}. Rename it.")
    REFERENCED[name] = LOADED[name] = definition
    return definition


class _DefaultServices(Mapping[str, Service]):
    """The services with default settings, by name. A service is imported on lookup."""

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


SERVICES = _DefaultServices()


@cache
def registered() -> Mapping[str, list[EntryPoint]]:
    """Return the entry points of installed packages by the name of their service."""
    by_name: dict[str, list[EntryPoint]] = {}
    for entry_point in entry_points(group=GROUP):
        by_name.setdefault(entry_point.name, []).append(entry_point)
    return by_name


def _load(name: str) -> ServiceFactory:
    registrations = registered().get(name, [])
    if len(registrations) + (name in BUILT_IN) > 1:
        sources = ["tap-stack (built in)"] * (name in BUILT_IN) + sorted(map(_distribution, registrations))
        raise ServiceError(
            f"service {name!r} must be registered by one distribution, got {', '.join(sources)}. "
            "Uninstall the others, or rename their services."
        )
    if name in BUILT_IN:
        factory: ServiceFactory = import_module(f".{name}", __package__).FACTORY
        return factory
    if not registrations:
        raise ServiceError(f"service must be one of {', '.join(names())}, got {name!r}.")
    return _load_entry_point(registrations[0])


def _load_entry_point(entry_point: EntryPoint) -> ServiceFactory:
    name, origin = entry_point.name, f"entry point {entry_point.value!r} of {_distribution(entry_point)}"
    try:
        factory = entry_point.load()
        default_name = factory.default.name if isinstance(factory, ServiceFactory) else ""
    except Exception as exc:  # pylint: disable=broad-exception-caught  # Importing a package can raise any exception.
        raise ServiceError(
            f"service {name!r} cannot be loaded: {origin} raised {type(exc).__name__}: {exc}. "
            "Correct or uninstall that distribution."
        ) from exc
    if not isinstance(factory, ServiceFactory):
        raise ServiceError(f"service {name!r}: {origin} must be a ServiceFactory, got {type(factory).__name__}.")
    if other_names := {factory.name, default_name} - {name}:
        raise ServiceError(
            f"service {name!r}: {origin} must create a service with this name, got {other_names.pop()!r}. "
            "Rename the service or the entry point."
        )
    return factory


def _distribution(entry_point: EntryPoint) -> str:
    dist = entry_point.dist
    return f"distribution {dist.name} {dist.version}" if dist else "an unknown distribution"
