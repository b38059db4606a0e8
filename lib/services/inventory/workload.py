"""Measured operations of the inventory service: `python -m benchmarks inventory` compares them."""

from __future__ import annotations

from ...model import Operation, Workload
from ...model.aws_limits import ROUND_TRIP, TRANSACTION_ROUND_TRIP

WORKLOAD = Workload(
    reads=(
        Operation(
            name="read, audited",
            trigger="GET /items/{itemId}",
            read_units=1,
            write_units=1,
            table_read_units=1,
            table_write_units=1,
            processor_ms=0.38,
            cold_processor_ms=57,
        ),
    ),
    writes=(
        Operation(
            name="update",
            trigger="PUT /items/{itemId}",
            read_units=1,
            write_units=10,
            table_read_units=1,
            table_write_units=4,
            partition_write_units=1,
            round_trips=(ROUND_TRIP, TRANSACTION_ROUND_TRIP),
            processor_ms=0.60,
            cold_processor_ms=53,
        ),
    ),
    others=(
        Operation(
            name="create",
            trigger="POST /items",
            write_units=10,
            table_write_units=4,
            partition_write_units=1,
            round_trips=(TRANSACTION_ROUND_TRIP,),
            processor_ms=0.29,
            cold_processor_ms=44,
        ),
        Operation(
            name="list of 20, audited",
            trigger="GET /items",
            read_units=1,
            write_units=1,
            table_read_units=1,
            table_write_units=1,
            processor_ms=0.76,
            cold_processor_ms=55,
        ),
    ),
)
