"""An orders API with pydantic models, a queue worker and totals from a table stream."""

from tap_stack.model import ServiceFactory

from .service import SERVICE

FACTORY = ServiceFactory(name="orders", build=lambda _settings: SERVICE)
