"""Settings in Parameter Store."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lib.runtime import parameters
from lib.runtime.http_client import AwsError
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
