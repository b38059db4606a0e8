"""Reserved keys and attributes: internal items of a service, which callers cannot access."""

from __future__ import annotations

from .errors import BadRequest

PREFIX = "tap#"
"""Prefix of the partition keys and attributes of internal items."""
EXPIRES = "tap#expires"
"""TTL attribute. It is reserved because DynamoDB would delete items in which callers set it."""


def reject_reserved_names(*names: str) -> None:
    """Raise `BadRequest` for a key or an attribute name of a request with the reserved prefix."""
    for name in names:
        if name.startswith(PREFIX):
            raise BadRequest(f"Names must not start with {PREFIX!r}, got {name!r}. Choose another name.")
