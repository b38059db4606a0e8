"""Recordings of the built-in services. Each is recorded once for all tests."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from lib.audit.graph import Graph, graph_of
from lib.program.recorder import Deployment, record_file


@cache
def deployment(service: str, environment: str, *config: tuple[str, str]) -> Deployment:
    """Return the recording of `tap.py` for a service and an environment."""
    return record_file(Path("tap.py"), {"service": service, "environment": environment, **dict(config)})


def graph(service: str, environment: str, *config: tuple[str, str]) -> Graph:
    """Return the resource graph of the recording for a service and an environment."""
    return graph_of(deployment(service, environment, *config))
