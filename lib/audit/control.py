"""What a control and a waiver of it are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from .graph import Graph, Link, Resource, Uses

Severity = Literal["low", "medium", "high", "critical"]
Check = Callable[[Resource, Sequence[Resource]], bool]
"""Whether something is so of a resource, beside which are those of a link."""


def always(_resource: Resource, _beside: Sequence[Resource]) -> bool:
    """The check of what needs none."""
    return True


@dataclass(frozen=True, kw_only=True)
class Control:
    """What should be so of every resource of some kinds."""

    ids: tuple[str, ...]
    """What Security Hub, Checkov or the Well-Architected Framework call it; here it goes by the first."""
    title: str
    severity: Severity
    kinds: tuple[str, ...]
    beside: Link | Uses | None = None
    """The other resources that it takes to tell."""
    holds: Check
    remedy: str

    @property
    def name(self) -> str:
        """The first of its ids."""
        return self.ids[0]


@dataclass(frozen=True, kw_only=True)
class Waiver:
    """Why what this library makes may do without some controls.

    Of resources that others make nothing is waived: why they are as they are is not known here.
    """

    controls: tuple[str, ...]
    """Their first ids."""
    reason: str
    """One plain sentence."""
    services: tuple[str, ...] = ()
    """Empty: of every one, as below."""
    except_services: tuple[str, ...] = ()
    """Services to which it does not apply."""
    rows: tuple[str, ...] = ()
    """Of environments."""
    beside: Link | Uses | None = None
    when: Check = always
    unless: str = ""
    """Kind of a resource that this library creates if the control is requested. The waiver does not apply to a stack
    that has one."""
    unless_output: str = ""
    """Output of a `TapStack` that requests the control. The waiver does not apply to a stack that has it."""

    def is_requested(self, resource: Resource, graph: Graph) -> bool:
        """Return whether the stack of a resource requests the control."""
        stack = graph.stack_of(resource)
        creates = (one for one in graph.of([self.unless]) if one.ours() and graph.stack_of(one) is stack)
        return bool(stack and self.unless_output in stack.props) or any(creates)
