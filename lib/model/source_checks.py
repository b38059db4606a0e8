"""Checks of the consumers of a service against their sources."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from .consumers import (
    BucketConsumer,
    Consumer,
    EventConsumer,
    QueueConsumer,
    StreamConsumer,
    TopicConsumer,
    is_same_event,
)
from .function import Function
from .messaging import DEFAULT_BUS, EventBus, Queue
from .object_loops import loop_problems
from .resource import Resource
from .resources import Table, Topic
from .storage import Bucket
from .validation import duplicates, suggestion

SOURCES: Mapping[type[Consumer], type[Resource]] = {
    StreamConsumer: Table,
    QueueConsumer: Queue,
    BucketConsumer: Bucket,
    TopicConsumer: Topic,
    EventConsumer: EventBus,
}
"""Kind of resource with the records of each kind of consumer."""
EXPECTED: Mapping[type[Resource], tuple[str, str]] = {
    Table: ("table", "a table with a stream"),
    Queue: ("queue", "a queue of the service"),
    Bucket: ("bucket", "a bucket of the service"),
    Topic: ("topic", "a topic of the service"),
    EventBus: ("bus", f"an event bus of the service, or {DEFAULT_BUS!r}"),
}
"""Field of a consumer with its source, and its valid values, by the kind of resource."""
EXCLUSIVE = (StreamConsumer, QueueConsumer, TopicConsumer)
"""Consumers of which a function can have only one for each source."""


def consumer_problems(functions: Sequence[Function], resources: Mapping[str, Resource]) -> Iterator[str]:
    """Yield an error for each consumer whose source does not exist, or that conflicts with another."""
    for function in functions:
        for consumer in function.consumers:
            yield from _source_problems(consumer, resources)
        for kind in EXCLUSIVE:
            sources = [consumer.source for consumer in function.consumers if isinstance(consumer, kind)]
            yield from duplicates(f"function {function.name!r} consumer of {SOURCES[kind].KIND}", sources)
    consumers = [consumer for function in functions for consumer in function.consumers]
    queues = dict.fromkeys((f.name, c.source) for f in functions for c in f.consumers if isinstance(c, QueueConsumer))
    yield from duplicates("consumer of queue", [queue for _, queue in queues])
    buckets = [consumer for consumer in consumers if isinstance(consumer, BucketConsumer)]
    for number, consumer in enumerate(buckets):
        for other in buckets[:number]:
            if _overlap(consumer, other):
                yield (
                    f"consumer {consumer.name!r} must differ from consumer {other.name!r} in events, prefix or suffix, "
                    f"got {consumer.prefix!r} and {other.prefix!r}. S3 rejects notifications that overlap."
                )
    yield from loop_problems(buckets)
    rules = [schedule.name for function in functions for schedule in function.schedules]
    rules += [consumer.name for consumer in consumers if isinstance(consumer, EventConsumer)]
    yield from duplicates("schedule or consumer of events", rules)


def _source_problems(consumer: Consumer, resources: Mapping[str, Resource]) -> Iterator[str]:
    if isinstance(consumer, EventConsumer) and consumer.bus == DEFAULT_BUS:
        return
    (kind,) = (source for consumer_type, source in SOURCES.items() if isinstance(consumer, consumer_type))
    known = {name: resource for name, resource in resources.items() if isinstance(resource, kind)}
    if isinstance(consumer, StreamConsumer):
        known = {name: table for name, table in known.items() if isinstance(table, Table) and table.stream}
    if consumer.source not in known:
        field_name, expected = EXPECTED[kind]
        has_no_stream = kind is Table and isinstance(resources.get(consumer.source), Table)
        remedy = " Set stream of the table." if has_no_stream else suggestion(consumer.source, known)
        listed = f"{expected} ({', '.join(known)})" if known else expected
        yield f"consumer {consumer.name!r} {field_name} must be {listed}, got {consumer.source!r}.{remedy}"
    elif isinstance(consumer, BucketConsumer) and known[consumer.source].existing:
        pattern = '{"source": ["aws.s3"], "detail-type": ["Object Created"], "detail": {"bucket": {"name": [...]}}}'
        yield (
            f"consumer {consumer.name!r} bucket must be a bucket that the stack creates, got the existing bucket "
            f"{consumer.source!r}: its notification configuration would replace that of others. Enable EventBridge "
            f"notifications of the bucket, and use EventConsumer(pattern={pattern})."
        )
    elif isinstance(consumer, QueueConsumer) and getattr(known[consumer.source], "fifo", False):
        for field_name, limit in (("batch_size", 10), ("window_seconds", 0)):
            if (value := getattr(consumer, field_name)) > limit:
                expected = f"at most {limit} for the FIFO queue {consumer.source!r}"
                yield f"consumer {consumer.name!r} {field_name} must be {expected}, got {value}."


def _overlap(first: BucketConsumer, second: BucketConsumer) -> bool:
    """Return whether an event can match both consumers."""
    return (
        first.bucket == second.bucket
        and any(is_same_event(one, other) for one in first.events for other in second.events)
        and (first.prefix.startswith(second.prefix) or second.prefix.startswith(first.prefix))
        and (first.suffix.endswith(second.suffix) or second.suffix.endswith(first.suffix))
    )
