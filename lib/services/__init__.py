"""The services that come with `TapStack`, by name."""

from collections.abc import Callable
from typing import Any, NamedTuple

from ..service import Service
from ..settings import Layer
from .inventory.service import SERVICE as INVENTORY
from .inventory.service import InventorySettings, inventory
from .items.service import SERVICE as ITEMS

SERVICES: dict[str, Service] = {service.name: service for service in (ITEMS, INVENTORY)}


class Choice(NamedTuple):
    """What can be chosen about a service."""

    settings: type[Layer]
    make: Callable[[Any], Service]
    """The service for such settings."""


CHOICES: dict[str, Choice] = {INVENTORY.name: Choice(InventorySettings, inventory)}
"""The services with options of their own, by name."""
