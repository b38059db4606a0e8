"""Logs of the processes in which the emulator runs Lambda functions."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterable
from types import SimpleNamespace
from typing import Any

from lib.local.server.worker_logs import END_OF_LOG, complete_log

read = complete_log(lambda worker, wait=0.0: f"{worker.config['Runtime']} {wait}")


def worker_with(lines: Iterable[str], *, alive: bool = True) -> Any:
    """Return a worker whose process writes the lines 0.1 seconds later, and runs or ends after them."""
    written: queue.Queue[str] = queue.Queue()
    running = threading.Event()

    def write() -> None:
        running.wait(0.1)
        for line in lines:
            written.put(line)
        if alive:
            running.wait(5)

    thread = threading.Thread(target=write, daemon=True)
    thread.start()
    return SimpleNamespace(config={"Runtime": "python3.13"}, _stderr_queue=written, _stderr_thread=thread)


def test_log_is_complete_when_lines_are_late() -> None:
    worker = worker_with(["first", "", "second", END_OF_LOG, "next invocation", END_OF_LOG])
    assert read(worker) == "first\n\nsecond"
    assert read(worker) == "next invocation"


def test_last_line_does_not_need_a_line_feed() -> None:
    assert read(worker_with([f"first{END_OF_LOG}"])) == "first"


def test_log_of_a_stopped_process_ends_with_its_last_line() -> None:
    assert read(worker_with(["first", "second"], alive=False)) == "first\nsecond"


def test_log_is_not_awaited_forever() -> None:
    assert complete_log(lambda worker: "", seconds=0.3)(worker_with(["first"])) == "first"


def test_log_of_other_runtimes_is_read_by_the_emulator() -> None:
    assert read(SimpleNamespace(config={"Runtime": "nodejs20.x"}), wait=0.1) == "nodejs20.x 0.1"
