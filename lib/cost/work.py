"""What a request of each service does, as this repository's benchmarks measured it.

`python -m benchmarks handlers inventory stock` measures it all anew: units and round trips under "units" and "round
trips", processor times under "handlers"; it says where the units have become others than these.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

ROUND_TRIP_MS = 10
"""To DynamoDB and back: the upper end of the single-digit milliseconds that its developer guide begins with."""
FULL_PROCESSOR_MB = 1769
"""The memory with which a function has one processor (Lambda developer guide, "Configure Lambda function memory")."""


class Operation(NamedTuple):
    """What one request, or one run, asks of DynamoDB and of the processor."""

    name: str
    """Its benchmark's."""
    trigger: str = ""
    """The route or the schedule that it is of."""
    reads: float = 0
    """Units; of a row of less than a kilobyte."""
    writes: float = 0
    """Units, those of a transaction twice and of the indexes once, as DynamoDB counts them."""
    trips: int = 1
    """Calls of AWS that wait for one another."""
    processor_ms: float = 0
    """Of a whole processor; 0 where it was not measured, as for sweeps that find nothing."""

    def ms(self, memory_mb: float) -> float:
        """How long it takes a worker that runs already."""
        return self.trips * ROUND_TRIP_MS + self.processor_ms * slower(memory_mb)


def slower(memory_mb: float) -> float:
    """How many times as long as a whole processor one takes that comes with so much memory."""
    return max(1.0, FULL_PROCESSOR_MB / memory_mb)


SWEEP = Operation("sweep, none due", reads=0.5)
"""A run of a schedule: one query that finds nothing."""
ALERT = Operation("alert", trips=3)
"""What a stream's record makes a function do: take it, tell it, note it; what that writes is left out."""


@dataclass(frozen=True, kw_only=True)
class Work:
    """What stands for a service's traffic."""

    reads: tuple[Operation, ...]
    """What a request that changes nothing is: each in equal parts."""
    writes: tuple[Operation, ...]
    """What one that changes something is, likewise."""
    start_ms: float
    """Processor time of a worker's start, its first answer included."""
    sweeps: Mapping[str, Operation] = field(default_factory=dict)
    """Runs by the clock that are more than a `SWEEP`."""


WORK: Mapping[str, Work] = {
    "items": Work(
        reads=(Operation("read", "GET /items/{ItemId}/{CreatedAt}", reads=1, processor_ms=0.26),),
        writes=(Operation("create", "POST /items", writes=1, processor_ms=0.34),),
        start_ms=41,
    ),
    "inventory": Work(
        reads=(Operation("read, audited", "GET /items/{itemId}", reads=1, writes=1, processor_ms=0.36),),
        writes=(Operation("update", "PUT /items/{itemId}", reads=1, writes=10, trips=2, processor_ms=0.48),),
        start_ms=57,
    ),
    "stock": Work(
        reads=(Operation("read", "GET /inventory/{productId}", reads=1, processor_ms=0.24),),
        writes=(
            Operation("reserve", "POST /inventory/{productId}/reserve", reads=1, writes=8, trips=2, processor_ms=0.75),
            Operation("fulfil", "POST /inventory/{productId}/fulfill", reads=2, writes=8, trips=3, processor_ms=0.75),
        ),
        start_ms=50,
        sweeps={
            "stock-reconciliation": Operation("reconciliation of 1,000 levels", reads=2014, trips=33),
        },
    ),
}
