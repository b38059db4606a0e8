"""Format of the access logs of APIs."""

from __future__ import annotations

import json

from ..model import Protocol

FIELDS = {
    "requestId": "requestId",
    "requestTime": "requestTime",
    "ip": "identity.sourceIp",
    "user": "identity.user",
    "apiKeyId": "identity.apiKeyId",
    "method": "httpMethod",
    "path": "path",
    "resourcePath": "resourcePath",
    "routeKey": "routeKey",
    "protocol": "protocol",
    "status": "status",
    "responseLength": "responseLength",
    "responseLatencyMs": "responseLatency",
    "integrationLatencyMs": "integration.latency",
    "integrationStatus": "integration.status",
    "integrationError": "integration.error",
    "authorizerError": "authorizer.error",
    "errorType": "error.responseType",
    "errorMessage": "error.message",
    "traceId": "xrayTraceId",
}
"""Fields of a line, with the `$context` variable of each."""
MISSING: dict[Protocol, frozenset[str]] = {
    "REST": frozenset({"routeKey", "authorizerError"}),
    "HTTP": frozenset({"apiKeyId", "resourcePath", "traceId"}),
}
"""Fields that a type of API does not have."""


def access_log_format(protocol: Protocol) -> str:
    """Return the format of a line for a type of API."""
    # Numbers are also quoted, because API Gateway writes `-` for variables without a value.
    fields = {name: f"$context.{variable}" for name, variable in FIELDS.items() if name not in MISSING[protocol]}
    return json.dumps(fields)
