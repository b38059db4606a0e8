"""The stacks that a program creates, for the commands that run it in their process."""

from __future__ import annotations

import pulumi
from pulumi.runtime.settings import get_monitor

from .args import TapStackArgs

STACK_ARGS = "stack_args"
"""Attribute of a monitor that maps the URN of each `TapStack` to its arguments."""


def record(stack: pulumi.Resource, args: TapStackArgs) -> None:
    """Record a stack in the monitor of the program. The Pulumi engine does not need the record."""
    stack_args: dict[str, TapStackArgs] | None = getattr(get_monitor(), STACK_ARGS, None)
    if stack_args is not None:
        stack.urn.apply(lambda urn: stack_args.update({urn: args}))
