"""The inventory service."""

from ...model import ServiceFactory
from .journey import JOURNEY
from .service import inventory
from .settings import InventorySettings
from .workload import WORKLOAD

FACTORY = ServiceFactory(
    name="inventory", settings=InventorySettings, build=inventory, workload=WORKLOAD, journey=JOURNEY
)
