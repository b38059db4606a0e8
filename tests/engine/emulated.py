"""A test double of the AWS provider that creates resources in the local emulator, so that tests can call an API."""

from __future__ import annotations

from typing import Any

from pulumi.runtime import rpc
from pulumi.runtime.mocks import MockCallArgs, MockResourceArgs
from pulumi.runtime.proto import provider_pb2

from lib.local.emulator import Emulator
from lib.local.engine import DeployError
from lib.local.engine import Engine as LocalEngine

from . import wire
from .ledger import Ledger, complete, resource_type
from .provider import INVOKES, Provider
from .wire import Properties


class EmulatedLedger(Ledger):
    """A ledger of resources in the emulator. It does not support updates and deletions in the emulator."""

    def __init__(self, emulator: Emulator) -> None:
        super().__init__()
        self.local = LocalEngine(emulator, lambda type_, name: None)

    def provision(self, token: str, region: str, inputs: Properties) -> Properties:
        """Create a resource and return its outputs: outputs of the emulator, completed by those of the double."""
        properties = rpc.deserialize_properties(wire.write({**inputs, "region": region}))
        try:
            id_, created = self.local.new_resource(
                MockResourceArgs(token, token.rpartition(":")[2], properties, custom=True)
            )
        except DeployError as error:
            raise self.reject(str(error)) from error
        computed = {name: value for name, value in created.items() if name not in properties}
        return complete(resource_type(token), {**inputs, **computed}, region, self.unique(), id_)


class EmulatedProvider(Provider):
    """A provider for the account of an emulator."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulated = EmulatedLedger(emulator)
        super().__init__(self._emulated)

    def Invoke(self, request: Any, context: Any) -> Any:
        """Call a data source, with the account of the emulator."""
        if request.tok not in INVOKES:
            return super().Invoke(request, context)
        args = {"region": self._region(context), **wire.plain(wire.read(request.args))}
        result = self._emulated.local.call(MockCallArgs(request.tok, args, ""))
        return provider_pb2.InvokeResponse(**{"return": wire.write(result)})
