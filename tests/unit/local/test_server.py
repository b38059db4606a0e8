"""Corrections of MiniStack in the server process."""

from __future__ import annotations

from typing import Any

import pytest

from lib.local.server import with_all_media_types, with_buckets, with_matching_models


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
