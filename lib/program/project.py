"""Config of a Pulumi project: project defaults, overridden by the config file of a stack, as in the Pulumi CLI."""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from ..services import loadable

PLACEHOLDER = "encrypted by Pulumi"
"""Placeholder for a secret in a config file, which only Pulumi can decrypt."""

IDENTITY: Mapping[str, str] = {"environment": "--env", "service": "--service"}
"""Config keys that identify a deployment, and the command options that set them."""


class ProjectError(ValueError):
    """Invalid or missing project file. The message contains the remedy."""


class ConfigError(ValueError):
    """Invalid `key=value` pair. The message contains the remedy."""


class Project(NamedTuple):
    """The fields of `Pulumi.yaml` that this library uses."""

    name: str
    folder: Path
    program: Path
    defaults: dict[str, str]


def read(folder: Path) -> Project:
    """Return the project in `folder`. Raise `ProjectError` if its `Pulumi.yaml` is missing or invalid."""
    document = read_yaml(folder / "Pulumi.yaml")
    name = document.get("name")
    if not isinstance(name, str):
        raise ProjectError(f"name in {folder / 'Pulumi.yaml'} must be a string, got {name!r}. Set it.")
    declared: dict[str, Any] = document.get("config") or {}
    typed = {key: entry for key, entry in declared.items() if isinstance(entry, dict)}
    defaults = {key: _serialize(entry["default"]) for key, entry in typed.items() if "default" in entry}
    return Project(name, folder, folder / document.get("main", "__main__.py"), defaults)


def stack_file(folder: Path, stack: str) -> Path:
    """Return the path of the config file of a stack."""
    return folder / f"Pulumi.{stack}.yaml"


def aws_profile(folder: Path, stack: str) -> str | None:
    """Return `aws:profile` of a stack, or None if its config file does not set it."""
    path = stack_file(folder, stack)
    profile = (read_yaml(path).get("config") or {}).get("aws:profile") if path.exists() else None
    return str(profile) if profile else None


def config(project: Project, environment: str, service: str) -> dict[str, str]:
    """Return the config of the project for an environment and a service, without provider config.

    Encrypted secrets are omitted, because only Pulumi can decrypt them, so their defaults apply.
    """
    path = stack_file(project.folder, f"{service}-{environment}")
    stack = read_yaml(path).get("config") or {} if path.exists() else {}
    readable = {key: _replace_secrets(value) for key, value in stack.items()}
    overrides = {key.removeprefix(f"{project.name}:"): value for key, value in readable.items() if value != PLACEHOLDER}
    values = {**project.defaults, **overrides, "environment": environment, "service": service}
    return {key: _serialize(value) for key, value in values.items() if ":" not in key}


def parse_config_pairs(project: Project, pairs: Sequence[str]) -> dict[str, str]:
    """Return the config in `key=value` pairs. Raise `ConfigError` for an invalid pair or an unknown key."""
    values = {}
    for pair in pairs:
        key, _, value = pair.partition("=")
        if key in IDENTITY:
            raise ConfigError(f"config must not set {key}, got {pair!r}. Set {IDENTITY[key]} instead.")
        known = {*project.defaults}
        if key not in known:
            known |= {name for factory in loadable() if factory.settings for name in factory.settings.config_keys()}
        if not value or key not in known:
            nearest = [] if key in known else difflib.get_close_matches(key, sorted(known), 1)
            hint = f" Did you mean {nearest[0]!r}?" if nearest else ""
            file = project.folder / "Pulumi.yaml"
            raise ConfigError(f"config must be KEY=VALUE with a key of {file}, got {pair!r}.{hint}")
        values[key] = value
    return values


def _replace_secrets(value: Any) -> Any:
    """Return a value with a placeholder for each encrypted secret."""
    if isinstance(value, dict):
        if value.keys() == {"secure"}:
            return PLACEHOLDER
        return {name: _replace_secrets(inner) for name, inner in value.items()}
    return value


def _serialize(value: Any) -> str:
    """Return a value as the CLI passes it to a program, with objects and lists as JSON."""
    return value if isinstance(value, str) else json.dumps(value)


def read_yaml(path: Path) -> dict[str, Any]:
    """Return the content of a project or config file. Raise `ProjectError` if it or its `config` is not a mapping."""
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except FileNotFoundError:
        raise ProjectError(f"{path} must exist. Run the command in the folder of a Pulumi project.") from None
    except (yaml.YAMLError, UnicodeDecodeError) as exc:
        raise ProjectError(f"{path} must be YAML. Correct it: {' '.join(str(exc).split())}") from None
    if not isinstance(document, dict) or not isinstance(document.get("config") or {}, dict):
        raise ProjectError(f"{path} must be a YAML mapping, and config in it a mapping of keys to values. Correct it.")
    return document
