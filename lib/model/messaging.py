"""Queues and event buses of a service."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ..settings import between, invalid_value
from .resource import Resource

DEFAULT_BUS = "default"
"""Event bus of every account, which receives the events of AWS services."""
MAX_RETENTION_SECONDS = 14 * 86_400


@dataclass(frozen=True, kw_only=True)
class Queue(Resource):
    """An SQS queue with a dead-letter queue for messages that could not be processed."""

    KIND: ClassVar[str] = "queue"
    AWS_SERVICE: ClassVar[str] = "sqs"
    OUTPUTS: ClassVar[tuple[str, ...]] = ("url", "arn", "dead_letter_url")
    CREATION_FIELDS: ClassVar[tuple[str, ...]] = (
        *("deduplicate_by_content", "visibility_timeout_seconds", "max_receives", "retention_seconds"),
        "delay_seconds",
    )
    VARIABLE_VALUE: ClassVar[str] = "url"

    name: str
    """Value of `{type}` in the name pattern of the service. The name of the dead-letter queue ends with
    `-dead-letters`."""
    variable: str
    """Environment variable with the URL, in functions with a grant and in the consumer."""
    fifo: bool = False
    """Whether the queue is a FIFO queue: messages of a group are processed once, in order."""
    deduplicate_by_content: bool = False
    """Whether a FIFO queue discards messages whose body equals that of a message of the last five minutes. Otherwise,
    messages need a `MessageDeduplicationId`."""
    visibility_timeout_seconds: int | None = None
    """Time for which SQS hides a received message from other consumers. Default (None): six times the timeout of the
    consuming function plus its batch window, as AWS recommends, or 30 seconds without a consumer."""
    max_receives: int = 5
    """Number of receives after which a message moves to the dead-letter queue."""
    retention_seconds: int = 4 * 86_400
    """Time after which SQS deletes a message. Dead letters are kept for 14 days."""
    delay_seconds: int = 0
    """Time for which SQS hides a new message."""
    output_prefix: str | None = None
    """Prefix of the stack outputs of the queue, `<prefix>_queue_url`, `<prefix>_queue_arn` and
    `<prefix>_queue_dead_letter_url`. Default (None): the name with `-` replaced by `_`. Empty disables them."""
    existing: bool = False
    """Whether the queue exists outside the stack, which then does not create or change it. Its ARN is an argument of
    the stack, `TapStackArgs.existing`, and it has no stack outputs. `fifo` must be its type, and its visibility timeout
    at least the timeout of the consuming function."""

    def __post_init__(self) -> None:
        self._check_names()
        for field_name, (is_valid, expected) in {
            "visibility_timeout_seconds": between(0, 43_200, "seconds"),
            "max_receives": between(1, 1_000, "receives"),
            "retention_seconds": between(60, MAX_RETENTION_SECONDS, "seconds"),
            "delay_seconds": between(0, 900, "seconds"),
        }.items():
            value = getattr(self, field_name)
            if value is not None and not is_valid(value):
                raise invalid_value(f"queue {self.name!r} {field_name}", value, expected)
        if self.deduplicate_by_content and not self.fifo:
            field_name, remedy = f"queue {self.name!r} deduplicate_by_content", "Set fifo=True, or remove it."
            raise invalid_value(field_name, True, "False for a standard queue", remedy)

    @property
    def dead_letters(self) -> str:
        """Value of `{type}` in the name of the dead-letter queue."""
        return f"{self.name}-dead-letters"


@dataclass(frozen=True, kw_only=True)
class EventBus(Resource):
    """An EventBridge event bus."""

    KIND: ClassVar[str] = "event_bus"
    AWS_SERVICE: ClassVar[str] = "events"
    OUTPUTS: ClassVar[tuple[str, ...]] = ("name", "arn")
    CREATION_FIELDS: ClassVar[tuple[str, ...]] = ("archive_days",)

    name: str
    """Value of `{type}` in the name pattern of the service."""
    variable: str
    """Environment variable with the name of the bus, in functions with a grant and in consumers."""
    archive_days: int = 0
    """Days for which an archive keeps all events, so that they can be replayed. 0 disables the archive."""
    output_prefix: str | None = None
    """Prefix of the stack outputs of the bus, `<prefix>_event_bus_name` and `<prefix>_event_bus_arn`. Default (None):
    the name with `-` replaced by `_`. Empty disables them."""
    existing: bool = False
    """Whether the bus exists outside the stack, which then creates only rules on it. Its ARN is an argument of the
    stack, `TapStackArgs.existing`, and it has no stack outputs."""

    def __post_init__(self) -> None:
        self._check_names()
        if self.name == DEFAULT_BUS:
            remedy = "Functions can consume its events without declaring it."
            raise invalid_value("event bus name", self.name, "another name than that of the bus of AWS", remedy)
        is_valid, expected = between(0, 3650, "days (0: no archive)")
        if not is_valid(self.archive_days):
            raise invalid_value(f"event bus {self.name!r} archive_days", self.archive_days, expected)
