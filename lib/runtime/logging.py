"""One JSON line an event, written to standard output, so that it reads the same on AWS and in the emulator."""

from __future__ import annotations

import json
import sys
from typing import Any

_encode = json.JSONEncoder(default=str, separators=(",", ":")).encode


MASKED_FROM_CHARACTERS = 8
"""How long a text must be to be masked: a shorter one is in every line."""

_masked: set[str] = set()


class Invocation:
    """The invocation that runs. All threads of an execution environment share it, as Lambda sends one at a time."""

    def __init__(self) -> None:
        self.correlation_id = ""
        """Of the request, or its own; empty during initialization."""
        self.metrics: list[tuple[str, float, str]] = []
        """Names, values and units of the metrics of this invocation."""

    def begin(self, correlation_id: str) -> None:
        """Start another invocation."""
        self.correlation_id = correlation_id
        self.metrics = []


INVOCATION = Invocation()


def mask(text: str) -> None:
    """Have `***` in its place wherever a line would show `text`, from now on."""
    if len(text) >= MASKED_FROM_CHARACTERS:
        _masked.add(_encode(text)[1:-1])


def write(level: str, message: str, members: str = "", **fields: Any) -> None:
    """Log one line.  Give no personal data, key or request body.

    `members` are more of its fields, as JSON, each after a comma.
    """
    of_one = {"correlationId": INVOCATION.correlation_id} if INVOCATION.correlation_id else {}
    text = _encode({"level": level, "message": message, **fields, **of_one})
    line = f"{text[:-1]}{members}}}"
    for secret in _masked:
        line = line.replace(secret, "***")
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
