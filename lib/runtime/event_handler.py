"""From an API Gateway proxy event to an operation of the service, and back."""

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
from .attributes import Item
from .cors import ALLOW_ORIGIN, Cors
from .errors import ApiError, BadRequest, Forbidden, NotFound, Unavailable, UnsupportedMediaType
from .http_client import BUDGET, AwsError, worth_retrying
from .logging import INVOCATION

JSON = "application/json"
CORRELATION_ID = re.compile("[A-Za-z0-9._:/+=-]{1,128}")
"""What a caller's may be: what goes unescaped through headers, logs and messages, and is no e-mail address."""
SURROGATES = (r"\ud", r"\uD")
"""How JSON escapes begin that can be half of a surrogate pair."""
MAX_INTEGER_CHARACTERS = 127
"""Length of the longest integer that DynamoDB can store, with its sign. Python takes long to read far longer ones."""
EXPOSED = {"Access-Control-Expose-Headers": "ETag,Location,Retry-After,X-Request-Id,X-Correlation-Id"}
"""Response headers that pages of an allowed origin can read."""
CLAIMS = ("username", "cognito:username", "sub", "client_id")
"""Of a user pool's tokens: an access token's, an identity token's, either's, and that of a program."""

GROUP_VARIABLE = "USER_POOL_GROUP"
"""Environment variable with the name of the group whose users can call the API. Unset: every user of the pool can."""
SEPARATORS = re.compile(r"[,\s\[\]]+")
"""What separates groups in a claim: API Gateway passes `a,b` or `[a b]`."""

T = TypeVar("T")

Validator = Callable[..., Any]
"""Made from a schema when the program ran; raises `Invalid`."""


Scheduled = Callable[[], None]
"""What runs by the clock."""
Consumer = Callable[[list[Item]], None]
"""What runs because rows of a table changed: it is given their keys, each once."""


class Invalid(Exception):
    """What the generated validators raise: the field, and the rule it breaks."""

    def __init__(self, message: str, value: Any = None, name: str = "", definition: Any = None, rule: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.value = value
        self.name = name
        self.definition = definition
        self.rule = rule


class Route(NamedTuple):
    """One method on one path, as the archive's generated index knows it."""

    operation: Callable[[Request], Response]
    validate: Validator | None
    validate_query: Validator
    types: Mapping[str, str]
    """The query parameters that are no text: the type of each, as its schema says."""
    entries: str = ""
    """Array in the body of a batch."""
    validate_entry: Validator | None = None
    """Validator of one entry of a batch."""


class Request(NamedTuple):
    """What an operation is given: checked, decoded, typed."""

    route: str
    """`POST /items`"""
    path: dict[str, str]
    query: dict[str, Any]
    headers: dict[str, str]
    """Names in lower case."""
    body: Any
    actor: str
    """Who calls: the user pool's user or client, the authorizer's principal, IAM's ARN, the API key's id, or
    `anonymous`.  It may be personal data."""
    id: str
    """What its log line and its errors carry."""
    owner: str = ""
    """Whose the records are that the request creates: the user pool's user or client, the authorizer's principal, or
    the IAM user or role, whatever the session; empty where an API key or nothing identifies callers, for keys rotate.
    """

    invalid: Mapping[int, BadRequest] = MappingProxyType({})
    """Errors of the invalid entries of a batch, by index."""

    @property
    def caller(self) -> str:
        """The owner, or else the actor: a retry is from the same one, also if its session has changed."""
        return self.owner or self.actor


class Response(NamedTuple):
    """What an operation answers; `body` is JSON text, empty for none."""

    status: int
    body: str = ""
    headers: Mapping[str, str] = MappingProxyType({})


class Api:
    """The Lambda handler of a function: routes by method and path, the rest by what calls it."""

    def __init__(
        self,
        routes: dict[tuple[str, str], Route],
        schedules: dict[str, Scheduled],
        cors_origin: str,
        consumers: Mapping[str, Consumer] = MappingProxyType({}),
    ) -> None:
        """`schedules` are by their name, `consumers` by the name in AWS of the table whose changes they are for.

        Several origins in `cors_origin` are separated by commas.
        """
        self._routes = routes
        self._schedules = schedules
        self._consumers = consumers
        self._headers = {"Content-Type": JSON, "Cache-Control": "no-store"}
        self._cors = Cors(cors_origin)
        self._group = os.environ.get(GROUP_VARIABLE, "")

    def __call__(self, event: dict[str, Any], context: Any) -> dict[str, Any]:
        BUDGET.begin(context.get_remaining_time_in_millis() / 1000)
        if "schedule" in event:
            said = {"schedule": event["schedule"]}
            _carried_out("schedule", context.aws_request_id, said, self._schedules[event["schedule"]])
            return {}
        if "Records" in event:
            records = event["Records"]
            table = records[0]["eventSourceARN"].split("/")[1]
            said = {"table": table, "records": len(records)}
            _carried_out("stream", context.aws_request_id, said, lambda: self._consumers[table](_keys(records)))
            return {}
        return self._answered(event)

    def _answered(self, event: dict[str, Any]) -> dict[str, Any]:
        request_id = event["requestContext"]["requestId"]
        headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
        given = headers.get("x-correlation-id", "")
        correlation_id = given if CORRELATION_ID.fullmatch(given) else request_id
        key = (event["httpMethod"], event["resource"])
        said = {"requestId": request_id, "route": f"{key[0]} {key[1]}", "status": 502}

        def respond() -> Response:
            try:
                response = self._serve(key, event, headers)
            except ApiError as exc:
                response = _rendered(exc, request_id)
            except AwsError as exc:
                if not worth_retrying(exc):
                    raise
                said["status"] = Unavailable.status
                logging.write("ERROR", "unavailable", **said, error=str(exc), trace=traceback.format_exc())
                response = _rendered(Unavailable(is_read=key[0] == "GET"), request_id)
            said["status"] = response.status
            return response

        response = _carried_out("request", correlation_id, said, respond)
        ids = {"X-Request-Id": request_id, "X-Correlation-Id": correlation_id}
        return {
            "statusCode": response.status,
            "headers": {**self._headers, **self._cors_headers(headers), **ids, **response.headers},
            "body": response.body,
        }

    def _cors_headers(self, request_headers: Mapping[str, str]) -> dict[str, str]:
        headers = self._cors.headers(request_headers.get("origin", ""))
        return {**headers, **(EXPOSED if ALLOW_ORIGIN in headers else {})}

    def _serve(self, key: tuple[str, str], event: dict[str, Any], headers: dict[str, str]) -> Response:
        route = self._routes.get(key)
        if route is None:
            raise NotFound(f"no such route: {key[0]} {key[1]}")
        _check_group(event["requestContext"], self._group)
        body = None
        if route.validate is not None:
            body = _body(event, headers, route.entries)
            _check(route.validate, body, "body")
        query = _query(route, event)
        path = {name: _unquoted(name, value) for name, value in (event.get("pathParameters") or {}).items()}
        context = event["requestContext"]
        actor, owner = _actor(context), _owner(context)
        name, request_id, invalid = f"{key[0]} {key[1]}", context["requestId"], _invalid_entries(route, body)
        return route.operation(Request(name, path, query, headers, body, actor, request_id, owner, invalid))


def _carried_out(message: str, correlation_id: str, said: Mapping[str, Any], act: Callable[[], T]) -> T:
    """What an invocation comes to.  It ends with a line: what is said of it, its time, its figures."""
    started = time.perf_counter()
    INVOCATION.begin(correlation_id)
    try:
        return act()
    except Exception as exc:
        # Raised on, so that Lambda counts it and its alarm goes off; the gateway answers in the common shape.
        logging.write("ERROR", "unhandled", **said, error=type(exc).__name__, trace=traceback.format_exc())
        raise
    finally:
        logging.write("INFO", message, metrics.members(), **said, durationMs=_since(started))


def _keys(records: list[dict[str, Any]]) -> list[Item]:
    found: list[Item] = []
    for record in records:
        key = record["dynamodb"]["Keys"]
        if key not in found:
            found.append(key)
    return found


def _since(started: float) -> float:
    """Milliseconds."""
    return round((time.perf_counter() - started) * 1000, 2)


def _check(validate: Validator, value: Any, what: str) -> None:
    try:
        validate(value, name_prefix=what)
    except Invalid as exc:
        raise BadRequest(f"the {what} is not as it should be", [exc.message]) from exc
    except RecursionError as exc:
        raise BadRequest(f"the {what} is nested too deeply") from exc


def _invalid_entries(route: Route, body: Any) -> dict[int, BadRequest]:
    """Return the errors of the invalid entries of a batch, by index."""
    found: dict[int, BadRequest] = {}
    if route.validate_entry is not None:
        for number, entry in enumerate(body.get(route.entries, [])):
            where = f"body.{route.entries}[{number}]"
            try:
                _check_characters(entry)
                _check(route.validate_entry, entry, where)
            except BadRequest as exc:
                found[number] = exc
            except UnicodeEncodeError:
                found[number] = BadRequest(f"{where} holds half of a surrogate pair, which is not a character")
            except RecursionError:
                found[number] = BadRequest(f"{where} is nested too deeply")
    return found


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")


def _parse_integer(text: str) -> int:
    if len(text) > MAX_INTEGER_CHARACTERS:
        raise OverflowError(f"an integer of {len(text)} characters")
    return int(text)


def _to_object(members: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return a JSON object. Raise `BadRequest` if a name appears twice, as only one of the values could be kept."""
    found = dict(members)
    if len(found) < len(members):
        repeated = Counter(name for name, _ in members).most_common(1)[0][0]
        raise BadRequest(f"JSON objects must have each name once, got {repeated[:80]!r} more than once")
    return found


def _parse_integer_of_batch(text: str) -> int | Decimal:
    """Return a longer integer as a decimal, which the validator of its entry rejects."""
    return int(text) if len(text) <= MAX_INTEGER_CHARACTERS else Decimal(text)


def _decoder(parse_int: Callable[[str], int | Decimal]) -> Callable[[str], Any]:
    return json.JSONDecoder(
        object_pairs_hook=_to_object, parse_float=Decimal, parse_int=parse_int, parse_constant=_refuse_constant
    ).decode


_decode, _decode_batch = _decoder(_parse_integer), _decoder(_parse_integer_of_batch)


def _body(event: dict[str, Any], headers: dict[str, str], entries: str) -> Any:
    """Return the decoded body. Raise `BadRequest` for what no schema can reject.

    `entries` is the array of a batch; `_invalid_entries` checks what is in it.
    """
    content_type = headers.get("content-type", JSON).split(";")[0].strip().lower()
    if content_type != JSON:
        raise UnsupportedMediaType(f"Content-Type {content_type!r}: send {JSON}")
    try:
        text = event.get("body") or ""
        if event.get("isBase64Encoded"):
            text = base64.b64decode(text).decode()
        text.encode()
        body = _decode_batch(text) if entries else _decode(text)
        if any(escape in text for escape in SURROGATES):
            is_batch = entries and isinstance(body, dict)
            _check_characters({name: value for name, value in body.items() if name != entries} if is_batch else body)
        return body
    except UnicodeEncodeError as exc:
        raise BadRequest("the body holds half of a surrogate pair, which is not a character") from exc
    except ArithmeticError as exc:
        raise BadRequest("the body holds a number beyond any that can be stored") from exc
    except (ValueError, RecursionError) as exc:
        raise BadRequest(f"the body is not JSON: {exc}") from exc


def _check_characters(value: Any) -> None:
    """Raise `UnicodeEncodeError` for a text that UTF-8 cannot represent, which JSON can escape."""
    if isinstance(value, str):
        value.encode()
    elif isinstance(value, list):
        for one in value:
            _check_characters(one)
    elif isinstance(value, dict):
        for name, one in value.items():
            _check_characters(name)
            _check_characters(one)


def _unquoted(name: str, text: str) -> str:
    """API Gateway hands on the path's parts as they were sent."""
    try:
        value = unquote(text, errors="strict")
        value.encode()
        return value
    except UnicodeError as exc:
        raise BadRequest(f"{name} {text!r}: percent-encode it as UTF-8") from exc


def _query(route: Route, event: dict[str, Any]) -> dict[str, Any]:
    given: dict[str, list[str]] = event.get("multiValueQueryStringParameters") or {}
    query: dict[str, Any] = {}
    for name, values in given.items():
        if len(values) > 1:
            raise BadRequest(f"{name}: give it once, not {len(values)} times")
        try:
            values[0].encode()
        except UnicodeEncodeError as exc:
            raise BadRequest(f"{name} {values[0]!r}: percent-encode it as UTF-8") from exc
        query[name] = _read(values[0], route.types.get(name, "string"))
    _check(route.validate_query, query, "query")
    return query


def _read(text: str, kind: str) -> Any:
    """The value that a query parameter spells, or its text for the validator to refuse."""
    if kind == "string":
        return text
    try:
        return _decode(text)
    except (ValueError, ArithmeticError, RecursionError):
        return text


def _actor(request_context: dict[str, Any]) -> str:
    """Who calls, as whoever knows most exactly says it."""
    authorizer = request_context.get("authorizer") or {}
    identity = request_context.get("identity") or {}
    return (
        _of_pool(authorizer.get("claims"))
        or authorizer.get("principalId")
        or identity.get("userArn")
        or identity.get("caller")
        or identity.get("apiKeyId")
        or "anonymous"
    )


def _owner(request_context: dict[str, Any]) -> str:
    """Whose the records are that the request creates; empty if they have no owner."""
    authorizer = request_context.get("authorizer") or {}
    arn = (request_context.get("identity") or {}).get("userArn") or ""
    if ":assumed-role/" in arn:
        # The last part is the session, which is another for each instance of a caller.
        arn = arn.rpartition("/")[0]
    return str(_of_pool(authorizer.get("claims")) or authorizer.get("principalId") or arn)


def _of_pool(claims: Any) -> Any:
    """Whom a user pool's token is of.  An authorizer of one's own may give a text under that name."""
    return next(filter(None, map(claims.get, CLAIMS)), None) if isinstance(claims, dict) else None


def _check_group(request_context: dict[str, Any], group: str) -> None:
    """Raise `Forbidden` for a user who is not a member of the group. A program has a client of its own instead."""
    claims = (request_context.get("authorizer") or {}).get("claims")
    if not group or not isinstance(claims, dict) or claims.get("sub") == claims.get("client_id", ""):
        return
    if group not in SEPARATORS.split(str(claims.get("cognito:groups", ""))):
        raise Forbidden(f"this user is not a member of the group {group}")


def _rendered(error: ApiError, request_id: str) -> Response:
    return Response(error.status, json.dumps(error.document(request_id)), error.headers)
