"""The handler's frame: what it hands to operations, and what becomes of their answers."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from lib.runtime.api import Api, Request, Response, Route

from ..lambda_context import Context


def anything(_value: Any, name_prefix: str) -> None:
    """Find nothing wrong."""
    assert name_prefix in ("body", "query")


def answered(cors_origin: str = "", response: Response | None = None, **event: Any) -> tuple[Any, list[Request]]:
    """What an API of one route answers, and what its operation was given."""
    given: list[Request] = []

    def operation(request: Request) -> Response:
        given.append(request)
        return response or Response(200, "{}")

    api = Api(
        {("POST", "/a/{b}"): Route(operation, anything, anything, {"n": "integer", "b": "boolean", "d": "number"})},
        {},
        cors_origin,
    )
    whole = {"resource": "/a/{b}", "httpMethod": "POST", "body": "{}", "requestContext": {"requestId": "r"}, **event}
    return api(whole, Context()), given


def test_an_operation_is_given_what_was_sent() -> None:
    _, (request,) = answered(
        body='{"x": 1.5}',
        pathParameters={"b": "c%20d"},
        multiValueQueryStringParameters={"n": ["7"], "s": ["7"], "b": ["true"], "d": ["1.5"]},
        headers={"X-Thing": "yes"},
    )
    assert (request.route, request.path) == ("POST /a/{b}", {"b": "c d"})
    assert request.query == {"n": 7, "s": "7", "b": True, "d": Decimal("1.5")}
    assert str(request.body["x"]) == "1.5"
    assert request.headers["x-thing"] == "yes"
    assert request.actor == "anonymous"


def test_an_operations_headers_come_on_top() -> None:
    answer, _ = answered(response=Response(202, "", {"Content-Type": "text/plain"}))
    assert (answer["statusCode"], answer["headers"]["Content-Type"]) == (202, "text/plain")


def test_without_an_origin_no_page_is_let_in() -> None:
    answer, _ = answered(cors_origin="")
    assert not any(name.startswith("Access-Control") for name in answer["headers"])


def test_a_schedule_runs_its_operation() -> None:
    ran: list[str] = []
    api = Api({}, {"sweep": lambda: ran.append("sweep"), "other": lambda: ran.append("other")}, "")
    api({"schedule": "sweep"}, Context())
    assert ran == ["sweep"]


def record(identifier: str) -> dict[str, Any]:
    """What Lambda is told of a row that changed."""
    arn = "arn:aws:dynamodb:us-east-1:123456789012:table/notes-dev/stream/2026-01-01T00:00:00.000"
    return {"eventSourceARN": arn, "eventName": "INSERT", "dynamodb": {"Keys": {"id": {"S": identifier}}}}


def test_changes_of_a_table_run_what_they_are_for(capsys: pytest.CaptureFixture[str]) -> None:
    ran: list[Any] = []
    api = Api({}, {}, "", {"parcels-dev": lambda keys: ran.append("parcels"), "notes-dev": ran.append})
    assert not api({"Records": [record("a"), record("b"), record("a")]}, Context())
    assert ran == [[{"id": {"S": "a"}}, {"id": {"S": "b"}}]]
    line = json.loads(capsys.readouterr().out)
    assert line.pop("durationMs") >= 0
    assert line == {"level": "INFO", "message": "stream", "table": "notes-dev", "records": 3}


def test_a_run_that_fails_fails_for_lambda_to_try_again() -> None:
    def fail(_: Any) -> None:
        raise ValueError("not today")

    with pytest.raises(ValueError, match="not today"):
        Api({}, {}, "", {"notes-dev": fail})({"Records": [record("a")]}, Context())
