"""The Lambda handler of a service: it validates events, calls operations, and formats responses."""

from __future__ import annotations

import json
import os
import re
import time
import traceback
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Callable, NamedTuple, TypeVar, Union

from . import logging, metrics
from .body import FORM, JSON, check_characters, check_media_type, check_size, parse_json
from .claims import ANONYMOUS, ISSUER_CLAIMS, USER_POOL_CLAIMS, check_scope, principal_of
from .cors import ALLOW_ORIGIN, Cors
from .errors import ApiError, BadRequest, Forbidden, NotFound, Unauthorized, Unavailable
from .http_client import DEADLINE, AwsError, is_retryable
from .logging import INVOCATION
from .request import Request, groups_of
from .request_values import ParameterType, parse_headers, parse_path, parse_values
from .response import Response, check_response

__all__ = ["Api", "Request", "Response", "Route", "SchemaViolation"]

CORRELATION_ID = re.compile("[A-Za-z0-9._:/+=-]{1,128}")
"""Pattern of an accepted `X-Correlation-Id`. Its characters need no escaping in headers and logs, and exclude `@`, so
that it cannot be an email address."""
EXPOSED_HEADERS = {"Access-Control-Expose-Headers": "ETag,Location,Retry-After,X-Request-Id,X-Correlation-Id"}
"""Response headers that scripts of an allowed origin can read."""
GROUP_VARIABLE = "USER_POOL_GROUP"
"""Environment variable with the user pool group that can call the API. If it is unset, all users of the pool can."""

T = TypeVar("T")

Validator = Callable[..., Any]
"""Function generated from a JSON Schema. It raises `SchemaViolation`."""


ScheduledOperation = Callable[[], None]
"""Operation that a schedule invokes."""
RecordHandler = Callable[[Mapping[str, Any], str], dict[str, Any]]
"""`records.Consumers`: processes the records in an event, and logs them with the ID of the invocation."""
Authorizer = Callable[[dict[str, Any], dict[str, Any]], Union[dict[str, Any], None]]
"""Function that returns a policy for an event of API Gateway, or None for invalid credentials, and that sets the status
in the fields of the log line: `authorizers.Authorizer`."""


class SchemaViolation(Exception):
    """A value does not match its JSON Schema."""

    def __init__(self, message: str, **_: Any) -> None:
        """Generated validators pass further keyword arguments, which are ignored."""
        super().__init__(message)
        self.message = message


class InvalidCredentials(Exception):
    """API Gateway responds with 401 if the message of the error of an authorizer is exactly `Unauthorized`."""


class Route(NamedTuple):
    """An HTTP method of a path. The generated module `index.py` of the Lambda archive creates the routes."""

    operation: Callable[[Request], Response]
    validate: Validator | None
    validate_query: Validator
    types: Mapping[str, ParameterType]
    """Types of the query parameters that are not strings; of all parameters with `additional_query`."""
    entries: str = ""
    """Name of the array in the body of a batch. Empty if the route is not a batch."""
    validate_entry: Validator | None = None
    """Validator of each entry of a batch."""
    content_types: tuple[str, ...] = ()
    """Accepted media types. Empty: JSON with `validate`, any media type without it."""
    form_types: Mapping[str, ParameterType] = MappingProxyType({})
    """Types of the form fields that are not strings."""
    additional_query: bool = False
    """Whether undeclared query parameters are accepted."""
    validate_headers: Validator | None = None
    header_types: Mapping[str, ParameterType] = MappingProxyType({})
    """Types of the headers that the route declares, by lowercase name."""
    scope: str = ""
    """Scope that the claims of the authorizer must contain."""
    other_issuer: bool = False
    """Whether the claims are of another issuer than the user pool of the stack."""
    max_body_bytes: int = 0
    """Maximum size of the body. 0: no limit of the route."""


def _reject_records(event: Mapping[str, Any], _: str) -> dict[str, Any]:
    raise ValueError(f"The function has no consumer for the event with the fields {', '.join(event)}.")


class Api:
    """The Lambda handler of a function, which API Gateway, schedules and event sources invoke."""

    def __init__(
        self,
        routes: dict[tuple[str, str], Route],
        schedules: dict[str, ScheduledOperation],
        cors_origin: str,
        consumers: RecordHandler = _reject_records,
        *,
        authorizers: Mapping[str, Authorizer] = MappingProxyType({}),
        cors_credentials: bool = False,
        binary: bool = False,
    ) -> None:
        """`routes` are by method and path, `schedules` by name, and `authorizers` by type. `cors_origin` and
        `cors_credentials` are the arguments of `Cors`, and `binary` is whether the API returns binary bodies.
        """
        self._routes = routes
        self._schedules = schedules
        self._consumers = consumers
        self._binary = binary
        self._headers = {"Content-Type": JSON, "Cache-Control": "no-store"}
        self._authorizers = authorizers
        self._cors = Cors(cors_origin, cors_credentials)
        self._group = os.environ.get(GROUP_VARIABLE, "")

    def __call__(self, event: dict[str, Any], context: Any) -> dict[str, Any]:
        DEADLINE.start(context.get_remaining_time_in_millis() / 1000)
        if "schedule" in event:
            log_fields = {"schedule": event["schedule"]}
            run_and_log("schedule", context.aws_request_id, log_fields, self._schedules[event["schedule"]])
            return {}
        if "Records" in event or "consumer" in event:
            return self._consumers(event, context.aws_request_id)
        if "methodArn" in event:
            return self._authorize(event, context.aws_request_id)
        return self._handle_request(event, context)

    def _authorize(self, event: dict[str, Any], invocation_id: str) -> dict[str, Any]:
        request_id = (event.get("requestContext") or {}).get("requestId") or invocation_id
        log_fields = {"requestId": request_id, "authorizer": event["type"], "status": 500}
        authorizer = self._authorizers[event["type"]]
        policy = run_and_log("authorization", request_id, log_fields, lambda: authorizer(event, log_fields))
        if policy is None:
            raise InvalidCredentials("Unauthorized")
        return policy

    def _handle_request(self, event: dict[str, Any], context: Any) -> dict[str, Any]:
        request_id = event["requestContext"]["requestId"]
        headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
        sent_id = headers.get("x-correlation-id", "")
        correlation_id = sent_id if CORRELATION_ID.fullmatch(sent_id) else request_id
        key = (event["httpMethod"], event["resource"])
        log_fields = {"requestId": request_id, "route": f"{key[0]} {key[1]}", "status": 502}
        ids = {"X-Request-Id": request_id, "X-Correlation-Id": correlation_id}

        def respond() -> dict[str, Any]:
            try:
                response = self._call_operation(key, event, headers, context)
            except ApiError as exc:
                response = _error_response(exc, request_id)
            except AwsError as exc:
                if not is_retryable(exc):
                    raise
                log_fields["status"] = Unavailable.status
                logging.write("ERROR", "unavailable", **log_fields, error=str(exc), trace=traceback.format_exc())
                response = _error_response(Unavailable(is_read=key[0] in ("GET", "HEAD")), request_id)
            defaults = {**self._headers, **self._cors_headers(headers), **ids}
            result = response.to_event(defaults, binary=self._binary)
            log_fields["status"] = response.status
            return result

        return run_and_log("request", correlation_id, log_fields, respond)

    def _cors_headers(self, request_headers: Mapping[str, str]) -> dict[str, str]:
        headers = self._cors.headers(request_headers.get("origin", ""))
        return {**headers, **(EXPOSED_HEADERS if ALLOW_ORIGIN in headers else {})}

    def _call_operation(
        self, key: tuple[str, str], event: dict[str, Any], headers: dict[str, Any], context: Any
    ) -> Response:
        route = self._routes.get(key)
        # Function URLs without CORS pass OPTIONS to `ANY`, which does not include it.
        if route is None and key[0] != "OPTIONS":
            route = self._routes.get(("ANY", key[1]))
        if route is None:
            raise NotFound(f"Route not found: {key[0]} {key[1]}.")
        request_context = event["requestContext"]
        if route.other_issuer:
            _check_subject(request_context)
        else:
            _check_group(request_context, self._group)
        if route.scope:
            check_scope(event, route.scope)
        if route.max_body_bytes:
            check_size(event, route.max_body_bytes)
        body = _request_body(route, event, headers)
        query = _request_query(route, event)
        request = Request(
            f"{key[0]} {key[1]}",
            parse_path(event.get("pathParameters") or {}),
            query,
            _request_headers(route, event, headers),
            body,
            _actor(request_context, route.other_issuer),
            request_context["requestId"],
            _owner(request_context, route.other_issuer),
            _invalid_entries(route, body),
            event,
            context,
        )
        response = route.operation(request)
        check_response(request.route, response)
        return response


def run_and_log(message: str, correlation_id: str, fields: Mapping[str, Any], run: Callable[[], T]) -> T:
    """Run an invocation. Then log the fields, the duration and the metrics in one line."""
    start = time.perf_counter()
    INVOCATION.begin(correlation_id)
    try:
        return run()
    except Exception as exc:
        # Raise the error again: Lambda counts it for the alarm, and API Gateway returns a 502 in the error format.
        logging.write("ERROR", "unhandled", **fields, error=type(exc).__name__, trace=traceback.format_exc())
        raise
    finally:
        logging.write("INFO", message, metrics.embedded_metrics(), **fields, durationMs=_elapsed_ms(start))


def _elapsed_ms(start: float) -> float:
    return round((time.perf_counter() - start) * 1000, 2)


def _validate(validate: Validator, value: Any, path: str) -> None:
    try:
        validate(value, name_prefix=path)
    except SchemaViolation as exc:
        raise BadRequest(f"Invalid request {path}; see details.", [exc.message]) from exc
    except RecursionError as exc:
        raise BadRequest(f"{path} has too many levels of arrays and objects.") from exc
    except ArithmeticError as exc:
        raise BadRequest(f"{path} contains a number with too many digits.") from exc


def _invalid_entries(route: Route, body: Any) -> dict[int, BadRequest]:
    """Return the errors of the invalid entries of a batch, by index."""
    errors: dict[int, BadRequest] = {}
    if route.validate_entry is not None:
        for index, entry in enumerate(body.get(route.entries, [])):
            path = f"body.{route.entries}[{index}]"
            try:
                check_characters(entry)
                _validate(route.validate_entry, entry, path)
            except BadRequest as exc:
                errors[index] = exc
            except UnicodeEncodeError:
                errors[index] = BadRequest(f"{path} must be valid Unicode, got an unpaired surrogate.")
            except RecursionError:
                errors[index] = BadRequest(f"{path} has too many levels of arrays and objects.")
    return errors


def _request_body(route: Route, event: dict[str, Any], headers: dict[str, Any]) -> Any:
    """Return the validated body. None if the route has no schema."""
    if route.validate is None:
        if route.content_types and event.get("body"):
            check_media_type(headers, route.content_types)
        return None
    if check_media_type(headers, route.content_types or (JSON,)) == FORM:
        from .forms import parse_form  # pylint: disable=import-outside-toplevel  # shortens cold starts

        body = parse_form(event).to_object(route.form_types)
    else:
        body = parse_json(event, route.entries)
    _validate(route.validate, body, "body")
    return body


def _request_query(route: Route, event: dict[str, Any]) -> dict[str, Any]:
    query: dict[str, Any] = {}
    if parameters := event.get("multiValueQueryStringParameters"):
        query = parse_values(parameters.items(), route.types, allows_repeated=route.additional_query)
    _validate(route.validate_query, query, "query")
    return query


def _request_headers(route: Route, event: dict[str, Any], headers: dict[str, Any]) -> dict[str, Any]:
    """Return the headers, with those that the route declares validated and converted."""
    if route.validate_headers is None:
        return headers
    declared = parse_headers(event, route.header_types)
    _validate(route.validate_headers, declared, "headers")
    return {**headers, **declared}


def _actor(request_context: dict[str, Any], other_issuer: bool) -> str:
    """Return the most specific identity of the caller."""
    authorizer = request_context.get("authorizer") or {}
    identity = request_context.get("identity") or {}
    return (
        _identity(authorizer.get("claims"), other_issuer)
        or principal_of(authorizer)
        or identity.get("userArn")
        or identity.get("caller")
        or identity.get("apiKeyId")
        or ANONYMOUS
    )


def _owner(request_context: dict[str, Any], other_issuer: bool) -> str:
    """Return the owner of the items that the request creates, or an empty string."""
    authorizer = request_context.get("authorizer") or {}
    arn = (request_context.get("identity") or {}).get("userArn") or ""
    if ":assumed-role/" in arn:
        # Remove the session name, which differs between the instances of a caller.
        arn = arn.rpartition("/")[0]
    return str(_identity(authorizer.get("claims"), other_issuer) or principal_of(authorizer) or arn)


def _identity(claims: Any, other_issuer: bool) -> Any:
    """Return the user or client in the claims of a token. Custom authorizers can set `claims` to a string."""
    names = ISSUER_CLAIMS if other_issuer else USER_POOL_CLAIMS
    return next(filter(None, map(claims.get, names)), None) if isinstance(claims, dict) else None


def _check_subject(request_context: dict[str, Any]) -> None:
    """Raise `Unauthorized` for a token that identifies no caller, as the function of a `JwtAuthorizer` does."""
    if not _identity((request_context.get("authorizer") or {}).get("claims"), other_issuer=True):
        raise Unauthorized("The token has no subject.")


def _check_group(request_context: dict[str, Any], group: str) -> None:
    """Raise `Forbidden` for a user who is not a member of the group. Machine-to-machine clients need no membership."""
    claims = (request_context.get("authorizer") or {}).get("claims")
    if not group or not isinstance(claims, dict) or claims.get("sub") == claims.get("client_id", ""):
        return
    if group not in groups_of(claims):
        raise Forbidden(f"The user must be a member of the group {group!r} to call this API.")


def _error_response(error: ApiError, request_id: str) -> Response:
    return Response(error.status, json.dumps(error.document(request_id)), error.headers)
