"""Stacks of the real engine with the provider double."""

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

PASSPHRASE = "correct horse battery staple"  # of test data only
PLUGIN = """#!/bin/sh
# The provider runs in the process of the tests. The engine reads its port, and terminates this script at the end.
echo "$TAP_PROVIDER_PORT"
exec sleep 3600
"""
Program = Callable[[], None]


class Rejected(Exception):
    """A command of the engine failed. The message contains the diagnostics that a user sees."""


class _Runner(auto.Stack):
    """Runs one CLI command per operation. The base class also reads outputs and history after each operation."""

    def outputs(self) -> dict[str, auto.OutputValue]:
        """Return no outputs; see `read_outputs`."""
        return {}

    def info(self, show_secrets: bool = False) -> auto.UpdateSummary | None:
        """Return an empty summary without reading the history."""
        return auto.UpdateSummary("update", datetime.min, "", {}, {}, "succeeded")

    def read_outputs(self) -> Mapping[str, auto.OutputValue]:
        """Read the outputs with the CLI."""
        return super().outputs()


@dataclass(frozen=True)
class Deployed:
    """The result of a deployment."""

    runner: _Runner
    operations: Counter[str]
    """Number of resources by operation: create, update, delete, replace, same, ..."""
    events: list[Event]
    """Operations in AWS."""
    messages: str
    """Output of the CLI."""
    resources: list[dict[str, Any]] = field(default_factory=list)
    """The state after `Stack.deploy`."""

    @cached_property
    def outputs(self) -> dict[str, Any]:
        """Outputs of the stack, read on first access."""
        return {name: output.value for name, output in self._read.items()}

    @property
    def secret_outputs(self) -> set[str]:
        """Names of the outputs that the CLI prints as `[secret]`."""
        return {name for name, output in self._read.items() if output.secret}

    @cached_property
    def _read(self) -> Mapping[str, auto.OutputValue]:
        return self.runner.read_outputs()

    def names(self, operation: str, token: str = "") -> list[str]:
        """Return the logical names of the resources that were created, updated, deleted or read."""
        return [event.name for event in self.events if event.operation == operation and token in event.token]


class Engine:
    """The CLI with a home folder, a backend, the plugin of the double and an AWS account."""

    def __init__(self, folder: Path, provider: Provider | None = None, key_service: KeyService | None = None) -> None:
        """Create the folders. Without a key service, the CLI encrypts the secrets of stacks with a passphrase."""
        self.folder = folder
        self.secrets_provider = PROVIDER if key_service else "passphrase"
        self.provider = provider or Provider(Ledger())
        self.ledger = self.provider.ledger
        self.server = Server(self.provider)
        self._install_plugin()
        self.backend = self._create_folder("backend")
        self.command = auto.PulumiCommand(str(cli.root()))
        self.environment = {
            **(key_service.environment() if key_service else {}),
            "AWS_REGION": "",
            # A command exits before garbage collection pays off: 14 % less processor time.
            "GOGC": "off",
            "PULUMI_BACKEND_URL": self.backend.as_uri(),
            "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            "PULUMI_HOME": str(self._create_folder("home")),
            "PULUMI_SKIP_CHECKPOINTS": "true",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_DIY_BACKEND_DISABLE_CHECKPOINT_BACKUPS": "true",
            "TAP_PROVIDER_PORT": str(self.server.port),
        }

    def _create_folder(self, name: str) -> Path:
        folder = self.folder / name
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def _install_plugin(self) -> None:
        plugin = self._create_folder(f"home/plugins/resource-aws-v{VERSION}") / "pulumi-resource-aws"
        plugin.write_text(PLUGIN, encoding="utf-8")
        plugin.chmod(0o755)

    def stack(self, name: str = "items-dev", project: str = "tap", region: str = HOME_REGION) -> Stack:
        return Stack(self, name, project, region)


class Stack:
    """A stack that tests deploy, change and destroy like a user does."""

    def __init__(self, engine: Engine, name: str, project: str, region: str) -> None:
        self._engine = engine
        self.ledger = engine.ledger
        self.folder = engine.folder / "programs" / project / name
        self.folder.mkdir(parents=True)
        self.name = name
        self._project = project
        self._region = region
        self.last_output = ""
        """Output of the last CLI command."""
        self.transcript: list[str] = []
        """Output of all CLI commands."""
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
        """Write the config file of the stack. Keys without a namespace are in the namespace of the project."""
        path = self.folder / f"Pulumi.{self.name}.yaml"
        settings = yaml.safe_load(path.read_text(encoding="utf-8")) if path.exists() else {}
        qualified = {key if ":" in key else f"{self._project}:{key}": value for key, value in config.items()}
        settings["config"] = {"aws:region": self._region, **qualified}
        path.write_text(yaml.safe_dump(settings), encoding="utf-8")

    def set_secret(self, key: str, value: str) -> None:
        """Run `pulumi config set --secret --path`."""
        self._stack.set_config(f"{self._project}:{key}", auto.ConfigValue(value, secret=True), path=True)

    def _write_project(self) -> None:
        (self.folder / "Pulumi.yaml").write_text(f"name: {self._project}\nruntime: python\n", encoding="utf-8")

    def deploy(self, program: Program, **options: Any) -> Deployed:
        """Preview and deploy a program. Assert that the update matches its plan and that no changes remain.

        `options` are options of `pulumi up`.
        """
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
        """Assert that a preview proposes no change."""
        changes = {name: number for name, number in self.preview(program).items() if name != "same"}
        assert not changes, f"A preview right after the deployment proposes {changes}: {self.last_output}"

    def up(self, program: Program, plan: Path | None = None, **options: Any) -> Deployed:
        """Deploy a program."""
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
        """Refresh the state."""
        self._run(lambda output: self._stack.refresh(**output))

    def state(self) -> list[dict[str, Any]]:
        """Return the resources in the state of the stack.

        The state is read from the file of the backend, because `pulumi stack export` takes a second.
        """
        path = self._engine.backend / f".pulumi/stacks/{self._project}/{self.name}.json"
        checkpoint = json.loads(path.read_text(encoding="utf-8"))["checkpoint"]
        resources: list[dict[str, Any]] = checkpoint["latest"].get("resources", [])
        return resources

    def resources(self, token: str) -> dict[str, dict[str, Any]]:
        """Return the resources of a type in the state, by logical name."""
        return {name_of(r["urn"]): r for r in self.state() if r["type"] == token and not r.get("delete")}

    def assert_state(self) -> list[dict[str, Any]]:
        """Return the resources in the state. Assert that all of them exist and that no operation was rejected."""
        assert not self.ledger.rejections, self.ledger.rejections
        resources = self.state()
        for resource in resources:
            if resource["type"].startswith("aws:") and not resource.get("external"):
                region = resource["inputs"].get("region") or resource["outputs"].get("region")
                exists = any(
                    entry.id == resource["id"] and entry.token == resource["type"] and region in (None, entry.region)
                    for entry in self.ledger.entries.values()
                )
                assert exists, f"{resource['urn']} ({resource['id']}) is in the state, but does not exist"
        return resources

    def _run(self, action: Callable[[dict[str, Any]], object]) -> Counter[str]:
        """Run the CLI and return the number of resources by operation."""
        lines: list[str] = []
        counts: Counter[str] = Counter()

        def on_event(event: auto.EngineEvent) -> None:
            if event.summary_event:
                changes = event.summary_event.resource_changes
                counts.update({str(getattr(name, "value", name)): number for name, number in changes.items() if number})

        self.last_output = ""
        try:
            action({"on_output": lines.append, "on_error": lines.append, "on_event": on_event, "color": "never"})
            return counts
        except auto.errors.CommandError as error:
            raise Rejected(errors_in(str(error))) from None
        finally:
            self.last_output = "\n".join(lines)
            self.transcript += lines


def errors_in(output: str) -> str:
    """Return the diagnostics in the output of the engine, without repetitions."""
    diagnostics = [line.strip() for line in output.partition("Diagnostics:")[2].partition("Outputs:")[0].splitlines()]
    unique = dict.fromkeys(line for line in diagnostics if line and not line.endswith("):"))
    causes = [line for line in unique if "but none were seen" not in line]
    return "\n".join(causes if any("error" in line for line in causes) else [*unique, output[-2000:]])


def assert_as_planned(planned: Counter[str], actual: Counter[str]) -> None:
    """Assert that the update matches its plan. A planned update with unknown values can turn out to be unnecessary."""
    unnecessary = max(0, planned["update"] - actual["update"])
    expected = planned + Counter(same=unnecessary) - Counter(update=unnecessary)
    assert expected == actual, f"planned {dict(planned)}, actual {dict(actual)}"


def clean_environment() -> None:
    """Remove the environment variables for AWS and Pulumi, which the CLI would inherit."""
    for name in [name for name in os.environ if name.startswith(("AWS_", "PULUMI_"))]:
        with suppress(KeyError):
            del os.environ[name]
