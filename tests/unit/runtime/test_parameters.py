"""Settings in Parameter Store."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lib.runtime import http_client, parameters
from lib.runtime.http_client import AwsError, RetryDeadline
from lib.runtime.logging import INVOCATION

from ...support.fake_aws import FakeAws

DEPLOYED = {"low": 10, "most": 50}


@pytest.fixture(autouse=True)
def _environment(aws_environment: pytest.MonkeyPatch) -> None:
    aws_environment.setenv("SHOP", "/shop/dev/config")
    aws_environment.setenv("SHOP_DEPLOYED", json.dumps(DEPLOYED))
    aws_environment.setattr(INVOCATION, "correlation_id", "")


def response(value: str) -> tuple[int, Any]:
    return 200, {"Parameter": {"Value": value}}


def test_parameter_overrides_deployed_settings(fake_aws: FakeAws) -> None:
    fake_aws.script = [response('{"low": 3}')]
    assert parameters.load("SHOP") == {"low": 3, "most": 50}
    (request,) = fake_aws.calls
    assert json.loads(request.body) == {"Name": "/shop/dev/config"}
    assert request.headers["x-amz-target"] == "AmazonSSM.GetParameter"
    assert request.headers["content-type"] == "application/x-amz-json-1.1"


@pytest.mark.parametrize("failure", ["hang up", (500, {}), (400, {"__type": "ThrottlingException"})])
def test_failed_requests_are_retried(fake_aws: FakeAws, failure: Any) -> None:
    fake_aws.script = [failure, response("{}")]
    assert parameters.load("SHOP") == DEPLOYED


@pytest.mark.slow
def test_deployed_settings_are_used_if_all_attempts_fail(fake_aws: FakeAws, capsys: pytest.CaptureFixture[str]) -> None:
    fake_aws.script = [(400, {"__type": "ThrottlingException"})]
    assert parameters.load("SHOP") == DEPLOYED
    line = json.loads(capsys.readouterr().out)
    assert line == {
        "level": "WARN",
        "message": "parameter not read",
        "name": "/shop/dev/config",
        "error": "ThrottlingException",
    }


def test_errors_that_are_not_retryable_are_raised(fake_aws: FakeAws) -> None:
    fake_aws.script = [(400, {"__type": "ParameterNotFound"})]
    with pytest.raises(AwsError, match="ParameterNotFound"):
        parameters.load("SHOP")


@pytest.mark.parametrize(
    ("value", "valid", "invalid_names"),
    [
        ("low: 3", {}, ["entire value"]),
        ("[3]", {}, ["entire value"]),
        ('{"low": "3", "most": 60}', {"most": 60}, ["low"]),
        ('{"low": true, "high": 1}', {}, ["high", "low"]),
    ],
)
def test_invalid_settings_are_logged_and_keep_their_deployed_values(
    fake_aws: FakeAws, capsys: pytest.CaptureFixture[str], value: str, valid: dict[str, int], invalid_names: list[str]
) -> None:
    fake_aws.script = [response(value)]
    assert parameters.load("SHOP") == {**DEPLOYED, **valid}
    line = json.loads(capsys.readouterr().out)
    assert (line["level"], line["name"], line["unusable"]) == ("WARN", "/shop/dev/config", invalid_names)


class Clock:
    """A clock that tests set."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(name="clock")
def clock_fixture() -> Clock:
    """Return a clock."""
    return Clock()


def test_settings_are_read_again_after_their_age(fake_aws: FakeAws, clock: Clock) -> None:
    fake_aws.script = [response('{"low": 3}'), response('{"low": 4}')]
    settings = parameters.Settings("SHOP", max_age_seconds=60, clock=clock)
    assert not fake_aws.calls
    assert settings["low"] == 3
    clock.now += 59.9
    assert settings.values() == {"low": 3, "most": 50}
    assert len(fake_aws.calls) == 1
    clock.now += 0.1
    assert settings.values() == {"low": 4, "most": 50}
    assert len(fake_aws.calls) == 2


@pytest.mark.parametrize(
    "failure", [(400, {"__type": "ParameterNotFound"}), (400, {"__type": "ThrottlingException"}), "hang up"]
)
def test_last_settings_remain_if_a_read_fails(
    fake_aws: FakeAws, clock: Clock, capsys: pytest.CaptureFixture[str], failure: Any
) -> None:
    fake_aws.script = [response('{"low": 3}'), failure, response('{"low": 4}')]
    settings = parameters.Settings("SHOP", max_age_seconds=60, clock=clock)
    settings.values()
    clock.now += 60
    assert settings["low"] == 3
    # The request does not wait for retries, and the following requests do not repeat the read immediately.
    assert settings["low"] == 3
    assert len(fake_aws.calls) == 2
    assert json.loads(capsys.readouterr().out)["message"] == "parameter not read"
    clock.now += 10
    assert settings["low"] == 4


def test_deployed_settings_are_replaced_soon_if_the_first_read_fails(
    fake_aws: FakeAws, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    deadline = RetryDeadline()
    deadline.start(0.5)  # too short for a retry
    monkeypatch.setattr(parameters, "DEADLINE", deadline)
    monkeypatch.setattr(http_client, "DEADLINE", deadline)
    fake_aws.script = [(400, {"__type": "ThrottlingException"}), response('{"low": 3}')]
    settings = parameters.Settings("SHOP", max_age_seconds=3600, clock=clock)
    assert settings.values() == DEPLOYED
    clock.now += 9.9
    assert settings.values() == DEPLOYED
    clock.now += 0.1
    assert settings["low"] == 3


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("low: 4", {"low": 3, "most": 60}),
        ('{"low": "4", "most": 70}', {"low": 3, "most": 70}),
        ('{"most": 70}', {"low": 10, "most": 70}),
    ],
    ids=["no object", "one invalid setting", "removed setting"],
)
def test_invalid_settings_keep_their_last_values(
    fake_aws: FakeAws, clock: Clock, value: str, expected: dict[str, int]
) -> None:
    fake_aws.script = [response('{"low": 3, "most": 60}'), response(value)]
    settings = parameters.Settings("SHOP", max_age_seconds=60, clock=clock)
    settings.values()
    clock.now += 60
    assert settings.values() == expected


def test_whole_number_is_valid_for_a_number_with_decimals(
    fake_aws: FakeAws, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SHOP_DEPLOYED", '{"share": 0.5, "most": 3}')
    fake_aws.script = [response('{"share": 1}'), response('{"share": true, "most": 2.5}')]
    settings = parameters.load("SHOP")
    assert settings == {"share": 1.0, "most": 3}
    assert isinstance(settings["share"], float)
    assert parameters.load("SHOP") == {"share": 0.5, "most": 3}
    assert json.loads(capsys.readouterr().out)["unusable"] == ["most", "share"]


def test_negative_age_is_rejected() -> None:
    with pytest.raises(ValueError, match=r"max_age_seconds must be at least 0, got -1\."):
        parameters.Settings("SHOP", max_age_seconds=-1)


def test_first_read_during_an_invocation_keeps_its_deadline(fake_aws: FakeAws, monkeypatch: pytest.MonkeyPatch) -> None:
    deadline = RetryDeadline()
    deadline.start(100)
    monkeypatch.setattr(parameters, "DEADLINE", deadline)
    fake_aws.script = [response("{}")]
    parameters.Settings("SHOP").values()
    assert not deadline.is_exceeded(90)
