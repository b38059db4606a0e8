"""Deployments to audit: programs, recorded."""

from __future__ import annotations

import runpy
import sys
from collections.abc import Mapping
from contextlib import chdir
from pathlib import Path

from ..recorder import Deployment, Registered, record
from .graph import Graph, Resource


def graph_of(deployment: Deployment) -> Graph:
    """What controls can look at of a recorded program."""
    return Graph(
        _resource(registered, deployment.outputs.get(registered.urn, {})) for registered in deployment.registered
    )


def _resource(registered: Registered, outputs: Mapping[str, object]) -> Resource:
    return Resource(
        kind=registered.kind,
        name=registered.name,
        urn=registered.urn,
        props={**registered.inputs, **outputs},
        sources=registered.sources,
        parent=registered.parent,
    )


def recorded(program: Path, config: Mapping[str, str]) -> Graph:
    """The graph of a Pulumi program, run in its folder as the Pulumi CLI runs it."""
    script = program.resolve()
    path = [*sys.path]
    sys.path.insert(0, str(script.parent))
    try:
        with chdir(script.parent):
            return graph_of(record(lambda: runpy.run_path(str(script), run_name="__main__"), config=config))
    finally:
        sys.path[:] = path
