"""The controls as the policies of a Pulumi policy pack, for stacks of one's own: `pulumi preview --policy-pack`."""

from __future__ import annotations

from dataclasses import replace

from pulumi_policy import (
    EnforcementLevel,
    Policy,
    PolicyResource,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    Severity,
    StackValidationArgs,
    StackValidationPolicy,
)
from pulumi_policy.proxy import UnknownValueError

from ..recorder import kind_of
from .control import Control
from .controls import CONTROLS
from .graph import Graph, Resource
from .judgement import judge, waivers_of

MANDATORY = ("high", "critical")
"""What must not go up; of the rest one is told.  A stack's policy config may say otherwise of each control."""


class Previewed(Resource):
    """A resource some of whose properties nobody can know before it is deployed; asking for one raises."""

    def given(self, path: str) -> bool:
        """Whether a property says anything, which one that cannot be known yet will."""
        try:
            return super().given(path)
        except UnknownValueError:
            return True


def policies() -> list[Policy]:
    """A policy for each control."""
    return [policy(control) for controls in CONTROLS.values() for control in controls]


def policy(control: Control) -> Policy:
    """A control as a policy of each resource, or of the stack where one resource does not tell."""
    kind = ResourceValidationPolicy if _tells_alone(control) else StackValidationPolicy

    def validate(args: ResourceValidationArgs | StackValidationArgs, report: ReportViolation) -> None:
        _validate(control, _graph(args), report)

    return kind(
        name=control.name,
        description=f"{control.title}.",
        validate=validate,
        enforcement_level=EnforcementLevel.MANDATORY if control.severity in MANDATORY else EnforcementLevel.ADVISORY,
        display_name=control.title,
        severity=Severity(control.severity),
        tags=[*control.ids],
        remediation_steps=control.remedy,
    )


def _tells_alone(control: Control) -> bool:
    """Whether a resource by itself shows that a control holds, and that it is waived where it does not."""
    return not control.beside and not any(w.beside or w.services or w.rows or w.unless for w in waivers_of(control))


def _validate(control: Control, graph: Graph, report: ReportViolation) -> None:
    """Report what fails; what cannot be told before all is deployed is raised once the rest is judged."""
    unknown = None
    for resource in graph.of(control.kinds):
        try:
            failed = judge(control, resource, graph).state == "failed"
        except UnknownValueError as error:
            unknown = error
            continue
        if failed:
            report(f"{resource.name}: {control.remedy}", resource.urn)
    if unknown:
        raise unknown


def _graph(args: ResourceValidationArgs | StackValidationArgs) -> Graph:
    return Graph(map(_of_stack, args.resources) if isinstance(args, StackValidationArgs) else [_resource(args)])


def _resource(told: ResourceValidationArgs | PolicyResource) -> Previewed:
    return Previewed(kind=kind_of(told.resource_type), name=told.name, urn=told.urn, props=told.props)


def _of_stack(told: PolicyResource) -> Previewed:
    sources = {name: [source.urn for source in found] for name, found in told.property_dependencies.items()}
    return replace(_resource(told), sources=sources, parent=told.parent.urn if told.parent else "")
