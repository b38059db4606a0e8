"""Deployments by the Pulumi CLI.

A stack has one config file, where the CLI itself looks for it: `Pulumi.<service>-<environment>.yaml`. The first command
creates it. Overrides of one run go to a temporary copy of it.
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
"""What the CLI writes into a stack's file besides config, to decrypt the secrets of the stack."""
HEADER = """\
# Config of the stack {stack}, for `make up SERVICE={service} ENV={environment}` and `pulumi up --stack {stack}`.
# docs/reference/configuration.md lists every key. Keep encryptionsalt, which Pulumi may add: it decrypts the secrets.
config:
"""
ADDRESSES = {
    "Origin whose pages can call the API, and email address that receives alarms:": {
        "cors_origin": "https://shop.example.com",
        "notification_email": "oncall@example.com",
    }
}
GUIDANCE: Mapping[str, Mapping[str, Mapping[str, str]]] = {
    "staging": ADDRESSES,
    "prod": {
        **ADDRESSES,
        "Recommended for critical services; docs/ has a page for each:": {
            "encryption_key": "create",
            "backup_retention_days": "35",
            "rollout": "Canary10Percent5Minutes",
            "firewall_enabled": '"true"',
            "monthly_budget_usd": '"200"',
        },
    },
}
"""The settings that the file of a new stack suggests, by environment."""


class CliError(Exception):
    """A command that the CLI cannot run, or that failed. The message says what to do."""


@dataclass(frozen=True, kw_only=True)
class Stack:
    """A service in an environment, as the CLI deploys it."""

    here: project.Project
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
        return project.stack_file(self.here.folder, self.name)

    @property
    def identity(self) -> dict[str, str]:
        """The config that every run of the stack needs."""
        return {"environment": self.environment, "service": self.service}

    def create_file(self) -> bool:
        """Create the config file unless it exists. Return whether it was created.

        Raise `CliError` if it is the config of another service or environment.
        """
        if self.file.exists():
            self.missing_identity()
            return False
        lines = [
            self._suggestion(text, config) for text, config in GUIDANCE.get(profile_name(self.environment), {}).items()
        ]
        lines += [f"  {self.here.name}:{key}: {json.dumps(value)}\n" for key, value in self.identity.items()]
        header = HEADER.format(stack=self.name, service=self.service, environment=self.environment)
        self.file.write_text(header + "".join(lines), encoding="utf-8")
        return True

    def _suggestion(self, text: str, config: Mapping[str, str]) -> str:
        lines = [text, *(f"{self.here.name}:{key}: {value}" for key, value in config.items())]
        return "".join(f"  # {line}\n" for line in lines)

    def missing_identity(self) -> dict[str, str]:
        """Return the part of the identity that the config file lacks, or raise `CliError` if it has another one."""
        config = project.read_yaml(self.file).get("config") or {}
        found = {key: str(config.get(f"{self.here.name}:{key}") or "") for key in self.identity}
        for key, value in found.items():
            if value not in ("", self.identity[key]):
                raise CliError(
                    f"{self.here.name}:{key} in {self.file} must be {self.identity[key]!r}, got {value!r}. "
                    f"The file is the config of the stack {self.name}."
                )
        return {key: self.identity[key] for key, value in found.items() if not value}

    def complete_file(self) -> None:
        """Add to the config file what it lacks of the identity."""
        for key, value in self.missing_identity().items():
            require_success(run(["config", "set", key, value, "--stack", self.name]), "pulumi config set")


def find_cli() -> str:
    """Return the path of the CLI, or raise `CliError`."""
    if (path := shutil.which("pulumi")) is None:
        raise CliError(
            "no Pulumi CLI found: install it from https://www.pulumi.com/docs/install/, "
            "or run 'make local', which needs none"
        )
    return path


def run(words: Sequence[str]) -> int:
    """Run the CLI in this terminal and return its exit code.

    An interrupt reaches the CLI as well, which finishes the current operations, so this process waits for it.
    """
    with _interrupts_ignored():
        return subprocess.run([find_cli(), *words], check=False).returncode


@contextmanager
def _interrupts_ignored() -> Iterator[None]:
    # The CLI does not inherit a function, as it would inherit SIG_IGN.
    previous = {number: signal.signal(number, lambda *_: None) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def require_success(code: int, command: str) -> None:
    """Raise `CliError` unless the exit code of a command is 0."""
    if code:
        raise CliError(f"{command} failed: fix what it reports, then run this again")


def select(stack: str) -> None:
    """Select a stack, which is created if it does not exist. Raise `CliError` if that fails."""
    require_success(run(["stack", "select", "--create", stack]), "pulumi stack select")


def read_outputs(stack: str, *words: str) -> dict[str, Any]:
    """Return the outputs of a stack; none if it does not exist. Raise `CliError` if the CLI fails."""
    command = [find_cli(), "stack", "output", "--json", *words, "--stack", stack]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode and "no stack named" not in done.stderr:
        raise CliError(f"stack {stack}: {done.stderr.strip()}")
    found: dict[str, Any] = {} if done.returncode else json.loads(done.stdout)
    return found


@contextmanager
def overridden(file: Path, pairs: Sequence[str]) -> Iterator[list[str]]:
    """Yield the options that apply `key=value` pairs to a copy of a config file, or none without pairs."""
    if not pairs:
        yield []
        return
    with TemporaryDirectory() as folder:
        copy = Path(folder) / file.name
        shutil.copyfile(file, copy)
        yield ["--config-file", str(copy), *(word for pair in pairs for word in ("--config", pair))]
        _keep_secrets_keys(copy, file)


def _keep_secrets_keys(copy: Path, file: Path) -> None:
    known = project.read_yaml(file)
    added = {key: value for key, value in project.read_yaml(copy).items() if key in SECRETS_KEYS and key not in known}
    if added:
        text = file.read_text(encoding="utf-8").rstrip("\n")
        file.write_text(f"{text}\n{yaml.safe_dump(added)}", encoding="utf-8")


def build_pages(service: str, terminal: Terminal) -> None:
    """Build the pages of a service, or raise `CliError`; without npm there are none, which the deployment reports."""
    if service in SERVICES and shutil.which("npm"):
        try:
            npm.build([SERVICES[service]], terminal)
        except npm.SiteError as exc:
            raise CliError(str(exc)) from exc


def prepare(stack: Stack, terminal: Terminal) -> None:
    """Create a stack and its config file unless they exist."""
    created = stack.create_file()
    try:
        select(stack.name)
    except CliError:
        if created:
            stack.file.unlink()
        raise
    stack.complete_file()
    if created:
        terminal.say(f"created {stack.file}: keep it under version control")
    if created and read_outputs(stack.name):
        terminal.say(
            f"warning: {stack.name} was deployed with a config file that is missing here. Restore the file, "
            f"e.g. with pulumi config refresh --force --stack {stack.name}."
        )


def preview(stack: Stack, pairs: Sequence[str], terminal: Terminal) -> int:
    """Show what `up` would change with `key=value` pairs that override the config. Return the CLI's exit code."""
    return _deploy("preview", stack, pairs, [], terminal)


def up(stack: Stack, pairs: Sequence[str], terminal: Terminal, *, confirmed: bool) -> int:
    """Deploy a stack with `key=value` pairs that override the config, and write its outputs.

    Return the CLI's exit code.
    """
    find_cli()
    code = _deploy("up", stack, pairs, confirmation("up", confirmed), terminal)
    if code == 0:
        write_outputs(stack)
    return code


def destroy(stack: Stack, *, confirmed: bool) -> int:
    """Delete the resources of a stack, and return the CLI's exit code."""
    find_cli()
    return run(["destroy", "--stack", stack.name, *confirmation("destroy", confirmed)])


def write_outputs(stack: Stack) -> dict[str, Any]:
    """Write the outputs of a stack, without secrets, to `cfn-outputs/`. Return them."""
    found = read_outputs(stack.name)
    if not found:
        raise CliError(f"stack {stack.name} has no outputs: deploy it first, with make up")
    return outputs_file.write_stack(stack.name, found)


def confirmation(command: str, confirmed: bool) -> list[str]:
    """Return the option that confirms the changes; none if the terminal asks. Raise `CliError` without a terminal."""
    if confirmed:
        return ["--yes"]
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise CliError(
            f"There is no terminal to confirm the changes. Confirm them with tap {command} --yes, "
            f"or make {command} YES=1."
        )
    return []


def _deploy(command: str, stack: Stack, pairs: Sequence[str], words: Sequence[str], terminal: Terminal) -> int:
    find_cli()
    project.said(stack.here, pairs)
    build_pages(stack.service, terminal)
    prepare(stack, terminal)
    with overridden(stack.file, pairs) as overriding:
        return run([command, "--stack", stack.name, *overriding, *words])
