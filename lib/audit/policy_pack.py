"""The controls as the policies of a Pulumi policy pack, for stacks of one's own: `pulumi preview --policy-pack`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

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

from ..program.recorder import kind_of
from .control import Control
from .controls import CONTROLS
from .evaluate import judge, waiver_of, waivers_of
from .graph import Graph, Resource

MANDATORY = ("high", "critical")
"""What must not go up; of the rest one is told.  A stack's policy config may say otherwise of each control."""


class Planned(Resource):
    """A resource in a preview, of which some values are unknown."""

    def if_known(self, path: str) -> Any:
        """Return a property; None if it is not set, or if its value is unknown in a preview."""
        try:
            return super().if_known(path)
        except UnknownValueError:
            return None


class Previewed(Planned):
    """A resource in a preview whose properties count as set if the program sets them to unknown values."""

    def given(self, path: str) -> bool:
        """Return whether a property is set. Raise `UnknownValueError` if only the provider knows."""
        try:
            return super().given(path)
        except UnknownValueError as error:
            if error.props[0] not in self.sources:
                raise
            return True


class NotEvaluated(UnknownValueError):
    """Resources that a control cannot evaluate in a preview. The SDK reports its message as advisory."""

    def __init__(self, control: Control, unknown: Sequence[tuple[Resource, UnknownValueError]]) -> None:
        _, first = unknown[0]
        super().__init__(first.unknown_type_sentinel, first.props)
        resources = ", ".join(f"{resource.name} (unknown: {'.'.join(error.props)})" for resource, error in unknown)
        self.message = (
            f"{control.name} is not evaluated for {resources}. `pulumi up` evaluates it once every value is known."
        )


def policies() -> list[Policy]:
    """A policy for each control."""
    return [policy(control) for controls in CONTROLS.values() for control in controls]


def policy(control: Control) -> Policy:
    """A control as a policy of each resource, or of the stack where one resource does not tell."""
    kind = ResourceValidationPolicy if _tells_alone(control) else StackValidationPolicy

    def validate(args: ResourceValidationArgs | StackValidationArgs, report: ReportViolation) -> None:
        _validate(control, args, report)

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
    return not control.beside and not any(
        w.beside or w.services or w.except_services or w.rows or w.unless or w.unless_output
        for w in waivers_of(control)
    )


def _validate(control: Control, args: ResourceValidationArgs | StackValidationArgs, report: ReportViolation) -> None:
    """Report each resource that fails a control, then raise `NotEvaluated` for those with unknown values."""
    assumed, known = _graph(args, Previewed), _graph(args, Planned)
    unknown = []
    for previewed, resource in zip(assumed.of(control.kinds), known.of(control.kinds), strict=True):
        try:
            # The second evaluation raises if the failure results from an assumption of the first one.
            failed = _fails(control, previewed, assumed) and _fails(control, resource, known)
        except UnknownValueError as error:
            unknown.append((resource, error))
            continue
        if failed:
            report(f"{resource.name}: {control.remedy}", resource.urn)
    if unknown:
        raise NotEvaluated(control, unknown)


def _fails(control: Control, resource: Resource, graph: Graph) -> bool:
    """Return whether a resource fails a control. If a waiver applies, unknown values do not matter."""
    return not waiver_of(control, resource, graph) and judge(control, resource, graph).state == "failed"


def _graph(args: ResourceValidationArgs | StackValidationArgs, type_: type[Resource]) -> Graph:
    if isinstance(args, StackValidationArgs):
        return Graph(_of_stack(resource, type_) for resource in args.resources)
    # The properties of a single resource are its inputs, so the program sets every one of them.
    return Graph([replace(_resource(args, type_), sources=dict.fromkeys(args.props, ()))])


def _resource(args: ResourceValidationArgs | PolicyResource, type_: type[Resource]) -> Resource:
    return type_(kind=kind_of(args.resource_type), name=args.name, urn=args.urn, props=args.props)


def _of_stack(args: PolicyResource, type_: type[Resource]) -> Resource:
    sources = {name: [source.urn for source in found] for name, found in args.property_dependencies.items()}
    return replace(_resource(args, type_), sources=sources, parent=args.parent.urn if args.parent else "")
