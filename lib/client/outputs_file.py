"""Files with the stack outputs of deployments. Integration tests read only these files."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

FOLDER = Path("cfn-outputs")
ALL, FLAT = "all-outputs.json", "flat-outputs.json"

URL_OUTPUTS = ("api_url", "api_urls", "function_urls")
"""Outputs with the URLs of endpoints."""

Outputs = Mapping[str, Any]


class OutputsError(Exception):
    """Missing or invalid outputs. The message contains the remedy."""


def urls(outputs: Outputs) -> dict[str, str]:
    """Return the URLs of the endpoints that have a name in the outputs: APIs and functions."""
    return {**outputs.get("api_urls", {}), **outputs.get("function_urls", {})}


def flatten(stacks: Mapping[str, Outputs]) -> dict[str, Any]:
    """Return outputs as `<service>_<output>`. The outputs of `items` or of a single stack are also without prefix."""
    flat_outputs: dict[str, Any] = {}
    for outputs in stacks.values():
        unprefixed = outputs if len(stacks) == 1 or outputs["service"] == "items" else {}
        flat_outputs |= {**unprefixed, **{f"{outputs['service']}_{name}": value for name, value in outputs.items()}}
    return flat_outputs


def write(stacks: Mapping[str, Outputs], folder: Path = FOLDER) -> None:
    """Replace each output file atomically."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, document in ((ALL, stacks), (FLAT, flatten(stacks))):
        temporary = folder / f".{name}.new"
        temporary.write_text(json.dumps(document, indent=2, sort_keys=True) + "\n", encoding="utf-8")
        temporary.replace(folder / name)


def write_stack(stack: str, outputs: Outputs) -> dict[str, Any]:
    """Write and return the outputs of one stack, except secrets, which the Pulumi CLI shows as `[secret]`."""
    public = {name: value for name, value in outputs.items() if value != "[secret]"}
    write({stack: public})
    return public


def load(path: Path) -> dict[str, Any]:
    """Return the JSON object in a file. Raise `OutputsError` if the content is not a JSON object."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise OutputsError(f"{path} must contain a JSON object of outputs. Write it again with make local or make up.")
    return document


def read_stacks(path: Path) -> dict[str, Outputs]:
    """Return the outputs of each stack in a file such as `all-outputs.json`. Raise `OutputsError` for flat outputs."""
    document = load(path)
    if not all(isinstance(value, dict) for value in document.values()):
        raise OutputsError(
            f"{path} must contain outputs by stack, got flat outputs. Run make outputs and specify {FOLDER / ALL}."
        )
    return document


def read(path: Path) -> dict[str, Any]:
    """Return the flat outputs in a file in either format of `write`.

    Raise `OutputsError` if two of its stacks deploy the same service.
    """
    document = load(path)
    if not all(isinstance(value, dict) and "service" in value for value in document.values()):
        return document
    stacks: dict[str, list[str]] = {}
    for stack, outputs in document.items():
        stacks.setdefault(outputs["service"], []).append(stack)
    for service, names in stacks.items():
        if len(names) > 1:
            raise OutputsError(
                f"{path} must contain one stack of the {service} service, got {', '.join(names)}. Remove the others."
            )
    return flatten(document)


def services(path: Path) -> list[str]:
    """Return the services in a file of outputs. Raise `OutputsError` if there are none."""
    try:
        matches = (re.fullmatch(f"(.+)_({'|'.join(URL_OUTPUTS)})", name) for name in read(path))
        names = list(dict.fromkeys(match[1] for match in matches if match))
    except OSError:
        names = []
    if not names:
        raise OutputsError(
            f"{path} must contain the outputs of a service with an API. Run make local or make up, which write it."
        )
    return names


def read_service(path: Path, service: str, environment: str | None = None) -> dict[str, Any]:
    """Return the outputs of a service in a file.

    Raise `OutputsError` if the file has no outputs of the service, or if they are from another environment.
    """
    try:
        outputs = read(path)
    except OSError:
        outputs = {}
    prefix = f"{service}_"
    service_outputs = {name.removeprefix(prefix): value for name, value in outputs.items() if name.startswith(prefix)}
    has_url = not service_outputs.keys().isdisjoint(URL_OUTPUTS)
    if "service" in service_outputs and not has_url:
        raise OutputsError(
            f"{service} must have an API, but its outputs in {path} have no api_url. Only schedules and events call a "
            "service without routes."
        )
    if not has_url:
        raise OutputsError(
            f"{path} must contain the outputs of {service}. Run make local or make up SERVICE={service} first."
        )
    existing = service_outputs.get("environment")
    if environment and existing != environment:
        raise OutputsError(
            f"{path} must contain the outputs of {service} in {environment}, got those of {existing}. "
            f"Run make local or make up ENV={environment} first."
        )
    return service_outputs
