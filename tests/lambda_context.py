"""What Lambda hands a function beside the event."""

from __future__ import annotations


class Context:
    """As much of it as the runtime asks for."""

    aws_request_id = "invocation-1"

    def __init__(self, seconds: float = 30.0) -> None:
        self._seconds = seconds

    def get_remaining_time_in_millis(self) -> int:
        """What is left of the function's time."""
        return int(self._seconds * 1000)
