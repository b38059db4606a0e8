"""Physical names that two stacks of one program share.

AWS rejects the second table or function of a name in the middle of a deployment. Topics, rules and alarms of the same
name would be shared silently, because AWS creates them idempotently.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple
from weakref import WeakKeyDictionary

import pulumi
from pulumi.runtime.mocks import MockMonitor
from pulumi.runtime.settings import get_monitor, get_root_resource

RUNS_ONE_PROGRAM = "runs_one_program"
"""Attribute of a mock monitor that is created for each program."""


class _Claim(NamedTuple):
    """The names of a stack, and the provider of its resources; None for the default provider."""

    stack: str
    provider: pulumi.ProviderResource | None
    names: Sequence[tuple[str, str]]
    """Kind and name of each resource."""


_CLAIMS: WeakKeyDictionary[pulumi.Resource, list[_Claim]] = WeakKeyDictionary()
"""Names of the stacks of a program, by the root resource of the program."""


def claim(stack: pulumi.Resource, prefix: str, names: Sequence[tuple[str, str]]) -> None:
    """Raise `RunError` if another stack of this program has one of the names, each with the kind of resource.

    Stacks with different providers can have the same names, because they are in different regions or accounts. Under
    the mocks of the SDK, nothing is checked: one process runs many unit tests as one program.
    """
    root = get_root_resource()
    monitor = get_monitor()
    if root is None or (isinstance(monitor, MockMonitor) and not getattr(monitor, RUNS_ONE_PROGRAM, False)):
        return
    claims = _CLAIMS.setdefault(root, [])
    own = _Claim(prefix, stack.get_provider("aws:index:"), names)
    for other in claims:
        shared = [entry for entry in own.names if entry in other.names]
        if shared and other.provider is own.provider:
            kind, name = shared[0]
            raise pulumi.RunError(
                f"TapStack {own.stack!r} and TapStack {other.stack!r} must have different names in AWS, got the {kind} "
                f"{name!r} in both. Set another environment_suffix for one of them, or another "
                "name_pattern for one of the services."
            )
    claims.append(own)
