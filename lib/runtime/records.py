"""Records of table streams, queues, buckets, topics and event buses, and the operations that process them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from decimal import Decimal
from traceback import format_exc
from typing import Any, Callable, NamedTuple, Union
from urllib.parse import unquote_plus

from . import logging, metrics
from .attributes import Item, to_python
from .event_handler import run_and_log

FIFO_SUFFIX = ".fifo"
SEQUENCER_LENGTH = 32
"""Length to which the property `ObjectEvent.sequencer` is padded. S3 sends 16 to 18 digits."""
QUEUE, CONSUMER = "queue:", "consumer:"
"""Prefixes of keys of consumers. The names of tables cannot contain them."""


class StreamRecord(NamedTuple):
    """A change of an item."""

    raw: dict[str, Any]
    """Record as Lambda passes it."""

    @property
    def id(self) -> str:
        """ID of the change, which is the same in every delivery."""
        return str(self.raw["eventID"])

    @property
    def event(self) -> str:
        """`INSERT`, `MODIFY` or `REMOVE`."""
        return str(self.raw["eventName"])

    @property
    def key_attributes(self) -> Item:
        """Key of the item in DynamoDB JSON, such as `{"id": {"S": "a"}}`."""
        keys: Item = self.raw["dynamodb"]["Keys"]
        return keys

    @property
    def keys(self) -> dict[str, Any]:
        """Key of the item in Python values."""
        return to_python(self.key_attributes)

    @property
    def old(self) -> dict[str, Any] | None:
        """Item before the change; None for a new item, and for streams without old images."""
        return self._image("OldImage")

    @property
    def new(self) -> dict[str, Any] | None:
        """Item after the change; None for a deleted item, and for streams without new images."""
        return self._image("NewImage")

    @property
    def is_expired(self) -> bool:
        """Whether DynamoDB deleted the item because of its TTL attribute."""
        identity = self.raw.get("userIdentity") or {}
        return bool(identity.get("principalId") == "dynamodb.amazonaws.com")

    @property
    def failure_id(self) -> str:
        """Identifier of the record in the response to Lambda."""
        return str(self.raw["dynamodb"]["SequenceNumber"])

    @property
    def order(self) -> str:
        """Group of records that are processed in order: all changes of the shard."""
        return ""

    def _image(self, name: str) -> dict[str, Any] | None:
        image = self.raw["dynamodb"].get(name)
        return None if image is None else to_python(image)


class Message(NamedTuple):
    """A message of a queue."""

    raw: dict[str, Any]
    """Record as Lambda passes it."""

    @property
    def id(self) -> str:
        """Message ID, which is the same in every delivery."""
        return str(self.raw["messageId"])

    @property
    def body(self) -> str:
        """Body of the message."""
        return str(self.raw["body"])

    def json(self) -> Any:
        """Return the parsed body. Decimals are `Decimal`."""
        return json.loads(self.body, parse_float=Decimal)

    @property
    def attributes(self) -> dict[str, str]:
        """Message attributes by name; binary values are base64-encoded."""
        attributes = self.raw.get("messageAttributes") or {}
        return {name: value.get("stringValue", value.get("binaryValue")) for name, value in attributes.items()}

    @property
    def group_id(self) -> str:
        """Message group; empty for messages without one."""
        return str(self.raw["attributes"].get("MessageGroupId", ""))

    @property
    def receives(self) -> int:
        """Number of deliveries of the message, including this one."""
        return int(self.raw["attributes"]["ApproximateReceiveCount"])

    @property
    def failure_id(self) -> str:
        """Identifier of the record in the response to Lambda."""
        return self.id

    @property
    def order(self) -> str | None:
        """Group of messages that are processed in order; None in standard queues."""
        return self.group_id if self.raw["eventSourceARN"].endswith(FIFO_SUFFIX) else None


class ObjectEvent(NamedTuple):
    """An event of an object in a bucket."""

    raw: dict[str, Any]
    """Record as Lambda passes it."""

    @property
    def event(self) -> str:
        """Event type, such as `ObjectCreated:Put`."""
        return str(self.raw["eventName"])

    @property
    def bucket(self) -> str:
        """Name of the bucket."""
        return str(self.raw["s3"]["bucket"]["name"])

    @property
    def key(self) -> str:
        """Key of the object."""
        return unquote_plus(self.raw["s3"]["object"]["key"])

    @property
    def size(self) -> int:
        """Size of the object in bytes; 0 for deleted objects."""
        return int(self.raw["s3"]["object"].get("size", 0))

    @property
    def etag(self) -> str:
        """ETag of the object without quotes; empty for deleted objects."""
        return str(self.raw["s3"]["object"].get("eTag", ""))

    @property
    def version_id(self) -> str:
        """Version of the object; empty for buckets without versions."""
        return str(self.raw["s3"]["object"].get("versionId", ""))

    @property
    def sequencer(self) -> str:
        """Hexadecimal string that is greater for later events of the same object; empty for events without order.

        S3 sends strings of different lengths, which are padded to `SEQUENCER_LENGTH` to be comparable.
        """
        sequencer = str(self.raw["s3"]["object"].get("sequencer", ""))
        return sequencer and sequencer.ljust(SEQUENCER_LENGTH, "0")

    @property
    def order(self) -> None:
        """None: these records have no order."""


class Notification(NamedTuple):
    """A message of a topic."""

    raw: dict[str, Any]
    """Record as Lambda passes it."""

    @property
    def id(self) -> str:
        """Message ID, which is the same in every delivery."""
        return str(self.raw["Sns"]["MessageId"])

    @property
    def topic_arn(self) -> str:
        """ARN of the topic."""
        return str(self.raw["Sns"]["TopicArn"])

    @property
    def subject(self) -> str:
        """Subject; empty for messages without one."""
        return self.raw["Sns"].get("Subject") or ""

    @property
    def body(self) -> str:
        """Text of the message."""
        return str(self.raw["Sns"]["Message"])

    def json(self) -> Any:
        """Return the parsed message. Decimals are `Decimal`."""
        return json.loads(self.body, parse_float=Decimal)

    @property
    def attributes(self) -> dict[str, str]:
        """Message attributes by name; binary values are base64-encoded."""
        return {name: value["Value"] for name, value in (self.raw["Sns"].get("MessageAttributes") or {}).items()}

    @property
    def order(self) -> None:
        """None: these records have no order."""


class Event(NamedTuple):
    """An event of an event bus."""

    raw: dict[str, Any]
    """Event as EventBridge delivers it."""

    @property
    def id(self) -> str:
        """Event ID, which is the same in every delivery."""
        return str(self.raw["id"])

    @property
    def source(self) -> str:
        """Source of the event, such as `shop` or `aws.s3`."""
        return str(self.raw["source"])

    @property
    def detail_type(self) -> str:
        """Type of the event, such as `Order placed`."""
        return str(self.raw["detail-type"])

    @property
    def detail(self) -> dict[str, Any]:
        """Contents of the event."""
        detail: dict[str, Any] = self.raw["detail"]
        return detail

    @property
    def time(self) -> str:
        """Time of the event in ISO 8601 format."""
        return str(self.raw["time"])

    @property
    def resources(self) -> list[str]:
        """ARNs of the resources of the event."""
        return [str(arn) for arn in self.raw["resources"]]

    @property
    def order(self) -> None:
        """None: these records have no order."""


Record = Union[StreamRecord, Message, ObjectEvent, Notification, Event]


class Consumer(NamedTuple):
    """An operation that processes records. The generated module `index.py` of the archive creates the consumers."""

    operation: Callable[[Any], Any]
    batch: bool
    """Whether the operation receives a list of records and returns those that failed, or None."""


class Source(NamedTuple):
    """A kind of event source."""

    label: str
    """Message of the log line of an invocation."""
    prefix: str
    """Prefix of the keys of its consumers, which distinguishes a queue or a consumer from a table with its name."""
    parse: Callable[[dict[str, Any]], Record]
    name: Callable[[dict[str, Any]], str]
    """Return the key of the consumer of a record without the prefix."""
    reports_failures: bool
    """Whether Lambda delivers only the failed records of an invocation again."""


SOURCES = {
    "aws:dynamodb": Source("stream", "", StreamRecord, lambda record: record["eventSourceARN"].split("/")[1], True),
    "aws:sqs": Source("queue", QUEUE, Message, lambda record: record["eventSourceARN"].rpartition(":")[2], True),
    "aws:s3": Source("bucket", CONSUMER, ObjectEvent, lambda record: record["s3"]["configurationId"], False),
    "aws:sns": Source("topic", "", Notification, lambda record: record["Sns"]["TopicArn"], False),
}
"""Event sources by the member `eventSource` or `EventSource` of their records."""
EVENT_BUS = Source("event", CONSUMER, Event, lambda _: "", False)
FAILED_RECORDS = "FailedRecords"
"""Metric with the number of records that failed in an invocation that Lambda does not count as an error."""


class Consumers:
    """Consumers of a function by their source: the physical name of a table, the URL of a queue, the ARN of a topic, or
    `consumer:` and the name of the consumer of a bucket or an event bus.
    """

    def __init__(self, consumers: Mapping[str, Consumer]) -> None:
        # The ARN in the records of a queue contains its name, and the URL ends with it.
        self._consumers = {
            QUEUE + key.rpartition("/")[2] if "/" in key else key: consumer for key, consumer in consumers.items()
        }

    def __call__(self, event: Mapping[str, Any], request_id: str) -> dict[str, Any]:
        """Process the records of an event and return the response to Lambda, with the failed records."""
        if "consumer" in event:
            name, source, records = event["consumer"], EVENT_BUS, [event["event"]]
        else:
            records = event["Records"]
            source = SOURCES[records[0].get("eventSource") or records[0]["EventSource"]]
            name = source.name(records[0])
        log_fields: dict[str, Any] = {"source": name, "records": len(records)}

        def run() -> dict[str, Any]:
            failed = _process(
                self._consumers[source.prefix + name], source, [source.parse(record) for record in records]
            )
            if failed:
                log_fields["failed"] = len(failed)
                metrics.emit(**{FAILED_RECORDS: (len(failed), "Count")})
            return {"batchItemFailures": [{"itemIdentifier": record.failure_id} for record in failed]}

        return run_and_log(source.label, request_id, log_fields, run)


def _process(consumer: Consumer, source: Source, records: list[Any]) -> list[Any]:
    """Return the records that failed. Raise the error of a record if the source does not support partial failures."""
    if consumer.batch:
        failed = _failed_of_batch(consumer, records)
        if failed and not source.reports_failures:
            raise RuntimeError(f"{len(failed)} of {len(records)} records failed.")
        return failed
    failed = []
    blocked: set[str] = set()
    for record in records:
        if record.order in blocked:
            failed.append(record)
            continue
        try:
            consumer.operation(record)
        except Exception as exc:  # pylint: disable=broad-exception-caught  # other records must not fail with this one
            if not source.reports_failures:
                raise
            logging.write("ERROR", "record failed", id=record.failure_id, error=type(exc).__name__, trace=format_exc())
            failed.append(record)
            if record.order is not None:
                blocked.add(record.order)
    return failed


def _failed_of_batch(consumer: Consumer, records: list[Any]) -> list[Any]:
    """Return the records that a batch operation returns as failed, and later ones of the same group."""
    returned = consumer.operation(records)
    if returned is None:
        return []
    received = {id(record.raw) for record in records}
    is_list = isinstance(returned, Iterable) and not isinstance(returned, (str, dict))
    values: list[Any] = [*returned] if is_list else [returned]
    unknown = [value for value in values if id(getattr(value, "raw", None)) not in received]
    if unknown:
        # Without an error, Lambda could count all records as processed.
        name = getattr(consumer.operation, "__name__", "operation")
        raise TypeError(f"{name} must return a list of received records, or None, got {type(unknown[0]).__name__}.")
    failed_ids = {id(value.raw) for value in values}
    failed: list[Any] = []
    blocked: set[str] = set()
    for record in records:
        if id(record.raw) in failed_ids or record.order in blocked:
            failed.append(record)
            if record.order is not None:
                blocked.add(record.order)
    return failed
