"""What a control and a waiver of it are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from .graph import Link, Resource

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
    beside: Link | None = None
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
    rows: tuple[str, ...] = ()
    """Of environments."""
    beside: Link | None = None
    when: Check = always
    unless: str = ""
    """The kind of resource that is there once the control is asked for, from when on it holds everywhere."""
