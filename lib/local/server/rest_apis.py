"""Corrections of the emulated REST APIs."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

JSON = "application/json"
VALIDATION_ERRORS = b"$context.error.validationErrorString"
"""Variable in the body of an error response that MiniStack does not replace."""


def with_matching_models(check: Callable[..., Any]) -> Callable[..., Any]:
    """Return a check of requests that validates a body only with the model for its content type, as API Gateway does.

    MiniStack validates bodies of other content types, such as forms, with the model for JSON.
    """

    def check_matching(
        method: Mapping[str, Any], api_id: str, request: Any, headers: Mapping[str, str], *rest: Any
    ) -> Any:
        models = method.get("requestModels") or {}
        content_type = headers.get("content-type", JSON).split(";")[0].strip().lower()
        matching = {name: model for name, model in models.items() if name == content_type}
        return check({**method, "requestModels": matching}, api_id, request, headers, *rest)

    return check_matching


def with_all_media_types(matches: Callable[[str, Any], bool]) -> Callable[[str, Any], bool]:
    """Return a check whether a media type is binary that accepts requests without a `Content-Type` or `Accept` header.

    If the binary media types of an API are `*/*`, API Gateway does not require these headers, but MiniStack does.
    """
    return lambda media_type, binary: "*/*" in (binary or ()) or matches(media_type, binary)


def with_validation_errors(check: Callable[..., Any], describe: Callable[[str, str, bytes], str]) -> Callable[..., Any]:
    """Return a check of requests that adds the reason to the errors of bodies, as the attribute `validation`.

    `describe` receives the API, the name of the model and the body, which is the fifth argument of the check.
    """

    def check_and_describe(method: Mapping[str, Any], api: str, *arguments: Any) -> Any:
        error = check(method, api, *arguments)
        if getattr(error, "response_type", "") == "BAD_REQUEST_BODY":
            error.validation = describe(api, method["requestModels"][JSON], arguments[2])
        return error

    return check_and_describe


def with_validation_variable(respond: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that renders error responses with the errors of bodies, as API Gateway does."""

    def respond_with_variable(error: Any, request: Any) -> Any:
        status, headers, body = respond(error, request)
        text = json.dumps(getattr(error, "validation", ""), ensure_ascii=False)[1:-1].encode(errors="replace")
        return status, headers, body.replace(VALIDATION_ERRORS, text)

    return respond_with_variable
