"""The `TapStack` components that a program created."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

from ..model import Service
from ..services import SERVICES
from ..stack.args import TapStackArgs


class DeployedStack(NamedTuple):
    """A `TapStack` that a program created."""

    urn: str
    service: Service
    """Service definition, without splitting its functions as the deployment might do."""
    environment: str
    outputs: dict[str, Any]
    """Outputs of the component, with secrets in plain text."""

    @classmethod
    def from_args(cls, urn: str, args: TapStackArgs, outputs: dict[str, Any]) -> DeployedStack:
        """Return the stack with the URN, the arguments and the outputs of its component."""
        service = args.service if isinstance(args.service, Service) else SERVICES[args.service]
        return cls(urn, service, args.environment, outputs)

    @property
    def name(self) -> str:
        """Logical name of the component."""
        return self.urn.rpartition("::")[2]


def by_label(stacks: Sequence[DeployedStack]) -> dict[str, DeployedStack]:
    """Return stacks by the name of their service, with the logical name if another stack has the same service."""
    counts = Counter(stack.service.name for stack in stacks)
    return {
        stack.service.name if counts[stack.service.name] == 1 else f"{stack.service.name}-{stack.name}": stack
        for stack in stacks
    }
