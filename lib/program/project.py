"""The config of a Pulumi project, as the CLI reads it: the defaults of the project, overridden by the stack's file."""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from ..services import loadable

STAND_IN = "known to Pulumi alone"
"""What a secret in an object of the stack's file is in the local run."""


IDENTITY: Mapping[str, str] = {"environment": "--env", "service": "--service"}
"""Config keys that identify a deployment, and the options that set them."""


class ProjectError(ValueError):
    """A file of the project that cannot be read. The message contains the remedy."""


class ConfigError(ValueError):
    """A `key=value` pair that the project does not accept. The message contains the remedy."""


class Project(NamedTuple):
    """What the local run needs to know of `Pulumi.yaml`."""

    name: str
    folder: Path
    program: Path
    defaults: dict[str, str]


def read(folder: Path) -> Project:
    """The project in `folder`."""
    document = read_yaml(folder / "Pulumi.yaml")
    name = document.get("name")
    if not isinstance(name, str):
        raise ProjectError(f"name in {folder / 'Pulumi.yaml'} must be a string, got {name!r}. Set it.")
    declared: dict[str, Any] = document.get("config") or {}
    typed = {key: entry for key, entry in declared.items() if isinstance(entry, dict)}
    defaults = {key: _text(entry["default"]) for key, entry in typed.items() if "default" in entry}
    return Project(name, folder, folder / document.get("main", "__main__.py"), defaults)


def stack_file(folder: Path, stack: str) -> Path:
    """Return where the Pulumi CLI keeps the config of a stack."""
    return folder / f"Pulumi.{stack}.yaml"


def aws_profile(folder: Path, stack: str) -> str | None:
    """Return `aws:profile` of a stack; None if its file does not set it."""
    path = stack_file(folder, stack)
    found = (read_yaml(path).get("config") or {}).get("aws:profile") if path.exists() else None
    return str(found) if found else None


def config(project: Project, environment: str, service: str) -> dict[str, str]:
    """Every key of the project's own, for one environment and one service.

    A key whose whole value is secret has its default, for only Pulumi can decrypt it.
    """
    path = stack_file(project.folder, f"{service}-{environment}")
    stack = read_yaml(path).get("config") or {} if path.exists() else {}
    known = {key: _opened(value) for key, value in stack.items()}
    own = {key.removeprefix(f"{project.name}:"): value for key, value in known.items() if value != STAND_IN}
    values = {**project.defaults, **own, "environment": environment, "service": service}
    return {key: _text(value) for key, value in values.items() if ":" not in key}


def said(project: Project, pairs: Sequence[str]) -> dict[str, str]:
    """Return the config in `key=value` pairs. Raise `ConfigError` for an invalid pair or an unknown key."""
    found = {}
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
        found[key] = value
    return found


def _opened(value: Any) -> Any:
    """A value with a stand-in for each secret, which only Pulumi can decrypt."""
    if isinstance(value, dict):
        return STAND_IN if value.keys() == {"secure"} else {name: _opened(one) for name, one in value.items()}
    return value


def _text(value: Any) -> str:
    """A value as the CLI hands it to a program: objects and lists as JSON."""
    return value if isinstance(value, str) else json.dumps(value)


def read_yaml(path: Path) -> dict[str, Any]:
    """Return the content of a config file. Raise `ProjectError` unless it is a mapping, as its `config` is."""
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except FileNotFoundError:
        raise ProjectError(f"{path} must exist. Run the command in the folder of a Pulumi project.") from None
    except (yaml.YAMLError, UnicodeDecodeError) as exc:
        raise ProjectError(f"{path} must be YAML. Correct it: {' '.join(str(exc).split())}") from None
    if not isinstance(document, dict) or not isinstance(document.get("config") or {}, dict):
        raise ProjectError(f"{path} must be a mapping, and its config a mapping of keys to values. Correct it.")
    return document
