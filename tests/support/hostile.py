"""Requests with unusual strings, which the API must accept or reject without an internal error."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from lib.model import Route, Service

from .fake_aws import FakeAws
from .lambda_context import Context
from .worker import Api

TEXTS = (
    *("", " ", "\0", "\x1f", "\x7f", "\x85", "\u200b", "\u202e", "\u2028", "\ufeff", "\ufffe", "\U0010ffff"),
    *("e\u0301", "Ж" * 300, "\U0001f600" * 3000, "\ud800", "a\udfff", "tap#", "#", "..", "/", "%", "%2F", "%ff", "*"),
    *("'", '"', "\\", "{}", "{data}", "%s", "$ref", "null", "NaN", "1" * 5000, "-1", "1e999", "9" * 38),
    *("1" * 5000 + "e-1", "\uff11", "\u0663", '"1\u0663"', "a" * 70_000),
    *("2027-01-15T08:00:00Z", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"),
)
JSON = (
    *('{"a": 1, "a": 2}', "1" * 5000, "-" + "9" * 127, "1e999", "1E-200", "1" + "0" * 130, "0." + "1" * 5000),
    *("1e99999999", "[" * 900 + "]" * 900, "[" * 50_000 + "]" * 50_000, '{"a":' * 900 + "1" + "}" * 900, "[[[]]]"),
    *('{"":1}', "{}", "-0.0", "true", "null", "[]", "[null]", '"\\ud800"', '"\\u0000"', "NaN", "Infinity", '"\t"'),
)
"""Values of a member of a JSON body."""
HEADERS = ("Idempotency-Key", "If-Match", "Content-Type", "X-Correlation-Id")


class Sent(NamedTuple):
    """A request that contains one of the strings."""

    location: str
    text: str
    event: dict[str, Any]


def requests(service: Service, bodies: dict[str, dict[str, Any]]) -> Iterator[Sent]:
    """Yield a request for every string, every part of a request and every route.

    `bodies` are valid bodies by the name of their schema. Strings in parts that all routes of a method have in common
    are sent only to the first route.
    """
    methods = set()
    for _, route in service.routes():
        body = bodies[route.body] if route.body else None
        common = () if route.method in methods else _common_changes()
        methods.add(route.method)
        for location, text, changes in itertools.chain(common, _changes(route, body)):
            event = {
                "resource": route.path,
                "httpMethod": route.method,
                "pathParameters": dict.fromkeys(route.path_parameters(), "a"),
                "body": None if body is None else json.dumps(body),
                "requestContext": {"requestId": "request-1"},
                **changes,
            }
            yield Sent(f"{route.method} {route.path} {location}", text, event)


def _common_changes() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for text in TEXTS:
        yield "unknown", text, {"multiValueQueryStringParameters": {"unknown": [text]}}
        for name in HEADERS:
            yield name, text, {"headers": {name: text}}


def _changes(route: Route, body: dict[str, Any] | None) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for text in TEXTS:
        for name in route.path_parameters():
            yield name, text, {"pathParameters": {**dict.fromkeys(route.path_parameters(), "a"), name: text}}
        for name in route.query:
            yield name, text, {"multiValueQueryStringParameters": {name: [text]}}
        if body is not None:
            yield "body", text, {"body": text}
    for text in (*JSON, *map(json.dumps, TEXTS)) if body is not None else ():
        for path in _paths(body, ()):
            yield ".".join(map(str, path)), text, {"body": _with(body, path, text)}


def _paths(value: Any, path: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    """Yield the paths of the members of a body and of unknown members."""
    if isinstance(value, dict):
        for name, inner in [*value.items(), ("unknown", None)]:
            yield from _paths(inner, (*path, name))
    elif isinstance(value, list):
        yield from _paths(value[0], (*path, 0))
    else:
        yield path


def _with(body: Any, path: tuple[Any, ...], text: str) -> str:
    """Return a body as JSON, with `text` as the value at a path."""
    copy: Any = json.loads(json.dumps(body))
    inner = copy
    for part in path[:-1]:
        inner = inner[part]
    inner[path[-1]] = "HERE"
    return json.dumps(copy).replace('"HERE"', text)


def check(api: Api, wire: FakeAws, service: Service, bodies: dict[str, dict[str, Any]]) -> None:
    """Send all requests. Assert that no response is an internal error, and that all calls of AWS are valid Unicode.

    The emulator does not check the latter.
    """
    for location, text, event in requests(service, bodies):
        try:
            response = api.handler(event, Context())
        except Exception as exc:
            raise AssertionError(f"{location} {text[:80]!r}") from exc
        assert response["statusCode"] < 500, (location, text[:80], response["body"])
        if response["statusCode"] >= 400:
            assert {"error", "code", "requestId", "details"} == json.loads(response["body"]).keys()
        json.dumps(response, ensure_ascii=False).encode()
    for call in wire.calls:
        if "json" in call.headers["content-type"]:
            json.dumps(json.loads(call.body), ensure_ascii=False).encode()
