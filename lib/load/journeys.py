"""The journeys of the services, by name."""

from collections.abc import Mapping

from ..model.journey import Journey
from ..services.inventory.journey import JOURNEY as INVENTORY
from ..services.items.journey import JOURNEY as ITEMS
from ..services.stock.journey import JOURNEY as STOCK

JOURNEYS: Mapping[str, Journey] = {"items": ITEMS, "inventory": INVENTORY, "stock": STOCK}
