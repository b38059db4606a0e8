"""Measured operations of the stock service, compared by `python -m benchmarks stock`."""

from __future__ import annotations

from ...model import Operation, Workload
from ...model.aws_limits import ROUND_TRIP, TRANSACTION_ROUND_TRIP

WORKLOAD = Workload(
    reads=(
        Operation(
            name="read",
            trigger="GET /inventory/{productId}",
            read_units=1,
            table_read_units=1,
            processor_ms=0.24,
            cold_processor_ms=41,
        ),
    ),
    writes=(
        Operation(
            name="reserve",
            trigger="POST /inventory/{productId}/reserve",
            read_units=1,
            write_units=8,
            table_read_units=1,
            table_write_units=2,
            round_trips=(ROUND_TRIP, TRANSACTION_ROUND_TRIP),
            processor_ms=0.75,
            cold_processor_ms=50,
        ),
        Operation(
            name="fulfill",
            trigger="POST /inventory/{productId}/fulfill",
            read_units=2,
            write_units=8,
            table_read_units=1,
            table_write_units=2,
            round_trips=(ROUND_TRIP, ROUND_TRIP, TRANSACTION_ROUND_TRIP),
            processor_ms=0.75,
            cold_processor_ms=50,
        ),
    ),
    schedules={
        "stock-reconciliation": Operation(
            name="reconciliation of 1,000 levels", read_units=2014, round_trips=(ROUND_TRIP,) * 33
        ),
    },
)
