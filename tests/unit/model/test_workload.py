"""Errors for workloads."""

from __future__ import annotations

import re
from typing import Any

import pytest

from lib.model import ROUND_TRIP, Operation, Workload

READ = Operation(name="read", trigger="GET /parcels")


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("name", 7, "a string"),
        ("trigger", None, "a string"),
        ("read_units", "1", "a number of at least 0"),
        ("write_units", -1, "a number of at least 0"),
        ("processor_ms", True, "a number of at least 0"),
        ("cold_processor_ms", float("nan"), "a number of at least 0"),
        (
            "round_trips",
            1,
            "a tuple with the latency of each call, got 1. For two calls, pass (ROUND_TRIP,) * 2 with ROUND_TRIP of "
            "tap_stack.model.",
        ),
        ("round_trips", (10,), "a tuple with the latency of each call, got (10,). For two calls, "),
    ],
)
def test_invalid_operation_is_rejected(field: str, value: Any, expected: str) -> None:
    arguments: dict[str, Any] = {"name": "read", field: value}
    message = f"operation {arguments['name']!r} {field} must be {expected}"
    with pytest.raises(ValueError, match=f"^{re.escape(message)}"):
        Operation(**arguments)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        (
            "reads",
            READ,
            f"workload reads must be a tuple of Operation, got {READ!r}. "
            "A tuple of one operation needs a comma: (Operation(...),).",
        ),
        ("others", ("GET /parcels",), "workload others must be a tuple of Operation, got ('GET /parcels',). "),
        ("schedules", (READ,), "workload schedules must be a mapping of the names of schedules to Operation, got ("),
        ("consumers", {"orders": 1}, "workload consumers must be a mapping of the names of consumers to Operation, "),
        (
            "writes",
            (Operation(name="write"),),
            "operation 'write' trigger must be the method and the path of its route, got ''. "
            "Example: 'GET /orders/{id}'.",
        ),
        ("reads", (Operation(name="read", trigger="/parcels"),), "operation 'read' trigger must be the method and "),
    ],
)
def test_invalid_workload_is_rejected(field: str, value: Any, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(message)}"):
        Workload(**{field: value})


def test_duration_includes_each_round_trip() -> None:
    one, two = (Operation(name="read", round_trips=(ROUND_TRIP,) * number).duration_ms(1769) for number in (1, 2))
    assert two - one == ROUND_TRIP.value
