"""The Lambda handler of a service: it validates events, calls operations, and formats responses."""

from __future__ import annotations

import base64
import json
import os
import re
import time
import traceback
from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Callable, NamedTuple, NoReturn, TypeVar
from urllib.parse import unquote

from . import logging, metrics
from .cors import ALLOW_ORIGIN, Cors
from .errors import ApiError, BadRequest, Forbidden, NotFound, Unavailable, UnsupportedMediaType
from .http_client import DEADLINE, AwsError, is_retryable
from .logging import INVOCATION

JSON = "application/json"
CORRELATION_ID = re.compile("[A-Za-z0-9._:/+=-]{1,128}")
"""Pattern of an accepted `X-Correlation-Id`. Its characters need no escaping in headers and logs, and exclude `@`, so
that it cannot be an email address."""
SURROGATE_ESCAPES = (r"\ud", r"\uD")
"""Prefixes of the JSON escapes of surrogates."""
MAX_INTEGER_CHARACTERS = 127
"""Length of the longest integer that DynamoDB can store, with its sign. Python parses much longer integers slowly."""
EXPOSED_HEADERS = {"Access-Control-Expose-Headers": "ETag,Location,Retry-After,X-Request-Id,X-Correlation-Id"}
"""Response headers that scripts of an allowed origin can read."""
IDENTITY_CLAIMS = ("username", "cognito:username", "sub", "client_id")
"""Claims that identify the caller, in order of precedence: `username` in access tokens, `cognito:username` in ID
tokens, `sub` in both, and `client_id` for clients without a user."""

GROUP_VARIABLE = "USER_POOL_GROUP"
"""Environment variable with the user pool group that can call the API. If it is unset, all users of the pool can."""
GROUP_SEPARATORS = re.compile(r"[,\s\[\]]+")
"""Separators of the groups in a claim, which API Gateway passes as `a,b` or `[a b]`."""

T = TypeVar("T")

Validator = Callable[..., Any]
"""Function generated from a JSON Schema. It raises `SchemaViolation`."""


ScheduledOperation = Callable[[], None]
"""Operation that a schedule invokes."""
RecordHandler = Callable[[Mapping[str, Any], str], dict[str, Any]]
"""`records.Consumers`: processes the records in an event, and logs them with the ID of the invocation."""


class SchemaViolation(Exception):
    """A value does not match its JSON Schema."""

    def __init__(self, message: str, **_: Any) -> None:
        """Generated validators pass further keyword arguments, which are ignored."""
        super().__init__(message)
        self.message = message


class Route(NamedTuple):
    """An HTTP method of a path. The generated module `index.py` of the Lambda archive creates the routes."""

    operation: Callable[[Request], Response]
    validate: Validator | None
    validate_query: Validator
    types: Mapping[str, str]
    """JSON Schema types of the query parameters that are not strings."""
    entries: str = ""
    """Name of the array in the body of a batch. Empty if the route is not a batch."""
    validate_entry: Validator | None = None
    """Validator of each entry of a batch."""


class Request(NamedTuple):
    """A validated request."""

    route: str
    """Method and resource path, such as `POST /items`."""
    path: dict[str, str]
    query: dict[str, Any]
    headers: dict[str, str]
    """Headers by lowercase name."""
    body: Any
    actor: str
    """Caller: the user or client of the user pool, the principal of the authorizer, the IAM ARN, the ID of the API
    key, or `anonymous`. It can be personal data."""
    id: str
    """Request ID of API Gateway, which logs and error responses contain."""
    owner: str = ""
    """Owner of the items that the request creates: the user or client of the user pool, the principal of the
    authorizer, or the IAM user or role without its session. Empty if only an API key identifies the caller, because
    keys are rotated."""

    invalid: Mapping[int, BadRequest] = MappingProxyType({})
    """Errors of the invalid entries of a batch, by index."""

    @property
    def caller(self) -> str:
        """Identity of the caller without its session, because a retry can come from another session."""
        return self.owner or self.actor


class Response(NamedTuple):
    """The response of an operation. `body` is JSON or empty."""

    status: int
    body: str = ""
    headers: Mapping[str, str] = MappingProxyType({})


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
    ) -> None:
        """`routes` are by method and path, and `schedules` by name. `cors_origin` is the argument of `Cors`."""
        self._routes = routes
        self._schedules = schedules
        self._consumers = consumers
        self._headers = {"Content-Type": JSON, "Cache-Control": "no-store"}
        self._cors = Cors(cors_origin)
        self._group = os.environ.get(GROUP_VARIABLE, "")

    def __call__(self, event: dict[str, Any], context: Any) -> dict[str, Any]:
        DEADLINE.start(context.get_remaining_time_in_millis() / 1000)
        if "schedule" in event:
            log_fields = {"schedule": event["schedule"]}
            run_and_log("schedule", context.aws_request_id, log_fields, self._schedules[event["schedule"]])
            return {}
        if "Records" in event or "consumer" in event:
            return self._consumers(event, context.aws_request_id)
        return self._handle_request(event)

    def _handle_request(self, event: dict[str, Any]) -> dict[str, Any]:
        request_id = event["requestContext"]["requestId"]
        headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
        sent_id = headers.get("x-correlation-id", "")
        correlation_id = sent_id if CORRELATION_ID.fullmatch(sent_id) else request_id
        key = (event["httpMethod"], event["resource"])
        log_fields = {"requestId": request_id, "route": f"{key[0]} {key[1]}", "status": 502}

        def respond() -> Response:
            try:
                response = self._call_operation(key, event, headers)
            except ApiError as exc:
                response = _error_response(exc, request_id)
            except AwsError as exc:
                if not is_retryable(exc):
                    raise
                log_fields["status"] = Unavailable.status
                logging.write("ERROR", "unavailable", **log_fields, error=str(exc), trace=traceback.format_exc())
                response = _error_response(Unavailable(is_read=key[0] == "GET"), request_id)
            log_fields["status"] = response.status
            return response

        response = run_and_log("request", correlation_id, log_fields, respond)
        ids = {"X-Request-Id": request_id, "X-Correlation-Id": correlation_id}
        return {
            "statusCode": response.status,
            "headers": {**self._headers, **self._cors_headers(headers), **ids, **response.headers},
            "body": response.body,
        }

    def _cors_headers(self, request_headers: Mapping[str, str]) -> dict[str, str]:
        headers = self._cors.headers(request_headers.get("origin", ""))
        return {**headers, **(EXPOSED_HEADERS if ALLOW_ORIGIN in headers else {})}

    def _call_operation(self, key: tuple[str, str], event: dict[str, Any], headers: dict[str, str]) -> Response:
        route = self._routes.get(key)
        if route is None:
            raise NotFound(f"Route not found: {key[0]} {key[1]}.")
        _check_group(event["requestContext"], self._group)
        body = None
        if route.validate is not None:
            body = _parse_body(event, headers, route.entries)
            _validate(route.validate, body, "body")
        query = _parse_query(route, event)
        path = {name: _decode_path(name, value) for name, value in (event.get("pathParameters") or {}).items()}
        context = event["requestContext"]
        actor, owner = _actor(context), _owner(context)
        name, request_id, invalid = f"{key[0]} {key[1]}", context["requestId"], _invalid_entries(route, body)
        response = route.operation(Request(name, path, query, headers, body, actor, request_id, owner, invalid))
        if not isinstance(response, Response):
            raise TypeError(f"The operation of {name} must return a Response, got {type(response).__name__}.")
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


def _invalid_entries(route: Route, body: Any) -> dict[int, BadRequest]:
    """Return the errors of the invalid entries of a batch, by index."""
    errors: dict[int, BadRequest] = {}
    if route.validate_entry is not None:
        for index, entry in enumerate(body.get(route.entries, [])):
            path = f"body.{route.entries}[{index}]"
            try:
                _check_characters(entry)
                _validate(route.validate_entry, entry, path)
            except BadRequest as exc:
                errors[index] = exc
            except UnicodeEncodeError:
                errors[index] = BadRequest(f"{path} must be valid Unicode, got an unpaired surrogate.")
            except RecursionError:
                errors[index] = BadRequest(f"{path} has too many levels of arrays and objects.")
    return errors


def _reject_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")


def _parse_integer(value: str) -> int:
    if len(value) > MAX_INTEGER_CHARACTERS:
        raise OverflowError(f"an integer of {len(value)} characters")
    return int(value)


def _to_object(members: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return a JSON object. Raise `BadRequest` for a duplicate name, because it would discard a value."""
    parsed = dict(members)
    if len(parsed) < len(members):
        repeated = Counter(name for name, _ in members).most_common(1)[0][0]
        raise BadRequest(f"JSON objects must have unique names, got {repeated[:80]!r} more than once.")
    return parsed


def _parse_integer_of_batch(value: str) -> int | Decimal:
    """Return an integer, or a `Decimal` if it is too long: the validator of the entry rejects a `Decimal`."""
    return int(value) if len(value) <= MAX_INTEGER_CHARACTERS else Decimal(value)


def _decoder(parse_int: Callable[[str], int | Decimal]) -> Callable[[str], Any]:
    return json.JSONDecoder(
        object_pairs_hook=_to_object, parse_float=Decimal, parse_int=parse_int, parse_constant=_reject_constant
    ).decode


_decode, _decode_batch = _decoder(_parse_integer), _decoder(_parse_integer_of_batch)


def _parse_body(event: dict[str, Any], headers: dict[str, str], entries: str) -> Any:
    """Return the parsed body. Raise `BadRequest` for errors that a JSON Schema cannot detect.

    `entries` is the name of the array of a batch, whose entries are checked by `_invalid_entries`.
    """
    content_type = headers.get("content-type", JSON).split(";")[0].strip().lower()
    if content_type != JSON:
        raise UnsupportedMediaType(f"Content-Type must be {JSON}, got {content_type!r}.")
    try:
        raw = event.get("body") or ""
        if event.get("isBase64Encoded"):
            raw = base64.b64decode(raw).decode()
        raw.encode()
        body = _decode_batch(raw) if entries else _decode(raw)
        if any(escape in raw for escape in SURROGATE_ESCAPES):
            is_batch = entries and isinstance(body, dict)
            _check_characters({name: value for name, value in body.items() if name != entries} if is_batch else body)
        return body
    except UnicodeEncodeError as exc:
        raise BadRequest("The body must be valid Unicode, got an unpaired surrogate.") from exc
    except ArithmeticError as exc:
        raise BadRequest("Numbers in the body must have a magnitude from 1E-130 to 9.99E+125.") from exc
    except (ValueError, RecursionError) as exc:
        raise BadRequest(f"The body is not valid JSON: {exc}.") from exc


def _check_characters(value: Any) -> None:
    """Raise `UnicodeEncodeError` for an unpaired surrogate, which JSON can escape but UTF-8 cannot represent."""
    if isinstance(value, str):
        value.encode()
    elif isinstance(value, list):
        for element in value:
            _check_characters(element)
    elif isinstance(value, dict):
        for name, member in value.items():
            _check_characters(name)
            _check_characters(member)


def _decode_path(name: str, raw: str) -> str:
    """Return a path parameter, which API Gateway passes percent-encoded."""
    try:
        value = unquote(raw, errors="strict")
        value.encode()
        return value
    except UnicodeError as exc:
        raise BadRequest(f"{name} must be percent-encoded UTF-8, got {raw!r}.") from exc


def _parse_query(route: Route, event: dict[str, Any]) -> dict[str, Any]:
    parameters: dict[str, list[str]] = event.get("multiValueQueryStringParameters") or {}
    query: dict[str, Any] = {}
    for name, values in parameters.items():
        if len(values) > 1:
            raise BadRequest(f"{name} must be specified once, got {len(values)} values.")
        try:
            values[0].encode()
        except UnicodeEncodeError as exc:
            raise BadRequest(f"{name} must be percent-encoded UTF-8, got {values[0]!r}.") from exc
        query[name] = _parse_parameter(values[0], route.types.get(name, "string"))
    _validate(route.validate_query, query, "query")
    return query


def _parse_parameter(raw: str, schema_type: str) -> Any:
    """Return the value of a query parameter. If it has another type, return the string, which the validator rejects."""
    if schema_type == "string":
        return raw
    try:
        return _decode(raw)
    except (ValueError, ArithmeticError, RecursionError):
        return raw


def _actor(request_context: dict[str, Any]) -> str:
    """Return the most specific identity of the caller."""
    authorizer = request_context.get("authorizer") or {}
    identity = request_context.get("identity") or {}
    return (
        _user_pool_identity(authorizer.get("claims"))
        or authorizer.get("principalId")
        or identity.get("userArn")
        or identity.get("caller")
        or identity.get("apiKeyId")
        or "anonymous"
    )


def _owner(request_context: dict[str, Any]) -> str:
    """Return the owner of the items that the request creates, or an empty string."""
    authorizer = request_context.get("authorizer") or {}
    arn = (request_context.get("identity") or {}).get("userArn") or ""
    if ":assumed-role/" in arn:
        # Remove the session name, which differs between the instances of a caller.
        arn = arn.rpartition("/")[0]
    return str(_user_pool_identity(authorizer.get("claims")) or authorizer.get("principalId") or arn)


def _user_pool_identity(claims: Any) -> Any:
    """Return the user or client in the claims of a user pool token. Custom authorizers can set `claims` to a string."""
    return next(filter(None, map(claims.get, IDENTITY_CLAIMS)), None) if isinstance(claims, dict) else None


def _check_group(request_context: dict[str, Any], group: str) -> None:
    """Raise `Forbidden` for a user who is not a member of the group. Machine-to-machine clients need no membership."""
    claims = (request_context.get("authorizer") or {}).get("claims")
    if not group or not isinstance(claims, dict) or claims.get("sub") == claims.get("client_id", ""):
        return
    if group not in GROUP_SEPARATORS.split(str(claims.get("cognito:groups", ""))):
        raise Forbidden(f"The user must be a member of the group {group!r} to call this API.")


def _error_response(error: ApiError, request_id: str) -> Response:
    return Response(error.status, json.dumps(error.document(request_id)), error.headers)
