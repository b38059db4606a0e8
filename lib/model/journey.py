"""Requests of the load test."""

from __future__ import annotations

from dataclasses import dataclass

from ..settings import Definition
from .call import Call


@dataclass(frozen=True, kw_only=True)
class Journey(Definition):
    """The requests that each client of the load test sends, in order.

    In paths and bodies, `{client}` is the ID of the client, `{iteration}` the ID of the iteration, and a name in
    `Call.captures` the value from an earlier response.
    """

    setup: tuple[Call, ...] = ()
    """Requests that each client sends once, before the others."""
    steps: tuple[Call, ...]
    """Requests that each client repeats until the test ends."""

    def __post_init__(self) -> None:
        if not self.steps:
            raise ValueError("steps must have at least one call, got none.")
