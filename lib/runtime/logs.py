"""One JSON line an event, written to standard output, so that it reads the same on AWS and in the emulator."""

from __future__ import annotations

import json
import sys
from typing import Any

from .invocation import INVOCATION

_encode = json.JSONEncoder(default=str, separators=(",", ":")).encode


def write(level: str, message: str, members: str = "", **fields: Any) -> None:
    """Log one line.  Give no personal data, key or request body.

    `members` are more of its fields, as JSON, each after a comma.
    """
    of_one = {"correlationId": INVOCATION.correlation_id} if INVOCATION.correlation_id else {}
    text = _encode({"level": level, "message": message, **fields, **of_one})
    sys.stdout.write(f"{text[:-1]}{members}}}\n")
    sys.stdout.flush()
