"""Complete logs of the processes in which the emulator runs Lambda functions."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable
from typing import Any

# pylint: disable=protected-access  # the pinned release has no public names for these

END_OF_LOG = "\x00end of the log"
"""Line that Python workers write to stderr after each invocation."""
LOG_TIMEOUT = 10.0
"""Seconds until an incomplete log is returned. A subprocess of a stopped worker can keep its stderr open."""


def complete_log(read_log: Callable[..., str], seconds: float = LOG_TIMEOUT) -> Callable[..., str]:
    """Return a method of MiniStack's `Worker` that returns the log of an invocation of a Python function.

    MiniStack stops reading after 50 ms without a line, which loses lines on a busy machine and delays functions that
    log nothing. Read until `END_OF_LOG`, or until the process ends. `read_log` reads the logs of other runtimes.
    """

    def read_complete_log(worker: Any, *arguments: Any, **options: Any) -> str:
        if not worker.config.get("Runtime", "python").startswith("python"):
            return read_log(worker, *arguments, **options)
        lines: list[str] = []
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            ended = not worker._stderr_thread.is_alive()
            try:
                line: str = worker._stderr_queue.get(timeout=0 if ended else 0.05)
            except queue.Empty:
                if ended:
                    break
                continue
            text, end, _ = line.partition(END_OF_LOG)
            lines.extend([text] if text or not end else ())
            if end:
                break
        return "\n".join(lines)

    return read_complete_log
