"""Error responses in the OpenAPI document: statuses and codes of functions and of API Gateway."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from ..model import Code, Route, Schema, Service
from ..model.media_types import ANY
from ..runtime.errors import (
    ApiError,
    BadRequest,
    IdempotencyConflict,
    NotFound,
    PayloadTooLarge,
    PreconditionFailed,
    RequestInProgress,
    TooLarge,
    TooManyRequests,
    Unavailable,
    UnsupportedMediaType,
)

ERROR_SCHEMA: Schema = {
    "type": "object",
    "description": "Body of every error response, from API Gateway or a function.",
    "required": ["error", "code", "requestId", "details"],
    "properties": {
        "error": {"type": "string", "description": "Error message."},
        "code": {"type": "string", "description": "Machine-readable error code."},
        "requestId": {"type": "string", "description": "Request ID, which the logs contain."},
        "details": {"type": "array", "items": {"type": "string"}, "description": "Validation errors, if any."},
    },
    "example": {
        "error": "Invalid request query; see details.",
        "code": BadRequest.code,
        "requestId": "7f1c2a52-0d8e-4f0b-9a66-3f0f6f6a5f11",
        "details": ["query must not contain {'colour'} properties"],
    },
}


class ErrorResponse(NamedTuple):
    """An error status, with the routes that can return it."""

    status: int
    description: str
    applies_to: Callable[[Route], bool]
    codes: tuple[str, ...] = ()
    """Values of `code`. Empty if they depend on the route or on API Gateway."""


def _always(_: Route) -> bool:
    return True


def _has_body(route: Route) -> bool:
    return route.body is not None or bool(route.content_types) or route.max_body_bytes is not None


def _restricts_media_type(route: Route) -> bool:
    return bool(route.accepted_types()) and ANY not in route.accepted_types()


def uses_if_match(route: Route) -> bool:
    """Return whether a route supports the header `If-Match`."""
    return route.versioned and route.method in ("PUT", "PATCH", "DELETE")


ERROR_RESPONSES = (
    # Every route rejects unknown query parameters.
    ErrorResponse(
        400,
        "The path, query or body does not match this document; `details` contains the validation errors.",
        _always,
        (BadRequest.code,),
    ),
    ErrorResponse(
        401,
        "The access token that the API requires is missing, has expired or lacks the scope of the route.",
        lambda route: route.requires_authorization(),
        ("UNAUTHORIZED",),
    ),
    ErrorResponse(
        403,
        "The API key or signature that the API requires is missing, invalid or not authorized to call the route.",
        _always,
        ("FORBIDDEN",),
    ),
    ErrorResponse(
        404, "The requested resource does not exist.", lambda route: bool(route.path_parameters()), (NotFound.code,)
    ),
    ErrorResponse(
        409,
        "The resource already exists or was modified concurrently, or the idempotency key was already used with a "
        "different request.",
        lambda route: route.idempotent,
    ),
    ErrorResponse(
        412,
        "The item does not have the version in `If-Match`; `ETag` is its current version.",
        uses_if_match,
        (PreconditionFailed.code,),
    ),
    ErrorResponse(
        413,
        "The body or the resulting item is too large.",
        _has_body,
        (TooLarge.code, PayloadTooLarge.code),
    ),
    ErrorResponse(
        415, "The route does not accept the `Content-Type`.", _restricts_media_type, (UnsupportedMediaType.code,)
    ),
    ErrorResponse(
        429,
        "Too many requests, or the quota of the API key is exhausted. Try again later.",
        _always,
        (TooManyRequests.code, "QUOTA_EXCEEDED"),
    ),
    ErrorResponse(500, "Internal server error. The log contains the cause.", _always),
    ErrorResponse(502, "The function failed before it responded. Try again.", _always),
    ErrorResponse(
        503,
        "DynamoDB, or another service that the function depends on, did not respond in time. The request might have "
        "been executed. Wait for `Retry-After`, then repeat it if it is a read or safe to repeat.",
        _always,
        (Unavailable.code,),
    ),
    ErrorResponse(504, "The response timed out. Try again.", _always),
)
KEY_REUSED = "The {} was already used with a different request. Use a new key."
IN_PROGRESS = "An earlier request with this {} has not finished. Send the request again after `Retry-After`."


def error_statuses(route: Route) -> list[int]:
    """Return every error status of a route: those that follow from its properties, and those in `errors` and
    `codes`."""
    declared = {*route.errors, *(code.status for code in route.codes)}
    return sorted({response.status for response in ERROR_RESPONSES if response.applies_to(route)} | declared)


def codes(service: Service) -> list[Code]:
    """Return every error code that functions set, and every error code of API Gateway with a fixed status."""
    routes = [route for _, route in service.routes()]
    statuses = {status for route in routes for status in error_statuses(route)}
    result = [
        Code(name, response.status, response.description)
        for response in ERROR_RESPONSES
        if response.status in statuses
        for name in response.codes
    ]
    result += [code for route in routes for code in route.codes]
    result += _key_codes(routes)
    return sorted(dict.fromkeys(result), key=lambda code: code.status)


def declared_codes(route: Route, status: int) -> list[Code]:
    """Return the error codes that a route declares for a status."""
    declared = [code for code in route.codes if code.status == status]
    return [*declared, *_key_codes([route])] if declared and status == IdempotencyConflict.status else declared


def _key_codes(routes: list[Route]) -> list[Code]:
    """Return the error codes of the idempotency keys of routes, with the names of their headers."""
    comparing = [route for route in routes if route.idempotent and route.idempotency_compares_requests]
    recorded = [route for route in routes if route.idempotency]
    return [
        *_key_code(IdempotencyConflict, KEY_REUSED, comparing),
        *_key_code(RequestInProgress, IN_PROGRESS, recorded),
    ]


def _key_code(error: type[ApiError], meaning: str, routes: list[Route]) -> list[Code]:
    """Return the code of an error that routes can return, or none without routes."""
    headers = " or ".join(f"`{header}`" for header in dict.fromkeys(route.idempotency_header for route in routes))
    return [Code(error.code, error.status, meaning.format(headers))] if routes else []
