"""Invalid files, options and programs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from lib import cli
from lib.console import Terminal
from lib.services import ServiceError

ROOT = Path(__file__).parents[3]
STACKS = "cfn-outputs/all-outputs.json"
BY_STACK = f"{STACKS} must contain outputs by stack, got flat outputs. Run make outputs and specify {STACKS}."


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli.tap, arguments)


@pytest.mark.parametrize(
    ("files", "arguments", "message"),
    [
        ({}, ["cost"], "Pulumi.yaml must exist. Run the command in the folder of a Pulumi project."),
        ({}, ["audit"], "Pulumi.yaml must exist. Run the command in the folder of a Pulumi project."),
        ({"Pulumi.yaml": "{"}, ["cost"], "Pulumi.yaml must be YAML. Correct it: while parsing a flow node "),
        (
            {"Pulumi.yaml": "- x"},
            ["outputs"],
            "Pulumi.yaml must be a YAML mapping, and config in it a mapping of keys to ",
        ),
        ({"Pulumi.yaml": "name: 3"}, ["cost"], "name in Pulumi.yaml must be a string, got 3. Set it."),
        (
            {"Pulumi.yaml": "name: shop", "Pulumi.items-dev.yaml": "config: x", "__main__.py": ""},
            ["cost", "--service", "items", "--env", "dev"],
            "Pulumi.items-dev.yaml must be a YAML mapping, and config in it a mapping of keys to values. Correct it.",
        ),
        (
            {STACKS: "{"},
            ["rollback"],
            f"{STACKS} must contain a JSON object of outputs. Write it again with make local",
        ),
        ({STACKS: "[]"}, ["smoke", "--outputs", STACKS], f"{STACKS} must contain a JSON object of outputs."),
        ({STACKS: '{"api_url": 3}'}, ["prune"], BY_STACK),
        ({STACKS: "null"}, ["restore", "--stack", "a", "--from", "b"], f"{STACKS} must contain a JSON object"),
    ],
)
def test_error_of_an_invalid_file_is_one_line(
    files: dict[str, str], arguments: list[str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(content, encoding="utf-8")
    result = run(*arguments)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith(f"error: {message}")
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["cost", "--config", "service=stock"],
            "config must not set service, got 'service=stock'. Set --service instead.",
        ),
        (
            ["audit", "--config", "environment=prod"],
            "config must not set environment, got 'environment=prod'. Set --env ",
        ),
        (["load", "--url", "api.test"], "--url must be an HTTP URL, e.g. https://api.example.com, got 'api.test'."),
    ],
)
def test_invalid_or_conflicting_option_is_a_usage_error(arguments: list[str], message: str) -> None:
    result = run(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(f"error: {message}")


@pytest.mark.parametrize(
    ("program", "code", "output", "error"),
    [
        ("import sys; sys.exit()", 1, "", "error: program.py: The program must not exit, got sys.exit(None). "),
        ("raise ValueError('a\\nb')", 1, "", "error: program.py:1: a b\n"),
        ("print('printed')", 0, "[]\n", "printed\n"),
    ],
)
def test_program_that_exits_raises_or_prints_does_not_write_to_the_json_output(
    *, program: str, code: int, output: str, error: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("program.py").write_text(program, encoding="utf-8")
    result = run("audit", "--program", "program.py", "--json")
    assert (result.exit_code, result.stdout) == (code, output)
    assert result.stderr.startswith(error)


def test_audit_runs_the_main_program_of_the_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("Pulumi.yaml").write_text("name: shop\nmain: shop.py\n", encoding="utf-8")
    Path("shop.py").write_text("from tap_stack import TapStack\nTapStack('shop')\n", encoding="utf-8")
    result = run("audit", "--service", "items", "--env", "dev", "--sarif", "missing/report.sarif")
    assert (result.exit_code, result.stderr) == (0, "")
    assert Path("missing/report.sarif").exists()
    Path("shop.py").unlink()
    assert run("audit", "--service", "items", "--env", "dev").stderr == (
        "error: shop.py must exist. Create the program, or select a service with --service MODULE:ATTRIBUTE, which "
        "needs no program.\n"
    )


@pytest.mark.slow
def test_closed_pipe_prints_no_error() -> None:
    command = [sys.executable, "-m", "lib", "cost", "--service", "items", "--env", "dev", "--json"]
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as closed:
        result = subprocess.run(command, cwd=ROOT, stdout=closed, stderr=subprocess.PIPE, check=False)
    assert (result.returncode, result.stderr) == (1, b"")


def test_terminal_without_standard_output_prints_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    Terminal().print_line("unseen")


def test_error_of_a_service_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **_options: object) -> None:
        raise ServiceError("service 'parcels' cannot be loaded.")

    monkeypatch.setattr("lib.cli.docs.generate.outdated", fail)
    result = run("docs", "--check")
    assert (result.exit_code, result.stderr) == (1, "error: service 'parcels' cannot be loaded.\n")
