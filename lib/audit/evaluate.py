"""Evaluation of controls and their waivers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple, get_args

from .control import Control, Waiver
from .controls import CONTROLS
from .graph import Graph, Resource, ResourceScope
from .waivers import WAIVERS

State = Literal["passed", "waived", "failed"]
STATES = get_args(State)


class Finding(NamedTuple):
    """Result of a control for a resource."""

    control: Control
    resource: Resource
    state: State
    reason: str = ""
    """Reason of the waiver."""

    @property
    def remediation(self) -> str:
        """Remediation for the resource."""
        return self.control.remediation_of(self.resource)


def audit(graph: Graph) -> Iterator[Finding]:
    """Yield a finding for every control and every resource of its kinds."""
    for control in (control for controls in CONTROLS.values() for control in controls):
        for resource in graph.by_kind(control.kinds):
            yield evaluate(control, resource, graph)


def evaluate(control: Control, resource: Resource, graph: Graph) -> Finding:
    """Return the finding of a control for a resource."""
    if control.is_compliant(resource, graph.related_resources(resource, control.related)):
        return Finding(control, resource, "passed")
    waiver = applicable_waiver(control, resource, graph)
    return Finding(control, resource, "waived", waiver.reason) if waiver else Finding(control, resource, "failed")


def applicable_waiver(control: Control, resource: Resource, graph: Graph) -> Waiver | None:
    """Return the first waiver of a control that applies to a resource, or None."""
    scope = graph.scope(resource)
    return next((waiver for waiver in waivers_of(control) if _applies(waiver, resource, scope, graph)), None)


def waivers_of(control: Control) -> list[Waiver]:
    """Return the waivers of a control."""
    return [waiver for waiver in WAIVERS if control.name in waiver.controls]


def _applies(waiver: Waiver, resource: Resource, scope: ResourceScope, graph: Graph) -> bool:
    return (
        resource.is_from_library()
        and (not waiver.services or scope.service in waiver.services)
        and (not waiver.profiles or scope.profile in waiver.profiles)
        and scope.service not in waiver.except_services
        and not waiver.is_excluded(resource, graph)
        and waiver.when(resource, graph.related_resources(resource, waiver.related))
    )
