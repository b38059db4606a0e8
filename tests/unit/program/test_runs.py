"""Runs of programs, and the stacks that they select."""

from __future__ import annotations

from pathlib import Path

import pytest

from lib.model import Service
from lib.program import project
from lib.program.project import ProjectError
from lib.program.recorder import record
from lib.program.runner import Program
from lib.program.runs import ProgramRun, program_run, program_runs
from lib.program.stacks import DeployedStack, by_label
from lib.tap_stack import TapStack, TapStackArgs

from ...support.builders import a_service

SELECTING = "{name: shop, config: {service: {type: string}}}"


def a_run(service: str | None = None, environment: str | None = "dev") -> ProgramRun:
    return ProgramRun(Program.from_file(Path("shop.py")), "shop", "dev", {}, environment, service)


def a_stack(name: str, service: Service | None = None, environment: str = "dev") -> DeployedStack:
    return DeployedStack(f"urn:pulumi:dev::shop::tap:stack:TapStack::{name}", service or a_service(), environment, {})


@pytest.fixture(name="folder", autouse=True)
def folder_fixture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Working directory with a program."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "__main__.py").touch()
    return tmp_path


def test_program_of_a_project_that_selects_the_service_runs_for_each_service() -> None:
    Path("Pulumi.yaml").write_text(SELECTING, encoding="utf-8")
    runs = program_runs(["items", "stock"], ["dev", "prod"], ["tracing=true"])
    assert [run.stack for run in runs] == ["items-dev", "items-prod", "stock-dev", "stock-prod"]
    assert runs[3].config == {"environment": "prod", "service": "stock", "tracing": "true"}
    assert {run.service for run in program_runs([], ["dev"], [])} >= {"items", "inventory", "stock"}
    assert program_run(Path("__main__.py"), None, None, []).stack == "items-dev"


def test_other_program_runs_once_and_decides_its_services() -> None:
    Path("Pulumi.yaml").write_text("{name: shop}", encoding="utf-8")
    (run,) = program_runs([], ["prod"], [])
    assert (run.label, run.stack, run.service, run.config) == ("shop", "prod", None, {"environment": "prod"})
    (run,) = program_runs(["desk"], ["prod"], [])
    assert (run.label, run.stack, run.config["service"]) == ("desk", "prod", "desk")


@pytest.mark.parametrize("stack", ["prod", "desk-prod", "shop-prod"])
def test_stack_is_the_one_with_a_config_file(stack: str) -> None:
    Path("Pulumi.yaml").write_text("{name: shop}", encoding="utf-8")
    Path(f"Pulumi.{stack}.yaml").write_text("config: {'shop:color': red}", encoding="utf-8")
    (run,) = program_runs(["desk"], ["prod"], [])
    assert (run.stack, run.config["color"]) == (stack, "red")


def test_registered_service_in_a_folder_without_a_project_has_the_default_program() -> None:
    (run,) = program_runs(["items"], ["dev"], [])
    (stack,) = run.record().stacks
    assert (stack.service.name, stack.environment, stack.outputs["service"]) == ("items", "dev", "items")


def test_stacks_of_the_selected_service_are_returned() -> None:
    desk, mail = a_stack("desk"), a_stack("mail", a_service(name="mail"))
    assert a_run().select([desk, mail]) == [desk, mail]
    assert a_run("mail").select([desk, mail]) == [mail]
    with pytest.raises(ProjectError, match=r"^service must be one of the services of shop\.py \(mail, parcels\), got"):
        a_run("desk").select([desk, mail])


def test_stack_of_another_environment_is_rejected_unless_any_is_accepted() -> None:
    stack = a_stack("desk", environment="prod")
    with pytest.raises(ProjectError, match=r"^environment of TapStack 'desk' must be 'dev' \(--env\), got 'prod'\. "):
        a_run().select([stack])
    assert a_run(environment=None).select([stack]) == [stack]


def test_stacks_of_one_service_are_distinguished_by_their_names() -> None:
    stacks = [a_stack("desk"), a_stack("west"), a_stack("mail", a_service(name="mail"))]
    assert [*by_label(stacks)] == ["parcels-desk", "parcels-west", "mail"]


def test_stacks_of_a_program_have_their_definitions_environments_and_resources() -> None:
    def program() -> None:
        TapStack("one", TapStackArgs("pr-1", split_functions=True))
        TapStack("two", TapStackArgs("pr-2", service=a_service(name="mail")))

    deployment = record(program)
    one, two = deployment.stacks
    assert [(stack.name, stack.environment, stack.service.name) for stack in (one, two)] == [
        ("one", "pr-1", "items"),
        ("two", "pr-2", "mail"),
    ]
    assert [function.name for function in one.service.functions] == ["lambda"]
    assert one.outputs["environment"] == "pr-1"
    resources = [deployment.resources_of(stack) for stack in (one, two)]
    assert [each[0].name for each in resources] == ["one", "two"]
    assert sum(map(len, resources)) == len(deployment.registered)


def test_known_keys_include_the_arguments_of_the_config() -> None:
    assert {"secrets", "existing", "tags", "tracing", "low_stock_threshold"} <= project.known_keys()
