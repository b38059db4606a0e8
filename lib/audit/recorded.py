"""Deployments to audit: what the recorder tells of them."""

from __future__ import annotations

from collections.abc import Mapping

from ..program.recorder import Deployment, Registered
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
