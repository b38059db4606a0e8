"""The stacks that a program creates, for the commands that run it in their process."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi.runtime.settings import get_monitor

from .args import TapStackArgs

CREATED_STACKS = "created_stacks"
"""Attribute of a monitor with the list of each `TapStack` and its arguments."""


@dataclass
class CreatedStack:
    """A `TapStack` in the order in which the program created it."""

    args: TapStackArgs
    urn: str = ""
    """URN; empty until the engine has registered the component."""

    def set_urn(self, urn: str) -> None:
        """Set the URN that the engine assigned."""
        self.urn = urn


def record(stack: pulumi.Resource, args: TapStackArgs) -> None:
    """Record a stack in the monitor of the program. The Pulumi engine does not need the record."""
    stacks: list[CreatedStack] | None = getattr(get_monitor(), CREATED_STACKS, None)
    if stacks is not None:
        stacks.append(CreatedStack(args))
        stack.urn.apply(stacks[-1].set_urn)
