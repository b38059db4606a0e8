"""An SNS client. SNS uses the query protocol of AWS, with form parameters and XML responses."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple
from urllib.parse import urlencode

from .http_client import BACKOFF_SECONDS, NO_RESPONSE, AwsError, Client, HttpRequest

VERSION = "2010-03-31"
MAX_ENTRIES = 10
"""Maximum number of entries of one PublishBatch request."""
MAX_BATCH_BYTES = 262_144
"""Maximum size of a PublishBatch request, with the messages and attributes of all entries."""


class Notification(NamedTuple):
    """A message to `publish_batch`, with a text for email. A received message is a `records.Notification`."""

    subject: str
    """ASCII, at most 100 characters."""
    message: dict[str, Any]
    """JSON message for all protocols except email."""
    email: str
    """Message for email subscribers."""
    correlation_id: str
    """Message attribute. It must not be empty."""

    def fields(self) -> dict[str, str]:
        """Return the parameters of a PublishBatch entry."""
        document = json.dumps(self.message, ensure_ascii=False)
        return {
            "Subject": self.subject,
            "Message": json.dumps({"default": document, "email": self.email}, ensure_ascii=False),
            "MessageStructure": "json",
            "MessageAttributes.entry.1.Name": "correlationId",
            "MessageAttributes.entry.1.Value.DataType": "String",
            "MessageAttributes.entry.1.Value.StringValue": self.correlation_id,
        }


class Sns(Client):
    """An SNS client. With retries, a message whose first attempt got no response can be published twice."""

    def __init__(self, *, retries: bool = True) -> None:
        """`retries` is False for an outbox, whose scheduled job publishes unpublished notifications again."""
        super().__init__("sns", backoff=BACKOFF_SECONDS if retries else ())
        self._content_type = "application/x-www-form-urlencoded"

    def publish(
        self,
        topic_arn: str,
        message: str,
        *,
        subject: str = "",
        attributes: Mapping[str, str] = MappingProxyType({}),
        group_id: str = "",
        deduplication_id: str = "",
    ) -> str:
        """Publish a message and return its ID. Raise `AwsError` if SNS does not accept it.

        `subject` is the subject of emails: ASCII, at most 100 characters. Filter policies of subscriptions compare
        `attributes`. `group_id` is required for a FIFO topic, and so is `deduplication_id` unless the topic
        deduplicates by content.
        """
        optional = {"Subject": subject, "MessageGroupId": group_id, "MessageDeduplicationId": deduplication_id}
        for number, (name, value) in enumerate(attributes.items(), 1):
            prefix = f"MessageAttributes.entry.{number}"
            optional.update({f"{prefix}.Name": name, f"{prefix}.Value.DataType": "String"})
            optional[f"{prefix}.Value.StringValue"] = value
        fields = {name: value for name, value in optional.items() if value}
        response = self.call("Publish", {"TopicArn": topic_arn, "Message": message, **fields})
        return _element(response["xml"], "MessageId")

    def publish_batch(self, topic_arn: str, notifications: list[Notification]) -> dict[int, AwsError]:
        """Publish notifications with the minimum number of calls.

        Return the errors of the notifications that SNS did not accept, by position. The error of a failed call applies
        to all its notifications.
        """
        errors: dict[int, AwsError] = {}
        for batch in _batches([notification.fields() for notification in notifications]):
            entries = {
                f"PublishBatchRequestEntries.member.{number}.{name}": value
                for number, (position, fields) in enumerate(batch.items(), 1)
                for name, value in {"Id": str(position), **fields}.items()
            }
            try:
                xml = self.call("PublishBatch", {"TopicArn": topic_arn, **entries})["xml"]
            except AwsError as exc:
                errors.update(dict.fromkeys(batch, exc))
                continue
            accepted, failed = _entries(xml, "Successful"), _entries(xml, "Failed")
            for position in batch:
                if str(position) not in accepted:
                    entry = failed.get(str(position), "")
                    code = _element(entry, "Code") or NO_RESPONSE
                    errors[position] = AwsError(code, _element(entry, "Message"), 200, {})
        return errors

    def _to_http(self, operation: str, request: dict[str, Any]) -> HttpRequest:
        return HttpRequest({}, urlencode({"Action": operation, "Version": VERSION, **request}).encode())

    def _parse(self, status: int, raw: bytes) -> dict[str, Any]:
        xml = raw.decode(errors="replace")
        if status == 200:
            return {"xml": xml}
        code = _element(xml, "Code") or f"HTTP{status}"
        raise AwsError(code, _element(xml, "Message"), status, {}, ambiguous=status >= 500)


def _batches(entries: list[dict[str, str]]) -> Iterator[dict[int, dict[str, str]]]:
    """Split entries into batches within the limits of SNS. The keys of a batch are the positions of its entries."""
    batch: dict[int, dict[str, str]] = {}
    total = 0
    for position, fields in enumerate(entries):
        size = sum(len(value.encode()) for value in fields.values())
        if batch and (len(batch) == MAX_ENTRIES or total + size > MAX_BATCH_BYTES):
            yield batch
            batch, total = {}, 0
        batch[position] = fields
        total += size
    if batch:
        yield batch


def _entries(xml: str, name: str) -> dict[str, str]:
    """Return the entries of a list in a response, by ID."""
    members = re.findall("<member>(.*?)</member>", _element(xml, name), re.DOTALL)
    return {_element(member, "Id"): member for member in members}


def _element(xml: str, name: str) -> str:
    match = re.search(f"<{name}>(.*?)</{name}>", xml, re.DOTALL)
    return match[1] if match else ""
