"""The invocation that is being served: of all of a worker's threads, as Lambda gives a worker one at a time."""

from __future__ import annotations


class Invocation:
    """What its log lines, its figures and what it leaves or sends have in common."""

    def __init__(self) -> None:
        self.correlation_id = ""
        """Of the request, or its own; none while a worker starts."""
        self.figures: list[tuple[str, float, str]] = []
        """What it has counted so far: names, values and units."""

    def begin(self, correlation_id: str) -> None:
        """Another one begins."""
        self.correlation_id = correlation_id
        self.figures = []


INVOCATION = Invocation()
