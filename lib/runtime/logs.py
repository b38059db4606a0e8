"""One JSON line an event, written to standard output, so that it reads the same on AWS and in the emulator."""

from __future__ import annotations

import json
import sys
from typing import Any

_encode = json.JSONEncoder(default=str, separators=(",", ":")).encode


def write(level: str, message: str, **fields: Any) -> None:
    """Log one line.  Give no personal data, key or request body."""
    sys.stdout.write(_encode({"level": level, "message": message, **fields}) + "\n")
    sys.stdout.flush()
