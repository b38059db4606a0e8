"""Shifts and rollbacks of aliases, against the service models of botocore."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from lib.cli import main
from lib.client import outputs_file
from lib.operations import rollout

ACCOUNT = "arn:aws:lambda:eu-west-1:123456789012:function:"
ARN = f"{ACCOUNT}shop"
SHIFT = rollout.Shift("shop-desk", "live", "1", "2")
SPEC = {
    "version": 0.0,
    "Resources": [
        {
            "shop-desk": {
                "Type": "AWS::Lambda::Function",
                "Properties": {"Name": "shop-desk", "Alias": "live", "CurrentVersion": "1", "TargetVersion": "2"},
            }
        }
    ],
}


def stack_outputs(**changes: Any) -> dict[str, Any]:
    """Return the outputs of a stack with two functions."""
    names = ("desk", "watch")
    return {
        "service": "shop",
        "environment": "prod",
        "lambda_function_arn": f"{ARN}-desk",
        "function_names": {name: f"shop-{name}" for name in names},
        "function_versions": dict.fromkeys(names, "2"),
        "alias_arns": {name: f"{ARN}-{name}:live" for name in names},
        "rollout_application": "shop-rollout",
        **changes,
    }


@contextmanager
def stubbed_clients(*calls: tuple[str, str, Any, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield clients that expect `calls`, each a service, an operation, parameters and a response."""
    clients = {
        name: boto3.client(name, region_name="eu-west-1", aws_access_key_id="-", aws_secret_access_key="-")
        for name in ("lambda", "codedeploy")
    }
    stubs = {name: Stubber(client) for name, client in clients.items()}
    for service, operation, expected, response in calls:
        stubs[service].add_response(operation, response, expected)
    with ExitStack() as stack:
        for stub in stubs.values():
            stack.enter_context(stub)
        yield clients
        for stub in stubs.values():
            stub.assert_no_pending_responses()


def alias(function: str, version: str) -> tuple[str, str, Any, Any]:
    return "lambda", "get_alias", {"FunctionName": ACCOUNT + function, "Name": "live"}, {"FunctionVersion": version}


def deployment(status: str, **fields: Any) -> tuple[str, str, Any, Any]:
    return "codedeploy", "get_deployment", {"deploymentId": "d-1"}, {"deploymentInfo": {"status": status, **fields}}


def versions(function: str, *numbers: str) -> tuple[str, str, Any, Any]:
    response = {"Versions": [{"Version": number} for number in numbers]}
    return "lambda", "list_versions_by_function", {"FunctionName": ACCOUNT + function}, response


def alias_update(function: str, version: str) -> tuple[str, str, Any, Any]:
    parameters = {"FunctionName": ACCOUNT + function, "Name": "live", "FunctionVersion": version, "RoutingConfig": {}}
    return "lambda", "update_alias", parameters, {}


CREATED = (
    "codedeploy",
    "create_deployment",
    {
        "applicationName": "shop-rollout",
        "deploymentGroupName": "shop-desk",
        "revision": {"revisionType": "AppSpecContent", "appSpecContent": {"content": json.dumps(SPEC)}},
    },
    {"deploymentId": "d-1"},
)


def test_only_aliases_at_an_older_version_are_shifted() -> None:
    with stubbed_clients(alias("shop-desk", "1"), alias("shop-watch", "2")) as clients:
        assert list(rollout.pending_shifts(stack_outputs(), clients["lambda"])) == [SHIFT]


def test_deployment_specifies_the_function_the_alias_and_both_versions() -> None:
    with stubbed_clients(CREATED) as clients:
        assert rollout.start_deployment("shop-rollout", SHIFT, clients["codedeploy"]) == "d-1"


def test_each_status_is_logged_once_until_the_deployment_finishes() -> None:
    lines: list[str] = []
    pauses: list[float] = []
    statuses = ("Created", "InProgress", "InProgress", "Succeeded")
    with stubbed_clients(*map(deployment, statuses)) as clients:
        assert not rollout.wait_for_deployments({"d-1": SHIFT}, clients["codedeploy"], lines.append, pauses.append)
    assert lines == [f"shop-desk: version 1 to 2: {status}" for status in ("Created", "InProgress", "Succeeded")]
    assert pauses == [rollout.POLL_SECONDS] * 3


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        (
            {"errorInformation": {"code": "ALARM_ACTIVE", "message": "alarm shop-desk-errors is in ALARM"}},
            "alarm shop-desk-errors is in ALARM",
        ),
        ({}, "Stopped"),
    ],
)
def test_failed_deployment_is_reported_with_its_reason(fields: dict[str, Any], reason: str) -> None:
    with stubbed_clients(deployment("Stopped", **fields)) as clients:
        errors = rollout.wait_for_deployments({"d-1": SHIFT}, clients["codedeploy"], lambda _: None, lambda _: None)
    assert errors == [f"shop-desk stays at version 1: {reason}"]


def test_rollback_moves_each_alias_to_the_previous_version() -> None:
    lines: list[str] = []
    with stubbed_clients(
        alias("shop-desk", "1"),
        versions("shop-desk", "$LATEST", "1"),
        alias("shop-watch", "7"),
        versions("shop-watch", "$LATEST", "3", "5", "7", "9"),
        alias_update("shop-watch", "5"),
    ) as clients:
        rollout.roll_back(stack_outputs(), clients["lambda"], lines.append)
    assert lines == ["shop-desk: version 1 has no previous version", "shop-watch: version 7 to 5"]


@pytest.fixture(autouse=True)
def working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Use a temporary working directory for the outputs."""
    monkeypatch.chdir(tmp_path)


def run(clients: Mapping[str, Any], command: str = "rollout", stacks: int = 1, **changes: Any) -> int:
    """Write the outputs of stacks and run a command with the clients. Return its exit code."""
    outputs_file.write({f"stack-{number}": stack_outputs(**changes) for number in range(stacks)})
    return run_command(clients, command)


def run_command(clients: Mapping[str, Any], *arguments: str) -> int:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rollout, "regional_client", lambda service, **_: clients[service])
        return main(arguments)


@pytest.mark.parametrize(("status", "code"), [("Succeeded", 0), ("Failed", 1)])
def test_command_fails_if_a_shift_fails(capsys: pytest.CaptureFixture[str], status: str, code: int) -> None:
    with stubbed_clients(alias("shop-desk", "1"), alias("shop-watch", "2"), CREATED, deployment(status)) as clients:
        assert run(clients) == code
    assert ("error: shop-desk stays at version 1: Failed" in capsys.readouterr().err) is bool(code)


def test_error_of_every_failed_stack_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    calls = (alias("shop-desk", "1"), alias("shop-watch", "2"), CREATED, deployment("Failed"))
    with stubbed_clients(*calls, *calls) as clients:
        assert run(clients, stacks=2) == 1
    assert capsys.readouterr().err.count("error: shop-desk stays at version 1: Failed") == 2


def test_command_reports_that_every_alias_is_at_the_newest_version(capsys: pytest.CaptureFixture[str]) -> None:
    with stubbed_clients(alias("shop-desk", "2"), alias("shop-watch", "2")) as clients:
        assert run(clients) == 0
    assert capsys.readouterr().out == "shop: every alias is at the newest version\n"


def test_rollout_skips_stacks_without_codedeploy() -> None:
    with stubbed_clients() as clients:
        outputs_file.write({"shop": {k: v for k, v in stack_outputs().items() if k != "rollout_application"}})
        assert run_command(clients, "rollout") == 0


def test_rollback_skips_functions_without_an_alias(capsys: pytest.CaptureFixture[str]) -> None:
    calls = (alias("shop-desk", "2"), versions("shop-desk", "1", "2"), alias_update("shop-desk", "1"))
    with stubbed_clients(*calls) as clients:
        assert run(clients, "rollback", alias_arns={"desk": f"{ARN}-desk:live"}) == 0
    assert capsys.readouterr().out == "shop-desk: version 2 to 1\n"


@pytest.mark.parametrize("command", ["rollout", "rollback", "prune"])
def test_command_requires_outputs(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([command]) == 1
    assert (
        capsys.readouterr().err == "error: cfn-outputs/all-outputs.json does not exist. Run make up, which writes it.\n"
    )


def test_client_uses_the_region_of_the_stack(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    assert rollout.regional_client("codedeploy", stack_outputs()).meta.region_name == "eu-west-1"


def test_client_uses_the_aws_profile_of_the_stack(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    credentials = tmp_path / "credentials"
    credentials.write_text("[shop]\naws_access_key_id = AKIASHOP\naws_secret_access_key = x\n", encoding="utf-8")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(credentials))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    urls: list[str] = []

    regional_client = rollout.regional_client

    def record_url(service: str, **options: Any) -> Any:
        client = regional_client(service, **options)
        urls.extend([client.generate_presigned_url("list_functions")] if service == "lambda" else [])
        return client

    (tmp_path / "Pulumi.desk-prod.yaml").write_text("config:\n  aws:profile: shop\n", encoding="utf-8")
    (tmp_path / "Pulumi.desk-test.yaml").write_text("config:\n  aws:profile: unknown\n", encoding="utf-8")
    outputs_file.write(
        {name: stack_outputs(alias_arns={}) for name in ("desk-prod", "desk-test")}, tmp_path / "cfn-outputs"
    )
    monkeypatch.setattr(rollout, "regional_client", record_url)
    monkeypatch.chdir(tmp_path)
    assert main(["rollout"]) == 1
    assert len(urls) == 1
    assert "X-Amz-Credential=AKIASHOP" in urls[0]
    assert "error: desk-test: The config profile (unknown) could not be found" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("calls", "changes", "lines"),
    [
        ((), {"alias_arns": {}}, "shop: no function has an alias\n"),
        (
            (alias("shop-desk", "1"), versions("shop-desk", "$LATEST", "1")),
            {"alias_arns": {"desk": f"{ARN}-desk:live"}},
            "shop-desk: version 1 has no previous version\n",
        ),
    ],
    ids=["no alias", "first version"],
)
def test_rollback_fails_without_a_previous_version(
    capsys: pytest.CaptureFixture[str], calls: Any, changes: dict[str, Any], lines: str
) -> None:
    with stubbed_clients(*calls) as clients:
        assert run(clients, "rollback", **changes) == 1
    printed = capsys.readouterr()
    assert printed.out == lines
    assert printed.err == (
        "error: No function in cfn-outputs/all-outputs.json has an alias with a previous version. "
        "Deploy the previous code instead.\n"
    )


def test_rollback_of_one_of_several_stacks_succeeds(capsys: pytest.CaptureFixture[str]) -> None:
    calls = (alias("shop-desk", "2"), versions("shop-desk", "1", "2"), alias_update("shop-desk", "1"))
    stacks = {"a": stack_outputs(alias_arns={"desk": f"{ARN}-desk:live"}), "b": stack_outputs(alias_arns={})}
    with stubbed_clients(*calls) as clients:
        outputs_file.write(stacks)
        assert run_command(clients, "rollback") == 0
    assert capsys.readouterr().out == "shop-desk: version 2 to 1\nshop: no function has an alias\n"


@pytest.mark.parametrize("arguments", [["--service", "items"], ["--env", "dev"], ["--service", "shop", "--env", "dev"]])
@pytest.mark.parametrize("command", ["rollout", "rollback", "prune"])
def test_command_requires_outputs_of_the_selected_stack(
    command: str, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    outputs_file.write({"shop-prod": stack_outputs()})
    with stubbed_clients() as clients:
        assert run_command(clients, command, *arguments) == 1
    service = arguments[1] if "--service" in arguments else "any service"
    environment = "dev" if "--env" in arguments else "any environment"
    assert capsys.readouterr().err == (
        f"error: cfn-outputs/all-outputs.json must contain the outputs of {service} in {environment}, got those of "
        "shop-prod. Run make outputs with SERVICE and ENV.\n"
    )


def test_rollback_changes_only_the_selected_stack(capsys: pytest.CaptureFixture[str]) -> None:
    calls = (alias("shop-desk", "2"), versions("shop-desk", "1", "2"), alias_update("shop-desk", "1"))
    stack = stack_outputs(alias_arns={"desk": f"{ARN}-desk:live"})
    others = {"shop-dev": {**stack, "environment": "dev"}, "items-prod": {**stack, "service": "items"}}
    with stubbed_clients(*calls) as clients:
        outputs_file.write({"shop-prod": stack, **others})
        assert run_command(clients, "rollback", "--service", "shop", "--env", "prod") == 0
    assert capsys.readouterr().out == "shop-desk: version 2 to 1\n"
