"""Custom CloudWatch metrics in the Embedded Metric Format.

They are part of the log line that each invocation writes anyway, because a separate line would cost more to ingest.
"""

from __future__ import annotations

import json
import os
import time
from functools import cache
from typing import Union

from .logging import INVOCATION

NAMESPACE = "TapStack"
DIMENSION = "FunctionName"
"""Dimension of all metrics."""

MetricValue = Union[float, "tuple[float, str]"]
"""A value, or a value with its CloudWatch unit, such as `(12.5, "Milliseconds")`."""


def emit(**values: MetricValue) -> None:
    """Record metrics, such as `emit(Orders=1, WaitTime=(12.5, "Milliseconds"))`.

    CloudWatch receives the sum of the values that an invocation records for a metric.
    """
    for name, recorded in values.items():
        value, unit = recorded if isinstance(recorded, tuple) else (recorded, "None")
        INVOCATION.metrics.append((name, value, unit))


def embedded_metrics() -> str:
    """Return the JSON members that embed the metrics of the invocation in a log line, each with a leading comma.

    Formatting them here is faster than `json.dumps`, because only the values and the timestamp vary.
    """
    if not INVOCATION.metrics:
        return ""
    sums: dict[str, float] = {}
    units: dict[str, str] = {}
    for name, value, unit in INVOCATION.metrics:
        sums[name] = sums.get(name, 0) + value
        units[name] = unit
    metadata = f'{{"Timestamp":{int(time.time() * 1000)},"CloudWatchMetrics":{_directives(*units.items())}}}'
    members = "".join([f',"{name}":{value}' for name, value in sums.items()])
    return f',"_aws":{metadata},"{DIMENSION}":"{os.environ["AWS_LAMBDA_FUNCTION_NAME"]}"{members}'


@cache
def _directives(*units: tuple[str, str]) -> str:
    metrics = [{"Name": name, "Unit": unit} for name, unit in units]
    return json.dumps([{"Namespace": NAMESPACE, "Dimensions": [[DIMENSION]], "Metrics": metrics}])
