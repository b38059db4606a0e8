"""What the library deploys, each deployment recorded once for all tests."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from lib.audit.graph import Graph, graph_of
from lib.program.recorder import Deployment, record_file


@cache
def deployment(service: str, environment: str, *config: tuple[str, str]) -> Deployment:
    """What `tap.py` makes of a service in an environment."""
    said = {"service": service, "environment": environment, **dict(config)}
    return record_file(Path("tap.py"), said)


def graph(service: str, environment: str, *config: tuple[str, str]) -> Graph:
    """The graph of that."""
    return graph_of(deployment(service, environment, *config))
