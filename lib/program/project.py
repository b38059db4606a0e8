"""Config of a Pulumi project: project defaults, overridden by the config file of a stack, as in the Pulumi CLI."""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from ..services import loadable
from ..settings import SETTINGS_GROUPS

DEFAULT_NAME = "tap"
"""Name of the project in a folder without `Pulumi.yaml`."""
ARGUMENTS = ("environment_profile", "split_functions", "adopt_retained", "tags", "secrets", "existing")
"""Config keys of the arguments that are not settings."""
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
    declared: frozenset[str] = frozenset()
    """Keys that `Pulumi.yaml` declares."""

    @property
    def selects_service(self) -> bool:
        """Whether the config key `service` selects the service that the program deploys."""
        return "service" in self.declared


def read_if_exists(folder: Path) -> Project:
    """Return the project in `folder`, or a project without config if there is no `Pulumi.yaml`."""
    if (folder / "Pulumi.yaml").exists():
        return read(folder)
    return Project(DEFAULT_NAME, folder, folder / "__main__.py", {})


def read(folder: Path) -> Project:
    """Return the project in `folder`. Raise `ProjectError` if its `Pulumi.yaml` is missing or invalid."""
    document = read_yaml(folder / "Pulumi.yaml")
    name = document.get("name")
    if not isinstance(name, str):
        raise ProjectError(f"name in {folder / 'Pulumi.yaml'} must be a string, got {name!r}. Set it.")
    declared = {key.removeprefix(f"{name}:"): entry for key, entry in (document.get("config") or {}).items()}
    defaults = {key: _serialize(default) for key, entry in declared.items() if (default := _default(entry)) is not None}
    return Project(name, folder, folder / document.get("main", "__main__.py"), defaults, frozenset(declared))


def _default(entry: Any) -> Any:
    """Return the value that `Pulumi.yaml` sets for a key, or None if it only declares the key."""
    return entry.get("default", entry.get("value")) if isinstance(entry, dict) else entry


def stack_file(folder: Path, stack: str) -> Path:
    """Return the path of the config file of a stack."""
    return folder / f"Pulumi.{stack}.yaml"


def aws_profile(folder: Path, stack: str) -> str | None:
    """Return `aws:profile` of a stack, or None if its config file does not set it."""
    path = stack_file(folder, stack)
    profile = (read_yaml(path).get("config") or {}).get("aws:profile") if path.exists() else None
    return str(profile) if profile else None


def config(project: Project, environment: str, service: str, stack: str = "") -> dict[str, str]:
    """Return the config of a stack for an environment and a service, without provider config.

    The default stack is `<service>-<environment>`. Without a service, the program decides it. Only Pulumi can decrypt
    secrets: an encrypted value of a key with a default is omitted, and any other one is a placeholder.
    """
    path = stack_file(project.folder, stack or f"{service}-{environment}")
    content = read_yaml(path).get("config") or {} if path.exists() else {}
    values = {key.removeprefix(f"{project.name}:"): _replace_secrets(value) for key, value in content.items()}
    with_default = {*project.defaults, *known_keys()} if PLACEHOLDER in values.values() else set()
    overrides = {key: value for key, value in values.items() if value != PLACEHOLDER or key not in with_default}
    identity = {"environment": environment, "service": service}
    values = {**project.defaults, **overrides, **{key: value for key, value in identity.items() if value}}
    return {key: _serialize(value) for key, value in values.items() if ":" not in key}


def known_keys() -> set[str]:
    """Return the config keys of the library and of all services."""
    groups = [*SETTINGS_GROUPS.values(), *(factory.settings for factory in loadable() if factory.settings)]
    return {*ARGUMENTS, *(key for group in groups for key in group.config_keys())}


def parse_config_pairs(project: Project, pairs: Sequence[str]) -> dict[str, str]:
    """Return the config in `key=value` pairs. Raise `ConfigError` for an invalid pair or an unknown key."""
    values = {}
    for pair in pairs:
        key, _, value = pair.partition("=")
        if key in IDENTITY:
            raise ConfigError(f"config must not set {key}, got {pair!r}. Set {IDENTITY[key]} instead.")
        known = {*project.defaults, *project.declared}
        if key not in known:
            known |= known_keys()
        if not value or key not in known:
            nearest = [] if key in known else difflib.get_close_matches(key, sorted(known), 1)
            hint = f" Did you mean {nearest[0]!r}?" if nearest else ""
            file = project.folder / "Pulumi.yaml"
            raise ConfigError(f"config must be KEY=VALUE with a setting or a key of {file}, got {pair!r}.{hint}")
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
