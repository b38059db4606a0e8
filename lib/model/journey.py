"""What a client of the load test does."""

from __future__ import annotations

from dataclasses import dataclass

from .service import Call


@dataclass(frozen=True, kw_only=True)
class Journey:
    """The requests that each client of the load test sends, in order.

    In their paths and bodies `{client}` is an id of the client, `{iteration}` an id of the iteration, and the names
    in `Call.captures` are values of earlier responses.
    """

    setup: tuple[Call, ...] = ()
    """Requests that each client sends once, before the others."""
    steps: tuple[Call, ...]
    """Requests that each client repeats until the test ends."""

    def __post_init__(self) -> None:
        if not self.steps:
            raise ValueError("steps must have at least one call, got none.")
