"""The items service."""

from ...model import ServiceFactory
from .service import SERVICE

FACTORY = ServiceFactory(name="items", build=lambda _settings: SERVICE)
