"""Definitions of controls and waivers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from .graph import Graph, Link, Relation, Resource, Uses

Severity = Literal["low", "medium", "high", "critical"]
Check = Callable[[Resource, Sequence[Resource]], bool]
"""Condition on a resource and its related resources."""


def always(_resource: Resource, _related: Sequence[Resource]) -> bool:
    """Return True. The `Check` of a waiver without a condition."""
    return True


@dataclass(frozen=True, kw_only=True)
class Control:
    """Security requirement for the resources of some kinds."""

    ids: tuple[str, ...]
    """IDs in Security Hub, Checkov or the Well-Architected Framework. The first one names the control."""
    title: str
    severity: Severity
    kinds: tuple[str, ...]
    related: Link | Uses | tuple[Link, ...] | None = None
    """Related resources that are passed to `is_compliant`."""
    is_compliant: Check
    remediation: str
    """Remediation for a resource of this library, which names a setting or a resource property."""
    other_remediation: str = ""
    """Remediation for other resources, to which the settings do not apply. Default (empty): `remediation`."""

    def remediation_of(self, resource: Resource) -> str:
        """Return the remediation for a resource."""
        return self.remediation if resource.is_from_library() else self.other_remediation or self.remediation

    @property
    def name(self) -> str:
        """The first ID."""
        return self.ids[0]


@dataclass(frozen=True, kw_only=True)
class Waiver:
    """Exception from controls for resources that this library creates.

    Waivers do not apply to other resources, because the reasons for their configuration are unknown.
    """

    controls: tuple[str, ...]
    """Names of the waived controls."""
    reason: str
    """One sentence."""
    services: tuple[str, ...] = ()
    """Services to which the waiver applies. Empty means every service."""
    except_services: tuple[str, ...] = ()
    """Services to which the waiver does not apply."""
    profiles: tuple[str, ...] = ()
    """Environment profiles to which the waiver applies. Empty means every profile."""
    related: Relation | None = None
    """Related resources that are passed to `when`."""
    when: Check = always
    unless_kind: str = ""
    """Resource kind. The waiver does not apply to a stack with such a resource, which a setting has enabled."""
    unless_output: str = ""
    """Stack output. The waiver does not apply to a stack with this output, which a setting has enabled."""

    def is_excluded(self, resource: Resource, graph: Graph) -> bool:
        """Return whether `unless_kind` or `unless_output` excludes the stack of a resource."""
        stack = graph.stack_of(resource)
        candidates = (other for other in graph.by_kind([self.unless_kind]) if other.is_from_library())
        has_resource = any(graph.stack_of(candidate) is stack for candidate in candidates)
        return bool(stack and self.unless_output in stack.props) or has_resource
