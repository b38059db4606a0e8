"""A stack of the real engine over the double of the provider."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml
from pulumi import automation as auto
from pulumi.automation._stack import StackInitMode  # what `Stack.create` passes, which ignores subclasses

from . import cli
from .key_service import PROVIDER, KeyService
from .ledger import Event, Ledger, name_of
from .provider import HOME_REGION, VERSION, Provider, Server

PASSPHRASE = "correct horse battery staple"  # it protects nothing
PLUGIN = """#!/bin/sh
# The provider runs in the process of the tests; the engine learns its port, and ends this script when it is done.
echo "$TAP_PROVIDER_PORT"
exec sleep 3600
"""
Program = Callable[[], None]


class Rejected(Exception):
    """The engine did not do what it was asked; the message is what a user reads."""


class _Runner(auto.Stack):
    """Runs one CLI command per operation; the API would read outputs and history after each."""

    def outputs(self) -> dict[str, auto.OutputValue]:
        """Return nothing: see `read_outputs`."""
        return {}

    def info(self, show_secrets: bool = False) -> auto.UpdateSummary | None:
        """Return nothing of the history."""
        return auto.UpdateSummary("update", datetime.min, "", {}, {}, "succeeded")

    def read_outputs(self) -> Mapping[str, auto.OutputValue]:
        """Ask the CLI for the outputs."""
        return super().outputs()


@dataclass(frozen=True)
class Deployed:
    """The result of a deployment."""

    runner: _Runner
    operations: Counter[str]
    """Number of resources by operation: create, update, delete, replace, same, ..."""
    events: list[Event]
    """What was done in AWS."""
    messages: str
    """What the CLI printed."""
    resources: list[dict[str, Any]] = field(default_factory=list)
    """The state after `Stack.deploy`."""

    @cached_property
    def outputs(self) -> dict[str, Any]:
        """Outputs of the stack at the first access."""
        return {name: output.value for name, output in self._read.items()}

    @property
    def secret_outputs(self) -> set[str]:
        """Names of the outputs that the CLI prints as `[secret]`."""
        return {name for name, output in self._read.items() if output.secret}

    @cached_property
    def _read(self) -> Mapping[str, auto.OutputValue]:
        return self.runner.read_outputs()

    def done(self, operation: str, token: str = "") -> list[str]:
        """Return the logical names of the resources that an operation was applied to."""
        return [event.name for event in self.events if event.operation == operation and token in event.token]


class Engine:
    """The CLI with a home, a backend and the double's plugin; one account of AWS."""

    def __init__(self, folder: Path, provider: Provider | None = None, key_service: KeyService | None = None) -> None:
        """Encrypt the secrets of stacks with a key of the key service; without one, with a passphrase."""
        self.folder = folder
        self.secrets_provider = PROVIDER if key_service else "passphrase"
        self.provider = provider or Provider(Ledger())
        self.ledger = self.provider.ledger
        self.server = Server(self.provider)
        self._install_plugin()
        self.backend = self._make("backend")
        self.command = auto.PulumiCommand(str(cli.root()))
        self.environment = {
            **(key_service.environment() if key_service else {}),
            "AWS_REGION": "",
            # A command ends before there is much to collect: 14 % less processor time.
            "GOGC": "off",
            "PULUMI_BACKEND_URL": self.backend.as_uri(),
            "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            "PULUMI_HOME": str(self._make("home")),
            "PULUMI_SKIP_CHECKPOINTS": "true",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_DIY_BACKEND_DISABLE_CHECKPOINT_BACKUPS": "true",
            "TAP_PROVIDER_PORT": str(self.server.port),
        }

    def _make(self, name: str) -> Path:
        folder = self.folder / name
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def _install_plugin(self) -> None:
        plugin = self._make(f"home/plugins/resource-aws-v{VERSION}") / "pulumi-resource-aws"
        plugin.write_text(PLUGIN, encoding="utf-8")
        plugin.chmod(0o755)

    def stack(self, name: str = "items-dev", project: str = "tap", region: str = HOME_REGION) -> Stack:
        """Create a stack."""
        return Stack(self, name, project, region)


class Stack:
    """One stack: deployed, changed and destroyed as a user would."""

    def __init__(self, engine: Engine, name: str, project: str, region: str) -> None:
        self._engine = engine
        self.ledger = engine.ledger
        self.folder = engine.folder / "programs" / project / name
        self.folder.mkdir(parents=True)
        self.name = name
        self._project = project
        self._region = region
        self.last_output = ""
        """What the CLI printed last."""
        self.transcript: list[str] = []
        """Everything that the CLI has printed."""
        self._write_project()
        workspace = auto.LocalWorkspace(
            work_dir=str(self.folder),
            pulumi_command=engine.command,
            env_vars=engine.environment,
            secrets_provider=engine.secrets_provider,
        )
        self._stack = _Runner(name, workspace, StackInitMode.CREATE)
        self.configure({})

    def configure(self, config: Mapping[str, Any]) -> None:
        """Write the stack's config: keys of the project without its name, or with a namespace."""
        path = self.folder / f"Pulumi.{self.name}.yaml"
        settings = yaml.safe_load(path.read_text(encoding="utf-8")) if path.exists() else {}
        named = {key if ":" in key else f"{self._project}:{key}": value for key, value in config.items()}
        settings["config"] = {"aws:region": self._region, **named}
        path.write_text(yaml.safe_dump(settings), encoding="utf-8")

    def set_secret(self, key: str, value: str) -> None:
        """Run `pulumi config set --secret --path`."""
        self._stack.set_config(f"{self._project}:{key}", auto.ConfigValue(value, secret=True), path=True)

    def _write_project(self) -> None:
        (self.folder / "Pulumi.yaml").write_text(f"name: {self._project}\nruntime: python\n", encoding="utf-8")

    def deploy(self, program: Program, **options: Any) -> Deployed:
        """Preview, deploy what was previewed, with options of `pulumi up`, and see that nothing remains to be done."""
        plan = self.folder / "plan.json"
        planned = self.preview(program, plan=plan)
        deployed = self.up(program, plan=plan, **options)
        assert_as_planned(planned, deployed.operations)
        self.assert_unchanged(program)
        return replace(deployed, resources=self.assert_state())

    def preview(self, program: Program, plan: Path | None = None, **options: Any) -> Counter[str]:
        """Return the number of resources by planned operation."""
        return self._run(
            lambda output: self._stack.preview(program=program, plan=str(plan) if plan else None, **output, **options)
        )

    def assert_unchanged(self, program: Program) -> None:
        """Raise `AssertionError` if a preview proposes a change."""
        changes = {name: number for name, number in self.preview(program).items() if name != "same"}
        assert not changes, f"a preview of what was just deployed proposes {changes}: {self.last_output}"

    def up(self, program: Program, plan: Path | None = None, **options: Any) -> Deployed:
        """Deploy."""
        before = len(self.ledger.events)
        counts = self._run(
            lambda output: self._stack.up(program=program, plan=str(plan) if plan else None, **output, **options)
        )
        return Deployed(self._stack, counts, self.ledger.events[before:], self.last_output)

    def destroy(self) -> Deployed:
        """Destroy every resource of the stack."""
        before = len(self.ledger.events)
        counts = self._run(lambda output: self._stack.destroy(**output))
        return Deployed(self._stack, counts, self.ledger.events[before:], self.last_output)

    def refresh(self) -> None:
        """Read every resource again."""
        self._run(lambda output: self._stack.refresh(**output))

    def state(self) -> list[dict[str, Any]]:
        """Return the resources in the stack's state."""
        found: list[dict[str, Any]] = json.loads(self.state_text())["checkpoint"]["latest"].get("resources", [])
        return found

    def state_text(self) -> str:
        """Return the file that the backend keeps the state in; `pulumi stack export` takes a second to print it."""
        return (self._engine.backend / f".pulumi/stacks/{self._project}/{self.name}.json").read_text(encoding="utf-8")

    def resources(self, token: str) -> dict[str, dict[str, Any]]:
        """Return the resources of a type in the state, by logical name."""
        return {name_of(r["urn"]): r for r in self.state() if r["type"] == token and not r.get("delete")}

    def assert_state(self) -> list[dict[str, Any]]:
        """Return the state; raise `AssertionError` unless all of it exists and nothing was rejected."""
        assert not self.ledger.rejections, self.ledger.rejections
        resources = self.state()
        for resource in resources:
            if resource["type"].startswith("aws:") and not resource.get("external"):
                region = resource["inputs"].get("region") or resource["outputs"].get("region")
                exists = any(
                    entry.id == resource["id"] and entry.token == resource["type"] and region in (None, entry.region)
                    for entry in self.ledger.entries.values()
                )
                assert exists, f"{resource['urn']} ({resource['id']}) is in the state and does not exist"
        return resources

    def _run(self, action: Callable[[dict[str, Any]], object]) -> Counter[str]:
        """Run the CLI and return the number of resources by operation."""
        lines: list[str] = []
        counts: Counter[str] = Counter()

        def note(event: auto.EngineEvent) -> None:
            if event.summary_event:
                changes = event.summary_event.resource_changes
                counts.update({str(getattr(name, "value", name)): number for name, number in changes.items() if number})

        self.last_output = ""
        try:
            action({"on_output": lines.append, "on_error": lines.append, "on_event": note, "color": "never"})
            return counts
        except auto.errors.CommandError as error:
            raise Rejected(errors_in(str(error))) from None
        finally:
            self.last_output = "\n".join(lines)
            self.transcript += lines


def errors_in(text: str) -> str:
    """Return the diagnostics of the engine's output, which repeats them for every resource."""
    diagnostics = [line.strip() for line in text.partition("Diagnostics:")[2].partition("Outputs:")[0].splitlines()]
    useful = dict.fromkeys(line for line in diagnostics if line and not line.endswith("):"))
    causes = [line for line in useful if "but none were seen" not in line]
    return "\n".join(causes if any("error" in line for line in causes) else [*useful, text[-2000:]])


def assert_as_planned(planned: Counter[str], done: Counter[str]) -> None:
    """Raise `AssertionError` unless what was planned was done; an update planned for an unknown value can be none."""
    unneeded = max(0, planned["update"] - done["update"])
    expected = planned + Counter(same=unneeded) - Counter(update=unneeded)
    assert expected == done, f"planned {dict(planned)}, done {dict(done)}"


def clean_environment() -> None:
    """Remove the AWS and Pulumi settings of this machine, which the CLI would inherit."""
    for name in [name for name in os.environ if name.startswith(("AWS_", "PULUMI_"))]:
        with suppress(KeyError):
            del os.environ[name]
