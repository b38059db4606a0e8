"""What the library deploys, each deployment recorded once for all tests."""

from __future__ import annotations

import runpy
from functools import cache

from lib.audit.deployments import graph_of
from lib.audit.graph import Graph
from lib.recorder import Deployment, record


@cache
def deployment(service: str, environment: str, *config: tuple[str, str]) -> Deployment:
    """What `tap.py` makes of a service in an environment."""
    said = {"service": service, "environment": environment, **dict(config)}
    return record(lambda: runpy.run_path("tap.py"), config=said)


def graph(service: str, environment: str, *config: tuple[str, str]) -> Graph:
    """The graph of that."""
    return graph_of(deployment(service, environment, *config))
