"""Pulumi's engine in this process: creates what a program registers, in the emulator.

Small on purpose: it creates, finds what stands already, and neither updates nor deletes.
"""

from __future__ import annotations

import logging
import runpy
import secrets
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pulumi
from pulumi.runtime import mocks

from ..program.monitor import Monitor, plain
from ..program.runner import run
from .emulator import ACCOUNT, REGION, Emulator, RegionalEmulator
from .provisioners import NOT_EMULATED, PROVISIONERS, READERS, CreatedResource

INVOKES: dict[str, Callable[[str], dict[str, Any]]] = {
    "aws:index/getAvailabilityZones:getAvailabilityZones": lambda region: {
        "names": [f"{region}{letter}" for letter in "abc"],
        "id": region,
    },
    "aws:index/getCallerIdentity:getCallerIdentity": lambda _: {"accountId": ACCOUNT, "id": ACCOUNT, "userId": "root"},
    "aws:index/getRegion:getRegion": lambda region: {"name": region, "region": region, "id": region},
    "aws:index/getPartition:getPartition": lambda _: {"partition": "aws", "dnsSuffix": "amazonaws.com", "id": "aws"},
}
"""What a program may ask AWS, and the answer in a region here."""


class DeployError(Exception):
    """The program could not be deployed; the message names the resource and the reason."""


class Engine(mocks.Mocks):
    """Creates resources in an emulator."""

    def __init__(self, emulator: Emulator, progress: Callable[[str, str], None]) -> None:
        """`progress` hears the type and the name of each resource once it stands."""
        self._emulator = emulator
        self._progress = progress
        self.not_emulated: list[tuple[str, str]] = []
        """Type and name of everything left out."""
        self.archives: dict[tuple[RegionalEmulator, str], pulumi.AssetArchive] = {}
        """The code of each function made, that of its layers included, by its region and its name in AWS."""
        self.failure: str | None = None
        self._layers: dict[str, dict[str, Any]] = {}
        """What is in each version of a layer, as its functions import it, by its ARN."""
        self._regions: dict[str, str] = {}
        """Where the program's own providers work, by their id."""

    def call(self, args: mocks.MockCallArgs) -> Any:
        """Answer an invoke."""
        if args.token not in INVOKES:
            raise DeployError(f"the local run cannot answer {args.token}")
        return INVOKES[args.token](self._region(args.provider, args.args))

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        """Create one resource, or find the one that has the id which the program says."""
        if args.typ == "pulumi:providers:aws":
            self._regions[f"{args.name}-id"] = args.inputs.get("region", REGION)
        place = RegionalEmulator(self._emulator, self._region(args.provider, args.inputs))
        if args.resource_id:
            found = self._find(args.typ, args.name, place, args.resource_id)
            return found.id, {"region": place.region, **args.inputs, **found.outputs}
        if not args.custom or args.typ.startswith("pulumi:"):
            return f"{args.name}-id", args.inputs
        inputs = _named(args.name, plain(args.inputs))
        made = self._make(args.typ, args.name, place, inputs)
        self._progress(args.typ, args.name)
        return made.id, {"region": place.region, **args.inputs, "name": inputs["name"], **made.outputs}

    def _region(self, provider: str | None, inputs: Mapping[str, Any]) -> str:
        """Where something is: in a region of its own, or in its provider's."""
        return inputs.get("region") or self._regions.get((provider or "").rpartition("::")[2], REGION)

    def _find(self, type_: str, name: str, place: RegionalEmulator, id_: str) -> CreatedResource:
        if type_ not in READERS:
            raise self._failed(f"{type_} {name!r}: the local run cannot look up existing resources of this type")
        return self._carried_out(type_, name, lambda: READERS[type_](place, id_))

    def _make(self, type_: str, name: str, place: RegionalEmulator, inputs: dict[str, Any]) -> CreatedResource:
        if type_ in NOT_EMULATED:
            self.not_emulated.append((type_, name))
            return CreatedResource(f"{name}-not-emulated", {"arn": f"arn:aws:not-emulated:::{name}"})
        if type_ not in PROVISIONERS:
            raise self._failed(
                f"{type_} {name!r}: the local run does not support this resource type. Add a provisioner "
                "to lib/local/provisioners."
            )
        made = self._carried_out(type_, name, lambda: PROVISIONERS[type_](place, inputs))
        self._keep_code(type_, place, inputs, made)
        return made

    def _carried_out(self, type_: str, name: str, work: Callable[[], CreatedResource]) -> CreatedResource:
        try:
            return work()
        except Exception as exc:  # pylint: disable=broad-exception-caught  # whatever it was, name the resource
            raise self._failed(f"{type_} {name!r}: {exc}") from exc

    def _keep_code(self, type_: str, place: RegionalEmulator, inputs: dict[str, Any], made: CreatedResource) -> None:
        if type_ == "aws:lambda/layerVersion:LayerVersion":
            assets = inputs["code"].assets
            self._layers[made.outputs["arn"]] = {path.removeprefix("python/"): assets[path] for path in assets}
        if type_ == "aws:lambda/function:Function":
            shared = [self._layers.get(arn, {}) for arn in inputs.get("layers") or ()]
            files = {path: asset for assets in shared for path, asset in assets.items()}
            self.archives[place, inputs["name"]] = pulumi.AssetArchive({**files, **inputs["code"].assets})

    def _failed(self, message: str) -> DeployError:
        self.failure = self.failure or message
        return DeployError(message)


def _named(logical: str, inputs: dict[str, Any]) -> dict[str, Any]:
    """Inputs with the name that Pulumi or the provider makes up where the program gives none."""
    return {"name": f"{inputs.get('namePrefix', logical + '-')}{secrets.token_hex(4)}", **inputs}


def deploy(
    program: Path,
    engine: mocks.Mocks,
    *,
    project: str,
    stack: str,
    config: Mapping[str, str],
    tell: Callable[[str], None],
) -> dict[str, Any]:
    """Run a Pulumi program over `engine` and return its exports; raises `DeployError`."""
    monitor = Monitor(engine)

    def log(level: int, message: str) -> None:
        if level >= logging.WARNING:
            tell(message)

    try:
        script = partial(runpy.run_path, str(program), run_name="__main__")
        run(script, monitor, project=project, stack=stack, config=config, log=log)
    except Exception as exc:
        raise DeployError(getattr(engine, "failure", None) or str(exc)) from exc
    return monitor.exports
