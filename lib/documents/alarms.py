"""The alarms that AWS recommends, for what a service is made of (CloudWatch user guide, "Recommended alarms")."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..model import Alarm, Function, Service, Table
from ..settings import AlarmSettings

MAX_SUMMED = 9
"""An alarm of metric math has ten metrics at most, its sum among them."""

SERVER_ERRORS = "server-errors"
"""The alarm on 5xx responses of the API."""

API: tuple[Mapping[str, Any], ...] = (
    {
        "name": SERVER_ERRORS,
        "metric": "5XXError",
        "setting": "api_5xx_share",
        "evaluation_periods": 3,
        "description": "answers with errors of its own: the functions' logs have them",
    },
    {
        "name": "client-errors",
        "metric": "4XXError",
        "setting": "api_4xx_share",
        "evaluation_periods": 5,
        "description": "refuses much: a caller is broken, or somebody is trying things out",
    },
    {
        "name": "latency",
        "metric": "Latency",
        "setting": "api_latency_ms",
        "statistic": "p90",
        "evaluation_periods": 5,
        "description": "is slow: see which function, and whether a table throttles",
    },
)


def alarms(service: Service, settings: AlarmSettings, duration_ms: Mapping[str, int]) -> list[Alarm]:
    """Those that the service does not have by itself; `duration_ms` is what is long for each function.

    Each is on `api`, `dead-letters`, `lambda NAME`, `table NAME` or `index TABLE/NAME`.
    """
    there = {(alarm.on, alarm.metric) for alarm in service.alarms}
    found = (*_api(settings), *_functions(service, settings, duration_ms), *_tables(service), *_queue(service))
    return [alarm for alarm in found if (alarm.on, alarm.metric) not in there]


def _api(settings: AlarmSettings) -> Iterator[Alarm]:
    for row in API:
        said = {name: value for name, value in row.items() if name != "setting"}
        yield Alarm(on="api", threshold=getattr(settings, row["setting"]), **{"statistic": "Average", **said})


def _functions(service: Service, settings: AlarmSettings, duration_ms: Mapping[str, int]) -> Iterator[Alarm]:
    for function in service.functions:
        on = f"lambda {function.name}"
        if function.routes:
            yield Alarm(
                name="duration-p90",
                on=on,
                metric="Duration",
                statistic="p90",
                threshold=duration_ms[function.name],
                evaluation_periods=15,
                description="has been near its timeout for a while: look for slow calls in its log, or give it memory",
            )
        if function.consumers:
            yield Alarm(
                name="iterator-age",
                on=on,
                metric="IteratorAge",
                statistic="Maximum",
                threshold=(settings.iterator_age_seconds or 0) * 1000,
                description="hears late of changes: it fails again and again on some, or is too slow; see its log",
            )


def _tables(service: Service) -> Iterator[Alarm]:
    for table in service.tables:
        for on in (f"table {table.name}", *(f"index {table.name}/{index.name}" for index in table.indexes)):
            for kind in ("Read", "Write"):
                yield Alarm(
                    name=f"{kind.lower()}-throttles",
                    on=on,
                    metric=f"{kind}ThrottleEvents",
                    threshold=0,
                    evaluation_periods=5,
                    description=f"refuses {kind.lower()}s: raise its capacity, or spread what one key gets",
                )
        if operations := _operations(service, table):
            yield Alarm(
                name="system-errors",
                on=f"table {table.name}",
                metric="SystemErrors",
                threshold=0,
                evaluation_periods=15,
                summed=("Operation", operations),
                description="has had errors of DynamoDB's own for a while: see AWS's health page",
            )


def _operations(service: Service, table: Table) -> tuple[str, ...]:
    """What functions ask of a table, as its metrics name it: writes come in transactions, too."""
    found = dict.fromkeys(action for one in service.functions for action in _asked(one, table))
    writes = [name for name in found if name.startswith(("Put", "Update", "Delete"))]
    return tuple([*(["TransactWriteItems"] if writes else []), *found][:MAX_SUMMED])


def _asked(function: Function, table: Table) -> Iterator[str]:
    for grant in function.grants():
        if grant.on == table.name:
            yield from grant.actions


def _queue(service: Service) -> Iterator[Alarm]:
    if service.dead_letters:
        yield Alarm(
            name="depth",
            on="dead-letters",
            metric="ApproximateNumberOfMessagesVisible",
            statistic="Maximum",
            threshold=0,
            description="has work that functions failed to do: its messages say which; send them again, once mended",
        )
