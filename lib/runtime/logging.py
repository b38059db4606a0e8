"""Structured logging: one JSON object per line on the standard output."""

from __future__ import annotations

import json
import sys
from typing import Any

_encode = json.JSONEncoder(default=str, separators=(",", ":")).encode

MIN_MASKED_CHARACTERS = 8
"""Minimum length of masked values. Shorter ones can be part of unrelated values."""

_masked: set[str] = set()


class Invocation:
    """The current invocation. All threads share it, because an execution environment runs one invocation at a time."""

    def __init__(self) -> None:
        self.correlation_id = ""
        """Correlation ID of the request, or the ID of the invocation. Empty during initialization."""
        self.metrics: list[tuple[str, float, str]] = []
        """Names, values and units of the metrics of this invocation."""

    def begin(self, correlation_id: str) -> None:
        """Reset the state for the next invocation."""
        self.correlation_id = correlation_id
        self.metrics = []


INVOCATION = Invocation()


def mask(value: str) -> None:
    """Replace the value by `***` in all later log lines."""
    if len(value) >= MIN_MASKED_CHARACTERS:
        _masked.add(_encode(value)[1:-1])


def write(level: str, message: str, members: str = "", **fields: Any) -> None:
    """Write a log line. Do not pass personal data, keys or request bodies.

    `members` are additional JSON members, each with a leading comma.
    """
    ids = {"correlationId": INVOCATION.correlation_id} if INVOCATION.correlation_id else {}
    document = _encode({"level": level, "message": message, **fields, **ids})
    line = f"{document[:-1]}{members}}}"
    for value in _masked:
        line = line.replace(value, "***")
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
