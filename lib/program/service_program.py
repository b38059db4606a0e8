"""Program that deploys one service, which config selects: `tap.py`, and the default of projects without a program."""

from __future__ import annotations

import pulumi

from ..stack.config import args_from_config, check_keys, check_stack_name
from ..tap_stack import TapStack


def create_stack() -> TapStack:
    """Create a `TapStack` from config, export its outputs, and return it."""
    check_keys()
    args = args_from_config()
    check_stack_name(args)
    stack = TapStack("tap", args)
    for name, value in stack.outputs.items():
        pulumi.export(name, value)
    return stack
