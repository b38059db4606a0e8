"""The inventory service."""

from ...model import ServiceFactory
from .service import inventory
from .settings import InventorySettings

FACTORY = ServiceFactory(name="inventory", settings=InventorySettings, build=inventory)
