"""Deployments with the Pulumi CLI.

The first command for a stack creates its config file, `Pulumi.<service>-<environment>.yaml`. Config overrides of a
single run apply to a temporary copy of the file.
"""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml

from ..assets import npm
from ..client import outputs_file
from ..console import Terminal
from ..model.names import check_environment_suffix
from ..program import project
from ..services import SERVICES
from ..settings.environments import profile_name

SECRETS_KEYS = ("secretsprovider", "encryptedkey", "encryptionsalt")
"""Keys that the CLI adds to a config file, next to `config`, to decrypt its secrets."""
HEADER = """\
# Config of the stack {stack}, for `make up SERVICE={service} ENV={environment}` and `pulumi up --stack {stack}`.
# docs/reference/configuration.md lists every key. Retain encryptionsalt, if Pulumi adds it: it decrypts the secrets.
config:
"""
ORIGIN_AND_EMAIL = {
    "Allowed CORS origin, and email address that receives alarm notifications:": {
        "cors_origin": "https://shop.example.com",
        "notification_email": "oncall@example.com",
    }
}
SUGGESTIONS: Mapping[str, Mapping[str, Mapping[str, str]]] = {
    "staging": ORIGIN_AND_EMAIL,
    "prod": {
        **ORIGIN_AND_EMAIL,
        "Recommended for critical services; docs/ has a page for each:": {
            "encryption_key": "create",
            "backup_retention_days": "35",
            "rollout": "Canary10Percent5Minutes",
            "firewall_enabled": '"true"',
            "monthly_budget_usd": '"200"',
        },
    },
}
"""Suggested config, which a new config file contains as comments, by environment profile and heading."""


class CliError(Exception):
    """Failed or rejected command of the Pulumi CLI. The message contains the remedy."""


@dataclass(frozen=True, kw_only=True)
class Stack:
    """The Pulumi stack of a service in an environment."""

    pulumi_project: project.Project
    service: str
    environment: str

    def __post_init__(self) -> None:
        profile_name(check_environment_suffix(self.environment))

    @property
    def name(self) -> str:
        """The name of the stack."""
        return f"{self.service}-{self.environment}"

    @property
    def file(self) -> Path:
        """The config file of the stack."""
        return project.stack_file(self.pulumi_project.folder, self.name)

    @property
    def identity(self) -> dict[str, str]:
        """Config that identifies the service and the environment of the stack."""
        return {"environment": self.environment, "service": self.service}

    def create_file(self) -> bool:
        """Create the config file unless it exists. Return whether it was created.

        Raise `CliError` if it is the config of another service or environment.
        """
        if self.file.exists():
            self.missing_identity()
            return False
        lines = [
            self._suggestion(heading, config)
            for heading, config in SUGGESTIONS.get(profile_name(self.environment), {}).items()
        ]
        lines += [f"  {self.pulumi_project.name}:{key}: {json.dumps(value)}\n" for key, value in self.identity.items()]
        header = HEADER.format(stack=self.name, service=self.service, environment=self.environment)
        self.file.write_text(header + "".join(lines), encoding="utf-8")
        return True

    def _suggestion(self, heading: str, config: Mapping[str, str]) -> str:
        lines = [heading, *(f"{self.pulumi_project.name}:{key}: {value}" for key, value in config.items())]
        return "".join(f"  # {line}\n" for line in lines)

    def missing_identity(self) -> dict[str, str]:
        """Return the identity config that the file does not set. Raise `CliError` if it sets other values."""
        config = project.read_yaml(self.file).get("config") or {}
        values = {key: str(config.get(f"{self.pulumi_project.name}:{key}") or "") for key in self.identity}
        for key, value in values.items():
            if value not in ("", self.identity[key]):
                raise CliError(
                    f"{self.pulumi_project.name}:{key} in {self.file} must be {self.identity[key]!r}, got {value!r}. "
                    f"Correct it, because the file is the config of the stack {self.name}."
                )
        return {key: self.identity[key] for key, value in values.items() if not value}

    def complete_file(self) -> None:
        """Add the missing identity config to the file."""
        for key, value in self.missing_identity().items():
            require_success(run(["config", "set", key, value, "--stack", self.name]), "pulumi config set")


def find_cli() -> str:
    """Return the path of the CLI, or raise `CliError`."""
    if (path := shutil.which("pulumi")) is None:
        raise CliError(
            "The Pulumi CLI is not installed. Install it from https://www.pulumi.com/docs/install/, "
            "or run 'make local', which does not require it."
        )
    return path


def run(arguments: Sequence[str]) -> int:
    """Run the CLI in this terminal and return its exit code.

    After an interrupt, wait for the CLI, which also receives the signal and completes its current operations.
    """
    with _interrupts_ignored():
        return subprocess.run([find_cli(), *arguments], check=False).returncode


@contextmanager
def _interrupts_ignored() -> Iterator[None]:
    # Use a handler, because the CLI would inherit SIG_IGN.
    previous = {number: signal.signal(number, lambda *_: None) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def require_success(code: int, command: str) -> None:
    """Raise `CliError` unless the exit code of a command is 0."""
    if code:
        raise CliError(f"{command} failed. Fix the reported errors, then run this command again.")


def select(stack: str) -> None:
    """Select a stack, creating it unless it exists. Raise `CliError` if that fails."""
    require_success(run(["stack", "select", "--create", stack]), "pulumi stack select")


def read_outputs(stack: str, *options: str) -> dict[str, Any]:
    """Return the outputs of a stack, or an empty mapping if it does not exist. Raise `CliError` if the CLI fails."""
    command = [find_cli(), "stack", "output", "--json", *options, "--stack", stack]
    result = subprocess.run(command, check=False, capture_output=True, text=True)
    if result.returncode and "no stack named" not in result.stderr:
        raise CliError(f"pulumi stack output failed for {stack}: {result.stderr.strip()}")
    outputs: dict[str, Any] = {} if result.returncode else json.loads(result.stdout)
    return outputs


@contextmanager
def config_overrides(file: Path, pairs: Sequence[str]) -> Iterator[list[str]]:
    """Yield CLI options that apply `key=value` pairs to a temporary copy of a config file, or none without pairs."""
    if not pairs:
        yield []
        return
    with TemporaryDirectory() as folder:
        copy = Path(folder) / file.name
        shutil.copyfile(file, copy)
        yield ["--config-file", str(copy), *(word for pair in pairs for word in ("--config", pair))]
        _copy_secrets_keys(copy, file)


def _copy_secrets_keys(source: Path, file: Path) -> None:
    """Append the `SECRETS_KEYS` that exist only in `source` to `file`."""
    existing = project.read_yaml(file)
    secrets_keys = {key: value for key, value in project.read_yaml(source).items() if key in SECRETS_KEYS}
    added = {key: value for key, value in secrets_keys.items() if key not in existing}
    if added:
        content = file.read_text(encoding="utf-8").rstrip("\n")
        file.write_text(f"{content}\n{yaml.safe_dump(added)}", encoding="utf-8")


def build_pages(service: str, terminal: Terminal) -> None:
    """Build the web pages of a service. Raise `CliError` if the build fails.

    Without npm, skip the build. The deployment then reports missing pages.
    """
    if service in SERVICES and shutil.which("npm"):
        try:
            npm.build([SERVICES[service]], terminal)
        except npm.SiteError as exc:
            raise CliError(str(exc)) from exc


def prepare(stack: Stack, terminal: Terminal) -> None:
    """Create a stack and its config file unless they exist."""
    is_created = stack.create_file()
    try:
        select(stack.name)
    except CliError:
        if is_created:
            stack.file.unlink()
        raise
    stack.complete_file()
    if is_created:
        terminal.print_line(f"created {stack.file}: add it to version control")
    if is_created and read_outputs(stack.name):
        terminal.print_line(
            f"warning: {stack.name} was deployed with a config file that is missing in this folder. Restore it, "
            f"e.g. with pulumi config refresh --force --stack {stack.name}."
        )


def preview(stack: Stack, pairs: Sequence[str], terminal: Terminal) -> int:
    """Show the changes that `up` would make. Return the exit code of the CLI.

    `pairs` are `key=value` pairs that override the config file.
    """
    return _deploy("preview", stack, pairs, [], terminal)


def up(stack: Stack, pairs: Sequence[str], terminal: Terminal, *, confirmed: bool) -> int:
    """Deploy a stack and write its outputs. Return the exit code of the CLI.

    `pairs` are `key=value` pairs that override the config file.
    """
    find_cli()
    code = _deploy("up", stack, pairs, confirmation("up", confirmed), terminal)
    if code == 0:
        write_outputs(stack)
    return code


def destroy(stack: Stack, *, confirmed: bool) -> int:
    """Delete the resources of a stack. Return the exit code of the CLI."""
    find_cli()
    return run(["destroy", "--stack", stack.name, *confirmation("destroy", confirmed)])


def write_outputs(stack: Stack) -> dict[str, Any]:
    """Write the outputs of a stack, except secrets, to `cfn-outputs/`, and return them."""
    outputs = read_outputs(stack.name)
    if not outputs:
        raise CliError(f"Stack {stack.name} has no outputs. Deploy it with make up.")
    return outputs_file.write_stack(stack.name, outputs)


def confirmation(command: str, confirmed: bool) -> list[str]:
    """Return the CLI options that confirm the changes, or no options if the user confirms them in a terminal.

    Raise `CliError` without a terminal.
    """
    if confirmed:
        return ["--yes"]
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise CliError(
            f"{command} requires a terminal to confirm the changes. To confirm them without one, run tap {command} "
            f"--yes or make {command} YES=1."
        )
    return []


def _deploy(command: str, stack: Stack, pairs: Sequence[str], options: Sequence[str], terminal: Terminal) -> int:
    find_cli()
    project.parse_config_pairs(stack.pulumi_project, pairs)
    build_pages(stack.service, terminal)
    prepare(stack, terminal)
    with config_overrides(stack.file, pairs) as overrides:
        return run([command, "--stack", stack.name, *overrides, *options])
