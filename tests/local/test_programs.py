"""Programs of other projects: the local run, the audit and the cost estimate use the stacks that they create."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from lib.cli import main
from lib.services import LOADED, REFERENCED

README = Path("README.md").read_text(encoding="utf-8")
FILE = re.compile(r'```(?:python|yaml) title="([^"]+)"\n(.*?)```', re.DOTALL)
SECRET = """
from tap_stack.model import Secret
SAFE = Service(
    name="safe", tables=(TABLE,), functions=(API,), schemas={"Note": NOTE}, demo=DEMO,
    secrets=(Secret(name="token", variable="TOKEN", description="token"),),
)
"""


@pytest.fixture(name="folder")
def folder_fixture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Working directory with the first service of the README."""
    for name, content in FILE.findall(README):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(content, encoding="utf-8")
    for module in [name for name in sys.modules if name.partition(".")[0] in ("notes", "definition")]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.delenv("ENVIRONMENT_SUFFIX", raising=False)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.chdir(tmp_path)
    caches: list[dict[str, Any]] = [LOADED, REFERENCED]
    for cache in caches:
        for name in ("notes", "safe"):
            monkeypatch.setitem(cache, name, None)  # so that the name is removed after the test
            monkeypatch.delitem(cache, name)
    return tmp_path


def definition() -> str:
    """Return the service definition in the program of the README."""
    return (Path("__main__.py").read_text(encoding="utf-8")).partition("stack = ")[0]


def write_program(*lines: str) -> None:
    """Replace the `TapStack` of the program of the README by other lines."""
    Path("__main__.py").write_text("\n".join([definition(), *lines]), encoding="utf-8")


def flat_outputs() -> dict[str, Any]:
    outputs: dict[str, Any] = json.loads(Path("cfn-outputs/flat-outputs.json").read_text(encoding="utf-8"))
    return outputs


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_first_service_of_the_readme_passes_all_checks(environment: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["local", "--check", "--env", environment]) == 0
    printed = capsys.readouterr().out
    assert re.search(r"PUT +/notes/\{id\} +200", printed)
    assert "smoke test passed" in printed
    outputs = flat_outputs()
    assert (outputs["service"], outputs["environment"]) == ("notes", environment)
    assert outputs["api_url"] == outputs["notes_api_url"]
    assert main(["audit", "--env", environment]) == 0
    assert main(["cost", "--env", environment]) == 0
    assert f"notes in {environment}:" in capsys.readouterr().out


@pytest.mark.usefixtures("folder")
def test_program_runs_once_in_each_environment(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cost", "--json"]) == 0
    bills = json.loads(capsys.readouterr().out)
    assert {service: [*by_environment] for service, by_environment in bills.items()} == {
        "notes": ["dev", "test", "staging", "prod"]
    }
    assert main(["audit"]) == 0
    assert capsys.readouterr().out.splitlines()[-1].startswith("4 deployments, ")


@pytest.mark.usefixtures("folder")
def test_exports_are_added_to_the_outputs(capsys: pytest.CaptureFixture[str]) -> None:
    with Path("__main__.py").open("a", encoding="utf-8") as program:
        program.write('import pulumi\npulumi.export("url", stack.api_url)\npulumi.export("service", "mail")\n')
    assert main(["local", "--check"]) == 0
    outputs = flat_outputs()
    assert (outputs["url"], outputs["service"]) == (outputs["api_url"], "notes")
    assert "smoke test of notes:" in capsys.readouterr().out


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("command", [["local", "--check"], ["audit"], ["cost"]])
def test_environment_that_the_program_ignores_is_an_error(
    command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    write_program("from tap_stack import TapStackArgs", "TapStack('notes', TapStackArgs(service=NOTES))")
    assert main([*command, "--env", "prod"]) == 1
    assert capsys.readouterr().err.endswith(
        "error: environment of TapStack 'notes' must be 'prod' (--env), got 'dev'. Pass args_from_config(service=...) "
        "or TapStackArgs(environment_suffix=pulumi.get_stack(), ...) to it, or select --env dev.\n"
    )
    assert main([*command, "--env", "dev"]) == 0


@pytest.mark.usefixtures("folder")
def test_config_and_stack_name_of_the_environment_are_those_of_pulumi(capsys: pytest.CaptureFixture[str]) -> None:
    write_program(
        "import pulumi",
        "TapStack('notes', args_from_config(service=NOTES))",
        "raise ValueError(f\"{pulumi.get_stack()} {pulumi.Config().get('color')}\")",
    )
    for stack in ("prod", "notes-prod"):
        Path(f"Pulumi.{stack}.yaml").write_text("config: {'notes:color': red}", encoding="utf-8")
        for command in (["local", "--check"], ["audit"], ["cost"]):
            assert main([*command, "--env", "prod"]) == 1
            assert capsys.readouterr().err.endswith(f"{stack} red\n")
        Path(f"Pulumi.{stack}.yaml").unlink()
    assert main(["audit", "--env", "prod", "--config", "color=blue"]) == 2
    with Path("Pulumi.yaml").open("a", encoding="utf-8") as project:
        project.write("config: {color: {type: string}}\n")
    assert main(["audit", "--env", "prod", "--config", "color=blue"]) == 1
    assert capsys.readouterr().err.endswith("prod blue\n")


@pytest.mark.usefixtures("folder")
def test_config_option_sets_a_setting_that_the_project_does_not_declare() -> None:
    assert main(["local", "--check", "--config", "api_stage_name=v2"]) == 0
    assert flat_outputs()["api_stage"] == "v2"


@pytest.mark.usefixtures("folder")
def test_service_selects_among_the_stacks_of_the_program(capsys: pytest.CaptureFixture[str]) -> None:
    write_program(
        "DRAFTS = Service(name='drafts', tables=(TABLE,), functions=(API,), schemas={'Note': NOTE}, demo=DEMO)",
        "TapStack('notes', args_from_config(service=NOTES))",
        "TapStack('drafts', args_from_config(service=DRAFTS))",
    )
    assert main(["local", "--check", "--service", "drafts"]) == 0
    printed = capsys.readouterr().out
    assert "smoke test of drafts:" in printed
    assert "smoke test of notes:" not in printed
    assert flat_outputs()["service"] == "drafts"
    assert main(["local", "--check"]) == 0
    assert json.loads(Path("cfn-outputs/all-outputs.json").read_text(encoding="utf-8")).keys() == {
        "notes-dev",
        "drafts-dev",
    }
    capsys.readouterr()
    assert main(["audit", "--service", "drafts", "--env", "dev", "--json"]) == 0
    resources = {finding["resource"] for finding in json.loads(capsys.readouterr().out)}
    assert "drafts-notes-table" in resources
    assert not any(name.startswith("notes-") for name in resources)
    assert main(["cost", "--env", "dev", "--json"]) == 0
    usd = {name: bills["dev"]["usd"] for name, bills in json.loads(capsys.readouterr().out).items()}
    assert usd["notes"] == usd["drafts"] > 0
    assert main(["audit", "--service", "mail", "--env", "dev"]) == 1
    assert capsys.readouterr().err == (
        "error: service must be one of the services of __main__.py (drafts, notes), got 'mail'. Select one of them.\n"
    )


@pytest.mark.usefixtures("folder")
def test_program_without_a_stack_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    write_program()
    assert main(["local", "--check"]) == 1
    assert capsys.readouterr().err == "error: __main__.py must create a TapStack, got none. Create one.\n"


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("removed", [[], ["__main__.py"], ["__main__.py", "Pulumi.yaml"]])
def test_definition_is_deployed_without_the_program_of_the_folder(
    removed: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    Path("definition.py").write_text(definition() + SECRET, encoding="utf-8")
    write_program("raise ValueError('The program must not run.')")
    for name in removed:
        Path(name).unlink()
    Path("Pulumi.dev.yaml").write_text("config: {'notes:color': red, 'notes:tracing': true}", encoding="utf-8")
    assert main(["local", "--check", "--service", "definition:SAFE"]) == 0
    assert "smoke test of safe:" in capsys.readouterr().out
    assert flat_outputs()["tracing"] is ("Pulumi.yaml" not in removed)


@pytest.mark.usefixtures("folder")
def test_missing_secrets_have_a_placeholder_in_all_checks(capsys: pytest.CaptureFixture[str]) -> None:
    write_program(SECRET, "TapStack('safe', args_from_config(service=SAFE))")
    for command in (["local", "--check"], ["audit", "--env", "dev"], ["cost", "--env", "dev"]):
        assert main(command) == 0, capsys.readouterr().err
    assert "placeholder" not in capsys.readouterr().out


@pytest.mark.usefixtures("folder")
def test_service_without_demo_calls_has_no_smoke_test(capsys: pytest.CaptureFixture[str]) -> None:
    write_program(
        "from dataclasses import replace", "TapStack('notes', args_from_config(service=replace(NOTES, demo=())))"
    )
    assert main(["local", "--check"]) == 1
    printed = capsys.readouterr().out
    assert "no smoke test of notes: the service has no demo calls. Add a Call for each route to demo." in printed
    assert "passed" not in printed


@pytest.mark.usefixtures("folder")
def test_definition_in_the_program_cannot_be_selected(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["local", "--check", "--service", "__main__:NOTES"]) == 1
    assert capsys.readouterr().err == (
        "error: service must be defined in a module that creates no resources, got '__main__:NOTES'. Omit it to use "
        "the services of the program, or move the definition to another module.\n"
    )
