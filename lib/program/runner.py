"""Run a Pulumi program in this process with mocks instead of the engine."""

from __future__ import annotations

import asyncio
import logging
import runpy
import sys
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, redirect_stdout
from functools import partial
from pathlib import Path
from typing import NamedTuple

import pulumi
from pulumi.runtime import mocks
from pulumi.runtime.settings import SETTINGS, set_root_resource


class _LogHandler(logging.Handler):
    """Handler that passes the level and the message of log records to a function."""

    def __init__(self, log: Callable[[int, str], None]) -> None:
        super().__init__(logging.INFO)
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        self._log(record.levelno, record.getMessage())


class Program(NamedTuple):
    """A Pulumi program."""

    path: Path
    """File of the program, for messages and reports."""
    folder: Path
    """Folder from which the program imports modules."""
    execute: Callable[[], object]

    @classmethod
    def from_file(cls, path: Path) -> Program:
        """Return the program in a file."""
        return cls(path, path.parent, partial(runpy.run_path, str(path.resolve()), run_name="__main__"))


@contextmanager
def module_search_path(folder: Path) -> Iterator[None]:
    """Import modules from `folder` first until the block exits.

    The Pulumi CLI does that for programs that are a folder with `__main__.py`.
    """
    path = [*sys.path]
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.path[:] = path


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
    """Run a program, or raise its first error. Redirect its standard output to standard error.

    The keys of `config` are in the namespace of the project. `log` receives the level and the message of each log
    record of the program, except for debug records.
    """

    def without_result() -> None:
        try:
            with redirect_stdout(sys.stderr):
                program()  # its result is dropped, because the SDK would await an awaitable result
        except SystemExit as exc:
            raise ValueError(f"The program must not exit, got sys.exit({exc.code!r}). Remove the call.") from exc

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
    """Set an event loop for this thread and one for each worker thread, and close all of them on exit.

    The SDK creates an event loop in each worker thread and never closes it, which causes a `ResourceWarning` in Python.
    The event loop logs no errors, because the caller raises the first error of a program and others follow from it.
    """
    loop = asyncio.new_event_loop()
    loop.set_exception_handler(lambda *_: None)
    loops = [loop]

    def set_up_thread() -> None:
        loops.append(asyncio.new_event_loop())
        asyncio.set_event_loop(loops[-1])

    asyncio.set_event_loop(loop)
    # The SDK shares pending outputs between programs. The outputs of a failed program belong to its closed event loop.
    SETTINGS.outputs.clear()
    try:
        with ThreadPoolExecutor(initializer=set_up_thread) as executor:
            loop.set_default_executor(executor)
            yield loop
    finally:
        asyncio.set_event_loop(None)
        for created in loops:
            created.close()


def _cancel_tasks(loop: asyncio.AbstractEventLoop) -> None:
    """Cancel the pending tasks of a failed program. Otherwise the SDK waits for them in the next program."""
    pending = asyncio.all_tasks(loop)
    for task in pending:
        task.cancel()
    loop.run_until_complete(asyncio.gather(*pending, return_exceptions=True))
    SETTINGS.outputs.clear()
