"""Errors of the API. `event_handler.py` converts each to a response."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

MAX_MESSAGE_LENGTH = 1_000
"""Maximum length of a message. Longer messages are truncated, because they quote values of the request, which can
exceed Lambda's limit for responses."""


class ApiError(Exception):
    """An error response in the format that all services share."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "INTERNAL_ERROR"

    def __init__(self, message: str, details: Sequence[str] = (), headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.details = list(details)
        self.headers = headers or {}

    def document(self, request_id: str) -> dict[str, Any]:
        """Return the JSON object of the response body."""
        details = [_truncate(detail) for detail in self.details]
        return {"error": _truncate(self.message), "code": self.code, "requestId": request_id, "details": details}


def _truncate(message: str) -> str:
    return message if len(message) <= MAX_MESSAGE_LENGTH else f"{message[: MAX_MESSAGE_LENGTH - 3]}..."


class BadRequest(ApiError):
    """The request is malformed or invalid."""

    status = 400
    code = "INVALID_REQUEST"


class Unauthorized(ApiError):
    """The caller is not authenticated, or the signature of the request is invalid.

    API Gateway renames the header to `x-amzn-Remapped-WWW-Authenticate`.
    """

    status = 401
    code = "UNAUTHORIZED"

    def __init__(self, message: str, details: Sequence[str] = (), scheme: str = "Bearer") -> None:
        """`scheme` is the value of `WWW-Authenticate`: an authentication scheme, optionally with parameters."""
        super().__init__(message, details, {"WWW-Authenticate": scheme})


class Forbidden(ApiError):
    """The caller is authenticated, but not authorized."""

    status = 403
    code = "FORBIDDEN"


class NotFound(ApiError):
    """The requested resource does not exist."""

    status = 404
    code = "NOT_FOUND"


class Conflict(ApiError):
    """The resource already exists or was modified concurrently."""

    status = 409
    code = "CONFLICT"


class VersionConflict(ApiError):
    """The resource does not have the version that the request body expects."""

    status = 409
    code = "VERSION_CONFLICT"


class PreconditionFailed(ApiError):
    """The resource does not have the version in `If-Match`."""

    status = 412
    code = "PRECONDITION_FAILED"


class IdempotencyConflict(ApiError):
    """The idempotency key was already used with a different request."""

    status = 409
    code = "IDEMPOTENCY_CONFLICT"


class RequestInProgress(ApiError):
    """An earlier request with the same idempotency key has not finished."""

    status = 409
    code = "REQUEST_IN_PROGRESS"

    def __init__(self, seconds: int, header: str = "Idempotency-Key") -> None:
        """`seconds` is the time after which the earlier request has finished or failed, and `header` has the key."""
        message = f"An earlier request with this {header} has not finished. Send the request again later."
        super().__init__(message, headers={"Retry-After": str(seconds)})


class TooLarge(ApiError):
    """The item exceeds DynamoDB's limit of 400 KB."""

    status = 413
    code = "ITEM_TOO_LARGE"


class PayloadTooLarge(ApiError):
    """The body of the request is larger than the route accepts."""

    status = 413
    code = "REQUEST_TOO_LARGE"


class UnsupportedMediaType(ApiError):
    """The route does not accept the `Content-Type` of the request."""

    status = 415
    code = "UNSUPPORTED_MEDIA_TYPE"


class TooManyRequests(ApiError):
    """AWS throttled the function, or items changed concurrently, until its time or its retries were used up."""

    status = 429
    code = "THROTTLED"


RETRY_AFTER_SECONDS = 2
"""Value of the header `Retry-After` in 503 responses."""


class Unavailable(ApiError):
    """An AWS service returned errors or did not respond until the retries of the function were used up."""

    status = 503
    code = "SERVICE_UNAVAILABLE"

    def __init__(self, is_read: bool = False) -> None:
        """`is_read` is whether the request only reads, so that it can be repeated safely."""
        remedy = "Send the request again."
        if not is_read:
            remedy = (
                "The request might have been executed: send it again with the same Idempotency-Key if it has one, "
                "or check the current state first."
            )
        message = f"A service that this API depends on did not respond in time. {remedy}"
        super().__init__(message, headers={"Retry-After": str(RETRY_AFTER_SECONDS)})
