"""Triggers and dead letters of the emulated Lambda functions."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lib.local.server.functions import with_dead_letters
from lib.local.server.streams import mapping_finder

QUEUE, TOPIC = "arn:aws:sqs:us-east-1:000000000000:lost", "arn:aws:sns:us-east-1:000000000000:lost"


@pytest.mark.parametrize(
    ("body", "message"),
    [({"errorMessage": "e" * 2000}, "e" * 1024), ("timeout", "timeout"), ({}, "Unhandled"), ("", "Unhandled")],
)
def test_dead_letter_is_the_event_with_the_error_as_attributes(body: Any, message: str) -> None:
    sent: list[Any] = []
    routed: list[Any] = []
    route = with_dead_letters(lambda *arguments: routed.append(arguments), lambda *message: sent.append(message))
    route(QUEUE, "desk", {"a": 1}, {"body": body})
    request, queue = sent[0]
    assert (queue, request["QueueUrl"], json.loads(request["MessageBody"])) == ("lost", "lost", {"a": 1})
    attributes = request["MessageAttributes"]
    assert attributes["ErrorMessage"] == {"DataType": "String", "StringValue": message}
    assert attributes["ErrorCode"] == {"DataType": "Number", "StringValue": "200"}
    route(TOPIC, "desk", {"a": 1}, {"body": body})
    assert routed == [(TOPIC, "desk", {"a": 1}, {"body": body})]


def test_mapping_has_the_function_and_the_stream() -> None:
    mappings = [{"FunctionName": name, "EventSourceArn": arn} for name, arn in (("desk", "s1"), ("desk", "s2"))]
    find = mapping_finder(lambda: [("account", "region", mapping) for mapping in mappings])
    assert find("desk", "s2") is mappings[1]
    assert find("front", "s2") is None
