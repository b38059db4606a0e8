"""Figures of a service's own for CloudWatch, which reads them out of the log: its Embedded Metric Format.

They are part of the line that ends the invocation: a write of their own would cost more than all the rest of them.
"""

from __future__ import annotations

import os
import time
from typing import Any, Union

from .invocation import INVOCATION

NAMESPACE = "TapStack"
DIMENSION = "FunctionName"
"""What tells the figures of one function from those of another."""

Figure = Union[float, "tuple[float, str]"]
"""A value, or a value with CloudWatch's name of its unit: `(12.5, "Milliseconds")`."""


def emit(**values: Figure) -> None:
    """Count for each metric: `emit(OrdersTaken=1, Waited=(12.5, "Milliseconds"))`.

    What an invocation emits under one name is added up.
    """
    for name, given in values.items():
        value, unit = given if isinstance(given, tuple) else (given, "None")
        INVOCATION.figures.append((name, value, unit))


def members() -> dict[str, Any]:
    """What makes a log line one that CloudWatch reads the invocation's figures out of; nothing if it has none."""
    if not INVOCATION.figures:
        return {}
    sums: dict[str, float] = {}
    units: dict[str, str] = {}
    for name, value, unit in INVOCATION.figures:
        sums[name] = sums.get(name, 0) + value
        units[name] = unit
    described = {
        "Namespace": NAMESPACE,
        "Dimensions": [[DIMENSION]],
        "Metrics": [{"Name": name, "Unit": unit} for name, unit in units.items()],
    }
    return {
        "_aws": {"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": [described]},
        DIMENSION: os.environ["AWS_LAMBDA_FUNCTION_NAME"],
        **sums,
    }
