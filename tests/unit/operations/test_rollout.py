"""Shifting callers to the newest code, and taking it back: against botocore's own models of AWS's answers."""

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


def told(**changes: Any) -> dict[str, Any]:
    """What a deployment of two functions tells."""
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
def clients(*answers: tuple[str, str, Any, Any]) -> Iterator[Mapping[str, Any]]:
    """Clients that expect these calls, in order for each service: service, operation, parameters, answer."""
    made = {
        name: boto3.client(name, region_name="eu-west-1", aws_access_key_id="-", aws_secret_access_key="-")
        for name in ("lambda", "codedeploy")
    }
    stubs = {name: Stubber(client) for name, client in made.items()}
    for service, operation, expected, answer in answers:
        stubs[service].add_response(operation, answer, expected)
    with ExitStack() as stack:
        for stub in stubs.values():
            stack.enter_context(stub)
        yield made
        for stub in stubs.values():
            stub.assert_no_pending_responses()


def alias(function: str, version: str) -> tuple[str, str, Any, Any]:
    return "lambda", "get_alias", {"FunctionName": ACCOUNT + function, "Name": "live"}, {"FunctionVersion": version}


def deployment(status: str, **more: Any) -> tuple[str, str, Any, Any]:
    return "codedeploy", "get_deployment", {"deploymentId": "d-1"}, {"deploymentInfo": {"status": status, **more}}


def versions(function: str, *found: str) -> tuple[str, str, Any, Any]:
    answer = {"Versions": [{"Version": version} for version in found]}
    return "lambda", "list_versions_by_function", {"FunctionName": ACCOUNT + function}, answer


def moved(function: str, version: str) -> tuple[str, str, Any, Any]:
    asked = {"FunctionName": ACCOUNT + function, "Name": "live", "FunctionVersion": version, "RoutingConfig": {}}
    return "lambda", "update_alias", asked, {}


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


def test_only_functions_whose_callers_are_behind_are_due() -> None:
    with clients(alias("shop-desk", "1"), alias("shop-watch", "2")) as made:
        assert list(rollout.due(told(), made["lambda"])) == [SHIFT]


def test_deployment_names_the_function_the_alias_and_both_versions() -> None:
    with clients(CREATED) as made:
        assert rollout.start("shop-rollout", SHIFT, made["codedeploy"]) == "d-1"


def test_each_step_is_told_once_until_the_end() -> None:
    lines: list[str] = []
    pauses: list[float] = []
    states = ("Created", "InProgress", "InProgress", "Succeeded")
    with clients(*map(deployment, states)) as made:
        assert not rollout.follow({"d-1": SHIFT}, made["codedeploy"], lines.append, pauses.append)
    assert lines == [f"shop-desk: 1 to 2: {state}" for state in ("Created", "InProgress", "Succeeded")]
    assert pauses == [rollout.PAUSE_SECONDS] * 3


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"errorInformation": {"code": "ALARM_ACTIVE", "message": "an alarm went off"}}, "an alarm went off"),
        ({}, "Stopped"),
    ],
)
def test_what_was_rolled_back_is_told_with_its_reason(more: dict[str, Any], why: str) -> None:
    with clients(deployment("Stopped", **more)) as made:
        failed = rollout.follow({"d-1": SHIFT}, made["codedeploy"], lambda _: None, lambda _: None)
    assert failed == [f"shop-desk stays at 1: {why}"]


def test_each_alias_goes_back_to_the_version_before_its_own() -> None:
    lines: list[str] = []
    with clients(
        alias("shop-desk", "1"),
        versions("shop-desk", "$LATEST", "1"),
        alias("shop-watch", "7"),
        versions("shop-watch", "$LATEST", "3", "5", "7", "9"),
        moved("shop-watch", "5"),
    ) as made:
        rollout.back(told(), made["lambda"], lines.append)
    assert lines == ["shop-desk: stays at 1, there is none before it", "shop-watch: 7 to 5"]


@pytest.fixture(autouse=True)
def working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A working directory for the outputs."""
    monkeypatch.chdir(tmp_path)


def run(made: Mapping[str, Any], command: str = "rollout", stacks: int = 1, **changes: Any) -> int:
    """Run a command for stacks, with clients. Return its exit code."""
    outputs_file.write({f"stack-{number}": told(**changes) for number in range(stacks)})
    return with_clients(made, command)


def with_clients(made: Mapping[str, Any], *words: str) -> int:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rollout, "in_region", lambda service, **_: made[service])
        return main(words)


@pytest.mark.parametrize(("status", "code"), [("Succeeded", 0), ("Failed", 1)])
def test_command_fails_exactly_if_a_shift_does(capsys: pytest.CaptureFixture[str], status: str, code: int) -> None:
    with clients(alias("shop-desk", "1"), alias("shop-watch", "2"), CREATED, deployment(status)) as made:
        assert run(made) == code
    assert ("error: shop-desk stays at 1: Failed" in capsys.readouterr().err) is bool(code)


def test_every_stack_that_failed_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    behind = (alias("shop-desk", "1"), alias("shop-watch", "2"), CREATED, deployment("Failed"))
    with clients(*behind, *behind) as made:
        assert run(made, stacks=2) == 1
    assert capsys.readouterr().err.count("error: shop-desk stays at 1: Failed") == 2


def test_command_reports_that_there_is_nothing_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    with clients(alias("shop-desk", "2"), alias("shop-watch", "2")) as made:
        assert run(made) == 0
    assert capsys.readouterr().out == "shop: callers are at the newest versions\n"


def test_command_leaves_stacks_alone_that_codedeploy_does_not_move() -> None:
    with clients() as made:
        outputs_file.write({"shop": {k: v for k, v in told().items() if k != "rollout_application"}})
        assert with_clients(made, "rollout") == 0


def test_command_takes_back_whatever_has_an_alias(capsys: pytest.CaptureFixture[str]) -> None:
    calls = (alias("shop-desk", "2"), versions("shop-desk", "1", "2"), moved("shop-desk", "1"))
    with clients(*calls) as made:
        assert run(made, "rollback", alias_arns={"desk": f"{ARN}-desk:live"}) == 0
    assert capsys.readouterr().out == "shop-desk: 2 to 1\n"


@pytest.mark.parametrize("command", ["rollout", "rollback", "prune"])
def test_command_names_the_command_to_run_first(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([command]) == 1
    assert capsys.readouterr().err == "error: no cfn-outputs/all-outputs.json: deploy first, with make up\n"


def test_clients_work_where_the_stack_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    assert rollout.in_region("codedeploy", told()).meta.region_name == "eu-west-1"


def test_clients_have_the_profile_of_the_stack(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    credentials = tmp_path / "credentials"
    credentials.write_text("[shop]\naws_access_key_id = AKIASHOP\naws_secret_access_key = x\n", encoding="utf-8")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(credentials))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    urls: list[str] = []

    in_region = rollout.in_region

    def client(service: str, **by: Any) -> Any:
        made = in_region(service, **by)
        urls.extend([made.generate_presigned_url("list_functions")] if service == "lambda" else [])
        return made

    (tmp_path / "Pulumi.desk-prod.yaml").write_text("config:\n  aws:profile: shop\n", encoding="utf-8")
    (tmp_path / "Pulumi.desk-test.yaml").write_text("config:\n  aws:profile: unknown\n", encoding="utf-8")
    outputs_file.write({name: told(alias_arns={}) for name in ("desk-prod", "desk-test")}, tmp_path / "cfn-outputs")
    monkeypatch.setattr(rollout, "in_region", client)
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
            "shop-desk: stays at 1, there is none before it\n",
        ),
    ],
    ids=["no alias", "first version"],
)
def test_rollback_fails_if_there_is_nothing_to_roll_back(
    capsys: pytest.CaptureFixture[str], calls: Any, changes: dict[str, Any], lines: str
) -> None:
    with clients(*calls) as made:
        assert run(made, "rollback", **changes) == 1
    printed = capsys.readouterr()
    assert printed.out == lines
    assert printed.err == (
        "error: nothing to roll back: cfn-outputs/all-outputs.json has no function with an alias that has an "
        "earlier version\n"
    )


def test_rollback_of_one_of_several_stacks_succeeds(capsys: pytest.CaptureFixture[str]) -> None:
    calls = (alias("shop-desk", "2"), versions("shop-desk", "1", "2"), moved("shop-desk", "1"))
    stacks = {"a": told(alias_arns={"desk": f"{ARN}-desk:live"}), "b": told(alias_arns={})}
    with clients(*calls) as made:
        outputs_file.write(stacks)
        assert with_clients(made, "rollback") == 0
    assert capsys.readouterr().out == "shop-desk: 2 to 1\nshop: no function has an alias\n"


@pytest.mark.parametrize("words", [["--service", "items"], ["--env", "dev"], ["--service", "shop", "--env", "dev"]])
@pytest.mark.parametrize("command", ["rollout", "rollback", "prune"])
def test_command_changes_no_other_stack_than_the_one_it_names(
    command: str, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    outputs_file.write({"shop-prod": told()})
    with clients() as made:
        assert with_clients(made, command, *words) == 1
    named = (
        f"{words[1] if '--service' in words else 'any service'} in {'dev' if '--env' in words else 'any environment'}"
    )
    assert capsys.readouterr().err == (
        f"error: cfn-outputs/all-outputs.json must have the outputs of {named}, got those of shop-prod. "
        "Run make outputs with SERVICE and ENV.\n"
    )


def test_rollback_of_a_named_stack_leaves_the_others(capsys: pytest.CaptureFixture[str]) -> None:
    calls = (alias("shop-desk", "2"), versions("shop-desk", "1", "2"), moved("shop-desk", "1"))
    stack = told(alias_arns={"desk": f"{ARN}-desk:live"})
    others = {"shop-dev": {**stack, "environment": "dev"}, "items-prod": {**stack, "service": "items"}}
    with clients(*calls) as made:
        outputs_file.write({"shop-prod": stack, **others})
        assert with_clients(made, "rollback", "--service", "shop", "--env", "prod") == 0
    assert capsys.readouterr().out == "shop-desk: 2 to 1\n"
