"""The resources of this stack in the Pulumi state, as of the previous deployment.

A program cannot read the state through resources, so it cannot detect that a change would replace a table or change its
KMS key. The engine returns it with the invoke that also serves stack references.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import pulumi
from pulumi.runtime.mocks import MockMonitor
from pulumi.runtime.settings import get_monitor

INVOKE = "pulumi:pulumi:readStackResourceOutputs"
"""Built-in function of the engine that returns the type and the outputs of every resource of a stack."""
KEEPS_STATE = "keeps_state"
"""Attribute of a mock monitor that supports `INVOKE`."""
STACK_TOKEN = "tap:stack:TapStack"  # noqa: S105  # a type token


class PreviousResource(NamedTuple):
    """A resource in the state."""

    token: str
    """Type token, e.g. `aws:dynamodb/table:Table`."""
    name: str
    """Logical name."""
    outputs: Mapping[str, Any]

    @property
    def region(self) -> str:
        """Region in the ARN. Empty if the resource is global or has no ARN."""
        arn = str(self.outputs.get("arn") or "").split(":")
        return arn[3] if len(arn) > 3 else ""  # arn:partition:service:region:...


class PreviousState:
    """Resources of the previous deployment. Empty before the first deployment and under mocks."""

    def __init__(self, resources: Iterable[PreviousResource] | None = None) -> None:
        self.is_known = resources is not None
        """Whether the state was read. If False, the stack can contain resources that are missing here."""
        self._resources = list(resources or ())

    @classmethod
    def from_engine(cls, resources: Mapping[str, Mapping[str, Any]]) -> PreviousState:
        """Parse the result of `INVOKE`: `{urn: {"type": ..., "outputs": {...}}}`."""
        return cls(
            PreviousResource(resource["type"], urn.rpartition("::")[2], resource.get("outputs") or {})
            for urn, resource in resources.items()
        )

    def in_region(self, region: str) -> PreviousState:
        """Return the state without resources that have an ARN in another region."""
        return PreviousState(resource for resource in self._resources if resource.region in ("", region))

    def by_type(self, token: str) -> dict[str, Mapping[str, Any]]:
        """Return the outputs of every resource of a type, by logical name."""
        return {resource.name: resource.outputs for resource in self._resources if resource.token == token}

    def outputs(self, token: str, name: str) -> Mapping[str, Any]:
        """Return the outputs of a resource, or an empty mapping if it is not in the state."""
        return self.by_type(token).get(name, {})

    def has(self, token: str, **outputs: Any) -> bool:
        """Return whether a resource of a type with these outputs is in the state, under any logical name."""
        return any(
            all(candidate.get(name) == value for name, value in outputs.items())
            for candidate in self.by_type(token).values()
        )


def read() -> PreviousState:
    """Read the state of this stack.

    The result is empty under mocks, which have no state, and, with a warning, if the engine cannot return it.
    """
    monitor = get_monitor()
    if isinstance(monitor, MockMonitor) and not getattr(monitor, KEEPS_STATE, False):
        return PreviousState()
    stack = f"{pulumi.get_organization()}/{pulumi.get_project()}/{pulumi.get_stack()}"
    try:
        result = pulumi.runtime.invoke(INVOKE, {"stackName": stack}).value
    except Exception as error:  # pylint: disable=broad-exception-caught  # the SDK raises Exception itself
        pulumi.log.warn(
            f"The previous state of {stack} cannot be read, so changes that would replace its tables are not detected: "
            f"{error}"
        )
        return PreviousState()
    return PreviousState.from_engine(result["outputs"])
