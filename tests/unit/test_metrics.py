"""Figures for CloudWatch."""

from __future__ import annotations

import json
import subprocess
import sys
import time

import pytest

from lib.runtime import metrics


@pytest.fixture(name="named", autouse=True)
def in_a_function(monkeypatch: pytest.MonkeyPatch) -> None:
    """The variable by which Lambda tells a function its name."""
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "parcels-watch-dev")


def test_figures_are_a_line_that_cloudwatch_understands(capsys: pytest.CaptureFixture[str]) -> None:
    before = time.time() * 1000
    metrics.emit(Arrivals=2, Waited=(12.5, "Milliseconds"))
    (line,) = capsys.readouterr().out.splitlines()
    said = json.loads(line)
    assert before - 1 <= said["_aws"].pop("Timestamp") <= time.time() * 1000
    assert said == {
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


def test_a_function_that_emits_nothing_does_not_load_them() -> None:
    program = "import sys, lib.runtime.api; sys.exit('lib.runtime.metrics' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
