"""The items service."""

from ...model import ServiceFactory
from .service import SERVICE
from .workload import WORKLOAD

FACTORY = ServiceFactory(name="items", build=lambda _settings: SERVICE, workload=WORKLOAD)
