"""Whether controls hold, and where not, whether that is waived."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple, get_args

from .control import Control, Waiver
from .controls import CONTROLS
from .graph import Graph, Place, Resource
from .waivers import WAIVERS

State = Literal["passed", "waived", "failed"]
STATES = get_args(State)


class Finding(NamedTuple):
    """What came of a control and a resource."""

    control: Control
    resource: Resource
    state: State
    reason: str = ""
    """Why it is waived."""


def audit(graph: Graph) -> Iterator[Finding]:
    """Judge every resource by every control."""
    for control in (control for controls in CONTROLS.values() for control in controls):
        for resource in graph.of(control.kinds):
            yield judge(control, resource, graph)


def judge(control: Control, resource: Resource, graph: Graph) -> Finding:
    """Judge one resource by one control."""
    if control.holds(resource, graph.linked(resource, control.beside)):
        return Finding(control, resource, "passed")
    waiver = waiver_of(control, resource, graph)
    return Finding(control, resource, "waived", waiver.reason) if waiver else Finding(control, resource, "failed")


def waiver_of(control: Control, resource: Resource, graph: Graph) -> Waiver | None:
    """Return the first waiver of a control that applies to a resource, or None."""
    place = graph.place(resource)
    return next((waiver for waiver in waivers_of(control) if _waives(waiver, resource, place, graph)), None)


def waivers_of(control: Control) -> list[Waiver]:
    """The waivers of a control."""
    return [waiver for waiver in WAIVERS if control.name in waiver.controls]


def _waives(waiver: Waiver, resource: Resource, place: Place, graph: Graph) -> bool:
    return (
        resource.ours()
        and (not waiver.services or place.service in waiver.services)
        and (not waiver.rows or place.row in waiver.rows)
        and place.service not in waiver.except_services
        and not waiver.is_requested(resource, graph)
        and waiver.when(resource, graph.linked(resource, waiver.beside))
    )
