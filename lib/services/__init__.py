"""The services that come with `TapStack`, by name."""

from collections.abc import Callable
from typing import Any, NamedTuple

from ..model import Service
from ..settings import Layer
from .inventory.service import SERVICE as INVENTORY
from .inventory.service import inventory
from .inventory.settings import InventorySettings
from .items.service import SERVICE as ITEMS
from .stock.service import SERVICE as STOCK
from .stock.service import stock
from .stock.settings import StockSettings

SERVICES: dict[str, Service] = {service.name: service for service in (ITEMS, INVENTORY, STOCK)}


class Choice(NamedTuple):
    """What can be chosen about a service."""

    settings: type[Layer]
    make: Callable[[Any], Service]
    """The service for such settings."""


CHOICES: dict[str, Choice] = {
    INVENTORY.name: Choice(InventorySettings, inventory),
    STOCK.name: Choice(StockSettings, stock),
}
"""The services with options of their own, by name."""
