"""A stack of the real engine over the double of the provider."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from pulumi import automation as auto

from . import cli
from .ledger import Event, Ledger, name_of
from .provider import HOME_REGION, VERSION, Provider, Server

PASSPHRASE = "correct horse battery staple"  # it protects nothing
PLUGIN = """#!/bin/sh
# The provider runs in the process of the tests; the engine learns its port, and ends this script when it is done.
echo "$TAP_PROVIDER_PORT"
exec sleep 3600
"""
Program = Callable[[], object]


class Rejected(Exception):
    """The engine did not do what it was asked; the message is what a user reads."""


class Deployed(NamedTuple):
    """The result of a deployment."""

    outputs: dict[str, Any]
    operations: Counter[str]
    """Number of resources by operation: create, update, delete, replace, same, ..."""
    events: list[Event]
    """What was done in AWS."""
    messages: str
    """Diagnostics that the user reads."""
    secret_outputs: frozenset[str] = frozenset()
    """Names of the outputs that the CLI prints as `[secret]`."""

    def done(self, operation: str, token: str = "") -> list[str]:
        """Return the logical names of the resources that an operation was applied to."""
        return [event.name for event in self.events if event.operation == operation and token in event.token]


class Engine:
    """The CLI with a home, a backend and the double's plugin; one account of AWS."""

    def __init__(self, folder: Path, provider: Provider | None = None) -> None:
        self.folder = folder
        self.provider = provider or Provider(Ledger())
        self.ledger = self.provider.ledger
        self.server = Server(self.provider)
        self._install_plugin()
        self.command = auto.PulumiCommand(str(cli.root()))
        self.environment = {
            "AWS_REGION": "",
            "PULUMI_BACKEND_URL": f"file://{self._make('backend')}",
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
        self.transcript: list[str] = []
        """Everything that the CLI has printed."""
        self._write_project()
        self._stack = auto.create_stack(
            stack_name=name,
            project_name=project,
            program=lambda: None,
            opts=auto.LocalWorkspaceOptions(
                work_dir=str(self.folder),
                pulumi_command=engine.command,
                env_vars=engine.environment,
                project_settings=auto.ProjectSettings(name=project, runtime="python"),
            ),
        )
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
        self.assert_state()
        return deployed

    def preview(self, program: Program, plan: Path | None = None, **options: Any) -> Counter[str]:
        """Return the number of resources by planned operation."""
        result = self._run(
            lambda output: self._stack.preview(program=program, plan=str(plan) if plan else None, **output, **options)
        )
        return _counts({str(getattr(name, "value", name)): number for name, number in result.change_summary.items()})

    def assert_unchanged(self, program: Program) -> None:
        """Raise `AssertionError` if a preview proposes a change."""
        changes = {name: number for name, number in self.preview(program).items() if name != "same"}
        assert not changes, f"a preview of what was just deployed proposes {changes}: {self.last_output}"

    def up(self, program: Program, plan: Path | None = None, **options: Any) -> Deployed:
        """Deploy."""
        before = len(self.ledger.events)
        result = self._run(
            lambda output: self._stack.up(program=program, plan=str(plan) if plan else None, **output, **options)
        )
        outputs = {name: output.value for name, output in result.outputs.items()}
        counts = _counts(result.summary.resource_changes or {})
        secrets = frozenset(name for name, output in result.outputs.items() if output.secret)
        return Deployed(outputs, counts, self.ledger.events[before:], self.last_output, secrets)

    def destroy(self) -> Deployed:
        """Destroy every resource of the stack."""
        before = len(self.ledger.events)
        result = self._run(lambda output: self._stack.destroy(**output))
        counts = _counts(result.summary.resource_changes or {})
        return Deployed({}, counts, self.ledger.events[before:], self.last_output)

    def refresh(self) -> None:
        """Read every resource again."""
        self._run(lambda output: self._stack.refresh(**output))

    def state(self) -> list[dict[str, Any]]:
        """Return the resources in the stack's state."""
        found: list[dict[str, Any]] = self._stack.export_stack().deployment.get("resources", [])
        return found

    def state_text(self) -> str:
        """Return the state file as it is stored."""
        return json.dumps(self._stack.export_stack().deployment)

    def resources(self, token: str) -> dict[str, dict[str, Any]]:
        """Return the resources of a type in the state, by logical name."""
        return {name_of(r["urn"]): r for r in self.state() if r["type"] == token and not r.get("delete")}

    def assert_state(self) -> None:
        """Raise `AssertionError` unless the state holds exactly what exists, and nothing was rejected."""
        assert not self.ledger.rejections, self.ledger.rejections
        for resource in self.state():
            if resource["type"].startswith("aws:") and not resource.get("external"):
                region = resource["inputs"].get("region") or resource["outputs"].get("region")
                exists = any(
                    entry.id == resource["id"] and entry.token == resource["type"] and region in (None, entry.region)
                    for entry in self.ledger.entries.values()
                )
                assert exists, f"{resource['urn']} ({resource['id']}) is in the state and does not exist"

    def _run(self, action: Callable[[dict[str, Any]], Any]) -> Any:
        lines: list[str] = []
        self.last_output = ""
        try:
            return action({"on_output": lines.append, "on_error": lines.append, "color": "never"})
        except auto.errors.CommandError as error:
            raise Rejected(str(error)) from error
        finally:
            self.last_output = "\n".join(lines)
            self.transcript += lines


def _counts(changes: Mapping[str, int]) -> Counter[str]:
    return Counter({name: number for name, number in changes.items() if number})


def assert_as_planned(planned: Counter[str], done: Counter[str]) -> None:
    """Raise `AssertionError` unless everything planned was done; an update that hangs on an unknown value may be none."""
    unneeded = planned["update"] - done["update"]
    expected = planned + Counter(same=unneeded) - Counter(update=unneeded)
    assert unneeded >= 0 and expected == done, f"planned {dict(planned)}, done {dict(done)}"


def clean_environment() -> None:
    """Remove the AWS and Pulumi settings of this machine, which the CLI would inherit."""
    for name in [name for name in os.environ if name.startswith(("AWS_", "PULUMI_"))]:
        with suppress(KeyError):
            del os.environ[name]


def names(events: Iterable[Event]) -> list[str]:
    """Return the logical names of events."""
    return [event.name for event in events]
