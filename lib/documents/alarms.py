"""The alarms that AWS recommends for the resources of a service (CloudWatch user guide, "Recommended alarms")."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from ..model import (
    API_METRICS,
    Alarm,
    EventConsumer,
    Function,
    Queue,
    QueueConsumer,
    Service,
    StreamConsumer,
    Table,
    alarm_targets,
)
from ..runtime.records import FAILED_RECORDS
from ..settings import AlarmSettings

MAX_SUMMED_METRICS = 9
"""Maximum number of summed metrics: a metric math alarm supports ten metrics, including the sum."""

SERVER_ERRORS = "server-errors"
"""Name of the alarm on the 5xx rate of the API."""

API: tuple[Mapping[str, Any], ...] = (
    {
        "name": SERVER_ERRORS,
        "metric": "5XXError",
        "setting": "api_5xx_share",
        "evaluation_periods": 3,
        "description": "has a high 5xx rate: check the errors in the function logs",
    },
    {
        "name": "client-errors",
        "metric": "4XXError",
        "setting": "api_4xx_share",
        "evaluation_periods": 5,
        "description": "has a high 4xx rate: check for a misconfigured client or unauthorized requests",
    },
    {
        "name": "latency",
        "metric": "Latency",
        "setting": "api_latency_ms",
        "statistic": "p90",
        "evaluation_periods": 5,
        "description": "has a high p90 latency: check the function durations and the throttled requests of tables",
    },
)


def recommended_alarms(
    service: Service,
    settings: AlarmSettings,
    duration_ms: Mapping[str, int],
    visibility_seconds: Mapping[str, int] = MappingProxyType({}),
) -> list[Alarm]:
    """Return the recommended alarms on metrics that no alarm of the service definition watches.

    `duration_ms` is the duration threshold by function name, and `visibility_seconds` the visibility timeout by queue.
    Existing tables and queues have none, because the stack that created them watches them.
    """
    defined = {(alarm.on, alarm.metric) for alarm in service.alarms}
    alarms = (
        *_apis(service, settings),
        *_functions(service, settings, duration_ms),
        *_tables(service),
        *_rules(service),
        *_dead_letters(service),
        *_queues(service, visibility_seconds),
    )
    return [alarm for alarm in alarms if (alarm.on, alarm.metric) not in defined]


def _apis(service: Service, settings: AlarmSettings) -> Iterator[Alarm]:
    for name, api in service.used_apis().items():
        names = dict(zip(API_METRICS["REST"], API_METRICS[api.protocol], strict=False))
        for spec in API:
            fields = {key: value for key, value in spec.items() if key != "setting"} | {"metric": names[spec["metric"]]}
            threshold = getattr(settings, spec["setting"])
            yield Alarm(on=service.api_target(name), threshold=threshold, **{"statistic": "Average", **fields})


def _functions(service: Service, settings: AlarmSettings, duration_ms: Mapping[str, int]) -> Iterator[Alarm]:
    for function in service.functions:
        on = alarm_targets.of_lambda(function.name)
        if function.has_waiting_callers():
            yield Alarm(
                name="duration-p90",
                on=on,
                metric="Duration",
                statistic="p90",
                threshold=duration_ms[function.name],
                evaluation_periods=15,
                description="has a p90 duration near its timeout: check its log for slow calls or increase its memory",
            )
        if function.url:
            yield Alarm(
                name="url-server-errors",
                on=on,
                metric="Url5xxCount",
                threshold=0,
                evaluation_periods=3,
                description="has 5xx responses at its URL: check the errors in its log",
            )
        if any(isinstance(consumer, StreamConsumer) for consumer in function.consumers):
            yield Alarm(
                name="iterator-age",
                on=on,
                metric="IteratorAge",
                statistic="Maximum",
                threshold=(settings.iterator_age_seconds or 0) * 1000,
                description="processes stream records late: check its log for repeated failures or slow batches",
            )
        if function.reports_failed_records():
            yield Alarm(
                name="failed-records",
                on=function.name,
                metric=FAILED_RECORDS,
                threshold=settings.errors or 0,
                description="has failed records, which are delivered again: look for stack traces in its log",
            )


def _tables(service: Service) -> Iterator[Alarm]:
    for table in service.created_tables():
        on_table = alarm_targets.of_table(table.name)
        for on in (on_table, *(alarm_targets.of_index(table.name, index.name) for index in table.indexes)):
            for kind in ("Read", "Write"):
                yield Alarm(
                    name=f"{kind.lower()}-throttles",
                    on=on,
                    metric=f"{kind}ThrottleEvents",
                    threshold=0,
                    evaluation_periods=5,
                    description=f"throttles {kind.lower()}s: increase its capacity or distribute requests across keys",
                )
        if operations := _operations(service, table):
            yield Alarm(
                name="system-errors",
                on=on_table,
                metric="SystemErrors",
                threshold=0,
                evaluation_periods=15,
                summed=("Operation", operations),
                description="has internal errors of DynamoDB: check the AWS Health Dashboard",
            )


def _operations(service: Service, table: Table) -> tuple[str, ...]:
    """Return the values of the `Operation` dimension that the functions' grants on a table can produce."""
    actions = dict.fromkeys(action for function in service.functions for action in _granted_actions(function, table))
    writes = [name for name in actions if name.startswith(("Put", "Update", "Delete"))]
    return tuple([*(["TransactWriteItems"] if writes else []), *actions][:MAX_SUMMED_METRICS])


def _granted_actions(function: Function, table: Table) -> Iterator[str]:
    for grant in function.grants():
        if grant.on == table.name:
            yield from grant.actions


def _rules(service: Service) -> Iterator[Alarm]:
    for _, consumer in service.consumers():
        if isinstance(consumer, EventConsumer):
            yield Alarm(
                name="failed-invocations",
                on=alarm_targets.of_rule(consumer.name),
                metric="FailedInvocations",
                threshold=0,
                description="cannot invoke its function: check the permissions and the throttles of the function",
            )


def _dead_letters(service: Service) -> Iterator[Alarm]:
    if service.dead_letters:
        yield _depth(
            alarm_targets.DEAD_LETTERS, "failed events: fix the cause that the messages describe, then send them again"
        )


def _queues(service: Service, visibility_seconds: Mapping[str, int]) -> Iterator[Alarm]:
    consumed = {consumer.source for _, consumer in service.consumers() if isinstance(consumer, QueueConsumer)}
    for queue in service.created_queues():
        yield _depth(
            alarm_targets.of_queue(queue.dead_letters),
            "messages that failed: fix the cause that the log of the consumer describes, then redrive them",
        )
        if queue.name in consumed:
            yield Alarm(
                name="age",
                on=alarm_targets.of_queue(queue.name),
                metric="ApproximateAgeOfOldestMessage",
                statistic="Maximum",
                threshold=_maximum_age(queue, visibility_seconds[queue.name]),
                evaluation_periods=5,
                description="contains old messages: check its consumer for errors, throttles and its concurrency",
            )


def _depth(on: str, contents: str) -> Alarm:
    return Alarm(
        name="depth",
        on=on,
        metric="ApproximateNumberOfMessagesVisible",
        statistic="Maximum",
        threshold=0,
        description=f"contains {contents}",
    )


def _maximum_age(queue: Queue, visibility_seconds: int) -> int:
    """Return the age in seconds at which a message that always fails is in the dead-letter queue, or half of the
    retention if that is less."""
    return min(queue.delay_seconds + queue.max_receives * visibility_seconds, queue.retention_seconds // 2)
