"""Requests, responses, logs and errors of the event handler."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from lib.runtime import logging
from lib.runtime.event_handler import Api, Request, Response, Route
from lib.runtime.http_client import AwsError
from lib.runtime.records import Consumer, Consumers

from ...support.lambda_context import Context


def accept(_value: Any, name_prefix: str) -> None:
    """Accept every value, as the validator of a schema without constraints does."""
    assert name_prefix in ("body", "query")


def call_api(response: Response | None = None, **event: Any) -> tuple[Any, list[Request]]:
    """Send an event to an API with one route. Return the Lambda response and the requests that the operation
    received."""
    requests: list[Request] = []

    def operation(request: Request) -> Response:
        requests.append(request)
        return response or Response(200, "{}")

    api = Api(
        {("POST", "/a/{b}"): Route(operation, accept, accept, {"n": "integer", "b": "boolean", "d": "number"})},
        {},
        "",
    )
    defaults = {"resource": "/a/{b}", "httpMethod": "POST", "body": "{}", "requestContext": {"requestId": "r"}}
    return api({**defaults, **event}, Context()), requests


def test_operation_receives_parsed_parameters_headers_and_body() -> None:
    _, (request,) = call_api(
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


def test_headers_of_an_operation_override_the_defaults() -> None:
    received, _ = call_api(response=Response(202, "", {"Content-Type": "text/plain"}))
    assert (received["statusCode"], received["headers"]["Content-Type"]) == (202, "text/plain")


def test_operation_without_a_response_is_an_error() -> None:
    def respond(_: Request) -> Any:
        return {"statusCode": 200}

    api = Api({("GET", "/a"): Route(respond, None, accept, {})}, {}, "")
    event = {"resource": "/a", "httpMethod": "GET", "requestContext": {"requestId": "r"}}
    with pytest.raises(TypeError, match=r"^The operation of GET /a must return a Response, got dict\.$"):
        api(event, Context())


@pytest.mark.parametrize(
    ("response", "message"),
    [
        (
            Response(200, {"a": 1}),  # type: ignore[arg-type]  # the subject of the test
            r"^The response body of POST /a/{b} must be a string or bytes, got dict\. Use Response\.json for",
        ),
        (Response(204, None), "must be a string or bytes, got NoneType"),  # type: ignore[arg-type]  # also a subject
        (Response(200, bytearray(b"a")), "must be a string or bytes, got bytearray"),  # type: ignore[arg-type]
        (
            Response("200"),  # type: ignore[arg-type]  # also a subject
            r"^The response status of POST /a/{b} must be an integer from 200 to 599, got '200'\.$",
        ),
        (Response(700), "must be an integer from 200 to 599, got 700"),
    ],
)
def test_response_that_lambda_cannot_return_is_an_error(response: Response, message: str) -> None:
    with pytest.raises((TypeError, ValueError), match=message):
        call_api(response)


def test_schedule_runs_its_operation() -> None:
    ran: list[str] = []
    api = Api({}, {"clean-up": lambda: ran.append("clean-up"), "other": lambda: ran.append("other")}, "")
    api({"schedule": "clean-up"}, Context())
    assert ran == ["clean-up"]


def record(identifier: str) -> dict[str, Any]:
    """Return a stream record of an item."""
    arn = "arn:aws:dynamodb:us-east-1:123456789012:table/notes-dev/stream/2026-01-01T00:00:00.000"
    change = {"Keys": {"id": {"S": identifier}}, "SequenceNumber": identifier}
    return {"eventSource": "aws:dynamodb", "eventSourceARN": arn, "eventName": "INSERT", "dynamodb": change}


def test_records_run_the_operation_of_their_source(capsys: pytest.CaptureFixture[str]) -> None:
    ran: list[Any] = []
    consumers = {
        "parcels-dev": Consumer(lambda _: ran.append("parcels"), True),
        "notes-dev": Consumer(ran.append, True),
    }
    response = Api({}, {}, "", Consumers(consumers))({"Records": [record("a"), record("b")]}, Context())
    assert response == {"batchItemFailures": []}
    assert [[change.keys for change in batch] for batch in ran] == [[{"id": "a"}, {"id": "b"}]]
    line = json.loads(capsys.readouterr().out)
    assert line.pop("durationMs") >= 0
    assert line == {
        "level": "INFO",
        "message": "stream",
        "correlationId": "invocation-1",
        "source": "notes-dev",
        "records": 2,
    }


def test_error_of_a_batch_is_raised_for_lambda_to_retry() -> None:
    def fail(_: Any) -> None:
        raise ValueError("not today")

    consumers = Consumers({"notes-dev": Consumer(fail, True)})
    with pytest.raises(ValueError, match="not today"):
        Api({}, {}, "", consumers)({"Records": [record("a")]}, Context())


@pytest.mark.parametrize("event", [{"Records": [record("a")]}, {"consumer": "placed", "event": {}}])
def test_event_for_a_function_without_consumers_is_rejected(event: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=rf"^The function has no consumer .* fields {', '.join(event)}\.$"):
        Api({}, {}, "")(event, Context())


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """Return the log lines since the previous call."""
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


@pytest.mark.parametrize(
    "event",
    [
        {"schedule": "clean-up"},
        {"Records": [record("a")]},
        {"httpMethod": "GET", "resource": "/", "requestContext": {}},
    ],
    ids=["schedule", "stream", "request"],
)
def test_all_log_lines_of_a_failed_invocation_have_its_correlation_id(
    capsys: pytest.CaptureFixture[str], event: dict[str, Any]
) -> None:
    def fail(*_: Any) -> Any:
        logging.write("WARN", "about to fail")
        raise ValueError("not today")

    expected = "invocation-1"
    if "requestContext" in event:
        event, expected = {**event, "requestContext": {"requestId": "r"}}, "r"
    consumers = Consumers({"notes-dev": Consumer(fail, True)})
    api = Api({("GET", "/"): Route(fail, None, accept, {})}, {"clean-up": fail}, "", consumers)
    with pytest.raises(ValueError, match="not today"):
        api(event, Context())
    logged = lines(capsys)
    assert [line["message"] for line in logged[:2]] == ["about to fail", "unhandled"]
    assert "not today" in logged[1]["trace"]
    assert [line["correlationId"] for line in logged] == [expected] * 3


@pytest.mark.parametrize(
    ("sent", "is_accepted"),
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
def test_valid_request_header_sets_the_correlation_id(
    capsys: pytest.CaptureFixture[str], sent: str, is_accepted: bool
) -> None:
    received, _ = call_api(headers={"X-CORRELATION-ID": sent})
    expected = sent if is_accepted else "r"
    (line,) = lines(capsys)
    assert (received["headers"]["X-Correlation-Id"], received["headers"]["X-Request-Id"]) == (expected, "r")
    assert (line["correlationId"], line["requestId"], line["status"]) == (expected, "r", 200)


def test_default_correlation_id_is_the_request_id_also_in_errors(capsys: pytest.CaptureFixture[str]) -> None:
    received, _ = call_api(body="{")
    assert (received["statusCode"], received["headers"]["X-Correlation-Id"]) == (400, "r")
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
def test_actor_and_owner_are_the_most_specific_identities(
    capsys: pytest.CaptureFixture[str], context: dict[str, Any], actor: str, owner: str
) -> None:
    _, (request,) = call_api(requestContext={"requestId": "r", **context})
    assert (request.actor, request.owner) == (actor, owner)
    (line,) = lines(capsys)
    assert line.keys() == {"level", "message", "correlationId", "requestId", "route", "status", "durationMs"}


def failing(error: Exception) -> Api:
    """Return an API in which all operations raise the error."""

    def fail(*_: Any) -> Any:
        raise error

    route = Route(fail, None, accept, {})
    consumers = Consumers({"notes-dev": Consumer(fail, True)})
    return Api({("GET", "/a"): route, ("POST", "/a"): route}, {"clean-up": fail}, "*", consumers)


def request_event(method: str) -> dict[str, Any]:
    """Return a request to a route of `failing`."""
    return {"resource": "/a", "httpMethod": method, "requestContext": {"requestId": "r"}}


NO_RESPONSE = AwsError("NoResponse", "TimeoutError: timed out", 0, {}, ambiguous=True)
OUTAGES = [
    NO_RESPONSE,
    AwsError("InternalServerError", "oops", 500, {}),
    AwsError("ThrottlingException", "slow down", 400, {}, ambiguous=True),
]


@pytest.mark.parametrize("error", OUTAGES, ids=str)
@pytest.mark.parametrize(
    ("method", "remedy"),
    [("GET", "did not respond in time. Send the request again."), ("POST", "The request might have been executed: ")],
)
def test_retryable_aws_error_is_a_503_with_retry_after(
    capsys: pytest.CaptureFixture[str], error: AwsError, method: str, remedy: str
) -> None:
    received = failing(error)(request_event(method), Context())
    body = json.loads(received["body"])
    assert (received["statusCode"], received["headers"]["Retry-After"]) == (503, "2")
    assert (body["code"], body["requestId"], body["details"]) == ("SERVICE_UNAVAILABLE", "r", [])
    assert remedy in body["error"]
    assert "Retry-After" in received["headers"]["Access-Control-Expose-Headers"].split(",")
    error_line, last_line = lines(capsys)
    assert (error_line["level"], error_line["message"], error_line["error"]) == ("ERROR", "unavailable", str(error))
    assert "AwsError" in error_line["trace"]
    assert (error_line["status"], last_line["status"]) == (503, 503)


def test_other_aws_errors_are_raised_for_the_alarm() -> None:
    with pytest.raises(AwsError, match="AccessDenied"):
        failing(AwsError("AccessDeniedException", "no", 400, {}))(request_event("GET"), Context())


@pytest.mark.parametrize("event", [{"schedule": "clean-up"}, {"Records": [record("a")]}], ids=["schedule", "stream"])
def test_retryable_aws_error_of_an_asynchronous_invocation_is_raised(event: dict[str, Any]) -> None:
    with pytest.raises(AwsError, match="timed out"):
        failing(NO_RESPONSE)(event, Context())


GROUP = "items-dev"


def status_for(monkeypatch: pytest.MonkeyPatch, authorizer: Any, group: str = GROUP) -> int:
    """Return the status of a request with an authorizer context to an API for the users of a group."""
    monkeypatch.setenv("USER_POOL_GROUP", group)
    received, _ = call_api(requestContext={"requestId": "r", "authorizer": authorizer})
    return int(received["statusCode"])


def user(groups: str | None) -> dict[str, Any]:
    """Return the authorizer context of a user. `groups` is the claim `cognito:groups`."""
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
    received, requests = call_api(requestContext={"requestId": "r", "authorizer": user("staff")}, body="no JSON")
    message = "The user must be a member of the group 'items-dev' to call this API."
    assert json.loads(received["body"]) == {"error": message, "code": "FORBIDDEN", "requestId": "r", "details": []}
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
def test_group_is_required_only_for_users_of_the_pool(
    monkeypatch: pytest.MonkeyPatch, authorizer: Any, status: int
) -> None:
    assert status_for(monkeypatch, authorizer) == status


@pytest.mark.parametrize("group", ["", None])
def test_without_a_group_every_user_of_the_pool_can_call(monkeypatch: pytest.MonkeyPatch, group: str | None) -> None:
    monkeypatch.delenv("USER_POOL_GROUP", raising=False)
    if group is not None:
        monkeypatch.setenv("USER_POOL_GROUP", group)
    received, _ = call_api(requestContext={"requestId": "r", "authorizer": user(None)})
    assert received["statusCode"] == 200


def test_number_that_a_validator_cannot_compute_is_rejected() -> None:
    def overflow(_value: Any, name_prefix: str) -> None:
        raise OverflowError(name_prefix)

    api = Api({("POST", "/"): Route(lambda _: Response(200), overflow, accept, {})}, {}, "")
    event = {"httpMethod": "POST", "resource": "/", "requestContext": {"requestId": "r"}, "body": "1"}
    response = api(event, Context())
    assert response["statusCode"] == 400
    assert json.loads(response["body"])["error"] == "body contains a number with too many digits."
