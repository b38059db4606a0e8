"""The events API Gateway hands to a function, and what a right answer to each is."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

ITEM_TEXT = (
    '{"name":"Walnut desk, 140 cm","category":"furniture","price":349.95,"quantity":12,"active":true,'
    '"dimensions":{"width":140.5,"depth":70,"finish":{"wood":"walnut","coats":3}}}'
)
HEADER_NAMES = {
    "content-type",
    "cache-control",
    "access-control-allow-origin",
    "access-control-expose-headers",
    "x-request-id",
}
"""What every answer carries; a create's also `location`."""
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


def create() -> dict[str, Any]:
    """A small item to create: six attributes, one with decimals, one a map in a map."""
    return _event("POST", "/items", {}, ITEM_TEXT)


def read(keys: dict[str, str]) -> dict[str, Any]:
    """The item of two keys to read."""
    return _event("GET", "/items/{ItemId}/{CreatedAt}", keys, None)


def keys_of(answer: dict[str, Any]) -> dict[str, str]:
    """The keys of the item in an answer."""
    item = json.loads(answer["body"])
    return {name: item[name] for name in ("ItemId", "CreatedAt")}


def check(name: str, event: dict[str, Any], answer: dict[str, Any]) -> None:
    """Raise unless `answer` is what every contender owes: status, headers, the whole item."""
    created = event["httpMethod"] == "POST"
    headers = {header.lower() for header in answer.get("headers") or answer["multiValueHeaders"]}
    item = json.loads(answer["body"], parse_float=Decimal)
    keys = {key: item.pop(key) for key in ("ItemId", "CreatedAt")}
    wanted = json.loads(ITEM_TEXT, parse_float=Decimal)
    problems = {
        "status": answer["statusCode"] != (201 if created else 200),
        "headers": not headers >= HEADER_NAMES | ({"location"} if created else set()),
        "keys": not all(keys.values()) or (not created and keys != event["pathParameters"]),
        "item": item != wanted,
    }
    if wrong := [what for what, is_wrong in problems.items() if is_wrong]:
        raise RuntimeError(f"{name} answers {event['httpMethod']} wrongly ({', '.join(wrong)}): {answer}")


def _event(method: str, resource: str, parameters: dict[str, str], body: str | None) -> dict[str, Any]:
    path = resource.format(**parameters)
    return {
        "resource": resource,
        "path": path,
        "httpMethod": method,
        "headers": _HEADERS,
        "multiValueHeaders": {name: [value] for name, value in _HEADERS.items()},
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "pathParameters": parameters or None,
        "stageVariables": None,
        "requestContext": _request_context(method, resource, path),
        "body": body,
        "isBase64Encoded": False,
    }


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
