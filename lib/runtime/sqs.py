"""An SQS client."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from .http_client import Client


class Sqs(Client):
    """An SQS client with retries. A message whose first attempt got no response can be in the queue twice."""

    def __init__(self) -> None:
        super().__init__("sqs", "AmazonSQS")

    def send(
        self,
        queue_url: str,
        body: str,
        *,
        attributes: Mapping[str, str] = MappingProxyType({}),
        delay_seconds: int | None = None,
        group_id: str = "",
        deduplication_id: str = "",
    ) -> str:
        """Send a message and return its ID. Raise `AwsError` if SQS does not accept it.

        `delay_seconds` overrides the delay of a standard queue. `group_id` is required for a FIFO queue, and so is
        `deduplication_id` unless the queue deduplicates by content.
        """
        optional: dict[str, Any] = {
            "MessageAttributes": {
                name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()
            },
            "DelaySeconds": delay_seconds,
            "MessageGroupId": group_id,
            "MessageDeduplicationId": deduplication_id,
        }
        request = {name: value for name, value in optional.items() if value or value == 0}
        response = self.call("SendMessage", {"QueueUrl": queue_url, "MessageBody": body, **request})
        return str(response["MessageId"])
