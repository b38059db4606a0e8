"""Figures for CloudWatch."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from lib.runtime import metrics
from lib.runtime.event_handler import Api

from ...support.lambda_context import Context


@pytest.fixture(name="named", autouse=True)
def in_a_function(monkeypatch: pytest.MonkeyPatch) -> None:
    """The variable by which Lambda tells a function its name."""
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "parcels-watch-dev")


def swept(capsys: pytest.CaptureFixture[str], *emitted: dict[str, metrics.Figure], fail: bool = False) -> Any:
    """The line that ends a sweep which emits that, and then fails or not."""

    def sweep() -> None:
        for values in emitted:
            metrics.emit(**values)
        assert not fail

    try:
        Api({}, {"sweep": sweep}, "")({"schedule": "sweep"}, Context())
    except AssertionError:
        assert fail
    return json.loads(capsys.readouterr().out.splitlines()[-1])


def test_figures_are_what_cloudwatch_understands_in_the_line_that_ends_the_invocation(
    capsys: pytest.CaptureFixture[str],
) -> None:
    before = time.time() * 1000
    said = swept(capsys, {"Arrivals": 2, "Waited": (12.5, "Milliseconds")})
    assert before - 1 <= said["_aws"].pop("Timestamp") <= time.time() * 1000
    assert said.pop("durationMs") >= 0
    assert said == {
        "level": "INFO",
        "message": "schedule",
        "correlationId": "invocation-1",
        "schedule": "sweep",
        "_aws": {
            "CloudWatchMetrics": [
                {
                    "Namespace": "TapStack",
                    "Dimensions": [["FunctionName"]],
                    "Metrics": [{"Name": "Arrivals", "Unit": "None"}, {"Name": "Waited", "Unit": "Milliseconds"}],
                }
            ]
        },
        "FunctionName": "parcels-watch-dev",
        "Arrivals": 2,
        "Waited": 12.5,
    }


def test_figures_of_one_name_are_added_up(capsys: pytest.CaptureFixture[str]) -> None:
    said = swept(capsys, {"Arrivals": (2, "Count")}, {"Lost": 1}, {"Arrivals": (3, "Count")})
    assert (said["Arrivals"], said["Lost"]) == (5, 1)
    (described,) = said["_aws"]["CloudWatchMetrics"]
    assert described["Metrics"] == [{"Name": "Arrivals", "Unit": "Count"}, {"Name": "Lost", "Unit": "None"}]


def test_what_was_counted_before_a_failure_counts(capsys: pytest.CaptureFixture[str]) -> None:
    assert swept(capsys, {"Arrivals": 2}, fail=True)["Arrivals"] == 2


def test_an_invocation_that_counts_nothing_has_no_figures_nor_those_of_the_one_before(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert "_aws" in swept(capsys, {"Arrivals": 2})
    assert swept(capsys).keys() == {"level", "message", "correlationId", "schedule", "durationMs"}
