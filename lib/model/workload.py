"""Measured capacity of the operations of a service."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from math import inf

from ..settings import Definition, invalid_value
from .aws_limits import ROUND_TRIP, RUNTIME_OVERHEAD, VCPU_MEMORY, Quantity

ROUTE = re.compile("[A-Z]+ /.*")
"""Method and path of a route."""


def processor_share(memory_mb: float) -> float:
    """Return the fraction of a vCPU that one thread of a function with this memory gets."""
    return min(memory_mb / VCPU_MEMORY.value, 1.0)


@dataclass(frozen=True, kw_only=True)
class Operation(Definition):
    """Capacity that one request, or one run of a schedule, uses."""

    name: str
    trigger: str = ""
    """Method and path of the route, or name of the schedule."""
    read_units: float = 0
    """Read request units of all tables, for items below 1 KB."""
    write_units: float = 0
    """Write request units of all tables and indexes; a transaction uses two for each item of a table."""
    table_read_units: float = 0
    """Read request units of the table that uses most of them."""
    table_write_units: float = 0
    """Write request units of the table or index that uses most of them."""
    partition_write_units: float = 0
    """Write request units of a partition key that all items share in an index."""
    round_trips: tuple[Quantity, ...] = (ROUND_TRIP,)
    """Latencies of sequential calls to AWS."""
    processor_ms: float = 0
    """CPU time of a warm execution environment; 0 if not measured."""
    cold_processor_ms: float = 0
    """CPU time of a cold start, from the import to the first response."""

    def __post_init__(self) -> None:
        for name in (declared.name for declared in fields(self) if declared.type == "float"):
            if not 0 <= (value := getattr(self, name)) < inf:
                raise invalid_value(f"operation {self.name!r} {name}", value, "a number of at least 0")

    def duration_ms(self, memory_mb: float) -> float:
        """Return the mean duration in a warm execution environment."""
        processor_ms = self.processor_ms + RUNTIME_OVERHEAD.value
        return processor_ms / processor_share(memory_mb) + sum(trip.value for trip in self.round_trips)


EMPTY_RUN = Operation(name="scheduled run, none due", read_units=0.5)
"""Run of a schedule without a measurement: one query without results."""
ALERT = Operation(name="alert", round_trips=(ROUND_TRIP,) * 3)
"""Invocation for a stream record: claim, publish and acknowledge an alert. Capacity units are not included."""
AUTHORIZATION = Operation(name="authorization", round_trips=())
"""Invocation of an authorizer. Calls of AWS are not included."""

EVENT = Operation(name="event", round_trips=(ROUND_TRIP,) * 2)
"""Invocation for an object of a bucket or an event of an event bus: one read and one write."""
MESSAGE = Operation(name="message")
"""Invocation for a message of a queue or a topic: one call to AWS. Capacity units are not included."""


@dataclass(frozen=True, kw_only=True)
class Workload(Definition):
    """Measured operations of a service."""

    reads: tuple[Operation, ...] = ()
    """Read requests, which share the read traffic equally."""
    writes: tuple[Operation, ...] = ()
    """Write requests, which share the write traffic equally."""
    others: tuple[Operation, ...] = ()
    """Measured requests that are not part of the traffic."""
    schedules: Mapping[str, Operation] = field(default_factory=dict)
    """Runs of schedules that use more than `EMPTY_RUN`, by name of the schedule."""
    consumers: Mapping[str, Operation] = field(default_factory=dict)
    """Invocations of consumers that use more than `ALERT` for a stream, `MESSAGE` for a queue or a topic, and `EVENT`
    for a bucket or an event bus, by name of the consumer."""

    def __post_init__(self) -> None:
        for operation in self.requests:
            if not ROUTE.fullmatch(operation.trigger):
                raise invalid_value(
                    f"operation {operation.name!r} trigger",
                    operation.trigger,
                    "the method and the path of its route",
                    "Example: 'GET /orders/{id}'.",
                )

    @property
    def requests(self) -> Iterator[Operation]:
        """All measured requests."""
        yield from (*self.reads, *self.writes, *self.others)

    @property
    def cold_processor_ms(self) -> float:
        """CPU time of the longest cold start."""
        return max((operation.cold_processor_ms for operation in self.requests), default=0)
