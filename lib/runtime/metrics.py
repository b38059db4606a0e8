"""Figures of a service's own for CloudWatch, which reads them out of the log: its Embedded Metric Format.

They are part of the line that ends the invocation: a line of their own would cost more than all the rest of them.
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
"""What tells the figures of one function from those of another."""

Figure = Union[float, "tuple[float, str]"]
"""A value, or a value with CloudWatch's name of its unit: `(12.5, "Milliseconds")`."""


def emit(**values: Figure) -> None:
    """Count for each metric: `emit(OrdersTaken=1, Waited=(12.5, "Milliseconds"))`.

    What an invocation emits under one name is added up.
    """
    for name, given in values.items():
        value, unit = given if isinstance(given, tuple) else (given, "None")
        INVOCATION.metrics.append((name, value, unit))


def members() -> str:
    """What makes a log line one that CloudWatch reads the invocation's figures out of; nothing if it has none.

    It is JSON, written here: of all that is in it only the figures and the time differ from line to line.
    """
    if not INVOCATION.metrics:
        return ""
    sums: dict[str, float] = {}
    units: dict[str, str] = {}
    for name, value, unit in INVOCATION.metrics:
        sums[name] = sums.get(name, 0) + value
        units[name] = unit
    about = f'{{"Timestamp":{int(time.time() * 1000)},"CloudWatchMetrics":{_described(*units.items())}}}'
    figures = "".join([f',"{name}":{value}' for name, value in sums.items()])
    return f',"_aws":{about},"{DIMENSION}":"{os.environ["AWS_LAMBDA_FUNCTION_NAME"]}"{figures}'


@cache
def _described(*units: tuple[str, str]) -> str:
    metrics = [{"Name": name, "Unit": unit} for name, unit in units]
    return json.dumps([{"Namespace": NAMESPACE, "Dimensions": [[DIMENSION]], "Metrics": metrics}])
