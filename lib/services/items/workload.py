"""Measured operations of the items service: `python -m benchmarks handlers` compares them."""

from __future__ import annotations

from ...model import Operation, Workload

WORKLOAD = Workload(
    reads=(
        Operation(
            name="read",
            trigger="GET /items/{ItemId}/{CreatedAt}",
            read_units=1,
            table_read_units=1,
            processor_ms=0.26,
            cold_processor_ms=41,
        ),
    ),
    writes=(
        Operation(
            name="create",
            trigger="POST /items",
            write_units=1,
            table_write_units=1,
            processor_ms=0.34,
            cold_processor_ms=41,
        ),
    ),
)
