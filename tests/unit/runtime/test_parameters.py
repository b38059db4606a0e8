"""Settings from Parameter Store."""

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


def answer(value: str) -> tuple[int, Any]:
    return 200, {"Parameter": {"Value": value}}


def test_what_the_parameter_says_is_laid_over_what_was_deployed(fake_aws: FakeAws) -> None:
    fake_aws.script = [answer('{"low": 3}')]
    assert parameters.load("SHOP") == {"low": 3, "most": 50}
    (asked,) = fake_aws.asked
    assert json.loads(asked.body) == {"Name": "/shop/dev/config"}
    assert asked.headers["x-amz-target"] == "AmazonSSM.GetParameter"
    assert asked.headers["content-type"] == "application/x-amz-json-1.1"


@pytest.mark.parametrize("busy", ["hang up", (500, {}), (400, {"__type": "ThrottlingException"})])
def test_an_answer_is_waited_for(fake_aws: FakeAws, busy: Any) -> None:
    fake_aws.script = [busy, answer("{}")]
    assert parameters.load("SHOP") == DEPLOYED


@pytest.mark.slow
def test_without_an_answer_it_is_what_was_deployed(fake_aws: FakeAws, capsys: pytest.CaptureFixture[str]) -> None:
    fake_aws.script = [(400, {"__type": "ThrottlingException"})]
    assert parameters.load("SHOP") == DEPLOYED
    line = json.loads(capsys.readouterr().out)
    assert line == {
        "level": "WARN",
        "message": "parameter",
        "name": "/shop/dev/config",
        "error": "ThrottlingException",
    }


def test_a_refusal_stays_one(fake_aws: FakeAws) -> None:
    fake_aws.script = [(400, {"__type": "ParameterNotFound"})]
    with pytest.raises(AwsError, match="ParameterNotFound"):
        parameters.load("SHOP")


@pytest.mark.parametrize(
    ("text", "usable", "unusable"),
    [
        ("low: 3", {}, ["the whole of it"]),
        ("[3]", {}, ["the whole of it"]),
        ('{"low": "3", "most": 60}', {"most": 60}, ["low"]),
        ('{"low": true, "high": 1}', {}, ["high", "low"]),
    ],
)
def test_what_cannot_be_used_is_told_and_left_as_deployed(
    fake_aws: FakeAws, capsys: pytest.CaptureFixture[str], text: str, usable: dict[str, int], unusable: list[str]
) -> None:
    fake_aws.script = [answer(text)]
    assert parameters.load("SHOP") == {**DEPLOYED, **usable}
    line = json.loads(capsys.readouterr().out)
    assert (line["level"], line["name"], line["unusable"]) == ("WARN", "/shop/dev/config", unusable)
