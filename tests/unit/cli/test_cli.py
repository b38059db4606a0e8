"""The command line: arguments, errors, exit codes, help and completion."""

from __future__ import annotations

import errno
import json
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

import click
import pytest
from click.shell_completion import ShellComplete
from click.testing import CliRunner, Result

from lib import cli
from lib.cli import reference
from lib.docgen import generate
from lib.docgen.project_file import MARKER
from lib.local.emulator import free_port
from lib.program import project
from lib.services.stock.settings import StockSettings
from tests.support.wheels import Index

IMPORT_CHECK = """
import sys
from lib.cli import main
code = main(sys.argv[1:])
loaded = {"boto3", "botocore", "gevent", "locust", "pulumi", "pulumi_aws", "rich", "yaml"} & sys.modules.keys()
sys.exit(f"loaded: {loaded}" if loaded else code)
"""
CONSOLE_SCRIPT = "import sys; sys.argv[0] = 'tap'; from lib.cli import main; sys.exit(main())"


# Coverage does not count commands that an untraced test imports first.
MODULES = [import_module(f"lib.cli.{module}") for module in {lazy.module for lazy in cli.COMMANDS.values()}]


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli.tap, arguments)


def python(code: str, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run code in a separate process."""
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(command, env={**os.environ, **variables}, capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_help_imports_no_command() -> None:
    result = python(IMPORT_CHECK, "--help")
    assert (result.returncode, result.stderr) == (0, "")
    for name, lazy in cli.COMMANDS.items():
        assert f"  {name} " in result.stdout
        assert lazy.summary.split()[0] in result.stdout


@pytest.mark.slow
def test_shell_completion_of_the_program_names_choices() -> None:
    result = python(CONSOLE_SCRIPT, _TAP_COMPLETE="bash_complete", COMP_WORDS="tap cost --service st", COMP_CWORD="3")
    assert result.stdout == "plain,stock\n"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("co", {"cost"}),
        ("cost --jso", {"--json"}),
        ("preview --env pr", {"prod"}),
        ("rollback --service st", {"stock"}),
        ("failover --service it", {"items"}),
    ],
)
def test_shell_completion_names_commands_options_and_values(line: str, expected: set[str]) -> None:
    *complete, incomplete = line.split()
    items = ShellComplete(cli.tap, {}, "tap", "_TAP_COMPLETE").get_completions(complete, incomplete)
    assert {item.value for item in items} == expected


@pytest.mark.slow
def test_package_runs_as_a_module() -> None:
    command = [sys.executable, "-m", "lib", "cost", "--service", "none"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert import_module("lib.__main__").main is cli.main
    assert result.returncode == 2
    assert result.stderr == (
        "error: Invalid value for '--service': 'none' is not one of 'items', 'inventory', 'stock'. "
        "Run 'python -m lib cost --help' for help.\n"
    )


def commands(group: click.Group) -> Sequence[tuple[str, click.Command]]:
    """Import every command of a group. Return the commands with their paths."""
    context = click.Context(group, info_name=group.name)
    imported = []
    for name in group.list_commands(context):
        _, command, _ = group.resolve_command(context, [name])
        assert command is not None
        imported.append((name, command))
        if isinstance(command, click.Group):
            imported += [(f"{name} {path}", inner) for path, inner in commands(command)]
    return imported


def test_summary_of_every_command_is_the_first_line_of_its_help() -> None:
    for name, command in commands(cli.tap):
        assert command.help
        if name in cli.COMMANDS:
            assert command.help.splitlines()[0] == cli.COMMANDS[name].summary


def test_summaries_of_a_group_are_complete() -> None:
    assert "Build the web pages of services whose sources have changed.\n" in run("site", "--help").output


def test_every_option_has_a_help_text() -> None:
    for name, command in commands(cli.tap):
        for parameter in command.params:
            if isinstance(parameter, click.Option):
                assert parameter.help, f"{name} {parameter.name}"
                assert parameter.help.rstrip("]").endswith((".", "AWS")), f"{name} {parameter.name}: {parameter.help}"


def test_help_shows_defaults() -> None:
    result = run("cost", "--help")
    assert result.exit_code == 0
    output = " ".join(result.output.split())
    assert "[default: (every service)]" in output
    assert "[default: 0.3]" in output
    assert "[default: (measured)]" in output


def test_docs_writes_outdated_documents_unless_check_is_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    document = tmp_path / "docs" / "page.md"
    (tmp_path / "docs" / "reference").mkdir(parents=True)
    (tmp_path / "docs" / "reference" / "cli.md").write_text(reference.page(cli.tap), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(generate, "ROOT", tmp_path)
    monkeypatch.setattr(generate, "outdated", lambda _root, _names, **_options: {document: "new"})
    checked = run("docs", "--check")
    assert (checked.exit_code, checked.stdout) == (1, "docs/page.md: outdated. Run make docs.\n")
    assert not document.exists()
    written = run("docs")
    assert (written.exit_code, written.stdout) == (0, "docs/page.md: written\n")
    assert document.read_text(encoding="utf-8") == "new"


def test_reference_has_every_command_and_option() -> None:
    page = reference.page(cli.tap)
    for path, command in commands(cli.tap):
        section = page.partition(f"## tap {path}\n")[2].partition("\n## ")[0]
        options = {option.opts[0] for option in command.params if isinstance(option, click.Option)}
        assert options <= {*re.findall(r"^\| `(--[\w-]+)", section, re.M)}
    description = "Name of the service, or its definition as MODULE:ATTRIBUTE."
    assert f"| `--service SERVICE` | {description} [default: (every service)] |" in page
    assert "| `[SERVICE]...` |  |" in page


def test_page_of_the_commands_is_outdated_until_it_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(generate, "ROOT", tmp_path)
    monkeypatch.setattr(generate, "outdated", lambda _root, _names, **_options: {})
    assert run("docs", "--check").stdout == "docs/reference/cli.md: outdated. Run make docs.\n"
    assert run("docs").exit_code == 0
    assert run("docs", "--check").exit_code == 0


def test_docs_of_a_project_are_the_pages_of_its_services(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "Pulumi.yaml").write_text(f"name: shop\nconfig:\n{MARKER}", encoding="utf-8")
    written = run("docs", "--service", "stock").stdout.splitlines()
    pages = ("openapi.json", "api.md", "architecture.md", "permissions.md", "settings.md")
    assert written == [*(f"docs/services/stock/{name}: written" for name in pages), "Pulumi.yaml: written"]
    settings = (tmp_path / "docs/services/stock/settings.md").read_text(encoding="utf-8")
    assert re.findall("^## `(.+)`$", settings, re.M) == [*StockSettings.config_keys()]
    declared = (tmp_path / "Pulumi.yaml").read_text(encoding="utf-8")
    assert "  lambda_runtime:" in declared
    assert "  reservation_minutes:" in declared
    assert "  audit_reads:" not in declared
    assert run("docs", "--service", "stock", "--check").exit_code == 0


def test_check_of_the_docs_names_the_command_that_writes_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = run("docs", "--service", "items", "--check")
    assert (result.exit_code, result.stdout.splitlines()[0]) == (
        1,
        "docs/services/items/openapi.json: outdated. Run tap docs with the same services and without --check.",
    )
    monkeypatch.setattr(generate, "ROOT", tmp_path)
    result = run("docs", "--service", "stock", "--check")
    assert result.exit_code == 1
    assert "docs/services/items/openapi.json: outdated. Run make docs." in result.stdout.splitlines()


@pytest.mark.parametrize("command", ["preview", "up", "destroy", "outputs"])
def test_commands_of_the_pulumi_cli_require_the_name_of_a_service(command: str) -> None:
    result = run(command, "--service", "examples.notes.service:SERVICE")
    assert result.exit_code == 1
    assert "service must be the name of a registered service, got 'examples.notes.service:SERVICE'." in result.output
    section = reference.page(cli.tap).partition(f"## tap {command}\n")[2].partition("\n## ")[0]
    assert "| `--service SERVICE` | Name of the service. [default: items] |" in section


def test_docs_outside_a_clone_require_a_service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = run("docs")
    assert result.exit_code == 2
    assert "--service must be set outside a clone of TapStack." in result.output
    assert not [*tmp_path.iterdir()]


def test_missing_command_prints_the_help_and_is_a_usage_error() -> None:
    result = run()
    assert result.exit_code == 2
    assert result.stderr.startswith("Usage: tap [OPTIONS] COMMAND")
    assert not result.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["cots"], "No such command 'cots'. Did you mean 'cost'? Run 'tap --help' for help."),
        (["cost", "--request", "1"], "No such option '--request'. Did you mean '--requests'? Run 'tap cost --help' "),
        (["cost", "--service", "stok"], "Invalid value for '--service': 'stok' is not one of 'items', 'inventory', "),
        (["cost", "--service", "stok"], "'stock'. Did you mean 'stock'? Run 'tap cost --help' for help."),
        (["cost", "--env", "a b"], "environment_suffix must be letters, digits, '-' and '_', got 'a b'. Use 'a-b'"),
        (["cost", "--requests", "many"], "Invalid value for '--requests': 'many' is not a valid float. Run "),
        (
            ["cost", "--env", "Prod"],
            "environment_suffix must be 'prod', got 'Prod'. Profile names are case-sensitive",
        ),
        (
            ["restore", "--stack", "items-dev", "--at", "yesterday"],
            "at must be a time with a UTC offset, such as 2026-11-20T10:00:00Z, got 'yesterday'. Run 'tap ",
        ),
        (["up", "--service"], "Option '--service' requires an argument. Run 'tap up --help' for help."),
        (
            ["audit", "--program", "none.py"],
            "Invalid value for '--program': Path 'none.py' does not exist. Run 'tap audit ",
        ),
        (["cost", "extra"], "Got unexpected extra argument (extra). Run 'tap cost --help' for help."),
    ],
)
def test_usage_error_is_one_line_with_the_nearest_name(arguments: list[str], message: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert result.stderr.startswith("error: ")
    assert message in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert not result.stdout


def test_lock_writes_the_lock_files_of_requirements_files(index: Index, tmp_path: Path) -> None:
    index.add("stamps")
    paths = [tmp_path / name for name in ("first.txt", "second.txt")]
    for path in paths:
        path.write_text("stamps\n")
    result = run("lock", "--python", "3.9", *map(str, paths))
    assert result.exit_code == 0
    for path in paths:
        lock = path.with_suffix(".lock")
        assert f"{lock} written\n" in result.stderr
        assert lock.read_text().startswith("# tap lock: Python 3.9 and later, ")
    index.add("stamps", version="2.0")
    assert run("lock", "--upgrade", str(paths[0])).exit_code == 0
    assert "stamps==2.0 " in paths[0].with_suffix(".lock").read_text()


def test_lock_accepts_a_relative_path(index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    index.add("stamps")
    monkeypatch.chdir(tmp_path)
    path = Path("shop", "requirements.txt")
    path.parent.mkdir()
    path.write_text("stamps\n", encoding="utf-8")
    assert run("lock", str(path)).exit_code == 0
    assert {file.name for file in path.parent.iterdir()} == {"requirements.txt", "requirements.lock"}


def test_lock_reports_requirements_without_a_solution_in_one_line(index: Index, tmp_path: Path) -> None:
    index.add("stamps")
    path = tmp_path / "requirements.txt"
    path.write_text("stamps>1\n")
    result = run("lock", str(path))
    assert result.exit_code == 1
    assert result.stderr.splitlines()[-1].startswith("error: No solution found ")


def remove_module(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Raise `ModuleNotFoundError` in every command."""

    def find(*_: object) -> None:
        raise ModuleNotFoundError(name=name)

    monkeypatch.setattr(cli, "import_module", find)


@pytest.mark.parametrize(("package", "extra"), [("boto3", "local"), ("gevent", "load"), ("locust", "load")])
def test_missing_extra_is_reported_with_the_command_that_installs_it(
    monkeypatch: pytest.MonkeyPatch, package: str, extra: str
) -> None:
    remove_module(monkeypatch, package)
    result = run("load")
    assert result.exit_code == 1
    assert result.stderr == (
        f"error: Package {package} is not installed. "
        f"Install it with make install, or pip install '.[{extra}]' in a clone.\n"
    )


def test_other_missing_module_has_a_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    remove_module(monkeypatch, "lib.cost.bill")
    assert isinstance(run("cost").exception, ModuleNotFoundError)


def test_unexpected_exception_has_a_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(import_module("lib.cli.cost"), "bills", fail)
    assert isinstance(run("cost").exception, ZeroDivisionError)


def test_interrupt_has_exit_code_130(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(import_module("lib.cli.cost"), "bills", interrupt)
    assert run("cost").exit_code == 130


@pytest.mark.parametrize(
    ("pair", "hint"),
    [("rolout=AllAtOnce", " Did you mean 'rollout'?"), ("rollout", ""), ("rollout=", ""), ("color=red", "")],
)
def test_config_pair_is_a_known_key_and_a_value(pair: str, hint: str) -> None:
    pulumi_project = project.Project("tap", Path(), Path("tap.py"), {"rollout": "", "tracing": ""})
    with pytest.raises(project.ConfigError) as error:
        project.parse_config_pairs(pulumi_project, [pair])
    assert str(error.value) == f"config must be KEY=VALUE with a setting or a key of Pulumi.yaml, got {pair!r}.{hint}"


def test_unreachable_api_is_an_error_with_a_remedy(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "flat-outputs.json"
    path.write_text(json.dumps({"stock_api_url": f"http://127.0.0.1:{free_port()}", "stock_api_key": "a key"}))
    assert cli.main(["seed", "--outputs", str(path)]) == 1
    reason = ConnectionRefusedError(errno.ECONNREFUSED, os.strerror(errno.ECONNREFUSED))
    assert capsys.readouterr().err == (
        f"error: The API is not reachable: {reason}. Start it with make local, or select the outputs of a deployment "
        "with --outputs.\n"
    )
