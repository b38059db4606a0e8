"""Runs Pulumi programs in this process, with mocks instead of the engine."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, redirect_stdout

import pulumi
from pulumi.runtime import mocks
from pulumi.runtime.settings import SETTINGS, set_root_resource


class _LogHandler(logging.Handler):
    """Passes on the level and the text of messages."""

    def __init__(self, log: Callable[[int, str], None]) -> None:
        super().__init__(logging.INFO)
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        self._log(record.levelno, record.getMessage())


def run(
    program: Callable[[], object],
    monitor: mocks.MockMonitor,
    *,
    project: str,
    stack: str,
    config: Mapping[str, str],
    log: Callable[[int, str], None],
    preview: bool = False,
) -> None:
    """Run a program to its end. Raise its first error. What it prints goes to standard error.

    `config` is that of the project's namespace. `log` receives the level and the text of each message that the program
    logs, except for debug messages.
    """

    def without_result() -> None:
        try:
            with redirect_stdout(sys.stderr):
                program()  # The SDK would await an awaitable one.
        except SystemExit as exc:
            raise ValueError(f"The program must run to its end, got sys.exit({exc.code!r}). Remove the call.") from exc

    logger = logging.Logger("program")
    logger.addHandler(_LogHandler(log))
    pulumi.runtime.set_all_config({f"{project}:{key}": value for key, value in config.items()})
    with event_loop() as loop:
        mocks.set_mocks(monitor.mocks, project, stack, preview, logger, monitor)
        set_root_resource(None)  # type: ignore[arg-type]  # run_in_stack creates the root itself
        try:
            loop.run_until_complete(pulumi.runtime.run_in_stack(without_result))
        finally:
            _cancel_tasks(loop)


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


def _cancel_tasks(loop: asyncio.AbstractEventLoop) -> None:
    """Cancel the pending tasks of a failed program, which the SDK would wait for in the next one."""
    pending = asyncio.all_tasks(loop)
    for task in pending:
        task.cancel()
    loop.run_until_complete(asyncio.gather(*pending, return_exceptions=True))
    SETTINGS.outputs.clear()
