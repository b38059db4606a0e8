"""Fixtures and hooks for all tests: a fake AWS endpoint, and one emulator per test session."""

from __future__ import annotations

import gc
import linecache
import os
import sys
import threading
import urllib.request
from collections import Counter
from collections.abc import Generator, Iterator
from math import ceil
from pathlib import Path

import boto3
import pulumi
import pytest
from pulumi.runtime import resource
from pulumi.runtime.proto import source_pb2

from lib.local.emulator import REGION, Emulator
from lib.runtime import http_client, parameters
from lib.runtime.http_client import DEADLINE

from .support import example_packages
from .support.fake_aws import FakeAws, serving
from .support.wheels import Index


def pytest_xdist_auto_num_workers() -> int | None:
    """Run more workers than there are processors, because tests wait for emulators, browsers and the Pulumi engine."""
    is_set = "PYTEST_XDIST_AUTO_NUM_WORKERS" in os.environ
    return None if is_set else ceil((os.cpu_count() or 1) * 1.5)


def pytest_configure() -> None:
    """Collect garbage only between tests, because it takes a fifth of the time of a Pulumi program."""
    gc.set_threshold(3_000_000)


def pytest_collection_finish() -> None:
    """Exclude modules and tests, about a million objects, from garbage collection."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown() -> Generator[None]:
    """Collect garbage after tests that created many objects."""
    yield
    if gc.get_count()[0] > 1_000_000:
        gc.collect()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None]:
    """Run tests with the marker `untraced` without the trace function of coverage.

    On Python 3.11 the trace function takes up to half of the time of a Pulumi program, because Python calls it for the
    lines of every library. The marker `no_cover` of pytest-cov does not disable it in the workers of pytest-xdist.
    """
    if item.get_closest_marker("untraced") is None:
        return (yield)
    tracers = sys.gettrace(), threading.gettrace()
    sys.settrace(None)
    threading.settrace(None)
    try:
        return (yield)
    finally:
        sys.settrace(tracers[0])
        threading.settrace(tracers[1])


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Require the packages of an example that is a parameter of the test."""
    if isinstance(item, pytest.Function) and hasattr(item, "callspec"):
        values = item.callspec.params.values()
        example_packages.require(*(value for value in values if isinstance(value, str | Path)))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the reasons for skipped tests in one line."""
    reasons = Counter(skip_reason(report) for report in terminalreporter.getreports("skipped"))
    if reasons:
        listed = "; ".join(f"{number} because {reason}" for reason, number in reasons.most_common())
        terminalreporter.write_line(f"skipped: {listed}", yellow=True)


def skip_reason(report: pytest.TestReport) -> str:
    """Return why a test was skipped."""
    assert isinstance(report.longrepr, tuple)
    return report.longrepr[2].removeprefix("Skipped: ")


@pytest.fixture(scope="session", autouse=True)
def _fast_sdk() -> Iterator[None]:
    """Disable three steps of the Pulumi SDK, which take half of the time of a program under the real engine.

    For every resource, the SDK waits until the engine has received debug messages, checks whether source files have
    changed, and sends the stack trace.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pulumi.log, "debug", lambda *args, **settings: None)
        patch.setattr(linecache, "checkcache", lambda filename=None: None)
        patch.setattr(resource, "_get_stack_trace", source_pb2.StackTrace)
        yield


@pytest.fixture(name="aws_environment")
def aws_environment_fixture(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Set the environment variables of a Lambda function, and unset the AWS configuration of this machine."""
    for name in ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_ENDPOINT_URL", "AWS_PROFILE", "_X_AMZN_TRACE_ID"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)  # can have the credentials of another emulator
    monkeypatch.setenv("AWS_REGION", REGION)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "session-token")
    # An emulator on a busy machine is slower than DynamoDB.
    monkeypatch.setattr(http_client, "READ_TIMEOUT_SECONDS", 10.0)
    monkeypatch.setattr(http_client, "RETRY_SECONDS", 10.0)
    monkeypatch.setattr(parameters, "INITIALIZATION_SECONDS", 30.0)
    DEADLINE.start(float("inf"))  # an earlier test's invocation may be out of time by now
    return monkeypatch


@pytest.fixture(name="fake_aws")
def fake_aws_fixture(aws_environment: pytest.MonkeyPatch) -> Iterator[FakeAws]:
    """Start a fake endpoint that replaces all AWS services."""
    with serving() as fake:
        aws_environment.setenv("AWS_ENDPOINT_URL", fake.url)
        yield fake


@pytest.fixture(name="index")
def index_fixture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Index:
    """Return a package index without packages, which replaces PyPI."""
    return Index(tmp_path, monkeypatch)


@pytest.fixture(name="pypi")
def pypi_fixture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Use PyPI with a new cache folder. Skip the test if PyPI is not reachable."""
    monkeypatch.setenv("TAP_CACHE_DIR", str(tmp_path / "cache"))
    try:
        with urllib.request.urlopen("https://pypi.org/simple/markupsafe/", timeout=20):
            pass
    except OSError as error:
        pytest.skip(f"PyPI is not reachable: {error}")


@pytest.fixture(scope="session", name="emulator")
def emulator_fixture() -> Iterator[Emulator]:
    """Start an empty emulator."""
    with Emulator() as running:
        yield running
