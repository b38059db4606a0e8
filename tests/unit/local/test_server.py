"""Corrections of MiniStack in the server process."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from lib.local.server.buckets import with_buckets
from lib.local.server.functions import event_dispatcher
from lib.local.server.rest_apis import with_all_media_types, with_matching_models
from lib.local.server.streams import with_stream_retries


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, {"application/json": "Order"}),
        ({"content-type": "Application/JSON; charset=utf-8"}, {"application/json": "Order"}),
        ({"content-type": "application/x-www-form-urlencoded"}, {}),
    ],
)
def test_body_is_validated_only_with_the_model_for_its_type(headers: dict[str, str], expected: Any) -> None:
    received: list[Any] = []

    def find_error(*arguments: Any) -> str:
        received.append(arguments)
        return "error"

    check = with_matching_models(find_error)
    method = {"requestModels": {"application/json": "Order"}, "requestValidatorId": "v"}
    assert check(method, "api", "request", headers, b"{}", {}) == "error"
    assert received == [({**method, "requestModels": expected}, "api", "request", headers, b"{}", {})]
    check({}, "api", "request", headers, b"", {})
    assert received[1][0] == {"requestModels": {}}


@pytest.mark.parametrize(
    ("media_type", "binary", "expected"),
    [
        ("", ["image/png", "*/*"], True),
        ("image/png", ["image/png"], True),
        ("", ["image/png"], False),
        ("", None, False),
    ],
)
def test_every_body_is_binary_if_all_media_types_are(media_type: str, binary: Any, expected: bool) -> None:
    is_binary = with_all_media_types(lambda sent, types: sent in (types or ()))
    assert is_binary(media_type, binary) == expected


@pytest.mark.parametrize(
    ("path", "headers", "expected"),
    [
        ("/tasks-files/1.png", {}, "s3"),
        ("/tasks-files", {}, "s3"),
        ("/tasks", {}, "ecs"),
        ("/tasks-files/1.png", {"authorization": "AWS4-HMAC-SHA256 ..."}, "ecs"),
        ("/tasks-files/1.png", {"x-amz-target": "Ecs.ListTasks"}, "ecs"),
    ],
)
def test_request_without_a_service_to_a_bucket_is_for_s3(path: str, headers: dict[str, str], expected: str) -> None:
    detect = with_buckets(lambda *_: "ecs", lambda name: name == "tasks-files")
    assert detect("PUT", path, headers, {}) == expected


STREAM = "arn:aws:dynamodb:us-east-1:0:table/orders/stream/1"
FUNCTION = {"config": {"FunctionName": "worker"}}


def stream_event(numbers: str) -> dict[str, Any]:
    return {"Records": [{"eventSourceARN": STREAM, "dynamodb": {"SequenceNumber": number}} for number in numbers]}


def numbers_of(records: list[dict[str, Any]]) -> str:
    return "".join(record["dynamodb"]["SequenceNumber"] for record in records)


def reported(*failures: str) -> dict[str, Any]:
    return {"body": json.dumps({"batchItemFailures": [{"itemIdentifier": number} for number in failures]})}


def failing(number: str, times: int, result: Callable[..., dict[str, Any]] = reported) -> Callable[..., dict[str, Any]]:
    """Return a function that fails for a record a number of times."""
    remaining = [number] * times

    def execute(_: Any, event: dict[str, Any]) -> dict[str, Any]:
        fails = number in numbers_of(event["Records"]) and bool(remaining)
        return result(remaining.pop()) if fails else {"body": None}

    return execute


def crash(_: str) -> dict[str, Any]:
    return {"error": True, "body": {"errorMessage": "Task timed out"}}


@pytest.mark.parametrize(
    ("execute", "deliveries", "discarded"),
    [
        (failing("2", 0), ["123"], []),
        (failing("2", 1), ["123", "23"], []),
        (failing("2", 2), ["123", "23", "23"], []),
        (failing("2", 9), ["123", "23", "23", "3"], ["2"]),
        (failing("3", 9), ["123", "3", "3"], ["3"]),
        (failing("3", 1, crash), ["123", "123"], []),
        (failing("1", 3, crash), ["123", "123", "123", "23"], ["1"]),
    ],
    ids=["none", "once", "twice", "always", "last record", "crash", "repeated crash"],
)
def test_failed_records_of_a_stream_are_delivered_again(
    execute: Callable[..., dict[str, Any]], deliveries: list[str], discarded: list[str]
) -> None:
    delivered: list[str] = []
    moved: list[str] = []

    def record_delivery(function: Any, event: dict[str, Any]) -> dict[str, Any]:
        delivered.append(numbers_of(event["Records"]))
        return execute(function, event)

    def discard(_mapping: Any, _function: Any, records: list[dict[str, Any]], *reason: Any) -> None:
        assert (reason[0], reason[-1]) == (STREAM, "RetryAttemptsExhausted")
        moved.append(numbers_of(records))

    invoke = with_stream_retries(record_delivery, lambda *_: {"MaximumRetryAttempts": 2}, discard, seconds=0)
    result = invoke(FUNCTION, stream_event("123"))
    assert (delivered, moved, result.get("error")) == (deliveries, discarded, False)


@pytest.mark.parametrize(
    "event", [{"Records": []}, {"Records": [{"eventSource": "aws:s3"}]}, {"schedule": "daily"}, []]
)
def test_other_invocations_have_no_retries(event: Any) -> None:
    invoke = with_stream_retries(lambda *_: {"error": True}, lambda *_: pytest.fail("not a stream"), pytest.fail)
    assert invoke(FUNCTION, event) == {"error": True}


def test_stream_without_a_mapping_has_no_retries() -> None:
    searched: list[tuple[str, str]] = []
    invoke = with_stream_retries(lambda *_: {"error": True}, lambda *names: searched.append(names), pytest.fail)
    assert invoke(FUNCTION, stream_event("1")) == {"error": True}
    assert searched == [("worker", STREAM)]


def test_event_invokes_the_function_of_its_target() -> None:
    functions = {"worker": ("worker", {"version": 1}, "worker"), "deleted": (None, None, "deleted")}
    invoked: list[Any] = []
    dispatch = event_dispatcher(functions.__getitem__, lambda *record: record, lambda *call: invoked.append(call))
    dispatch("worker", '{"consumer": "placed"}')
    dispatch("deleted", "{}")
    assert invoked == [(("worker", {"version": 1}), {"consumer": "placed"})]
