"""Prerequisites of the load test: open files for its clients, and a local deployment."""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from ..client import auth
from ..client.smoke_test import Endpoint, endpoint_of
from ..console import Terminal
from ..local.emulator import Emulator
from ..local.engine import Engine
from ..local.run import deploy_with
from ..program.runs import program_runs

WORKERS_PER_PROCESSOR = 4
"""Default number of concurrent invocations of a local deployment. Each requires a process."""
OTHER_FILES = 256
"""Open files of a process in addition to the connections of clients."""


class LoadError(Exception):
    """Missing prerequisite of a load test. The message contains the remedy."""


def raise_file_limit(clients: int) -> None:
    """Increase the limit of open files, because each client opens a connection. Raise `LoadError` if that fails."""
    required = clients + OTHER_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, required), hard))
    except ValueError as exc:
        raise LoadError(
            f"{clients} clients require {required} open files, and the limit is {hard}. Start at most "
            f"{hard - OTHER_FILES} clients, or raise the limit with ulimit -Hn."
        ) from exc


@contextmanager
def local_deployment(
    service: str, environment: str, terminal: Terminal, *, workers: int | None = None, pairs: Sequence[str] = ()
) -> Iterator[Endpoint]:
    """Deploy a service to an emulator that runs until the block exits."""
    (run,) = program_runs([service], [environment], pairs)
    with Emulator(workers=workers or WORKERS_PER_PROCESSOR * (os.cpu_count() or 1)) as emulator:
        engine = Engine(emulator, lambda _, name: terminal.show_transient(f"  {service}: {name}"))
        outputs = deploy_with(engine, run, terminal)[0].outputs
        terminal.step(f"{service} is deployed in {environment}")
        yield endpoint_of(outputs, auth.authorization_of(outputs, emulator))
