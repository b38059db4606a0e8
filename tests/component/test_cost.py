"""Cost estimates of stacks, and the command that prints them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lib.cli import main
from lib.cost.bill import Bill, bill, bill_of, standard
from lib.cost.month import Month
from lib.cost.traffic import Traffic
from lib.docgen.generate import ROOT
from lib.model import Workload
from lib.program.recorder import Deployment, record_file
from lib.services import SERVICES

from ..support.builders import PARCELS, replace_service

pytestmark = pytest.mark.slow

PROGRAM = ROOT / "tap.py"
UNKNOWN = """
import pulumi_aws as aws
from lib.stack.config import args_from_config
from lib.tap_stack import TapStack

stack = TapStack("tap", args_from_config())
aws.kinesis.Stream("jobs")
"""


def estimate(service: str, environment: str, traffic: Traffic | None = None, **config: str) -> Bill:
    """Return the cost of a month of a stack."""
    deployment = record_file(PROGRAM, {"service": service, "environment": environment, **config})
    return bill_of(deployment, traffic or Traffic(), service)


def usd(stack_bill: Bill, kind: str) -> float:
    return sum(item.usd for item in stack_bill.items if item.kind == kind)


@pytest.mark.parametrize("service", SERVICES)
def test_every_resource_of_every_environment_has_a_price_or_is_free(service: str) -> None:
    for environment, stack_bill in standard(PROGRAM)[service].items():
        assert (environment, stack_bill.unpriced) == (environment, [])


def test_every_resource_of_any_stack_has_a_price_or_is_free(any_stack: Deployment) -> None:
    assert not bill(Month(any_stack, Traffic(), Workload(), PARCELS)).unpriced


@pytest.mark.untraced
def test_settings_change_the_cost() -> None:
    plain, traced = estimate("items", "dev"), estimate("items", "dev", tracing="true")
    assert traced.usd() - plain.usd() == pytest.approx(5)
    provisioned = estimate("items", "dev", dynamodb_billing_mode="PROVISIONED", dynamodb_write_capacity="10")
    assert usd(provisioned, "dynamodb.Table") - usd(plain, "dynamodb.Table") == pytest.approx(
        730 * (10 * 0.00065 + 5 * 0.00013) - 0.3 * 0.625 - 0.7 * 0.125
    )


@pytest.mark.untraced
def test_split_functions_have_the_same_number_of_invocations() -> None:
    whole, split = estimate("inventory", "dev"), estimate("inventory", "dev", split_functions="true")
    amounts = [{item.label: item.amount for item in stack_bill.items} for stack_bill in (whole, split)]
    assert amounts[0]["invocations"] == amounts[1]["invocations"] == 1_000_000 + 8_760
    assert amounts[0]["custom metrics"] < amounts[1]["custom metrics"]


@pytest.mark.untraced
def test_without_traffic_only_fixed_costs_remain() -> None:
    idle = Traffic(requests=0, stored_gb=0, notifications=0)
    assert estimate("items", "prod", idle).usd() == pytest.approx(estimate("items", "prod").usd(fixed=True))


def test_command_prints_all_estimates_and_one_in_detail(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cost", "--service", "items", "--env", "dev", "--env", "prod", "--requests", "2e6"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["USD", "per", "month", "dev", "prod"]
    assert [line.split()[0] for line in lines[1:3]] == ["items", "fixed"]
    assert "items in prod:" in lines
    assert ["apigateway.RestApi", "requests", "2,000,000", "requests", "7.00"] in [line.split() for line in lines]
    assert lines[-2] == "AWS list prices for us-east-1, June 2026, without free tier, credits, and taxes."


def test_workload_of_a_service_without_measurements_is_derived(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fixed = estimate("items", "dev").usd(fixed=True)
    replace_service(monkeypatch, SERVICES["items"])
    assert main(["cost", "--service", "items", "--env", "dev", "--json"]) == 0
    printed = capsys.readouterr()
    bill_in_dev = json.loads(printed.out)["items"]["dev"]
    assert bill_in_dev["fixed_usd"] == pytest.approx(fixed)
    amounts = {item["label"]: item["amount"] for item in bill_in_dev["items"]}
    assert amounts["invocations"] == pytest.approx(1_000_000)
    assert amounts["writes"] > 0
    assert printed.err == (
        "items has no workload, so its variable costs are derived from its routes, schedules, consumers and grants. "
        "Set workload=Workload(...) in its ServiceFactory for measured values: see docs/guides/own-service.md.\n"
    )


@pytest.mark.untraced
def test_stacks_of_a_renamed_project_have_its_config(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "Pulumi.yaml").write_text(f"{{name: shop, main: {PROGRAM}}}", encoding="utf-8")
    (tmp_path / "Pulumi.items-dev.yaml").write_text("config: {'shop:tracing': true, 'shop:rolout': none}", "utf-8")
    monkeypatch.chdir(tmp_path)
    assert main(["cost", "--service", "items", "--env", "dev"]) == 1
    assert capsys.readouterr().err.startswith(f"error: {PROGRAM}:5: config keys must be known, got 'shop:rolout' ")
    (tmp_path / "Pulumi.items-dev.yaml").write_text("config: {'shop:tracing': true}", encoding="utf-8")
    assert main(["cost", "--service", "items", "--env", "dev"]) == 0
    assert "traces" in capsys.readouterr().out


def test_config_option_overrides_a_setting(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cost", "--service", "items", "--env", "dev", "--config", "tracing=true"]) == 0
    assert ["lambda.Function", "traces", "1,000,000", "traces", "5.00"] in [
        line.split() for line in capsys.readouterr().out.splitlines()
    ]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (
            ["--writes", "2"],
            2,
            "error: traffic.writes must be a number from 0 to 1 (fraction of the requests), got 2.0. Run ",
        ),
        (["--service", "items", "--env", "Prod"], 2, "error: environment_suffix must be 'prod', got 'Prod'."),
        (
            ["--config", "colour=red"],
            2,
            "error: config must be KEY=VALUE with a setting or a key of Pulumi.yaml, got 'colour=red'",
        ),
    ],
)
def test_error_for_invalid_arguments_is_one_line(
    arguments: list[str], code: int, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["cost", *arguments]) == code
    printed = capsys.readouterr()
    assert printed.err.startswith(message)
    assert len(printed.err.splitlines()) == 1
    assert not printed.out


def test_folder_without_a_project_has_exit_code_1(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["cost"]) == 1
    assert "Pulumi.yaml" in capsys.readouterr().err


def test_program_of_a_renamed_project_reads_its_config(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: shop\nmain: program.py\n", encoding="utf-8")
    source = "import pulumi\nraise ValueError(pulumi.Config('shop').require('environment'))"
    (tmp_path / "program.py").write_text(source, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert main(["cost", "--service", "items", "--env", "pr-7"]) == 1
    assert capsys.readouterr().err == "error: program.py:2: pr-7\n"


def test_json_contains_every_estimate(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cost", "--service", "items", "--env", "dev", "--json"]) == 0
    actual = json.loads(capsys.readouterr().out)["items"]["dev"]
    expected = estimate("items", "dev")
    assert (actual["usd"], actual["fixed_usd"]) == (expected.usd(), expected.usd(fixed=True))
    assert actual["items"] == [item._asdict() for item in expected.items]
    assert actual["unpriced"] == []


def test_resource_without_a_price_is_reported_with_exit_code_1(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: tap\nmain: program.py\n", encoding="utf-8")
    (tmp_path / "program.py").write_text(UNKNOWN, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert main(["cost", "--service", "items", "--env", "dev"]) == 1
    assert "UNKNOWN PRICE: kinesis.Stream (1)" in capsys.readouterr().out.splitlines()
