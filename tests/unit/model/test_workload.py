"""Errors for workloads."""

from __future__ import annotations

import re
from typing import Any

import pytest

from lib.model import ROUND_TRIP, Operation, Workload

READ = Operation(name="read", trigger="GET /parcels")


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("name", 7, "Operation 7 name must be a string"),
        ("trigger", None, "Operation 'read' trigger must be a string"),
        ("read_units", "1", "Operation 'read' read_units must be a number, got '1'"),
        ("write_units", -1, "operation 'read' write_units must be a number of at least 0"),
        ("processor_ms", True, "Operation 'read' processor_ms must be a number, got True"),
        ("cold_processor_ms", float("nan"), "operation 'read' cold_processor_ms must be a number of at least 0"),
        ("round_trips", 1, "Operation 'read' round_trips must be a tuple of Quantity, got 1"),
        ("round_trips", (10,), "Operation 'read' round_trips[0] must be of the type Quantity, got 10"),
    ],
)
def test_invalid_operation_is_rejected(field: str, value: Any, message: str) -> None:
    arguments: dict[str, Any] = {"name": "read", field: value}
    with pytest.raises(ValueError, match=f"^{re.escape(message)}"):
        Operation(**arguments)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("reads", READ, "Workload reads must be a tuple of Operation, got Operation(name='read', "),
        ("others", ("GET /parcels",), "Workload others[0] must be of the type Operation, got 'GET /parcels'"),
        ("schedules", (READ,), "Workload schedules must be a mapping, got ("),
        ("consumers", {"orders": 1}, "Workload consumers['orders'] must be of the type Operation, got 1"),
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
