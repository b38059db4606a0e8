"""Events of the API Gateway proxy integration."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Event = dict[str, Any]
Response = dict[str, Any]

_HEADERS = {
    "Accept": "*/*",
    "Accept-Encoding": "gzip, deflate, br",
    "Content-Type": "application/json",
    "Host": "abcdefghij.execute-api.us-east-1.amazonaws.com",
    "User-Agent": "curl/8.9.1",
    "X-Amzn-Trace-Id": "Root=1-67891233-abcdef012345678912345678",
    "X-Forwarded-For": "192.0.2.7",
    "X-Forwarded-Port": "443",
    "X-Forwarded-Proto": "https",
}


def event(
    method: str,
    resource: str,
    parameters: Mapping[str, str] | None = None,
    *,
    body: str | None = None,
    query: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Event:
    """Return the event of a request to a route, with path parameters and additional headers."""
    path = resource.format(**parameters or {})
    all_headers = {**_HEADERS, **(headers or {})}
    return {
        "resource": resource,
        "path": path,
        "httpMethod": method,
        "headers": all_headers,
        "multiValueHeaders": _multiple(all_headers),
        "queryStringParameters": dict(query) if query else None,
        "multiValueQueryStringParameters": _multiple(query) if query else None,
        "pathParameters": dict(parameters) if parameters else None,
        "stageVariables": None,
        "requestContext": _request_context(method, resource, path),
        "body": body,
        "isBase64Encoded": False,
    }


def headers_of(response: Response) -> dict[str, str]:
    """Return the headers of a response, with names in lower case."""
    single = response.get("headers") or {name: values[0] for name, values in response["multiValueHeaders"].items()}
    return {name.lower(): value for name, value in single.items()}


def _multiple(single: Mapping[str, str]) -> dict[str, list[str]]:
    return {name: [value] for name, value in single.items()}


def _request_context(method: str, resource: str, path: str) -> dict[str, Any]:
    return {
        "accountId": "123456789012",
        "apiId": "abcdefghij",
        "domainName": _HEADERS["Host"],
        "domainPrefix": "abcdefghij",
        "extendedRequestId": "JKJaXmPLvHcESHA=",
        "httpMethod": method,
        "identity": {"sourceIp": "192.0.2.7", "userAgent": _HEADERS["User-Agent"], "apiKeyId": None},
        "path": f"/prod{path}",
        "protocol": "HTTP/1.1",
        "requestId": "c6af9ac6-7b61-11e6-9a41-93e8deadbeef",
        "requestTime": "09/Apr/2026:12:34:56 +0000",
        "requestTimeEpoch": 1775738096000,
        "resourceId": "123456",
        "resourcePath": resource,
        "stage": "prod",
    }
