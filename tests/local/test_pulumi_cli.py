"""Deployment commands with a fake Pulumi CLI."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pulumi
import pytest
import yaml
from botocore.exceptions import EndpointConnectionError

from lib.assets import npm
from lib.cli import main
from lib.operations import rollout
from lib.operations.pulumi_cli import SUGGESTIONS
from lib.services import loadable
from lib.stack.config import args_from_config, check_keys, config_keys

from ..support.executable import write_program

PROJECT = "name: shop\nconfig: {environment: {default: ''}, tracing: {default: ''}, rollout: {default: ''}}\n"
CLI = """
import json, pathlib, signal, sys, time
folder, words = pathlib.Path({folder!r}), sys.argv[1:]
copy = pathlib.Path(words[words.index("--config-file") + 1]) if "--config-file" in words else None
with (folder / "calls").open("a") as calls:
    calls.write(json.dumps([words, copy and copy.read_text()]) + "\\n")
stack = pathlib.Path(f"Pulumi.{{words[-1]}}.yaml")
if copy and (folder / "salt").exists():
    copy.write_text(copy.read_text() + "\\nencryptionsalt: v1:new\\n")
if words[:2] == ["stack", "output"]:
    outputs = folder / "outputs"
    if not outputs.exists():
        sys.exit("error: no stack named '" + words[-1] + "' found")
    print(outputs.read_text())
if (folder / "slow").exists() and words[0] == "up":
    signal.signal(signal.SIGINT, lambda *_: (folder / "interrupted").touch())
    (folder / "started").touch()
    while not (folder / "interrupted").exists():
        time.sleep(0.01)
if (folder / f"{{words[0]}} fails").exists():
    print("error: log in first", file=sys.stderr)
    sys.exit(7)
"""


class Checkout:
    """A folder with a project and a CLI that records its calls."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.cli = folder / "checkout", folder / "cli"
        self.folder.mkdir()
        self.cli.mkdir()
        (self.folder / "Pulumi.yaml").write_text(PROJECT, encoding="utf-8")
        write_program(self.cli / "pulumi", CLI.format(folder=str(self.cli)))
        self.outputs(service="items", api_url="https://example.com", api_key="[secret]")

    def outputs(self, **values: str) -> None:
        """Set the outputs of every stack."""
        (self.cli / "outputs").write_text(json.dumps(values), encoding="utf-8")

    def calls(self, word: str = "") -> list[list[str]]:
        """Return the arguments of the calls that start with `word`."""
        return [words for words, _ in self._calls() if words[0].startswith(word)]

    def copies(self) -> list[str]:
        """Return the contents of the config files that were passed to the CLI."""
        return [copy for _, copy in self._calls() if copy]

    def _calls(self) -> list[Any]:
        path = self.cli / "calls"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def file(self, stack: str = "items-dev") -> Path:
        """Return the config file of a stack."""
        return self.folder / f"Pulumi.{stack}.yaml"

    def files(self) -> list[str]:
        """Return the names of all stack config files."""
        return sorted(path.name for path in self.folder.glob("Pulumi.?*.yaml"))


@pytest.fixture(name="checkout")
def checkout_fixture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Checkout:
    """Checkout without stack config files."""
    checkout = Checkout(tmp_path)
    monkeypatch.chdir(checkout.folder)
    monkeypatch.setenv("PATH", str(checkout.cli))
    return checkout


def last_error(capsys: pytest.CaptureFixture[str]) -> str:
    """Return the last line of stderr."""
    return capsys.readouterr().err.splitlines()[-1]


@pytest.mark.parametrize("environment", ["dev", "pr-7", "staging", "prod", "production"])
def test_first_command_creates_only_the_config_file_of_the_stack(checkout: Checkout, environment: str) -> None:
    assert main(["preview", "--service", "stock", "--env", environment]) == 0
    stack = f"stock-{environment}"
    assert checkout.files() == [f"Pulumi.{stack}.yaml"]
    assert yaml.safe_load(checkout.file(stack).read_text()) == {
        "config": {"shop:environment": environment, "shop:service": "stock"}
    }
    assert checkout.calls()[:2] == [
        ["stack", "select", "--create", stack],
        ["stack", "output", "--json", "--stack", stack],
    ]
    assert checkout.calls()[2:] == [["preview", "--stack", stack]]


@pytest.mark.parametrize(("environment", "profile"), [("staging", "staging"), ("production", "prod")])
def test_created_file_contains_valid_suggested_settings(checkout: Checkout, environment: str, profile: str) -> None:
    main(["preview", "--env", environment])
    content = checkout.file(f"items-{environment}").read_text()
    suggested = yaml.safe_load(content.replace("  # shop:", "  shop:"))["config"]
    names = {name for config in SUGGESTIONS[profile].values() for name in config}
    assert {f"shop:{name}" for name in names} == suggested.keys() - {"shop:environment", "shop:service"}
    assert names <= config_keys(loadable()).keys()
    pulumi.runtime.set_all_config(suggested)
    check_keys(pulumi.Config("shop"))
    assert args_from_config(pulumi.Config("shop")).environment == environment


def test_unlisted_environments_have_no_suggestions(checkout: Checkout) -> None:
    main(["preview"])
    comments = [line for line in checkout.file().read_text().splitlines() if line.startswith("  #")]
    assert not comments


def test_up_deploys_and_writes_the_outputs_without_secrets(checkout: Checkout) -> None:
    assert main(["up", "--yes"]) == 0
    assert checkout.calls("up") == [["up", "--stack", "items-dev", "--yes"]]
    written = json.loads((checkout.folder / "cfn-outputs" / "all-outputs.json").read_text())
    assert written == {"items-dev": {"service": "items", "api_url": "https://example.com"}}


def test_existing_file_is_unchanged(checkout: Checkout) -> None:
    content = "# mine\nconfig:\n  shop:environment: dev\n  shop:service: items\nencryptionsalt: v1:old\n"
    checkout.file().write_text(content)
    assert main(["up", "--yes", "--config", "tracing=true"]) == 0
    assert checkout.file().read_text() == content
    assert not checkout.calls("config")


def test_overrides_are_written_to_a_temporary_copy(checkout: Checkout) -> None:
    checkout.file().write_text("config: {shop:environment: dev, shop:service: items}\nencryptionsalt: v1:old\n")
    assert main(["up", "--yes", "--config", "tracing=true", "--config", "rollout=none"]) == 0
    ((_, _, _, option, copy, *words),) = checkout.calls("up")
    assert option == "--config-file"
    assert words == ["--config", "tracing=true", "--config", "rollout=none", "--yes"]
    assert checkout.copies() == [checkout.file().read_text()]
    assert Path(copy).name == "Pulumi.items-dev.yaml"
    assert not Path(copy).parent.exists()


def test_salt_that_the_cli_adds_to_the_copy_is_saved(checkout: Checkout) -> None:
    checkout.file().write_text("config: {shop:environment: dev, shop:service: items}")
    (checkout.cli / "salt").touch()
    assert main(["preview", "--config", "tracing=true"]) == 0
    assert checkout.file().read_text().splitlines() == [
        "config: {shop:environment: dev, shop:service: items}",
        "encryptionsalt: v1:new",
    ]


def test_file_that_the_cli_created_is_completed(checkout: Checkout) -> None:
    checkout.file().write_text("config:\n  shop:service: items\n  shop:environment: ''\nencryptionsalt: v1:old\n")
    assert main(["preview"]) == 0
    assert checkout.calls("config") == [["config", "set", "environment", "dev", "--stack", "items-dev"]]


@pytest.mark.parametrize("content", ["", "config:\n"])
def test_empty_file_is_completed(checkout: Checkout, content: str) -> None:
    checkout.file().write_text(content)
    assert main(["preview"]) == 0
    assert [words[2:4] for words in checkout.calls("config")] == [["environment", "dev"], ["service", "items"]]


def test_failure_to_complete_the_file_is_an_error(checkout: Checkout, capsys: pytest.CaptureFixture[str]) -> None:
    checkout.file().write_text("config:\n")
    (checkout.cli / "config fails").touch()
    assert main(["preview"]) == 1
    assert (
        last_error(capsys) == "error: pulumi config set failed. Fix the reported errors, then run this command again."
    )
    assert not checkout.calls("preview")


def test_file_of_another_environment_is_rejected(checkout: Checkout, capsys: pytest.CaptureFixture[str]) -> None:
    checkout.file().write_text("config: {shop:environment: prod, shop:service: items}")
    assert main(["up", "--yes"]) == 1
    assert last_error(capsys) == (
        "error: shop:environment in Pulumi.items-dev.yaml must be 'dev', got 'prod'. "
        "Correct it, because the file is the config of the stack items-dev."
    )
    assert not checkout.calls()


@pytest.mark.parametrize("exists", [False, True])
def test_failed_stack_selection_neither_creates_nor_deletes_the_file(
    checkout: Checkout, capsys: pytest.CaptureFixture[str], exists: bool
) -> None:
    (checkout.cli / "stack fails").touch()
    if exists:
        checkout.file().touch()
    assert main(["up", "--yes"]) == 1
    assert (
        last_error(capsys) == "error: pulumi stack select failed. Fix the reported errors, then run this command again."
    )
    assert checkout.file().exists() == exists


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["--env", "a b"], 2, "error: environment_suffix must be letters, digits, '-' and '_', got 'a b'."),
        (["--env", "Prod"], 2, "error: environment_suffix must be 'prod', got 'Prod'."),
        (
            ["--config", "colour=red"],
            2,
            "error: config must be KEY=VALUE with a setting or a key of Pulumi.yaml, got 'colour=red'.",
        ),
    ],
)
def test_invalid_option_is_a_one_line_error_without_changes(
    checkout: Checkout, capsys: pytest.CaptureFixture[str], words: list[str], code: int, message: str
) -> None:
    assert main(["up", "--yes", *words]) == code
    assert last_error(capsys).startswith(message)
    assert not checkout.files()
    assert not checkout.calls()


@pytest.mark.parametrize("command", ["up", "destroy"])
def test_yes_is_required_without_a_terminal(
    checkout: Checkout, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    assert main([command]) == 1
    assert last_error(capsys) == (
        f"error: {command} requires a terminal to confirm the changes. To confirm them without one, run tap {command} "
        f"--yes or make {command} YES=1."
    )
    assert not checkout.files()
    assert not checkout.calls()


def test_config_file_that_is_not_yaml_is_a_one_line_error(
    checkout: Checkout, capsys: pytest.CaptureFixture[str]
) -> None:
    (checkout.folder / "Pulumi.items-dev.yaml").write_text("config:\n  a: b\n c: [\n", encoding="utf-8")
    assert main(["preview"]) == 1
    assert last_error(capsys).startswith("error: Pulumi.items-dev.yaml must be YAML. Correct it: ")
    assert not checkout.calls()


def test_pulumi_prompts_for_confirmation_in_a_terminal(checkout: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert main(["up"]) == 0
    assert main(["destroy"]) == 0
    assert checkout.calls("up") == [["up", "--stack", "items-dev"]]
    assert checkout.calls("destroy") == [["destroy", "--stack", "items-dev"]]


def test_destroy_does_not_require_a_config_file(checkout: Checkout) -> None:
    assert main(["destroy", "--yes"]) == 0
    assert checkout.calls() == [["destroy", "--stack", "items-dev", "--yes"]]
    assert not checkout.files()


def test_exit_code_is_from_the_cli(checkout: Checkout) -> None:
    (checkout.cli / "up fails").touch()
    assert main(["up", "--yes"]) == 7
    assert not (checkout.folder / "cfn-outputs").exists()


@pytest.mark.usefixtures("checkout")
def test_missing_file_of_a_deployed_stack_is_a_warning(capsys: pytest.CaptureFixture[str]) -> None:
    main(["preview"])
    assert capsys.readouterr().out.splitlines() == [
        "created Pulumi.items-dev.yaml: add it to version control",
        "warning: items-dev was deployed with a config file that is missing in this folder. Restore it, "
        "e.g. with pulumi config refresh --force --stack items-dev.",
    ]
    main(["preview"])
    assert not capsys.readouterr().out


def test_new_stack_has_no_warning(checkout: Checkout, capsys: pytest.CaptureFixture[str]) -> None:
    checkout.outputs()
    main(["preview"])
    assert capsys.readouterr().out.splitlines() == ["created Pulumi.items-dev.yaml: add it to version control"]


def test_outputs_are_written_and_printed_as_json(checkout: Checkout, capsys: pytest.CaptureFixture[str]) -> None:
    expected = {"service": "items", "api_url": "https://example.com"}
    assert main(["outputs"]) == 0
    assert not capsys.readouterr().out
    assert main(["outputs", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == expected
    written = (checkout.folder / "cfn-outputs" / "all-outputs.json").read_text(encoding="utf-8")
    assert json.loads(written) == {"items-dev": expected}


def test_up_starts_the_rollout_after_the_deployment(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    checkout.outputs(service="items", rollout_application="items-rollout", lambda_function_arn="::::::")

    def fail(*_: object, **__: object) -> None:
        raise EndpointConnectionError(endpoint_url="https://codedeploy")

    monkeypatch.setattr(rollout, "regional_client", fail)
    assert main(["up", "--yes"]) == 1
    assert last_error(capsys) == 'error: items-dev: Could not connect to the endpoint URL: "https://codedeploy"'
    assert checkout.calls("up")


@pytest.mark.parametrize("deployed", [True, False])
def test_stack_without_outputs_is_an_error(
    checkout: Checkout, capsys: pytest.CaptureFixture[str], deployed: bool
) -> None:
    checkout.outputs()
    if not deployed:
        (checkout.cli / "outputs").unlink()
    assert main(["outputs"]) == 1
    assert last_error(capsys) == "error: Stack items-dev has no outputs. Deploy it with make up."
    assert checkout.calls() == [["stack", "output", "--json", "--stack", "items-dev"]]


def test_error_of_the_cli_is_reported(checkout: Checkout, capsys: pytest.CaptureFixture[str]) -> None:
    (checkout.cli / "stack fails").touch()
    assert main(["outputs"]) == 1
    assert last_error(capsys) == "error: pulumi stack output failed for items-dev: error: log in first"


@pytest.mark.parametrize("command", ["preview", "up", "destroy", "outputs"])
def test_missing_cli_is_a_one_line_error(checkout: Checkout, capsys: pytest.CaptureFixture[str], command: str) -> None:
    (checkout.cli / "pulumi").unlink()
    assert main([command]) == 1
    assert last_error(capsys).startswith("error: The Pulumi CLI is not installed. Install it from https://")
    assert not checkout.files()


def test_site_is_built_before_the_deployment_if_npm_is_installed(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    built: list[str] = []

    def build(services: Any, _terminal: object) -> None:
        built.extend(service.name for service in services)
        if len(built) > 1:
            raise npm.SiteError("npm failed")

    monkeypatch.setattr(npm, "build", build)
    assert main(["preview", "--service", "stock"]) == 0
    assert not built
    (checkout.cli / "npm").symlink_to(checkout.cli / "pulumi")
    assert main(["preview", "--service", "stock"]) == 0
    assert built == ["stock"]
    assert main(["preview", "--service", "stock"]) == 1
    assert last_error(capsys) == "error: npm failed"


@pytest.fixture(name="interrupted")
def interrupted_fixture(checkout: Checkout, tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Deployment that was interrupted with Ctrl-C while the CLI was running."""
    for flag in ("slow", "up fails"):
        (checkout.cli / flag).touch()
    (tmp_path / "temporary").mkdir()
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "TMPDIR": str(tmp_path / "temporary")}
    command = [sys.executable, "-m", "lib", "up", "--yes", "--config", "tracing=true"]
    with subprocess.Popen(command, env=environment, start_new_session=True) as process:
        deadline = time.monotonic() + 60
        while not (checkout.cli / "started").exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        os.killpg(process.pid, signal.SIGINT)
        process.wait(60)
        yield process


def test_interrupted_run_waits_for_the_cli_and_removes_the_copy(
    interrupted: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    assert interrupted.returncode == 7
    assert not list((tmp_path / "temporary").iterdir())
