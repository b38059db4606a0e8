"""An EventBridge client."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from .http_client import AwsError, Client
from .response import to_number


class EventBridge(Client):
    """An EventBridge client with retries. An event whose first attempt got no response can be on the bus twice."""

    def __init__(self) -> None:
        super().__init__("events", "AWSEvents", "1.1")

    def put(self, bus: str, source: str, detail_type: str, detail: Mapping[str, Any]) -> str:
        """Put an event on a bus and return its ID. Raise `AwsError` if EventBridge does not accept it.

        `source` must not start with `aws.`. `detail` consists of JSON types and `Decimal`.
        """
        entry = {
            "EventBusName": bus,
            "Source": source,
            "DetailType": detail_type,
            "Detail": json.dumps(dict(detail), default=to_number, separators=(",", ":")),
        }
        return str(self.call("PutEvents", {"Entries": [entry]})["Entries"][0]["EventId"])

    def _parse(self, status: int, raw: bytes) -> dict[str, Any]:
        """Return the parsed body of a response. Raise `AwsError` also for a rejected event in a successful response."""
        response = super()._parse(status, raw)
        if response.get("FailedEntryCount"):
            entry = response["Entries"][0]
            status = 500 if entry["ErrorCode"].startswith("Internal") else 400
            raise AwsError(entry["ErrorCode"], entry.get("ErrorMessage", ""), status, response)
        return response
