"""Figures of a service's own for CloudWatch, which reads them out of the log: its Embedded Metric Format."""

from __future__ import annotations

import json
import os
import sys
import time
from typing import Union

NAMESPACE = "TapStack"
DIMENSION = "FunctionName"
"""What tells the figures of one function from those of another."""

Figure = Union[float, "tuple[float, str]"]
"""A value, or a value with CloudWatch's name of its unit: `(12.5, "Milliseconds")`."""

_encode = json.JSONEncoder(separators=(",", ":")).encode


def emit(**values: Figure) -> None:
    """Log one line with a figure for each metric: `emit(OrdersTaken=1, Waited=(12.5, "Milliseconds"))`."""
    figures = {name: value if isinstance(value, tuple) else (value, "None") for name, value in values.items()}
    described = {
        "Namespace": NAMESPACE,
        "Dimensions": [[DIMENSION]],
        "Metrics": [{"Name": name, "Unit": unit} for name, (_, unit) in figures.items()],
    }
    line = {
        "_aws": {"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": [described]},
        DIMENSION: os.environ["AWS_LAMBDA_FUNCTION_NAME"],
        **{name: value for name, (value, _) in figures.items()},
    }
    sys.stdout.write(_encode(line) + "\n")
    sys.stdout.flush()
