"""Programs that the engine runs."""

from __future__ import annotations

from typing import Any

import pulumi

from lib.model import Service
from lib.tap_stack import TapStack, TapStackArgs

from .stack import Program


def tap_stack(service: str | Service = "items", environment: str = "dev", **args: Any) -> Program:
    """Return a program like `tap.py`, but with arguments instead of config."""

    def program() -> None:
        stack = TapStack("tap", TapStackArgs(service=service, environment_suffix=environment, **args))
        for name, value in stack.outputs.items():
            pulumi.export(name, value)

    return program
