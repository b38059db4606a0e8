"""Custom metrics in the Embedded Metric Format."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from lib.runtime import metrics
from lib.runtime.event_handler import Api

from ...support.lambda_context import Context


@pytest.fixture(autouse=True)
def _function_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "parcels-watch-dev")


def last_log_line(
    capsys: pytest.CaptureFixture[str], *emitted: dict[str, metrics.MetricValue], fails: bool = False
) -> Any:
    """Return the last log line of a scheduled operation that emits metrics."""

    def watch() -> None:
        for values in emitted:
            metrics.emit(**values)
        assert not fails

    try:
        Api({}, {"watch": watch}, "")({"schedule": "watch"}, Context())
    except AssertionError:
        assert fails
    return json.loads(capsys.readouterr().out.splitlines()[-1])


def test_last_log_line_embeds_the_metrics_of_the_invocation(capsys: pytest.CaptureFixture[str]) -> None:
    before = time.time() * 1000
    line = last_log_line(capsys, {"Arrivals": 2, "Waited": (12.5, "Milliseconds")})
    assert before - 1 <= line["_aws"].pop("Timestamp") <= time.time() * 1000
    assert line.pop("durationMs") >= 0
    assert line == {
        "level": "INFO",
        "message": "schedule",
        "correlationId": "invocation-1",
        "schedule": "watch",
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


def test_values_of_a_metric_are_summed(capsys: pytest.CaptureFixture[str]) -> None:
    line = last_log_line(capsys, {"Arrivals": (2, "Count")}, {"Lost": 1}, {"Arrivals": (3, "Count")})
    assert (line["Arrivals"], line["Lost"]) == (5, 1)
    (directive,) = line["_aws"]["CloudWatchMetrics"]
    assert directive["Metrics"] == [{"Name": "Arrivals", "Unit": "Count"}, {"Name": "Lost", "Unit": "None"}]


def test_metrics_of_a_failed_invocation_are_logged(capsys: pytest.CaptureFixture[str]) -> None:
    assert last_log_line(capsys, {"Arrivals": 2}, fails=True)["Arrivals"] == 2


def test_invocation_does_not_log_metrics_of_the_previous_invocation(capsys: pytest.CaptureFixture[str]) -> None:
    assert "_aws" in last_log_line(capsys, {"Arrivals": 2})
    assert last_log_line(capsys).keys() == {"level", "message", "correlationId", "schedule", "durationMs"}
