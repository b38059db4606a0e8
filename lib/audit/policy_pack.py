"""Controls as policies of a Pulumi policy pack for custom stacks: `pulumi preview --policy-pack`."""

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
from .evaluate import applicable_waiver, evaluate, waivers_of
from .graph import Graph, Resource

MANDATORY = ("high", "critical")
"""Severities with mandatory enforcement. Other severities are advisory. The policy config can override both."""


class PreviewedResource(Resource):
    """A resource in a preview. Its properties can have unknown values."""

    def if_known(self, path: str) -> Any:
        """Return a property, or None if it is unset or unknown in a preview."""
        try:
            return super().if_known(path)
        except UnknownValueError:
            return None


class OptimisticResource(PreviewedResource):
    """A previewed resource whose inputs count as set if their values are unknown."""

    def is_set(self, path: str) -> bool:
        """Return whether a property is set. Raise `UnknownValueError` for an unknown value that is not an input."""
        try:
            return super().is_set(path)
        except UnknownValueError as error:
            if error.props[0] not in self.sources:
                raise
            return True


class NotEvaluated(UnknownValueError):
    """Error for resources that a control cannot evaluate in a preview. The SDK reports its message as advisory."""

    def __init__(self, control: Control, unknown: Sequence[tuple[Resource, UnknownValueError]]) -> None:
        _, first = unknown[0]
        super().__init__(first.unknown_type_sentinel, first.props)
        resources = ", ".join(f"{resource.name} (unknown: {'.'.join(error.props)})" for resource, error in unknown)
        self.message = (
            f"{control.name} is not evaluated for {resources}. `pulumi up` evaluates it once every value is known."
        )


def policies() -> list[Policy]:
    """Return a policy for each control."""
    return [policy(control) for controls in CONTROLS.values() for control in controls]


def policy(control: Control) -> Policy:
    """Return a resource policy for a control, or a stack policy if the evaluation requires other resources."""
    policy_class = ResourceValidationPolicy if _is_resource_policy(control) else StackValidationPolicy

    def validate(args: ResourceValidationArgs | StackValidationArgs, report: ReportViolation) -> None:
        _validate(control, args, report)

    return policy_class(
        name=control.name,
        description=f"{control.title}.",
        validate=validate,
        enforcement_level=EnforcementLevel.MANDATORY if control.severity in MANDATORY else EnforcementLevel.ADVISORY,
        display_name=control.title,
        severity=Severity(control.severity),
        tags=[*control.ids],
        remediation_steps=control.remediation,
    )


def _is_resource_policy(control: Control) -> bool:
    """Return whether neither the control nor its waivers require other resources."""
    return not control.related and not any(
        waiver.related
        or waiver.services
        or waiver.except_services
        or waiver.profiles
        or waiver.unless_kind
        or waiver.unless_output
        for waiver in waivers_of(control)
    )


def _validate(control: Control, args: ResourceValidationArgs | StackValidationArgs, report: ReportViolation) -> None:
    """Report each resource that fails a control, then raise `NotEvaluated` for resources with unknown values."""
    optimistic, known = _graph(args, OptimisticResource), _graph(args, PreviewedResource)
    unknown = []
    for assumed, resource in zip(optimistic.by_kind(control.kinds), known.by_kind(control.kinds), strict=True):
        try:
            # The second evaluation raises `UnknownValueError` if the failure depends on an unknown value.
            failed = _fails(control, assumed, optimistic) and _fails(control, resource, known)
        except UnknownValueError as error:
            unknown.append((resource, error))
            continue
        if failed:
            report(f"{resource.name}: {control.remediation_of(resource)}", resource.urn)
    if unknown:
        raise NotEvaluated(control, unknown)


def _fails(control: Control, resource: Resource, graph: Graph) -> bool:
    """Return whether a resource fails a control. Controls are not evaluated for waived resources."""
    return not applicable_waiver(control, resource, graph) and evaluate(control, resource, graph).state == "failed"


def _graph(args: ResourceValidationArgs | StackValidationArgs, type_: type[Resource]) -> Graph:
    if isinstance(args, StackValidationArgs):
        return Graph(_resource_in_stack(resource, type_) for resource in args.resources)
    # The properties of a single resource are its inputs, so the program sets all of them.
    return Graph([replace(_resource(args, type_), sources=dict.fromkeys(args.props, ()))])


def _resource(args: ResourceValidationArgs | PolicyResource, type_: type[Resource]) -> Resource:
    return type_(kind=kind_of(args.resource_type), name=args.name, urn=args.urn, props=args.props)


def _resource_in_stack(args: PolicyResource, type_: type[Resource]) -> Resource:
    sources = {name: [source.urn for source in sources] for name, sources in args.property_dependencies.items()}
    return replace(_resource(args, type_), sources=sources, parent=args.parent.urn if args.parent else "")
