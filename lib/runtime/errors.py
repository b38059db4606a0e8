"""Errors that handlers raise. `event_handler.py` renders each as a response."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

MAX_TEXT_LENGTH = 1_000
"""Maximum length of a message. Messages quote names and values of requests, which can be larger than a response of
Lambda."""


class ApiError(Exception):
    """An answer in the common error shape."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "INTERNAL_ERROR"

    def __init__(self, message: str, details: Sequence[str] = (), headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.details = list(details)
        self.headers = headers or {}

    def document(self, request_id: str) -> dict[str, Any]:
        """The common shape."""
        details = [_shortened(detail) for detail in self.details]
        return {"error": _shortened(self.message), "code": self.code, "requestId": request_id, "details": details}


def _shortened(text: str) -> str:
    return text if len(text) <= MAX_TEXT_LENGTH else f"{text[: MAX_TEXT_LENGTH - 3]}..."


class BadRequest(ApiError):
    """The request cannot be understood or breaks a rule; the message says which."""

    status = 400
    code = "INVALID_REQUEST"


class Forbidden(ApiError):
    """The caller is known, but has no access."""

    status = 403
    code = "FORBIDDEN"


class NotFound(ApiError):
    """What the path names is not there."""

    status = 404
    code = "NOT_FOUND"


class Conflict(ApiError):
    """It is there already, or has changed meanwhile."""

    status = 409
    code = "CONFLICT"


class VersionConflict(ApiError):
    """It is not at the version that the body expects."""

    status = 409
    code = "VERSION_CONFLICT"


class PreconditionFailed(ApiError):
    """It is not at the version that `If-Match` names."""

    status = 412
    code = "PRECONDITION_FAILED"


class IdempotencyConflict(ApiError):
    """The `Idempotency-Key` was used before, for another request."""

    status = 409
    code = "IDEMPOTENCY_CONFLICT"


class TooLarge(ApiError):
    """DynamoDB holds 400 KB an item."""

    status = 413
    code = "ITEM_TOO_LARGE"


class UnsupportedMediaType(ApiError):
    """The body is not JSON by its own account."""

    status = 415
    code = "UNSUPPORTED_MEDIA_TYPE"


class TooManyRequests(ApiError):
    """AWS throttled the function for longer than it could wait."""

    status = 429
    code = "THROTTLED"


RETRY_AFTER_SECONDS = 2
"""Value of `Retry-After` in responses of a function that AWS did not respond to."""


class Unavailable(ApiError):
    """A service of AWS did not respond in time, or failed, for longer than the function could wait."""

    status = 503
    code = "SERVICE_UNAVAILABLE"

    def __init__(self, is_read: bool = False) -> None:
        """Take whether the request changes nothing, so that it can be repeated as it is."""
        advice = "send the request again"
        if not is_read:
            advice = (
                "the request might have been executed: send it again with the same Idempotency-Key if it has one, "
                "or read first what it has changed"
            )
        message = f"a service that this one depends on did not respond in time; {advice}"
        super().__init__(message, headers={"Retry-After": str(RETRY_AFTER_SECONDS)})
