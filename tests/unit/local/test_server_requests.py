"""Corrections of the requests to emulated APIs in the server process."""

from __future__ import annotations

import asyncio
import json
from types import SimpleNamespace
from typing import Any

import pytest

from lib.local.server.http_apis import with_throttling
from lib.local.server.payload_limits import with_body_limit, with_gateway_response, with_payload_limits
from lib.local.server.request_events import DOMAIN_REQUEST, DomainRequest, with_domain, with_version
from lib.local.server.rest_apis import with_validation_errors, with_validation_variable

REGION = "eu-west-3"
TEMPLATE = b'{"details":["$context.error.validationErrorString"]}'


def received(event: dict[str, Any], request: DomainRequest | None = None) -> dict[str, Any]:
    """Return the event that a function receives for a request."""
    events: list[dict[str, Any]] = []

    async def run(_invoke: Any, _record: Any, sent: dict[str, Any], *, thread_name: str) -> None:
        assert thread_name == "t"
        events.append(sent)

    async def send() -> None:
        DOMAIN_REQUEST.set(request)
        await with_domain(run, lambda: REGION, lambda path: path.replace("%20", " "))("i", "r", event, thread_name="t")

    asyncio.run(send())
    return events[0]


def test_event_of_a_rest_api_contains_the_domain() -> None:
    event = {"path": "/a", "requestContext": {"apiId": "x1", "stage": "dev", "path": "/dev/a"}}
    host = "x1.execute-api.eu-west-3.amazonaws.com"
    context: Any = event["requestContext"]
    assert received(event) == {
        "path": "/a",
        "requestContext": context | {"domainName": host, "domainPrefix": "x1"},
    }
    assert received(event, DomainRequest("api.example.com", "/v1/a%20b")) == {
        "path": "/v1/a%20b",
        "requestContext": {
            "apiId": "x1",
            "stage": "dev",
            "path": "/v1/a%20b",
            "domainName": "api.example.com",
            "domainPrefix": "api",
        },
    }


def test_event_of_an_authorizer_contains_the_path() -> None:
    event = {"path": "/a", "type": "REQUEST", "requestContext": {"apiId": "x1", "stage": "dev"}}
    assert received(event)["requestContext"]["path"] == "/dev/a"
    assert received({"type": "TOKEN"}) == {"type": "TOKEN"}


@pytest.mark.parametrize(
    ("stage", "request_", "path"),
    [
        ("$default", None, "/a"),
        ("live", None, "/live/a"),
        ("live", DomainRequest("api.example.com", "/v1/a%20b"), "/v1/a b"),
    ],
)
def test_path_of_an_http_api_is_that_of_the_url(stage: str, request_: DomainRequest | None, path: str) -> None:
    context = {"apiId": "x1", "stage": stage, "http": {"path": "/a"}}
    event = received({"rawPath": "/a", "requestContext": context}, request_)
    assert (event["rawPath"], event["requestContext"]["http"]["path"]) == (path, path)


def test_event_of_an_authorizer_of_an_http_api_has_its_version() -> None:
    async def invoke(*arguments: Any) -> Any:
        return arguments

    sent = [asyncio.run(with_version(invoke)("a", event, "s")) for event in ({"type": "REQUEST"}, {"version": "2.0"})]
    assert sent == [("a", {"version": "1.0", "type": "REQUEST"}, "s"), ("a", {"version": "2.0"}, "s")]


@pytest.mark.parametrize(
    ("method", "path", "settings", "limits"),
    [
        ("GET", "//a", {"routeSettings": {"GET /a": {"throttlingRateLimit": 2, "throttlingBurstLimit": 3}}}, (2, 3)),
        ("GET", "/a", {"defaultRouteSettings": {"throttlingRateLimit": 1, "throttlingBurstLimit": 4}}, (1, 4)),
        ("GET", "/a", None, (None, None)),
        ("GET", "/missing", {}, None),
        ("OPTIONS", "/a", {}, None),
    ],
)
def test_requests_to_a_route_use_its_limits(method: str, path: str, settings: Any, limits: Any) -> None:
    taken: list[Any] = []

    def take_token(key: Any, sent: Any) -> bool:
        taken.append((key, sent["rateLimit"], sent["burstLimit"]))
        return len(taken) == 1

    async def execute(*arguments: Any, **options: Any) -> Any:
        return 200, arguments, options

    handle = with_throttling(
        execute,
        lambda api, _, route: {"routeKey": "GET /a"} if (api, route) == ("x1", "/a") else None,
        lambda api, default: {"live": settings} if settings is not None and api == "x1" else default,
        take_token,
    )
    assert asyncio.run(handle("x1", "live", path, method, b"", q=1)) == (
        200,
        ("x1", "live", path, method, b""),
        {"q": 1},
    )
    assert asyncio.run(handle("x1", "live", path, method, b""))[0] == (429 if limits else 200)
    assert taken == ([(("http", "x1", "live", "GET /a"), *limits)] * 2 if limits else [])


def test_body_of_a_request_is_limited() -> None:
    async def execute(*arguments: Any, **options: Any) -> Any:
        return 200, len(arguments[5] or b""), options

    handle = with_body_limit(execute)
    assert asyncio.run(handle(1, 2, 3, 4, 5, None, q=1)) == (200, 0, {"q": 1})
    assert asyncio.run(handle(1, 2, 3, 4, 5, bytes(10_485_760)))[0] == 200
    assert asyncio.run(handle(1, 2, 3, 4, 5, bytes(10_485_761)))[0] == 413


def test_event_and_result_of_an_invocation_are_limited() -> None:
    results: list[Any] = []

    def invoke(*arguments: Any) -> Any:
        results.append(arguments[3])
        return {"body": {"text": "x" * arguments[3]}, "log": "l"}

    invoke_within_limits = with_payload_limits(invoke)
    assert invoke_within_limits("f", {}, {"a": "ü\udcff"}, 1) == {"body": {"text": "x"}, "log": "l"}
    long = invoke_within_limits("f", {}, {}, 6_291_556)
    assert (long["error"], long["body"]["errorType"], long["log"]) == (True, "Function.ResponseSizeTooLarge", "l")
    rejected = invoke_within_limits("f", {}, {"a": "x" * 6_291_456}, 1)
    assert (rejected["body"]["statusCode"], len(results)) == (413, 2)


@pytest.mark.parametrize(
    ("response", "expected"),
    [
        ((413, {}, b'{"message": "Request Too Long"}'), ("REQUEST_TOO_LARGE", "Request Too Long")),
        ((413, {}, b"other"), (413, {}, b"other")),
        ("error", "error"),
    ],
)
def test_event_that_is_too_long_is_an_error_of_the_rest_api(response: Any, expected: Any) -> None:
    async def invoke(*_: Any, **__: Any) -> Any:
        return response

    assert asyncio.run(with_gateway_response(invoke, lambda *error: error)("a", b=1)) == expected


def test_rejected_body_has_validation_errors() -> None:
    def check(method: Any, *_: Any) -> Any:
        return SimpleNamespace(response_type=method["type"]) if method["type"] else None

    find_error = with_validation_errors(check, lambda api, model, body: f'{api} {model} {body!r} "')
    respond = with_validation_variable(lambda error, request: (400, {}, TEMPLATE))
    arguments: Any = ("x1", {}, {}, b"{}", {})
    models = {"requestModels": {"application/json": "Order"}}
    error = find_error({**models, "type": "BAD_REQUEST_BODY"}, *arguments)
    assert json.loads(respond(error, {})[2]) == {"details": ["x1 Order b'{}' \""]}
    other = find_error({**models, "type": "BAD_REQUEST_PARAMETERS"}, *arguments)
    assert json.loads(respond(other, {})[2]) == {"details": [""]}
    assert find_error({**models, "type": ""}, *arguments) is None
