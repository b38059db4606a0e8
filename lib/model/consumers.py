"""Triggers of functions by records: table streams, queues, buckets, topics and event buses."""

from __future__ import annotations

import difflib
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any, ClassVar, Literal, get_args

from ..settings import Definition, FunctionSettings, between, invalid_value
from ..settings.base import Check
from .grants import Grant, Statement
from .messaging import DEFAULT_BUS
from .resources import Metric
from .validation import check_name, check_operation

StartingPosition = Literal["LATEST", "TRIM_HORIZON"]
FilterScope = Literal["MessageAttributes", "MessageBody"]
WINDOW = between(0, 300, "seconds")
VISIBILITY_FACTOR = 6
"""Function timeouts in a visibility timeout, as AWS recommends: Lambda retries a throttled batch while SQS hides it."""


@dataclass(frozen=True, kw_only=True)
class Consumer(Definition, ABC):
    """An operation that processes records, at least once each.

    The operation receives one record of `runtime.records`. If it raises an error, Lambda delivers only this record
    again, and moves it to a dead-letter queue after the last attempt. With `batch`, the operation receives the list of
    all records of an invocation and returns those that failed, or None.
    """

    LIMITS: ClassVar[Mapping[str, Check]] = {}
    """Fields with their valid values."""

    name: str
    operation: str
    batch: bool = False
    """Whether the operation receives a list of records instead of one record."""
    grants: tuple[Grant | Statement, ...] = ()
    """Permissions in addition to reading the records."""
    metrics: tuple[Metric, ...] = ()
    settings: FunctionSettings = field(default_factory=FunctionSettings)
    """Settings of the function of this operation, if functions are split by operation."""

    def __post_init__(self) -> None:
        check_name("consumer", self.name)
        check_operation("consumer", self.operation)
        for field_name, (is_valid, expected) in self.LIMITS.items():
            value = getattr(self, field_name)
            if value is not None and not is_valid(value):
                raise self._invalid(field_name, expected)
        for field_name in ("pattern", "filter_policy"):
            self._check_pattern(field_name, getattr(self, field_name, None))

    @property
    @abstractmethod
    def source(self) -> str:
        """Name of the resource with the records."""

    def _check_pattern(self, field_name: str, pattern: Mapping[str, Any] | None) -> None:
        """Raise `ValueError` unless the values of a pattern, and of the objects in it, are lists."""
        for path, value in _pattern_leaves(pattern or {}):
            if not isinstance(value, list | tuple) or not value:
                expected, remedy = "a list of at least one value", f"Use {[value]!r}." if value else ""
                raise invalid_value(f"consumer {self.name!r} {field_name} {path}", value, expected, remedy)

    def _invalid(self, field_name: str, expected: str, remedy: str = "") -> ValueError:
        return invalid_value(f"consumer {self.name!r} {field_name}", getattr(self, field_name), expected, remedy)


@dataclass(frozen=True, kw_only=True)
class StreamConsumer(Consumer):
    """A consumer of the changes of a table. It processes the changes of an item in order."""

    LIMITS: ClassVar[Mapping[str, Check]] = {
        "batch_size": between(1, 10_000, "records"),
        "window_seconds": WINDOW,
        "parallelization_factor": between(1, 10, "batches"),
        "max_retries": between(0, 10_000, "retries"),
    }

    table: str
    """Name of a table with a `stream`, which determines whether records have the old and the new item."""
    pattern: Mapping[str, Any] | None = None
    """Lambda event filter pattern, such as `{"eventName": ["INSERT"]}`. Default (None): all records."""
    batch_size: int = 100
    """Maximum number of records per invocation."""
    window_seconds: int = 0
    """Time for which Lambda collects records before it invokes the function."""
    parallelization_factor: int = 1
    """Number of batches of a shard that are processed at the same time. The changes of an item stay in order."""
    max_retries: int = 3
    """Maximum number of retries of a failed record, which blocks later records of the shard."""
    starting_position: StartingPosition = "LATEST"
    """First records of a new consumer: `LATEST` are later changes, `TRIM_HORIZON` those of the last 24 hours. A later
    change has no effect."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.starting_position not in get_args(StartingPosition):
            raise self._invalid("starting_position", f"one of {', '.join(get_args(StartingPosition))}")

    @property
    def source(self) -> str:
        """Name of the table."""
        return self.table


@dataclass(frozen=True, kw_only=True)
class QueueConsumer(Consumer):
    """A consumer of the messages of a queue. Failed messages move to the dead-letter queue of the queue."""

    LIMITS: ClassVar[Mapping[str, Check]] = {
        "batch_size": between(1, 10_000, "messages"),
        "window_seconds": WINDOW,
        "max_concurrency": between(2, 1_000, "invocations"),
    }

    queue: str
    """Name of a queue. A queue has at most one consumer."""
    pattern: Mapping[str, Any] | None = None
    """Lambda event filter pattern, such as `{"body": {"type": ["order"]}}`. SQS deletes messages that do not match.
    Default (None): all messages."""
    batch_size: int = 10
    """Maximum number of messages per invocation: at most 10 without a window."""
    window_seconds: int = 0
    """Time for which Lambda collects messages before it invokes the function; 0 for FIFO queues."""
    max_concurrency: int | None = None
    """Maximum number of concurrent invocations, at least 2. Default (None): an equal share of the reserved concurrency
    of the function, because each throttled delivery counts as a receive; no limit if it reserves none."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.batch_size > 10 and not self.window_seconds:
            raise self._invalid("batch_size", "at most 10 without window_seconds", "Set window_seconds.")

    @property
    def source(self) -> str:
        """Name of the queue."""
        return self.queue

    def visibility_timeout(self, function_timeout: int) -> int:
        """Return the visibility timeout of the queue in seconds that AWS recommends for a function timeout."""
        return VISIBILITY_FACTOR * function_timeout + self.window_seconds


@dataclass(frozen=True, kw_only=True)
class BucketConsumer(Consumer):
    """A consumer of the events of objects in a bucket."""

    bucket: str
    """Name of a bucket."""
    events: tuple[str, ...] = ("ObjectCreated:*",)
    """S3 event types without the prefix `s3:`, such as `ObjectCreated:Put` and `ObjectRemoved:*`."""
    prefix: str = ""
    """Prefix of the keys of the objects."""
    suffix: str = ""
    """Suffix of the keys of the objects, such as `.jpg`."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.events or not all(event in BUCKET_EVENTS for event in self.events):
            raise self._invalid("events", f"a tuple of {', '.join(BUCKET_EVENTS)}, at least one")
        for field_name in ("prefix", "suffix"):
            if "*" in getattr(self, field_name):
                raise self._invalid(field_name, "without '*', which S3 compares literally", "Remove the '*'.")
        if any(is_same_event(one, other) for one, other in combinations(self.events, 2)):
            raise self._invalid("events", "event types that do not include each other")

    @property
    def source(self) -> str:
        """Name of the bucket."""
        return self.bucket


@dataclass(frozen=True, kw_only=True)
class TopicConsumer(Consumer):
    """A consumer of the messages of an SNS topic."""

    topic: str
    """Name of a topic. A function has at most one consumer of a topic."""
    filter_policy: Mapping[str, Any] | None = None
    """SNS filter policy, such as `{"type": ["order"]}`. Default (None): all messages."""
    filter_scope: FilterScope = "MessageAttributes"
    """Part of a message to which the filter policy applies."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.filter_scope not in get_args(FilterScope):
            raise self._invalid("filter_scope", f"one of {', '.join(get_args(FilterScope))}")
        is_nested = any(isinstance(value, Mapping) for value in (self.filter_policy or {}).values())
        if is_nested and self.filter_scope != "MessageBody":
            raise self._invalid("filter_scope", "MessageBody because the filter policy contains objects")

    @property
    def source(self) -> str:
        """Name of the topic."""
        return self.topic


@dataclass(frozen=True, kw_only=True)
class EventConsumer(Consumer):
    """A consumer of the events of an event bus that match a pattern."""

    pattern: Mapping[str, Any]
    """EventBridge event pattern, such as `{"source": ["shop"], "detail-type": ["Order placed"]}`."""
    bus: str = DEFAULT_BUS
    """Name of an event bus of the service, or `default` for the bus that receives the events of AWS services."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.pattern:
            raise self._invalid("pattern", "an event pattern with at least one field")
        for field_name in self.pattern:
            if field_name not in EVENT_FIELDS:
                similar = difflib.get_close_matches(field_name, EVENT_FIELDS, n=1)
                remedy = f"Did you mean {similar[0]!r}?" if similar else "Fields of the event are below 'detail'."
                raise invalid_value(
                    f"consumer {self.name!r} pattern field", field_name, f"one of {', '.join(EVENT_FIELDS)}", remedy
                )

    @property
    def source(self) -> str:
        """Name of the event bus."""
        return self.bus


def _pattern_leaves(pattern: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the values of a pattern that are not mappings with members, with their paths."""
    for name, value in pattern.items():
        if isinstance(value, Mapping) and value:
            yield from _pattern_leaves(value, f"{path}{name}.")
        else:
            yield f"{path}{name}", value


def is_same_event(one: str, other: str) -> bool:
    """Return whether an event can be of both event types of S3. Types overlap by their prefix before `*`."""
    wildcards = [event.removesuffix("*") for event in (one, other) if event.endswith("*")]
    return one == other or any(one.startswith(group) and other.startswith(group) for group in wildcards)


EVENT_FIELDS = (
    *("source", "detail-type", "detail", "resources", "account", "region", "time", "id", "version", "replay-name"),
    "$or",
)
"""Fields of an event pattern."""
BUCKET_EVENTS = (
    "ObjectCreated:*", "ObjectCreated:Put", "ObjectCreated:Post", "ObjectCreated:Copy",
    "ObjectCreated:CompleteMultipartUpload", "ObjectRemoved:*", "ObjectRemoved:Delete",
    "ObjectRemoved:DeleteMarkerCreated", "LifecycleExpiration:*", "LifecycleExpiration:Delete",
    "LifecycleExpiration:DeleteMarkerCreated", "ObjectTagging:*", "ObjectTagging:Put", "ObjectTagging:Delete",
)  # fmt: skip
"""Event types of S3 for which a bucket can invoke a function."""
