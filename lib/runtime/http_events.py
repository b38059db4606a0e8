"""Events in payload format 2.0, of HTTP APIs and function URLs. Only functions that receive them import this."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Callable, NamedTuple
from urllib.parse import parse_qsl, unquote

Event = dict[str, Any]
Handler = Callable[[Event, Any], Any]

DEFAULT_ROUTE = "$default"
"""Route key of requests that API Gateway has not matched, which are all requests to a function URL."""
ANY_METHOD = "ANY"
SET_COOKIE = "set-cookie"


class HttpEvents:
    """A Lambda handler that converts requests from payload format 2.0 to 1.0, and responses from 1.0 to 2.0.

    The handler that it wraps receives the same events as from a REST API. Other events are passed unchanged.
    """

    def __init__(self, handler: Handler, routes: Iterable[tuple[str, str]] = ()) -> None:
        """`routes` are the methods and paths of a function with a URL, because its events contain no route."""
        self._handler = handler
        self._routes = RouteTable(routes)

    def __call__(self, event: Event, context: Any) -> Any:
        if event.get("version") != "2.0" or "rawPath" not in event or "type" in event:
            return self._handler(event, context)
        return to_response(self._handler(self._to_request(event), context))

    def _to_request(self, event: Event) -> Event:
        method, path = event["requestContext"]["http"]["method"], event["rawPath"]
        if event["routeKey"] == DEFAULT_ROUTE:
            match = self._routes.find(method, path) or Match(path, {})
            return to_request(event, match.path, match.parameters)
        return to_request(event, event["routeKey"].partition(" ")[2], event.get("pathParameters") or {})


def to_request(event: Event, resource: str, parameters: Mapping[str, str]) -> Event:
    """Return an event in payload format 1.0 for a resource path and its percent-encoded parameters."""
    context, http = event["requestContext"], event["requestContext"]["http"]
    headers = dict(event.get("headers") or {})
    if event.get("cookies"):
        headers["cookie"] = "; ".join(event["cookies"])
    query: dict[str, list[str]] = {}
    # `queryStringParameters` joins repeated parameters with commas, which values can contain too.
    for name, value in parse_qsl(event.get("rawQueryString", ""), keep_blank_values=True, errors="surrogateescape"):
        query.setdefault(name, []).append(value)
    return {
        "resource": resource,
        "path": event["rawPath"],
        "httpMethod": http["method"],
        "headers": headers,
        "queryStringParameters": {name: values[-1] for name, values in query.items()},
        "multiValueQueryStringParameters": query,
        "rawQueryString": event.get("rawQueryString", ""),
        "pathParameters": dict(parameters),
        "stageVariables": event.get("stageVariables"),
        "requestContext": {
            **{name: value for name, value in context.items() if name not in ("http", "authorizer", "authentication")},
            "httpMethod": http["method"],
            "path": _client_path(context),
            "resourcePath": resource,
            "protocol": http.get("protocol"),
            "identity": _identity(context),
            "authorizer": _authorizer(context),
        },
        "body": event.get("body"),
        "isBase64Encoded": event.get("isBase64Encoded", False),
    }


def _client_path(context: Mapping[str, Any]) -> str:
    """Return the path that the client sent. The path of an event starts with the name of a stage other than `$default`,
    which the URL of a custom domain does not contain."""
    path, prefix = str(context["http"]["path"]), f"/{context.get('stage')}"
    is_custom = ".execute-api." not in context.get("domainName", ".execute-api.")
    if is_custom and f"{path}/".startswith(f"{prefix}/"):
        return path[len(prefix) :] or "/"
    return path


def _identity(context: Mapping[str, Any]) -> dict[str, Any]:
    http, iam = context["http"], (context.get("authorizer") or {}).get("iam") or {}
    names = {"accountId": "accountId", "accessKey": "accessKey", "caller": "callerId"}
    names.update(user="userId", userArn="userArn", principalOrgId="principalOrgId")
    return {
        "sourceIp": http.get("sourceIp"),
        "userAgent": http.get("userAgent"),
        **{name: iam[source] for name, source in names.items() if source in iam},
    }


def _authorizer(context: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the result of the authorizer as a REST API passes it: claims of a token, or the context of a function
    with strings as values."""
    authorizer = context.get("authorizer") or {}
    if "jwt" in authorizer:
        return {"claims": authorizer["jwt"].get("claims") or {}, "scopes": authorizer["jwt"].get("scopes") or []}
    if "lambda" in authorizer:
        context = authorizer["lambda"] or {}
        return {name: value if isinstance(value, str) else json.dumps(value) for name, value in context.items()}
    return None


def to_response(response: Any) -> Any:
    """Return a response in payload format 2.0. It has no repeated headers except `Set-Cookie`, as `cookies`."""
    repeated: Mapping[str, list[str]] = response.get("multiValueHeaders") or {}
    headers = dict(response.get("headers") or {})
    cookies: list[str] = []
    for name, values in repeated.items():
        if name.lower() == SET_COOKIE:
            cookies += values
        else:
            headers[name] = ",".join(values)
    converted = {name: value for name, value in response.items() if name != "multiValueHeaders"}
    return {**converted, "headers": headers, **({"cookies": cookies} if cookies else {})}


class Match(NamedTuple):
    """Path of a route that matches a request, and its percent-encoded parameters."""

    path: str
    parameters: dict[str, str]


class RouteTable:
    """Routes by precedence, as in an HTTP API: complete paths before greedy ones, then segments without a parameter
    before those with one, then methods before `ANY`."""

    def __init__(self, routes: Iterable[tuple[str, str]]) -> None:
        self._routes = [(method, path, _segments(path)) for method, path in routes]
        self._routes.sort(key=lambda route: (*_precedence(route[2]), route[0] == ANY_METHOD))

    def find(self, method: str, path: str) -> Match | None:
        """Return the route of a request by its method and its percent-encoded path. A trailing slash is ignored."""
        sent = _segments(path)
        for accepted, template, segments in self._routes:
            if accepted in (method, ANY_METHOD) and (parameters := _match(segments, sent)) is not None:
                return Match(template, parameters)
        return None


def _segments(path: str) -> list[str]:
    return path.rstrip("/").split("/")[1:]


def _is_greedy(segment: str) -> bool:
    return segment.endswith("+}")


def _precedence(segments: list[str]) -> tuple[bool, list[int]]:
    """Return the sort key of a path."""
    return any(map(_is_greedy, segments)), [part.startswith("{") + _is_greedy(part) for part in segments]


def _match(segments: list[str], sent: list[str]) -> dict[str, str] | None:
    """Return the parameters, or None if the path of a request does not match the segments of a route."""
    parameters: dict[str, str] = {}
    if segments and _is_greedy(segments[-1]):
        rest = len(segments) - 1
        if not any(sent[rest:]):
            return None
        parameters[segments[-1][1:-2]] = "/".join(sent[rest:])
        segments, sent = segments[:rest], sent[:rest]
    if len(segments) != len(sent):
        return None
    for segment, value in zip(segments, sent):
        if segment.startswith("{"):
            if not value:
                return None
            parameters[segment[1:-1]] = value
        elif segment != unquote(value):
            return None
    return parameters
