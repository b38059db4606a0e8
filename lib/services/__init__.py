"""The services that come with `TapStack`, by name."""

from ..service import Service
from .items.service import SERVICE as ITEMS

SERVICES: dict[str, Service] = {service.name: service for service in (ITEMS,)}
