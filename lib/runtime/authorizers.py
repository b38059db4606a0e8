"""Lambda authorizers: operations that decide whether API Gateway passes a request to the function of its route."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Callable, NamedTuple, Union
from urllib.parse import unquote

from . import metrics
from .claims import ANONYMOUS, RESERVED
from .errors import Forbidden, Unauthorized

UNAUTHORIZED = "Unauthorized"
"""Metric of requests that were rejected with 401."""


class AuthorizationRequest(NamedTuple):
    """A request to authorize."""

    token: str
    """Value of the first identity source, without the scheme `Bearer`. Empty if the request has none."""
    route: str
    """Method and resource path, such as `GET /orders/{id}`. For the type `TOKEN`, the path of the request."""
    method_arn: str
    """ARN of the requested method, in which path parameters have values."""
    headers: Mapping[str, str] = MappingProxyType({})
    """Headers by lowercase name. Empty for the type `TOKEN`."""
    query: Mapping[str, str] = MappingProxyType({})
    """Query parameters. Empty for the type `TOKEN`."""
    path: Mapping[str, str] = MappingProxyType({})
    """Path parameters, decoded as in `Request.path`. Empty for the type `TOKEN`."""
    event: Mapping[str, Any] = MappingProxyType({})
    """Event of API Gateway."""


class Allow(NamedTuple):
    """The caller is authenticated, or allowed to send requests anonymously."""

    principal: str = ""
    """Identity of the caller, which becomes `Request.actor` and `Request.owner`. Empty for an anonymous caller."""
    context: Mapping[str, Any] = MappingProxyType({})
    """Members of `Request.claims`. API Gateway passes their values as strings: arrays are joined with commas, and
    objects become JSON. None is omitted."""


class Deny(NamedTuple):
    """The caller is authenticated, but not authorized: API Gateway responds with 403."""

    principal: str = ""
    """Identity of the caller, for the execution log of API Gateway."""


Decision = Union[Allow, Deny]
AuthorizerOperation = Callable[[AuthorizationRequest], Decision]
"""Operation that raises `Unauthorized` for missing or invalid credentials."""


class Authorizer:
    """Calls an operation, and converts its result to the format of API Gateway."""

    def __init__(self, operation: AuthorizerOperation, source: tuple[str, str] | None, optional: bool = False) -> None:
        """`source` is the kind (`header` or `querystring`) and the name of the token of a `REQUEST` authorizer.
        `optional` is whether a request without it is allowed without a call of the operation."""
        self._operation = operation
        self._source = source
        self._optional = optional

    def __call__(self, event: dict[str, Any], log_fields: dict[str, Any]) -> dict[str, Any] | None:
        """Return the policy of a request, or None to respond with 401. Set `status` in `log_fields`.

        HTTP APIs respond with 500 to any error of an authorizer, so they receive a policy that denies the request.
        """
        request = self._request(event)
        is_http_api = event.get("version") == "1.0"
        is_anonymous = self._optional and not request.token
        decision = Allow() if is_anonymous else self._decide(request)
        if decision is None and is_http_api:
            decision = Deny()
        log_fields["status"] = {Allow: 200, Deny: 403}.get(type(decision), 401)
        metrics.emit(**{UNAUTHORIZED: (int(decision is None), "Count")})
        if decision is None:
            return None
        policy = _policy(decision, request.method_arn)
        if is_http_api:
            # An HTTP API passes only the context to the function of the route.
            policy["context"]["principalId"] = policy["principalId"]
        return policy

    def _decide(self, request: AuthorizationRequest) -> Decision | None:
        try:
            decision = self._operation(request)
        except Unauthorized:
            return None
        except Forbidden:
            return Deny()
        if not isinstance(decision, (Allow, Deny)):
            raise TypeError(f"The operation of an authorizer must return Allow or Deny, got {type(decision).__name__}.")
        return decision

    def _request(self, event: dict[str, Any]) -> AuthorizationRequest:
        arn = event["methodArn"]
        if event["type"] == "TOKEN":
            _, _, method, path = (*arn.split("/", 3), "")[:4]
            return AuthorizationRequest(
                _without_scheme(event["authorizationToken"]), f"{method} /{path}", arn, event=event
            )
        headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
        query = event.get("queryStringParameters") or {}
        kind, name = self._source or ("", "")
        value = {"header": headers.get(name.lower()), "querystring": query.get(name)}.get(kind)
        return AuthorizationRequest(
            _without_scheme(value or ""),
            f"{event['httpMethod']} {event['resource']}",
            arn,
            headers,
            query,
            {name: unquote(raw) for name, raw in (event.get("pathParameters") or {}).items()},
            event,
        )


def _without_scheme(value: str) -> str:
    scheme, _, token = value.strip().partition(" ")
    return token.strip() if scheme.lower() == "bearer" else value.strip()


def _policy(decision: Decision, method_arn: str) -> dict[str, Any]:
    """Return the response for API Gateway.

    The policy is about the whole stage, because API Gateway caches it for the requests of the caller to every route
    with the authorizer. A policy about one method would reject the next request to another one.
    """
    is_allowed = isinstance(decision, Allow)
    statement = {
        "Action": "execute-api:Invoke",
        "Effect": "Allow" if is_allowed else "Deny",
        "Resource": "/".join([*method_arn.split("/", 2)[:2], "*"]),
    }
    return {
        "principalId": decision.principal or ANONYMOUS,
        "policyDocument": {"Version": "2012-10-17", "Statement": [statement]},
        "context": _context(decision.context) if isinstance(decision, Allow) else {},
    }


def _context(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the context of a policy. API Gateway rejects arrays and objects, and sets some members itself."""
    return {name: _scalar(value) for name, value in values.items() if value is not None and name not in RESERVED}


def _scalar(value: Any) -> str | int | float | bool:
    if isinstance(value, (str, int, float)):
        return value
    if isinstance(value, (list, tuple)) and all(isinstance(item, (str, int, float)) for item in value):
        return ",".join(map(str, value))
    return json.dumps(value, separators=(",", ":"))
