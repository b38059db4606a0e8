"""An orders API with pydantic models, a queue worker and totals from a table stream."""

from .service import SERVICE

__all__ = ["SERVICE"]
