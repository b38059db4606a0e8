"""The items service."""

from ...model import ServiceFactory
from .journey import JOURNEY
from .service import SERVICE
from .workload import WORKLOAD

FACTORY = ServiceFactory(name="items", build=lambda _settings: SERVICE, workload=WORKLOAD, journey=JOURNEY)
