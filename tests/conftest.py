"""What several folders of tests need: a stand-in AWS, and one emulator for the whole run."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lib.local.emulator import REGION, Emulator
from lib.runtime.aws import BUDGET

from .fake_aws import FakeAws, serving


@pytest.fixture(name="aws_environment")
def aws_environment_fixture(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """A Lambda function's environment, and none of this machine's AWS settings."""
    for name in ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_ENDPOINT_URL", "AWS_PROFILE", "_X_AMZN_TRACE_ID"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_REGION", REGION)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "session-token")
    BUDGET.begin(float("inf"))  # an earlier test's invocation may be out of time by now
    return monkeypatch


@pytest.fixture(name="fake_aws")
def fake_aws_fixture(aws_environment: pytest.MonkeyPatch) -> Iterator[FakeAws]:
    """An endpoint that plays a script, in the place of every AWS service."""
    with serving() as fake:
        aws_environment.setenv("AWS_ENDPOINT_URL", fake.url)
        yield fake


@pytest.fixture(scope="session", name="emulator")
def emulator_fixture() -> Iterator[Emulator]:
    """An emulator with nothing in it."""
    with Emulator() as running:
        yield running
