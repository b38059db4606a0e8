"""Workload of a service without measurements, derived from its definition."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ..model import Grant, Operation, Route, Service, Statement, Workload
from ..model.aws_limits import ROUND_TRIP

PROCESSOR_MS = 0.5
"""Assumed CPU time of an operation, similar to that of the built-in services."""
COLD_PROCESSOR_MS = 50
"""Assumed CPU time of a cold start, similar to that of the built-in services. Packages can need more."""
READ_UNITS = {"GetItem": 1, "BatchGetItem": 1, "Query": 1, "Scan": 1, "ConditionCheckItem": 1, "PartiQLSelect": 1}
"""Read request units of a call, for strongly consistent reads of at most 4 KB."""
WRITE_ACTIONS = frozenset(
    ("PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "PartiQLInsert", "PartiQLUpdate", "PartiQLDelete")
)
"""Actions that write one item of at most 1 KB to the table and to each of its indexes."""
READ_METHODS = ("GET", "HEAD")

Grants = Iterable[Grant | Statement]


def derive(service: Service) -> Workload:
    """Return the workload of a service whose operations perform each granted action once.

    Requests with GET and HEAD share the read traffic, and all others the write traffic.
    """
    writes_of = {table.name: 1 + len(table.indexes) + len(table.local_indexes) for table in service.tables}
    routes = [route for _, route in service.routes()]
    return Workload(
        reads=tuple(_request(route, writes_of) for route in routes if route.method in READ_METHODS),
        writes=tuple(_request(route, writes_of) for route in routes if route.method not in READ_METHODS),
        schedules={
            schedule.name: _operation(schedule.name, schedule.grants, writes_of) for _, schedule in service.schedules()
        },
        consumers={
            consumer.name: _operation(consumer.name, consumer.grants, writes_of) for _, consumer in service.consumers()
        },
    )


def _request(route: Route, writes_of: Mapping[str, int]) -> Operation:
    trigger = f"{route.method} {route.path}"
    return _operation(route.operation, route.grants, writes_of, trigger)


def _operation(name: str, grants: Grants, writes_of: Mapping[str, int], trigger: str = "") -> Operation:
    calls = [(grant, action) for grant in grants for action in grant.actions]
    on_tables = [(grant, action) for grant, action in calls if isinstance(grant, Grant) and grant.on in writes_of]
    return Operation(
        name=name,
        trigger=trigger,
        read_units=sum(READ_UNITS.get(action, 0) / (2 if grant.indexes else 1) for grant, action in on_tables),
        write_units=sum(writes_of[grant.on] for grant, action in on_tables if action in WRITE_ACTIONS),
        round_trips=(ROUND_TRIP,) * len(calls),
        processor_ms=PROCESSOR_MS,
        cold_processor_ms=COLD_PROCESSOR_MS,
    )
