"""Assertions about metrics in the embedded metric format of CloudWatch."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

from lib.model import Service

MetricsByOperation = dict[str, set[tuple[str, str]]]
"""Names and units of metrics, by operation."""


def check_metrics(service: Service, out: str) -> None:
    """Assert that the operations emitted exactly the metrics that the service definition declares."""
    declared: MetricsByOperation = {}
    for function in service.functions:
        for part in function.parts():
            declared.setdefault(part.operation, set()).update((m.name, m.unit) for m in part.metrics)
    assert _emitted(service, out) == {operation: metrics for operation, metrics in declared.items() if metrics}


def summed(out: str) -> dict[str, float]:
    """Return the sum of each metric in a log."""
    sums: Counter[str] = Counter()
    for line in _lines(out):
        sums.update({name: line[name] for name, _ in _metrics(line)})
    return {name: value for name, value in sums.items() if value}


def last_metrics(out: str, *names: str) -> dict[str, float]:
    """Return the named metrics of the last log line that has metrics."""
    *_, line = _lines(out)
    return {name: line[name] for name in names if name in line}


def _emitted(service: Service, out: str) -> MetricsByOperation:
    operations = {f"{route.method} {route.path}": route.operation for _, route in service.routes()}
    for function in service.functions:
        operations.update({schedule.name: schedule.operation for schedule in function.schedules})
    emitted: MetricsByOperation = {}
    for line in _lines(out):
        emitted.setdefault(operations[line.get("route") or line["schedule"]], set()).update(_metrics(line))
    return emitted


def _lines(out: str) -> Iterator[dict[str, Any]]:
    for line in map(json.loads, out.splitlines()):
        if "_aws" in line:
            assert line["FunctionName"] == "desk-dev"
            assert line["correlationId"]
            yield line


def _metrics(line: dict[str, Any]) -> list[tuple[str, str]]:
    (directive,) = line["_aws"]["CloudWatchMetrics"]
    return [(metric["Name"], metric["Unit"]) for metric in directive["Metrics"]]
