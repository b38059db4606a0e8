"""Event loops for Pulumi's SDK."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from pulumi.runtime.settings import SETTINGS


@contextmanager
def event_loop() -> Iterator[asyncio.AbstractEventLoop]:
    """Set an event loop in this thread and in its worker threads, and close all of them at the end.

    The SDK makes its calls in worker threads, creates an event loop in each and closes none: Python reports them when
    it collects them. The loop logs no errors: the caller raises the first one of a program, and others follow from it.
    """
    loop = asyncio.new_event_loop()
    loop.set_exception_handler(lambda *_: None)
    loops = [loop]

    def set_up_thread() -> None:
        loops.append(asyncio.new_event_loop())
        asyncio.set_event_loop(loops[-1])

    asyncio.set_event_loop(loop)
    # The SDK shares them between programs: those that a failed one left belong to its closed loop.
    SETTINGS.outputs.clear()
    try:
        with ThreadPoolExecutor(initializer=set_up_thread) as executor:
            loop.set_default_executor(executor)
            yield loop
    finally:
        asyncio.set_event_loop(None)
        for each in loops:
            each.close()
