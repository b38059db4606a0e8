"""Publishing to a topic: SNS speaks AWS's older query protocol, forms in and XML out."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import urlencode

from .aws import AwsError, Client, Message

VERSION = "2010-03-31"


class Sns(Client):
    """One attempt a call: what could not be published is kept, and published by the next sweep."""

    def __init__(self) -> None:
        super().__init__("sns", pauses=())
        self._content_type = "application/x-www-form-urlencoded"

    def publish(
        self, topic_arn: str, subject: str, message: dict[str, Any], email: str, *, correlation_id: str
    ) -> None:
        """Tell subscribers `message`, and those by e-mail `email`; `subject` is ASCII, at most 100 characters.

        `correlation_id`, which must not be empty, goes with it as an attribute.
        """
        document = json.dumps(message, ensure_ascii=False)
        texts = json.dumps({"default": document, "email": email}, ensure_ascii=False)
        request = {
            "TopicArn": topic_arn,
            "Subject": subject,
            "Message": texts,
            "MessageStructure": "json",
            "MessageAttributes.entry.1.Name": "correlationId",
            "MessageAttributes.entry.1.Value.DataType": "String",
            "MessageAttributes.entry.1.Value.StringValue": correlation_id,
        }
        self.call("Publish", request)

    def _message(self, operation: str, request: dict[str, Any]) -> Message:
        return Message({}, urlencode({"Action": operation, "Version": VERSION, **request}).encode())

    def _understood(self, status: int, answer: bytes) -> dict[str, Any]:
        if status == 200:
            return {}
        text = answer.decode(errors="replace")
        code, message = (re.search(f"<{name}>(.*?)</{name}>", text, re.DOTALL) for name in ("Code", "Message"))
        raise AwsError(
            code[1] if code else f"HTTP{status}", message[1] if message else "", status, {}, ambiguous=status >= 500
        )
