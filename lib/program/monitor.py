"""A mock of the Pulumi engine that is stricter than the mock of the SDK.

As in the engine, two resources with the same URN are an error, transforms run, and URNs contain the types of all
parents.
"""

from __future__ import annotations

import asyncio
from typing import Any

from pulumi import ResourceOptions, ResourceTransformArgs
from pulumi.runtime import mocks, rpc
from pulumi.runtime.settings import get_project, get_stack
from pulumi.runtime.sync_await import _ensure_event_loop, _sync_await

from ..stack.created import CreatedStack
from .stacks import DeployedStack

STACK_TYPE = "pulumi:pulumi:Stack"


def plain(value: Any) -> Any:
    """Return a value with unwrapped secrets, at any depth, and with integers for whole floats."""
    value = rpc.unwrap_rpc_secret(value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    return value


class DuplicateUrn(Exception):
    """Error for two resources with the same URN."""


class Monitor(mocks.MockMonitor):
    """A resource monitor that passes requests to `Mocks`."""

    runs_one_program = True
    """Whether all resources belong to one program, so that names in AWS must be unique."""
    uses_placeholders = True
    """Whether missing secrets get a placeholder, because nothing is deployed to AWS."""

    def __init__(self, wrapped: mocks.Mocks) -> None:
        super().__init__(wrapped)
        self._inherited: dict[str, list[Any]] = {}
        self._urns: set[str] = set()
        self.exports: dict[str, Any] = {}
        """Stack outputs of a finished program, with secrets in plain text."""
        self.created_stacks: list[CreatedStack] = []
        """Each `TapStack`, with its arguments."""
        self._component_outputs: dict[str, dict[str, Any]] = {}

    def stacks(self) -> list[DeployedStack]:
        """Return the `TapStack` components of a finished program."""
        return [
            DeployedStack.from_args(stack.urn, stack.args, self._component_outputs[stack.urn])
            for stack in self.created_stacks
        ]

    def make_urn(self, parent: str, type_: str, name: str) -> str:
        """Return the URN that the engine assigns."""
        chain = parent.split("::")[2] if parent else STACK_TYPE
        if chain != STACK_TYPE:
            type_ = f"{chain}${type_}"
        return "::".join([f"urn:pulumi:{get_stack()}", get_project(), type_, name])

    def RegisterResource(self, request: Any) -> Any:  # pylint: disable=invalid-name  # the RPC's name
        """Apply the transforms to a resource and register it."""
        urn = self.make_urn(request.parent, request.type, request.name)
        if request.type == STACK_TYPE:
            return super().RegisterResource(request)
        if urn in self._urns:
            raise DuplicateUrn(f"{urn} is registered twice. Rename one of the two resources.")
        self._urns.add(urn)
        _ensure_event_loop()
        chain = mocks._resolve_callbacks(request.transforms)  # pylint: disable=protected-access  # as the base class does
        chain += self._inherited.get(request.parent, self._stack_transforms)
        self._inherited[urn] = chain
        for transform in chain:
            self._apply(transform, request)
        return super().RegisterResource(request)

    def RegisterResourceOutputs(self, request: Any) -> Any:  # pylint: disable=invalid-name  # the RPC's name
        """Save the outputs of the stack and of its components."""
        _ensure_event_loop()
        outputs = plain(rpc.deserialize_properties(request.outputs))
        if request.urn.split("::")[2] == STACK_TYPE:
            # The mocks of the SDK create an additional root stack, which has no outputs.
            self.exports.update(outputs)
        else:
            self._component_outputs[request.urn] = outputs
        return super().RegisterResourceOutputs(request)

    def _apply(self, transform: Any, request: Any) -> None:
        inputs = rpc.deserialize_properties(request.object)
        result = transform(
            ResourceTransformArgs(
                custom=request.custom, type_=request.type, name=request.name, props=inputs, opts=ResourceOptions()
            )
        )
        if asyncio.iscoroutine(result):
            result = _sync_await(result)
        if result is not None:
            request.object.CopyFrom(_sync_await(rpc.serialize_properties(result.props, {})))
