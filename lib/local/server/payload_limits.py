"""Limits of the size of requests and responses."""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

API_GATEWAY_BYTES = 10_485_760
"""Maximum size of the body of a request to an API."""
EVENT_BYTES = 6_291_456
"""Maximum size of the event of a Lambda invocation. It contains binary bodies in Base64."""
TOO_LONG = "Request Too Long"
RESULT_BYTES = 6_291_556
"""Maximum size of the result of a Lambda invocation."""


def with_body_limit(execute: Callable[..., Coroutine[Any, Any, Any]]) -> Callable[..., Coroutine[Any, Any, Any]]:
    """Return a function that handles the requests to an API, whose sixth argument is the body."""

    async def execute_within_limit(*arguments: Any, **options: Any) -> Any:
        if len(arguments[5] or b"") > API_GATEWAY_BYTES:
            return (
                413,
                {"Content-Type": "text/plain"},
                f"HTTP content length exceeded {API_GATEWAY_BYTES} bytes.".encode(),
            )
        return await execute(*arguments, **options)

    return execute_within_limit


def with_payload_limits(invoke: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that invokes a Lambda function with an event, and rejects events and results that are too long.

    APIs and function URLs respond with 413 to a request whose event is too long.
    """

    def invoke_within_limits(function: Any, config: Mapping[str, Any], event: Any, *arguments: Any) -> Any:
        if _size(event) > EVENT_BYTES:
            response = {"statusCode": 413, "headers": {}, "body": json.dumps({"message": TOO_LONG})}
            return {"body": response, "log": ""}
        result = invoke(function, config, event, *arguments)
        if _size(result.get("body")) <= RESULT_BYTES:
            return result
        message = f"Response payload size exceeded maximum allowed payload size ({RESULT_BYTES} bytes)."
        return {
            **result,
            "error": True,
            "body": {"errorType": "Function.ResponseSizeTooLarge", "errorMessage": message},
        }

    return invoke_within_limits


def with_gateway_response(
    invoke: Callable[..., Coroutine[Any, Any, Any]], to_error: Callable[[str, str], Any]
) -> Callable[..., Coroutine[Any, Any, Any]]:
    """Return a function that invokes the function of a REST API. If the event is too long, it returns an error of the
    API, which has a configurable response."""

    async def invoke_or_reject(*arguments: Any, **options: Any) -> Any:
        response = await invoke(*arguments, **options)
        is_too_long = isinstance(response, tuple) and response[::2] == (413, json.dumps({"message": TOO_LONG}).encode())
        return to_error("REQUEST_TOO_LARGE", TOO_LONG) if is_too_long else response

    return invoke_or_reject


def _size(payload: Any) -> int:
    return len(json.dumps(payload, ensure_ascii=False, default=str).encode(errors="surrogatepass"))
