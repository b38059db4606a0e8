"""The resources of this stack as its previous deployment left them in the Pulumi state.

A program cannot see the state through resources, so it cannot know that a change would replace a table or move it to
another key.  The engine answers this with the invoke that also serves stack references.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import pulumi
from pulumi.runtime.mocks import MockMonitor
from pulumi.runtime.settings import get_monitor

INVOKE = "pulumi:pulumi:readStackResourceOutputs"
"""Built-in function of the engine: the type and the outputs of every resource of a stack."""
KEEPS_STATE = "keeps_state"
"""Attribute of a mock monitor that answers `INVOKE`."""
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
        """Region in the ARN; empty if there is no ARN or the resource is global."""
        arn = str(self.outputs.get("arn") or "").split(":")
        return arn[3] if len(arn) > 3 else ""  # arn:partition:service:region:...


class PreviousState:
    """Resources of the previous deployment; none in a first deployment and under mocks."""

    def __init__(self, resources: Iterable[PreviousResource] | None = None) -> None:
        """Take the resources; None if no engine keeps a state."""
        self.is_known = resources is not None
        """Whether an engine keeps a state; only then something can exist that is not in it."""
        self._resources = list(resources or ())

    @classmethod
    def from_engine(cls, resources: Mapping[str, Mapping[str, Any]]) -> PreviousState:
        """Take what the engine returns: `{urn: {"type": ..., "outputs": {...}}}`."""
        return cls(
            PreviousResource(found["type"], urn.rpartition("::")[2], found.get("outputs") or {})
            for urn, found in resources.items()
        )

    def in_region(self, region: str) -> PreviousState:
        """Return the state without the resources whose ARN names another region."""
        return PreviousState(found for found in self._resources if found.region in ("", region))

    def of(self, token: str) -> dict[str, Mapping[str, Any]]:
        """Return the outputs of every resource of a type, by logical name."""
        return {resource.name: resource.outputs for resource in self._resources if resource.token == token}

    def outputs(self, token: str, name: str) -> Mapping[str, Any]:
        """Return the outputs of one resource; an empty mapping if it is not in the state."""
        return self.of(token).get(name, {})

    def has(self, token: str, **outputs: Any) -> bool:
        """Return whether a resource of a type with these outputs is in the state, under any logical name."""
        return any(
            all(found.get(name) == value for name, value in outputs.items()) for found in self.of(token).values()
        )


def read() -> PreviousState:
    """Read the state of this stack.

    The result is empty under mocks, which keep no state, and, with a warning, if the engine cannot provide it.
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
