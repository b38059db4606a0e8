"""The context object of a Lambda invocation."""

from __future__ import annotations

SPENT_SECONDS = 10.0
"""Remaining time that is too short for a retry of a call, but sufficient for the current call."""


class Context:
    """The attributes of the context that the runtime uses."""

    aws_request_id = "invocation-1"

    def __init__(self, seconds: float = 30.0) -> None:
        self._seconds = seconds

    def get_remaining_time_in_millis(self) -> int:
        """Return the remaining time of the invocation."""
        return int(self._seconds * 1000)
