"""One JSON line an event, written to standard output, so that it reads the same on AWS and in the emulator."""

from __future__ import annotations

import json
import sys
from typing import Any

from .invocation import INVOCATION

_encode = json.JSONEncoder(default=str, separators=(",", ":")).encode


def write(level: str, message: str, **fields: Any) -> None:
    """Log one line.  Give no personal data, key or request body."""
    of_one = {"correlationId": INVOCATION.correlation_id} if INVOCATION.correlation_id else {}
    sys.stdout.write(_encode({"level": level, "message": message, **fields, **of_one}) + "\n")
    sys.stdout.flush()
