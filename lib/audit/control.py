"""Controls, and waivers of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from .graph import Graph, Link, Resource, Uses

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
    """Ids in Security Hub, Checkov or the Well-Architected Framework. The first one names the control."""
    title: str
    severity: Severity
    kinds: tuple[str, ...]
    related: Link | Uses | None = None
    """Other resources that the check requires."""
    is_compliant: Check
    remediation: str

    @property
    def name(self) -> str:
        """The first id."""
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
    related: Link | Uses | None = None
    """Other resources that `when` requires."""
    when: Check = always
    unless: str = ""
    """Kind of a resource that a stack has if a setting requests the control. The waiver excludes such stacks."""
    unless_output: str = ""
    """Output that a stack has if a setting requests the control. The waiver excludes such stacks."""

    def is_requested(self, resource: Resource, graph: Graph) -> bool:
        """Return whether a setting of the resource's stack requests the control."""
        stack = graph.stack_of(resource)
        candidates = (other for other in graph.by_kind([self.unless]) if other.is_from_library())
        is_created = any(graph.stack_of(candidate) is stack for candidate in candidates)
        return bool(stack and self.unless_output in stack.props) or is_created
