"""Records of event sources, and their consumers."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from lib.runtime.records import (
    Consumer,
    Consumers,
    Event,
    Message,
    Notification,
    ObjectEvent,
    StreamRecord,
)

TABLE_ARN = "arn:aws:dynamodb:us-east-1:123456789012:table/notes-dev/stream/2026-01-01T00:00:00.000"
QUEUE_ARN = "arn:aws:sqs:us-east-1:123456789012:orders-dev"
QUEUE_URL = "https://sqs.us-east-1.amazonaws.com/123456789012/orders-dev"
TOPIC_ARN = "arn:aws:sns:us-east-1:123456789012:news-dev"


@pytest.fixture(autouse=True)
def function_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set the variable of Lambda that is a dimension of metrics."""
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "worker-dev")


def change(number: int = 1, **images: Any) -> dict[str, Any]:
    """Return a stream record of the item with a number."""
    return {
        "eventID": f"e{number}",
        "eventName": "MODIFY",
        "eventSource": "aws:dynamodb",
        "eventSourceARN": TABLE_ARN,
        "dynamodb": {"Keys": {"id": {"N": str(number)}}, "SequenceNumber": f"{number}00", **images},
    }


def message(identifier: str, group: str = "", **changes: Any) -> dict[str, Any]:
    """Return a message of a standard queue, or with a group that of a FIFO queue."""
    attributes = {"ApproximateReceiveCount": "2", **({"MessageGroupId": group} if group else {})}
    arn = f"{QUEUE_ARN}.fifo" if group else QUEUE_ARN
    defaults = {"messageId": identifier, "body": identifier, "attributes": attributes, "messageAttributes": {}}
    return {**defaults, "eventSource": "aws:sqs", "eventSourceARN": arn, **changes}


def object_event(key: str = "a.png", **fields: Any) -> dict[str, Any]:
    """Return an event of an object, which names the consumer `uploads`."""
    details = {"configurationId": "uploads", "bucket": {"name": "files"}, "object": {"key": key, **fields}}
    return {"eventSource": "aws:s3", "eventName": "ObjectCreated:Put", "s3": details}


def notification(text: str = "{}", **fields: Any) -> dict[str, Any]:
    """Return a message of a topic."""
    sns: dict[str, Any] = {
        "MessageId": "n1",
        "TopicArn": TOPIC_ARN,
        "Subject": None,
        "Message": text,
        "MessageAttributes": {},
    }
    return {"EventSource": "aws:sns", "Sns": {**sns, **fields}}


class Recorder:
    """An operation that records its arguments, and raises an error for some of them."""

    def __init__(self, *failing: str) -> None:
        self.processed: list[Any] = []
        self._failing = failing

    def __call__(self, record: Any) -> None:
        if getattr(record, "id", None) in self._failing:
            raise ValueError(f"cannot process {record.id}")
        self.processed.append(record)


def process(operation: Any, *records: dict[str, Any], name: str = QUEUE_URL, batch: bool = False) -> Any:
    """Return the failures of an event that a consumer processes."""
    response = Consumers({name: Consumer(operation, batch)})({"Records": list(records)}, "invocation-1")
    return [failure["itemIdentifier"] for failure in response["batchItemFailures"]]


def test_change_has_typed_items_and_keys() -> None:
    old = {"id": {"N": "1"}, "price": {"N": "1.50"}, "raw": {"B": "aGk="}, "gone": {"NULL": True}}
    new = {
        "id": {"N": "1"},
        "tags": {"SS": ["a", "b"]},
        "parts": {"L": [{"M": {"n": {"N": "2"}}}]},
        "ok": {"BOOL": True},
    }
    record = StreamRecord(change(1, OldImage=old, NewImage=new))
    assert record.old == {"id": 1, "price": Decimal("1.50"), "raw": b"hi", "gone": None}
    assert record.new == {"id": 1, "tags": {"a", "b"}, "parts": [{"n": 2}], "ok": True}
    assert (record.id, record.event, record.keys, record.is_expired) == ("e1", "MODIFY", {"id": 1}, False)
    assert record.key_attributes == {"id": {"N": "1"}}


def test_deleted_item_has_only_the_old_image() -> None:
    raw = {**change(1, OldImage={"id": {"N": "1"}, "sizes": {"NS": ["1", "2.5"]}}), "eventName": "REMOVE"}
    record = StreamRecord(raw)
    assert (record.event, record.old, record.new) == ("REMOVE", {"id": 1, "sizes": {1, Decimal("2.5")}}, None)
    assert record.keys == {"id": 1}


@pytest.mark.parametrize(
    ("identity", "is_expired"),
    [
        ({"principalId": "dynamodb.amazonaws.com", "type": "Service"}, True),
        ({"principalId": "x"}, False),
        (None, False),
    ],
)
def test_deletion_by_ttl_is_distinguished(identity: Any, is_expired: bool) -> None:
    assert StreamRecord({**change(), "userIdentity": identity}).is_expired is is_expired


def test_message_has_its_body_and_attributes() -> None:
    attributes = {
        "kind": {"stringValue": "order", "dataType": "String"},
        "seal": {"binaryValue": "aGk=", "dataType": "Binary"},
    }
    record = Message(message("m1", body='{"price": 1.10}', messageAttributes=attributes))
    assert record.json() == {"price": Decimal("1.10")}
    assert record.attributes == {"kind": "order", "seal": "aGk="}
    assert (record.id, record.receives, record.group_id, record.order) == ("m1", 2, "", None)
    assert Message(message("m1", group="a")).group_id == "a"


def test_object_event_has_the_decoded_key_and_the_version() -> None:
    fields = {"size": 3, "eTag": "e", "versionId": "v", "sequencer": "0A"}
    record = ObjectEvent(object_event("a+b/%C3%A9.png", **fields))
    assert (record.event, record.bucket, record.key) == ("ObjectCreated:Put", "files", "a b/é.png")
    assert (record.size, record.etag, record.version_id, record.sequencer) == (3, "e", "v", "0A" + 30 * "0")


def test_event_of_a_deleted_object_has_no_size() -> None:
    record = ObjectEvent(object_event())
    assert (record.size, record.etag, record.version_id, record.sequencer, record.order) == (0, "", "", "", None)


def test_notification_has_its_text_and_attributes() -> None:
    attributes = {"kind": {"Type": "String", "Value": "public"}}
    record = Notification(notification('{"n": 0.5}', Subject="News", MessageAttributes=attributes))
    assert (record.id, record.topic_arn, record.subject) == ("n1", TOPIC_ARN, "News")
    assert (record.body, record.json(), record.attributes) == ('{"n": 0.5}', {"n": Decimal("0.5")}, {"kind": "public"})
    assert (Notification(notification()).subject, record.order) == ("", None)


def test_event_has_its_detail() -> None:
    raw = {
        "id": "1",
        "source": "shop",
        "detail-type": "Order placed",
        "detail": {"order": 7},
        "time": "2026-01-01T00:00:00Z",
        "resources": ["arn:x"],
    }
    record = Event(raw)
    assert (record.id, record.source, record.detail_type, record.detail) == ("1", "shop", "Order placed", {"order": 7})
    assert (record.time, record.resources, record.order) == ("2026-01-01T00:00:00Z", ["arn:x"], None)


@pytest.mark.parametrize(
    ("name", "raw", "kind", "label"),
    [
        ("notes-dev", change(), StreamRecord, "stream"),
        (QUEUE_URL, message("m1"), Message, "queue"),
        (f"{QUEUE_URL}.fifo", message("m1", group="a"), Message, "queue"),
        ("consumer:uploads", object_event(), ObjectEvent, "bucket"),
        (TOPIC_ARN, notification(), Notification, "topic"),
    ],
)
def test_source_selects_the_consumer_and_the_type_of_record(
    capsys: pytest.CaptureFixture[str], name: str, raw: dict[str, Any], kind: type, label: str
) -> None:
    operation = Recorder()
    assert process(operation, raw, name=name) == []
    assert operation.processed == [kind(raw)]
    line = json.loads(capsys.readouterr().out)
    assert (line["message"], line["records"], line["correlationId"]) == (label, 1, "invocation-1")


def test_event_of_a_bus_runs_the_consumer_that_it_names() -> None:
    operation, other = Recorder(), Recorder()
    consumers = Consumers({"consumer:placed": Consumer(operation, False), "consumer:paid": Consumer(other, False)})
    assert consumers({"consumer": "placed", "event": {"id": "1"}}, "i") == {"batchItemFailures": []}
    assert (operation.processed, other.processed) == ([Event({"id": "1"})], [])


def test_sources_of_several_kinds_can_have_the_same_name() -> None:
    names = ("orders", f"{QUEUE_URL.rpartition('/')[0]}/orders", "consumer:orders")
    on_table, on_queue, on_bus = recorders = [Recorder() for _ in names]
    consumers = Consumers({name: Consumer(recorder, False) for name, recorder in zip(names, recorders, strict=True)})
    consumers({"Records": [{**change(), "eventSourceARN": TABLE_ARN.replace("notes-dev", "orders")}]}, "i")
    consumers({"Records": [message("m1", eventSourceARN=QUEUE_ARN.replace("orders-dev", "orders"))]}, "i")
    consumers({"consumer": "orders", "event": {"id": "1"}}, "i")
    assert [type(record) for r in (on_table, on_queue, on_bus) for record in r.processed] == [
        *(StreamRecord, Message, Event)
    ]


def test_poison_message_fails_alone(capsys: pytest.CaptureFixture[str]) -> None:
    operation = Recorder("m2")
    assert process(operation, *map(message, ("m1", "m2", "m3"))) == ["m2"]
    assert [record.id for record in operation.processed] == ["m1", "m3"]
    failure, invocation = map(json.loads, capsys.readouterr().out.splitlines())
    expected = {"level": "ERROR", "message": "record failed", "id": "m2", "error": "ValueError"}
    assert {name: failure[name] for name in expected} == expected
    assert "cannot process m2" in failure["trace"]
    assert (invocation["records"], invocation["failed"], invocation["FailedRecords"]) == (3, 1, 1)


def test_later_messages_of_the_group_fail_with_a_failed_message() -> None:
    operation = Recorder("a2")
    messages = [message(identifier, group=identifier[0]) for identifier in ("a1", "b1", "a2", "a3", "b2")]
    assert process(operation, *messages, name=f"{QUEUE_URL}.fifo") == ["a2", "a3"]
    assert [record.id for record in operation.processed] == ["a1", "b1", "b2"]


def test_later_changes_of_the_shard_fail_with_a_failed_change() -> None:
    operation = Recorder("e2")
    assert process(operation, *map(change, (1, 2, 3)), name="notes-dev") == ["200", "300"]
    assert [record.id for record in operation.processed] == ["e1"]


@pytest.mark.parametrize(
    ("name", "raw"), [("consumer:uploads", object_event()), (TOPIC_ARN, notification())], ids=["bucket", "topic"]
)
def test_error_is_raised_for_a_source_without_partial_failures(name: str, raw: dict[str, Any]) -> None:
    def fail(_: Any) -> None:
        raise ValueError("not today")

    with pytest.raises(ValueError, match="not today"):
        process(fail, raw, name=name)


def test_batch_operation_returns_the_failed_records() -> None:
    batches: list[list[Message]] = []

    def operation(messages: list[Message]) -> list[Message]:
        batches.append(messages)
        return [record for record in messages if record.body == "m2"]

    assert process(operation, *map(message, ("m1", "m2")), batch=True) == ["m2"]
    assert [[record.id for record in batch] for batch in batches] == [["m1", "m2"]]


@pytest.mark.parametrize(
    ("returned", "failed"),
    [
        (lambda messages: None, []),
        (lambda messages: [], []),
        (lambda messages: (message for message in messages[1:2]), ["m2"]),
        (lambda messages: [messages[0], messages[0]], ["m1"]),
    ],
)
def test_failed_records_of_a_batch_are_reported_once(returned: Any, failed: list[str]) -> None:
    assert process(returned, *map(message, ("m1", "m2")), batch=True) == failed


@pytest.mark.parametrize(
    ("returned", "kind"),
    [
        (lambda messages: False, "bool"),
        (lambda messages: "m1", "str"),
        (lambda messages: [messages[0].id], "str"),
        (lambda messages: messages[0], "dict"),
        (lambda messages: {"batchItemFailures": [{"itemIdentifier": "m1"}]}, "dict"),
        (lambda messages: [None], "NoneType"),
        (lambda messages: [Message(message("m1"))], "Message"),
    ],
)
def test_batch_operation_that_returns_anything_else_fails(returned: Any, kind: str) -> None:
    with pytest.raises(TypeError, match=f"<lambda> must return a list of received records, or None, got {kind}"):
        process(returned, *map(message, ("m1", "m2")), batch=True)


def test_later_messages_of_the_group_fail_with_a_failed_message_of_a_batch() -> None:
    messages = [message("a1", "a"), message("b1", "b"), message("a2", "a"), message("b2", "b")]
    name = f"{QUEUE_URL}.fifo"
    assert process(lambda records: [records[1]], *messages, name=name, batch=True) == ["b1", "b2"]


def test_batch_with_failed_records_of_a_source_without_partial_failures_is_an_error() -> None:
    with pytest.raises(RuntimeError, match=r"^1 of 1 records failed\.$"):
        process(list, notification(), name=TOPIC_ARN, batch=True)
