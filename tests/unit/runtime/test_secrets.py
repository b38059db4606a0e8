"""Secrets in a function: read once, again when they may have changed, and never logged."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lib.runtime import logging
from lib.runtime.http_client import AwsError
from lib.runtime.secrets import LEAST_SECONDS, MOST_SECONDS, Secret

from ...support.fake_aws import FakeAws

OLD, NEW = "the-old-value", 'the-"new"-value'
NAMES = {"ssm": "/post/dev/token", "secretsmanager": "post/dev/token"}


class Clock:
    """Time that passes when it is told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(name="clock")
def clock_fixture() -> Clock:
    """A clock of one's own."""
    return Clock()


@pytest.fixture(name="secret")
def secret_fixture(aws_environment: pytest.MonkeyPatch, clock: Clock) -> Secret:
    """A secret in Parameter Store."""
    aws_environment.setenv("TOKEN", NAMES["ssm"])
    return Secret("TOKEN", clock)


def answer(value: str) -> tuple[int, Any]:
    """What either store answers."""
    return 200, {"Parameter": {"Value": value}, "SecretString": value}


BUSY = (400, {"__type": "ThrottlingException"})
DENIED = (400, {"__type": "AccessDeniedException"})


@pytest.mark.parametrize(
    ("store", "target", "body"),
    [
        ("ssm", "AmazonSSM.GetParameter", {"Name": "/post/dev/token", "WithDecryption": True}),
        ("secretsmanager", "secretsmanager.GetSecretValue", {"SecretId": "post/dev/token"}),
    ],
)
def test_it_is_read_from_its_store_when_it_is_first_needed_and_only_then(
    fake_aws: FakeAws, monkeypatch: pytest.MonkeyPatch, store: str, target: str, body: dict[str, Any]
) -> None:
    monkeypatch.setenv("TOKEN", NAMES[store])
    fake_aws.script = [answer(OLD)]
    secret = Secret("TOKEN")
    assert not fake_aws.asked
    assert [secret.value(), secret.value()] == [OLD, OLD]
    (asked,) = fake_aws.asked
    assert (asked.headers["x-amz-target"], json.loads(asked.body)) == (target, body)
    assert asked.headers["content-type"] == "application/x-amz-json-1.1"


def test_an_answer_is_waited_for(fake_aws: FakeAws, secret: Secret) -> None:
    fake_aws.script = ["hang up", BUSY, answer(OLD)]
    assert secret.value() == OLD


@pytest.mark.parametrize("refusal", [BUSY, DENIED], ids=["busy", "denied"])
@pytest.mark.slow
def test_one_that_was_never_read_is_an_error(fake_aws: FakeAws, secret: Secret, refusal: Any) -> None:
    fake_aws.script = [refusal]
    with pytest.raises(AwsError, match=refusal[1]["__type"]):
        secret.value()


@pytest.mark.parametrize(("seconds", "found"), [(MOST_SECONDS, OLD), (MOST_SECONDS + 1, NEW)])
def test_an_old_one_is_read_anew(fake_aws: FakeAws, secret: Secret, clock: Clock, seconds: float, found: str) -> None:
    fake_aws.script = [answer(OLD), answer(NEW)]
    secret.value()
    clock.now += seconds
    assert [secret.value(), secret.value()] == [found, found]


@pytest.mark.parametrize(("seconds", "found"), [(LEAST_SECONDS, OLD), (LEAST_SECONDS + 1, NEW)])
def test_a_refused_one_is_read_anew_but_not_again_and_again(
    fake_aws: FakeAws, secret: Secret, clock: Clock, seconds: float, found: str
) -> None:
    fake_aws.script = [answer(OLD), answer(NEW)]
    secret.value()
    secret.refused()
    clock.now += seconds
    assert [secret.value(), secret.value()] == [found, found]
    assert len(fake_aws.asked) == (1 if found == OLD else 2)


def test_one_refusal_is_one_reading(fake_aws: FakeAws, secret: Secret, clock: Clock) -> None:
    fake_aws.script = [answer(OLD), answer(NEW)]
    secret.value()
    secret.refused()
    for _ in range(3):
        clock.now += LEAST_SECONDS + 1
        secret.value()
    assert len(fake_aws.asked) == 2


@pytest.mark.slow
def test_a_store_that_does_not_answer_leaves_the_one_there_is(
    fake_aws: FakeAws, secret: Secret, clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    fake_aws.script = [answer(OLD), BUSY]
    secret.value()
    clock.now += MOST_SECONDS + 1
    assert [secret.value(), secret.value()] == [OLD, OLD]
    (line,) = map(json.loads, capsys.readouterr().out.splitlines())
    assert (line["level"], line["name"], line["error"]) == ("WARN", NAMES["ssm"], "ThrottlingException")


def test_one_that_may_no_longer_be_read_is_an_error(fake_aws: FakeAws, secret: Secret, clock: Clock) -> None:
    fake_aws.script = [answer(OLD), DENIED]
    secret.value()
    clock.now += MOST_SECONDS + 1
    with pytest.raises(AwsError, match="AccessDenied"):
        secret.value()


def test_no_line_of_the_log_shows_it(fake_aws: FakeAws, secret: Secret, capsys: pytest.CaptureFixture[str]) -> None:
    fake_aws.script = [answer(NEW)]
    logging.write("INFO", "told", value=f"<{secret.value()}>", also=[NEW])
    line = json.loads(capsys.readouterr().out)
    assert (line["message"], line["value"], line["also"]) == ("told", "<***>", ["***"])
    assert NEW not in repr(secret)


def test_what_is_too_short_to_be_a_secret_is_in_every_line(capsys: pytest.CaptureFixture[str]) -> None:
    logging.mask("told")
    logging.write("INFO", "told")
    assert json.loads(capsys.readouterr().out)["message"] == "told"
