"""Publishing to a topic: SNS speaks AWS's older query protocol, forms in and XML out."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import urlencode

from .http_client import AwsError, Client, Message

VERSION = "2010-03-31"
MAX_ENTRIES = 10
"""Maximum number of entries of one PublishBatch request."""
MAX_BATCH_BYTES = 262_144
"""Maximum size of a PublishBatch request: messages and attributes of all entries."""


class Notification(NamedTuple):
    """A message to the subscribers of a topic."""

    subject: str
    """ASCII, at most 100 characters."""
    message: dict[str, Any]
    """For all subscribers except email addresses; sent as JSON."""
    email: str
    """For email addresses."""
    correlation_id: str
    """Sent as a message attribute; not empty."""

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
    """One attempt a call: what could not be published is kept, and published by the next sweep."""

    def __init__(self) -> None:
        super().__init__("sns", pauses=())
        self._content_type = "application/x-www-form-urlencoded"

    def publish_batch(self, topic_arn: str, notifications: list[Notification]) -> dict[int, AwsError]:
        """Publish notifications in as few calls as SNS allows.

        Return the error of each one that SNS did not accept, by its position. If a call fails, none of its
        notifications counts as accepted.
        """
        errors: dict[int, AwsError] = {}
        for batch in _batches([notification.fields() for notification in notifications]):
            entries = {
                f"PublishBatchRequestEntries.member.{number}.{name}": value
                for number, (position, fields) in enumerate(batch.items(), 1)
                for name, value in {"Id": str(position), **fields}.items()
            }
            try:
                answer = self.call("PublishBatch", {"TopicArn": topic_arn, **entries})
            except AwsError as exc:
                errors.update(dict.fromkeys(batch, exc))
                continue
            accepted, failed = _entries(answer["text"], "Successful"), _entries(answer["text"], "Failed")
            for position in batch:
                if str(position) not in accepted:
                    entry = failed.get(str(position), "")
                    errors[position] = AwsError(_value(entry, "Code") or "NoAnswer", _value(entry, "Message"), 200, {})
        return errors

    def _message(self, operation: str, request: dict[str, Any]) -> Message:
        return Message({}, urlencode({"Action": operation, "Version": VERSION, **request}).encode())

    def _understood(self, status: int, answer: bytes) -> dict[str, Any]:
        text = answer.decode(errors="replace")
        if status == 200:
            return {"text": text}
        raise AwsError(
            _value(text, "Code") or f"HTTP{status}", _value(text, "Message"), status, {}, ambiguous=status >= 500
        )


def _batches(entries: list[dict[str, str]]) -> Iterator[dict[int, dict[str, str]]]:
    """Split entries into batches that SNS accepts, each by the positions of its entries."""
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


def _entries(text: str, name: str) -> dict[str, str]:
    """Return the entries of a list in a response, by their ids."""
    members = re.findall("<member>(.*?)</member>", _value(text, name), re.DOTALL)
    return {_value(member, "Id"): member for member in members}


def _value(text: str, name: str) -> str:
    found = re.search(f"<{name}>(.*?)</{name}>", text, re.DOTALL)
    return found[1] if found else ""
