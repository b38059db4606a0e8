"""Secrets of functions: caching, invalidation and masking."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lib.runtime import logging
from lib.runtime.http_client import AwsError
from lib.runtime.secrets import MAX_AGE_SECONDS, MIN_AGE_SECONDS, Secret

from ...support.fake_aws import FakeAws

OLD, NEW = "the-old-value", 'the-"new"-value'
NAMES = {"ssm": "/post/dev/token", "secretsmanager": "post/dev/token"}


class Clock:
    """A clock that the tests advance."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(name="clock")
def clock_fixture() -> Clock:
    return Clock()


@pytest.fixture(name="secret")
def secret_fixture(aws_environment: pytest.MonkeyPatch, clock: Clock) -> Secret:
    aws_environment.setenv("TOKEN", NAMES["ssm"])
    return Secret("TOKEN", clock)


def response(value: str) -> tuple[int, Any]:
    """Return a response that is valid for both services."""
    return 200, {"Parameter": {"Value": value}, "SecretString": value}


THROTTLED = (400, {"__type": "ThrottlingException"})
DENIED = (400, {"__type": "AccessDeniedException"})


@pytest.mark.parametrize(
    ("store", "target", "body"),
    [
        ("ssm", "AmazonSSM.GetParameter", {"Name": "/post/dev/token", "WithDecryption": True}),
        ("secretsmanager", "secretsmanager.GetSecretValue", {"SecretId": "post/dev/token"}),
    ],
)
def test_secret_is_read_once_on_first_use(
    fake_aws: FakeAws, monkeypatch: pytest.MonkeyPatch, store: str, target: str, body: dict[str, Any]
) -> None:
    monkeypatch.setenv("TOKEN", NAMES[store])
    fake_aws.script = [response(OLD)]
    secret = Secret("TOKEN")
    assert not fake_aws.calls
    assert [secret.value(), secret.value()] == [OLD, OLD]
    (request,) = fake_aws.calls
    assert (request.headers["x-amz-target"], json.loads(request.body)) == (target, body)
    assert request.headers["content-type"] == "application/x-amz-json-1.1"


def test_failed_requests_are_retried(fake_aws: FakeAws, secret: Secret) -> None:
    fake_aws.script = ["hang up", THROTTLED, response(OLD)]
    assert secret.value() == OLD


@pytest.mark.parametrize("failure", [THROTTLED, DENIED], ids=["throttled", "denied"])
@pytest.mark.slow
def test_error_is_raised_without_a_cached_value(fake_aws: FakeAws, secret: Secret, failure: Any) -> None:
    fake_aws.script = [failure]
    with pytest.raises(AwsError, match=failure[1]["__type"]):
        secret.value()


@pytest.mark.parametrize(("seconds", "value"), [(MAX_AGE_SECONDS, OLD), (MAX_AGE_SECONDS + 1, NEW)])
def test_value_is_read_again_after_its_maximum_age(
    fake_aws: FakeAws, secret: Secret, clock: Clock, seconds: float, value: str
) -> None:
    fake_aws.script = [response(OLD), response(NEW)]
    secret.value()
    clock.now += seconds
    assert [secret.value(), secret.value()] == [value, value]


@pytest.mark.parametrize(("seconds", "value"), [(MIN_AGE_SECONDS, OLD), (MIN_AGE_SECONDS + 1, NEW)])
def test_invalidated_value_is_read_again_after_its_minimum_age(
    fake_aws: FakeAws, secret: Secret, clock: Clock, seconds: float, value: str
) -> None:
    fake_aws.script = [response(OLD), response(NEW)]
    secret.value()
    secret.invalidate()
    clock.now += seconds
    assert [secret.value(), secret.value()] == [value, value]
    assert len(fake_aws.calls) == (1 if value == OLD else 2)


def test_invalidated_value_is_read_again_once(fake_aws: FakeAws, secret: Secret, clock: Clock) -> None:
    fake_aws.script = [response(OLD), response(NEW)]
    secret.value()
    secret.invalidate()
    for _ in range(3):
        clock.now += MIN_AGE_SECONDS + 1
        secret.value()
    assert len(fake_aws.calls) == 2


@pytest.mark.slow
def test_cached_value_is_used_if_reading_is_throttled(
    fake_aws: FakeAws, secret: Secret, clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    fake_aws.script = [response(OLD), THROTTLED]
    secret.value()
    clock.now += MAX_AGE_SECONDS + 1
    assert [secret.value(), secret.value()] == [OLD, OLD]
    (line,) = map(json.loads, capsys.readouterr().out.splitlines())
    assert (line["level"], line["name"], line["error"]) == ("WARN", NAMES["ssm"], "ThrottlingException")


def test_error_is_raised_if_reading_is_denied(fake_aws: FakeAws, secret: Secret, clock: Clock) -> None:
    fake_aws.script = [response(OLD), DENIED]
    secret.value()
    clock.now += MAX_AGE_SECONDS + 1
    with pytest.raises(AwsError, match="AccessDenied"):
        secret.value()


def test_values_are_masked_in_logs(fake_aws: FakeAws, secret: Secret, capsys: pytest.CaptureFixture[str]) -> None:
    fake_aws.script = [response(NEW)]
    logging.write("INFO", "sent", value=f"<{secret.value()}>", values=[NEW])
    line = json.loads(capsys.readouterr().out)
    assert (line["message"], line["value"], line["values"]) == ("sent", "<***>", ["***"])
    assert NEW not in repr(secret)


def test_short_values_are_not_masked(capsys: pytest.CaptureFixture[str]) -> None:
    logging.mask("sent")
    logging.write("INFO", "sent")
    assert json.loads(capsys.readouterr().out)["message"] == "sent"
