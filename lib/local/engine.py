"""In-process Pulumi engine that creates the resources of a program in the emulator, or looks up existing resources.

It does not update or delete resources.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Mapping
from typing import Any

import pulumi
from pulumi.runtime import mocks

from ..program.monitor import Monitor, plain
from ..program.runner import Program, module_search_path, run
from ..settings.error_location import located
from .emulator import ACCOUNT, REGION, Emulator, RegionalEmulator
from .provisioners import EXISTING_LAYER, NOT_EMULATED, PROVISIONERS, READERS, CreatedResource

INVOKES: dict[str, Callable[[str], dict[str, Any]]] = {
    "aws:index/getAvailabilityZones:getAvailabilityZones": lambda region: {
        "names": [f"{region}{letter}" for letter in "abc"],
        "id": region,
    },
    "aws:index/getCallerIdentity:getCallerIdentity": lambda _: {"accountId": ACCOUNT, "id": ACCOUNT, "userId": "root"},
    "aws:index/getRegion:getRegion": lambda region: {"name": region, "region": region, "id": region},
    "aws:index/getPartition:getPartition": lambda _: {"partition": "aws", "dnsSuffix": "amazonaws.com", "id": "aws"},
}
"""Functions that return the results of the supported data sources for a region."""
DATA_SOURCES = {"aws:dynamodb/getTable:getTable": ("aws:dynamodb/table:Table", "name")}
"""Type token, and argument with the ID, of the resources that other data sources look up."""


class DeployError(Exception):
    """Failure of a local deployment. The message contains the resource and the reason."""


class Engine(mocks.Mocks):
    """Creates resources in an emulator."""

    def __init__(self, emulator: Emulator, progress: Callable[[str, str], None]) -> None:
        """`progress` receives the type and the name of each resource that is created."""
        self._emulator = emulator
        self._progress = progress
        self.not_emulated: list[tuple[str, str]] = []
        """Types and names of the resources that were skipped, and ARNs of existing layers."""
        self.archives: dict[tuple[RegionalEmulator, str], pulumi.AssetArchive] = {}
        """Code of each function including its layers, by region and physical name."""
        self.failure: str | None = None
        """Message of the first error."""
        self._layers: dict[str, dict[str, Any]] = {}
        """Files of each layer version by ARN, with the paths from which functions import them."""
        self._regions: dict[str, str] = {}
        """Regions of the explicit providers of the program, by provider ID."""

    def call(self, args: mocks.MockCallArgs) -> Any:
        """Return the result of a data source."""
        region = self._region(args.provider, args.args)
        if args.token in DATA_SOURCES:
            type_, argument = DATA_SOURCES[args.token]
            existing = READERS[type_](RegionalEmulator(self._emulator, region), args.args[argument])
            return {"id": existing.id, "region": region, **existing.outputs}
        if args.token not in INVOKES:
            raise DeployError(
                f"The local emulator does not support the data source {args.token}. Add it to lib/local/engine.py."
            )
        return INVOKES[args.token](region)

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        """Create a resource, or look up an existing one if the program specifies its ID."""
        if args.typ == "pulumi:providers:aws":
            self._regions[f"{args.name}-id"] = args.inputs.get("region", REGION)
        aws = RegionalEmulator(self._emulator, self._region(args.provider, args.inputs))
        if args.resource_id:
            existing = self._look_up(args, aws, args.resource_id)
            return existing.id, {"region": aws.region, **args.inputs, **existing.outputs}
        if not args.custom or args.typ.startswith("pulumi:"):
            return f"{args.name}-id", args.inputs
        # Pulumi or its provider generates a name if the program does not set one.
        name = f"{args.inputs.get('namePrefix', args.name + '-')}{secrets.token_hex(4)}"
        inputs = {"name": name, **plain(args.inputs)}
        created = self._create(args, aws, inputs)
        self._progress(args.typ, args.name)
        return created.id, {"region": aws.region, **args.inputs, "name": inputs["name"], **created.outputs}

    def _region(self, provider: str | None, inputs: Mapping[str, Any]) -> str:
        """Return the region of a resource: the region that it sets, or the region of its provider."""
        return inputs.get("region") or self._regions.get((provider or "").rpartition("::")[2], REGION)

    def _look_up(self, args: mocks.MockResourceArgs, aws: RegionalEmulator, id_: str) -> CreatedResource:
        if args.typ not in READERS:
            hint = "Add a reader to lib/local/provisioners."
            raise self._error(args, f"The local emulator cannot look up existing resources of this type. {hint}")
        return self._run_provisioner(args, lambda: READERS[args.typ](aws, id_))

    def _create(self, args: mocks.MockResourceArgs, aws: RegionalEmulator, inputs: dict[str, Any]) -> CreatedResource:
        if args.typ in NOT_EMULATED:
            self.not_emulated.append((args.typ, args.name))
            return CreatedResource(f"{args.name}-not-emulated", {"arn": f"arn:aws:not-emulated:::{args.name}"})
        if args.typ not in PROVISIONERS:
            hint = "Add a provisioner to lib/local/provisioners."
            raise self._error(args, f"The local emulator does not support this resource type. {hint}")
        created = self._run_provisioner(args, lambda: PROVISIONERS[args.typ](aws, inputs))
        self._store_code(args.typ, aws, inputs, created)
        return created

    def _run_provisioner(
        self, args: mocks.MockResourceArgs, provision: Callable[[], CreatedResource]
    ) -> CreatedResource:
        try:
            return provision()
        except Exception as exc:  # pylint: disable=broad-exception-caught  # the error names the resource
            raise self._error(args, str(exc)) from exc

    def _store_code(self, type_: str, aws: RegionalEmulator, inputs: dict[str, Any], created: CreatedResource) -> None:
        if type_ == "aws:lambda/layerVersion:LayerVersion":
            assets = inputs["code"].assets
            self._layers[created.outputs["arn"]] = {path.removeprefix("python/"): assets[path] for path in assets}
        if type_ == "aws:lambda/function:Function":
            layers = inputs.get("layers") or ()
            self.not_emulated += [(EXISTING_LAYER, arn) for arn in layers if arn not in self._layers]
            shared = [self._layers.get(arn, {}) for arn in layers]
            files = {path: asset for assets in shared for path, asset in assets.items()}
            self.archives[aws, inputs["name"]] = pulumi.AssetArchive({**files, **inputs["code"].assets})

    def _error(self, args: mocks.MockResourceArgs, reason: str) -> DeployError:
        message = f"{args.typ} {args.name!r}: {reason}"
        self.failure = self.failure or message
        return DeployError(message)


def deploy(
    program: Program,
    engine: mocks.Mocks,
    *,
    project: str,
    stack: str,
    config: Mapping[str, str],
    report: Callable[[str], None],
) -> Monitor:
    """Run a Pulumi program with `engine` and return the monitor with its results. Raise `DeployError` if it fails.

    `report` receives the warnings and errors that the program logs.
    """
    monitor = Monitor(engine)

    def log(level: int, message: str) -> None:
        if level >= logging.WARNING:
            report(message)

    try:
        with module_search_path(program.folder.resolve()):
            run(program.execute, monitor, project=project, stack=stack, config=config, log=log)
    except Exception as exc:
        raise DeployError(getattr(engine, "failure", None) or located(exc)) from exc
    return monitor
