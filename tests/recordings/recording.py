"""Conversion of registered resources to JSON that does not depend on the machine, and comparison of recordings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import zip_longest
from pathlib import Path
from typing import Any, NamedTuple

import pulumi
from pulumi.runtime import rpc

from lib.program.recorder import Deployment, RegisteredResource

from .programs import ROOT

CODE = "[code]"
"""Placeholder for the archive of a function or layer, whose files and paths are not compared."""
FILE = "[file]"
"""Placeholder for an uploaded file, whose path and content are not compared."""
GENERATED = "[generated]"
"""Placeholder for a generated secret: an input that is secret and whose changes the engine ignores."""
SECRET = "[secret]"
"""Only key of an object that contains the value of a secret output."""
MISSING = object()
"""Placeholder for a value that only the other recording has."""
PROGRAM = "program"
"""Placeholder for the URN in differences of exports and messages."""
Recording = dict[str, Any]


class Difference(NamedTuple):
    """A difference between a recording and the current program."""

    urn: str
    path: str
    """Path of the value in the resource. Empty if the whole resource is missing in one of both."""
    recorded: object
    registered: object


def recording(deployment: Deployment) -> Recording:
    """Return a deployment as JSON values.

    Built web pages and references to them are omitted, because they exist only after `make site`. Messages with paths
    of the machine are omitted, too.
    """
    pages = {resource.urn: resource for resource in deployment.registered if _is_built_page(resource)}
    keys = {str(page.inputs["key"]) for page in pages.values()}
    registered = [resource for resource in deployment.registered if resource.urn not in pages]
    resources = {resource.urn: _resource(resource, deployment.outputs.get(resource.urn, {})) for resource in registered}
    for page in pages.values():
        outputs = resources[page.parent]["outputs"]
        outputs["keys"] = [key for key in outputs["keys"] if key not in keys]
    values: Recording = {
        "resources": resources,
        "exports": _plain(deployment.exports),
        "warnings": _messages(deployment.warnings),
        "information": _messages(deployment.info_messages),
    }
    return values


def differences(recorded: Recording, registered: Recording) -> list[Difference]:
    """Return the differences between two recordings. Resources that only one of them has are first."""
    before, after = recorded["resources"], registered["resources"]
    result = [
        Difference(urn, "", *(side[urn]["type"] if urn in side else MISSING for side in (before, after)))
        for urn in sorted(before.keys() ^ after.keys())
    ]
    for urn in sorted(before.keys() & after.keys()):
        result += [Difference(urn, *difference) for difference in _compare(before[urn], after[urn])]
    for part in sorted({*recorded, *registered} - {"resources"}):
        compared = _compare(recorded.get(part, MISSING), registered.get(part, MISSING), part)
        result += [Difference(PROGRAM, *difference) for difference in compared]
    return result


def _is_built_page(resource: RegisteredResource) -> bool:
    """Return whether a resource is a built web page. Pages of tests are in version control."""
    source = resource.inputs.get("source")
    return isinstance(source, pulumi.FileAsset) and not Path(source.path).is_relative_to(ROOT / "tests")


def _resource(resource: RegisteredResource, outputs: Mapping[str, Any]) -> dict[str, Any]:
    options = dict(resource.options)
    dependencies = options.pop("dependencies", [])
    properties = options.pop("propertyDependencies", {})
    secrets = sorted(_secrets(resource.serialized_inputs))
    generated = dict.fromkeys(set(secrets) & set(options.get("ignoreChanges", [])), GENERATED)
    return {
        "type": resource.urn.split("::")[2].rpartition("$")[2],
        "parent": resource.parent,
        "inputs": {**_plain(resource.inputs), **generated},
        "secrets": secrets,
        "dependencies": sorted(dependencies),
        "propertyDependencies": {name: sorted(each["urns"]) for name, each in properties.items() if each},
        "options": options,
        "outputs": _plain(outputs),
    }


def _plain(value: Any) -> Any:
    if isinstance(value, pulumi.Archive):
        return CODE
    if isinstance(value, pulumi.FileAsset):
        return FILE
    if rpc.is_rpc_secret(value):
        return {SECRET: _plain(rpc.unwrap_rpc_secret(value))}
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _secrets(value: Any, path: str = "") -> Iterator[str]:
    """Yield the paths of secret inputs."""
    if value == SECRET:
        yield path
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _secrets(inner, f"{path}.{name}".lstrip("."))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _secrets(inner, f"{path}[{number}]")


def _messages(messages: list[str]) -> list[str]:
    return sorted(message for message in messages if str(ROOT) not in message)


def _compare(before: Any, after: Any, path: str = "") -> Iterator[tuple[str, object, object]]:
    """Yield path, recorded value and registered value of every difference."""
    if isinstance(before, dict) and isinstance(after, dict):
        for name in sorted({*before, *after}):
            inner = f"{path}.{name}".lstrip(".")
            yield from _compare(before.get(name, MISSING), after.get(name, MISSING), inner)
    elif isinstance(before, list) and isinstance(after, list):
        for number, (old, new) in enumerate(zip_longest(before, after, fillvalue=MISSING)):
            yield from _compare(old, new, f"{path}[{number}]")
    elif type(before) is not type(after) or before != after:
        yield path, before, after
