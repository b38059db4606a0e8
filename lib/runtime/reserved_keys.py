"""Rows that a service keeps in its tables for itself.  No caller can name, read or write one."""

from __future__ import annotations

from .errors import BadRequest

PREFIX = "tap#"
"""Begins the partition key of every such row, and every attribute that only they have."""
EXPIRES = "tap#expires"
"""The TTL attribute.  Callers' attributes never begin so, or they could make DynamoDB delete their items."""


def refuse_reserved(*names: str) -> None:
    """Raise `BadRequest` if a caller's key or attribute names belong to the service."""
    for name in names:
        if name.startswith(PREFIX):
            raise BadRequest(f"{name}: names that begin with {PREFIX!r} are the service's own")
