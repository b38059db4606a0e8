"""What Lambda hands a function beside the event."""

from __future__ import annotations

SPENT_SECONDS = 10.0
"""Too little for another attempt of a call, because one can take longer in tests, and enough for a call under way."""


class Context:
    """As much of it as the runtime asks for."""

    aws_request_id = "invocation-1"

    def __init__(self, seconds: float = 30.0) -> None:
        self._seconds = seconds

    def get_remaining_time_in_millis(self) -> int:
        """What is left of the function's time."""
        return int(self._seconds * 1000)
