"""The handler's frame: what it hands to operations, and what becomes of their answers."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from lib.runtime import logging
from lib.runtime.event_handler import Api, Request, Response, Route
from lib.runtime.http_client import AwsError

from ...support.lambda_context import Context


def anything(_value: Any, name_prefix: str) -> None:
    """Find nothing wrong."""
    assert name_prefix in ("body", "query")


def answered(response: Response | None = None, **event: Any) -> tuple[Any, list[Request]]:
    """What an API of one route answers, and what its operation was given."""
    given: list[Request] = []

    def operation(request: Request) -> Response:
        given.append(request)
        return response or Response(200, "{}")

    api = Api(
        {("POST", "/a/{b}"): Route(operation, anything, anything, {"n": "integer", "b": "boolean", "d": "number"})},
        {},
        "",
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
    assert line == {
        "level": "INFO",
        "message": "stream",
        "correlationId": "invocation-1",
        "table": "notes-dev",
        "records": 3,
    }


def test_a_run_that_fails_fails_for_lambda_to_try_again() -> None:
    def fail(_: Any) -> None:
        raise ValueError("not today")

    with pytest.raises(ValueError, match="not today"):
        Api({}, {}, "", {"notes-dev": fail})({"Records": [record("a")]}, Context())


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """What was logged since the last look."""
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


@pytest.mark.parametrize(
    "event",
    [{"schedule": "sweep"}, {"Records": [record("a")]}, {"httpMethod": "GET", "resource": "/", "requestContext": {}}],
    ids=["schedule", "stream", "request"],
)
def test_every_line_of_an_invocation_carries_its_correlation_id_whatever_fails(
    capsys: pytest.CaptureFixture[str], event: dict[str, Any]
) -> None:
    def fail(*_: Any) -> Any:
        logging.write("WARN", "about to fail")
        raise ValueError("not today")

    wanted = "invocation-1"
    if "requestContext" in event:
        event, wanted = {**event, "requestContext": {"requestId": "r"}}, "r"
    api = Api({("GET", "/"): Route(fail, None, anything, {})}, {"sweep": fail}, "", {"notes-dev": fail})
    with pytest.raises(ValueError, match="not today"):
        api(event, Context())
    told = lines(capsys)
    assert [line["message"] for line in told[:2]] == ["about to fail", "unhandled"]
    assert "not today" in told[1]["trace"]
    assert [line["correlationId"] for line in told] == [wanted] * 3


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        ("cart-7", True),
        ("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", True),
        ("Root=1-67891233-abcdef012345678912345678", True),
        ("a" * 128, True),
        ("a" * 129, False),
        ("", False),
        ("ann@example.com", False),
        ("two words", False),
        ("line\n", False),
        ("größer", False),
        ('"', False),
    ],
)
def test_a_callers_correlation_id_is_taken_if_it_is_safe_and_else_the_requests_stands_for_it(
    capsys: pytest.CaptureFixture[str], given: str, taken: bool
) -> None:
    answer, _ = answered(headers={"X-CORRELATION-ID": given})
    wanted = given if taken else "r"
    (line,) = lines(capsys)
    assert (answer["headers"]["X-Correlation-Id"], answer["headers"]["X-Request-Id"]) == (wanted, "r")
    assert (line["correlationId"], line["requestId"], line["status"]) == (wanted, "r", 200)


def test_without_a_correlation_id_it_is_the_requests_on_a_refusal_too(capsys: pytest.CaptureFixture[str]) -> None:
    answer, _ = answered(body="{")
    assert (answer["statusCode"], answer["headers"]["X-Correlation-Id"]) == (400, "r")
    assert lines(capsys)[0]["correlationId"] == "r"


CLAIMS = {"sub": "0b5e", "token_use": "id", "email": "ann@example.com"}
ROLE = "arn:aws:sts::123456789012:assumed-role/buyer"
ARN = f"{ROLE}/session"
USER = "arn:aws:iam::123456789012:user/shop/ann"


@pytest.mark.parametrize(
    ("context", "actor", "owner"),
    [
        ({}, "anonymous", ""),
        ({"authorizer": None, "identity": None}, "anonymous", ""),
        ({"authorizer": {}, "identity": {"apiKeyId": None}}, "anonymous", ""),
        ({"identity": {"apiKeyId": "key-1"}}, "key-1", ""),
        ({"identity": {"apiKeyId": "key-1", "userArn": ARN, "caller": "AROA:session"}}, ARN, ROLE),
        ({"identity": {"apiKeyId": "key-1", "userArn": None, "caller": "AROA:session"}}, "AROA:session", ""),
        ({"identity": {"userArn": USER}}, USER, USER),
        ({"identity": {"apiKeyId": "key-1"}, "authorizer": {"principalId": "ann"}}, "ann", "ann"),
        ({"identity": {"apiKeyId": "key-1"}, "authorizer": {"claims": CLAIMS}}, "0b5e", "0b5e"),
        ({"authorizer": {"claims": {**CLAIMS, "cognito:username": "ann"}}}, "ann", "ann"),
        ({"authorizer": {"claims": {"sub": "0b5e", "username": "ann", "client_id": "app"}}}, "ann", "ann"),
        ({"authorizer": {"claims": {"client_id": "app", "scope": "stock/write"}}}, "app", "app"),
        ({"authorizer": {"claims": "anything", "principalId": "ann"}}, "ann", "ann"),
    ],
)
def test_who_calls_is_told_as_exactly_as_it_is_known(
    capsys: pytest.CaptureFixture[str], context: dict[str, Any], actor: str, owner: str
) -> None:
    _, (request,) = answered(requestContext={"requestId": "r", **context})
    assert (request.actor, request.owner) == (actor, owner)
    (line,) = lines(capsys)
    assert line.keys() == {"level", "message", "correlationId", "requestId", "route", "status", "durationMs"}


def failing(error: Exception) -> Api:
    """An API whose routes, schedule and consumer all fail in the same way."""

    def fail(*_: Any) -> Any:
        raise error

    route = Route(fail, None, anything, {})
    return Api({("GET", "/a"): route, ("POST", "/a"): route}, {"sweep": fail}, "*", {"notes-dev": fail})


def requested(method: str) -> dict[str, Any]:
    """A request of a route of `failing`."""
    return {"resource": "/a", "httpMethod": method, "requestContext": {"requestId": "r"}}


NO_RESPONSE = AwsError("NoAnswer", "TimeoutError: timed out", 0, {}, ambiguous=True)
OUTAGES = [
    NO_RESPONSE,
    AwsError("InternalServerError", "oops", 500, {}),
    AwsError("ThrottlingException", "slow down", 400, {}, ambiguous=True),
]


@pytest.mark.parametrize("error", OUTAGES, ids=str)
@pytest.mark.parametrize(
    ("method", "advice"),
    [("GET", "did not respond in time; send the request again"), ("POST", "the request might have been executed")],
)
def test_a_request_that_aws_did_not_respond_to_in_time_is_a_503_with_the_time_to_repeat_it(
    capsys: pytest.CaptureFixture[str], error: AwsError, method: str, advice: str
) -> None:
    answer = failing(error)(requested(method), Context())
    body = json.loads(answer["body"])
    assert (answer["statusCode"], answer["headers"]["Retry-After"]) == (503, "2")
    assert (body["code"], body["requestId"], body["details"]) == ("SERVICE_UNAVAILABLE", "r", [])
    assert advice in body["error"]
    assert "Retry-After" in answer["headers"]["Access-Control-Expose-Headers"].split(",")
    trouble, last = lines(capsys)
    assert (trouble["level"], trouble["message"], trouble["error"]) == ("ERROR", "unavailable", str(error))
    assert "AwsError" in trouble["trace"]
    assert (trouble["status"], last["status"]) == (503, 503)


def test_what_aws_rejects_for_good_fails_for_the_alarm_to_count() -> None:
    with pytest.raises(AwsError, match="AccessDenied"):
        failing(AwsError("AccessDeniedException", "no", 400, {}))(requested("GET"), Context())


@pytest.mark.parametrize("event", [{"schedule": "sweep"}, {"Records": [record("a")]}], ids=["schedule", "stream"])
def test_a_run_without_a_caller_that_aws_did_not_respond_to_fails_so_that_it_is_retried(event: dict[str, Any]) -> None:
    with pytest.raises(AwsError, match="timed out"):
        failing(NO_RESPONSE)(event, Context())


GROUP = "items-dev"
IN_GROUP = "this user is not a member of the group items-dev"


def status_for(monkeypatch: pytest.MonkeyPatch, authorizer: Any, group: str = GROUP) -> int:
    """Return the status of the response to a caller with an authorizer context, in an API for a group of users."""
    monkeypatch.setenv("USER_POOL_GROUP", group)
    answer, _ = answered(requestContext={"requestId": "r", "authorizer": authorizer})
    return int(answer["statusCode"])


def user(groups: str | None) -> dict[str, Any]:
    """Return the authorizer context of a user in some groups, as the claim spells them."""
    claims = {"sub": "0b5e", "client_id": "app", "username": "ann"}
    return {"claims": claims if groups is None else {**claims, "cognito:groups": groups}}


@pytest.mark.parametrize(
    "groups", ["items-dev", "staff,items-dev", "items-dev,staff", "[staff items-dev]", "[items-dev]"]
)
def test_member_of_the_group_can_call(monkeypatch: pytest.MonkeyPatch, groups: str) -> None:
    assert status_for(monkeypatch, user(groups)) == 200


@pytest.mark.parametrize("groups", [None, "", "staff", "items-dev-readers", "staff,xitems-dev", "Items-dev", "[staff]"])
def test_user_outside_of_the_group_is_rejected(monkeypatch: pytest.MonkeyPatch, groups: str | None) -> None:
    assert status_for(monkeypatch, user(groups)) == 403


def test_error_names_the_group_and_the_operation_is_not_called(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("USER_POOL_GROUP", GROUP)
    answer, requests = answered(requestContext={"requestId": "r", "authorizer": user("staff")}, body="no JSON")
    assert json.loads(answer["body"]) == {"error": IN_GROUP, "code": "FORBIDDEN", "requestId": "r", "details": []}
    assert not requests


@pytest.mark.parametrize(
    ("authorizer", "status"),
    [
        ({"claims": {"sub": "app", "client_id": "app", "scope": "items-dev/read"}}, 200),
        ({"claims": {"username": "ann"}}, 403),
        ({"claims": {}}, 403),
        ({"principalId": "ann"}, 200),
        (None, 200),
    ],
)
def test_group_is_required_of_users_of_the_pool_alone(
    monkeypatch: pytest.MonkeyPatch, authorizer: Any, status: int
) -> None:
    assert status_for(monkeypatch, authorizer) == status


@pytest.mark.parametrize("group", ["", None])
def test_without_a_group_every_user_of_the_pool_can_call(monkeypatch: pytest.MonkeyPatch, group: str | None) -> None:
    monkeypatch.delenv("USER_POOL_GROUP", raising=False)
    if group is not None:
        monkeypatch.setenv("USER_POOL_GROUP", group)
    answer, _ = answered(requestContext={"requestId": "r", "authorizer": user(None)})
    assert answer["statusCode"] == 200
