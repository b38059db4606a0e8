"""Triggers of functions: routes and schedules."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Any

from ..runtime.reserved_keys import PREFIX
from ..settings import ApiSettings, Definition, FunctionSettings, between, check_schedule, invalid_value
from .grants import Grant, Statement
from .json_schema import is_required
from .media_types import FORM, JSON, MEDIA_RANGE, is_json, response_types
from .resources import Metric, Schema
from .typed_operations import derived_fields
from .validation import check_name, check_operation, check_path, duplicates

SchemaReference = Any
"""Name of a schema in `Service.schemas`, or a Python type with a schema."""
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
STATUSES = frozenset(status.value for status in HTTPStatus if status >= HTTPStatus.OK)
ERROR_STATUSES = frozenset(status for status in STATUSES if status >= HTTPStatus.BAD_REQUEST)
MAX_BODY_BYTES = 6 * 1024 * 1024
"""Maximum size of the payload of a Lambda function."""
ANY_METHOD = "ANY"
"""Method of a route for all methods of `METHODS` for which its path has no route of its own."""
UNDECLARABLE_HEADERS = ("content-type", "cookie")
"""Headers that other fields describe: `Route.content_types` and `Request.cookies`."""
HEADER = re.compile(r"[A-Za-z0-9_-]+")
IDEMPOTENCY_HEADER = "Idempotency-Key"
THROTTLE_LIMITS = {
    "rate_per_second": between(0.1, 1_000_000, "requests a second"),
    "burst": between(1, 1_000_000, "requests"),
}
"""Limits of a `Throttle` and their valid values, which also apply to the stage."""


@dataclass(frozen=True)
class Code(Definition):
    """A `code` of error responses, in addition to those that every service has."""

    name: str
    status: int
    meaning: str
    """Cause of the error and its remedy, for the API reference."""

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[A-Z][A-Z0-9_]*", self.name):
            raise ValueError(f"code must be uppercase letters, digits and '_', a letter first, got {self.name!r}.")
        if not 400 <= self.status <= 499 and self.status != HTTPStatus.SERVICE_UNAVAILABLE:
            raise ValueError(f"code {self.name!r} status must be 400 to 499 or 503, got {self.status}.")


@dataclass(frozen=True, kw_only=True)
class Throttle(Definition):
    """Limits on the requests of one route by all callers, instead of the limits of the stage."""

    rate_per_second: float
    burst: int
    """Requests in a burst before the rate applies."""
    capped: tuple[str, ...] = ()
    """Names of limits that are reduced to the limit of the stage if they exceed it. Other limits above it are
    rejected."""
    key_prefix: str = "throttle."
    """Prefix of the limits in errors. If config sets the limits, it is the prefix of their keys, such as
    `anonymous_`."""

    def __post_init__(self) -> None:
        for name, (is_valid, expected) in THROTTLE_LIMITS.items():
            if not is_valid(value := getattr(self, name)):
                raise invalid_value(f"{self.key_prefix}{name}", value, expected)

    def within(self, stage: ApiSettings) -> Throttle:
        """Return the effective limits on a stage. Raise `ValueError` for a limit above that of the stage."""
        limits = {name: getattr(stage, f"throttle_{name}") for name in THROTTLE_LIMITS}
        for name, limit in limits.items():
            if (value := getattr(self, name)) > limit and name not in self.capped:
                raise ValueError(
                    f"{self.key_prefix}{name} must be at most throttle_{name}, which is {limit}, got {value}. "
                    f"Lower it, or raise throttle_{name}."
                )
        return replace(self, **{name: min(getattr(self, name), limit) for name, limit in limits.items()})


@dataclass(frozen=True, kw_only=True)
class Route(Definition):
    """A method of a path with its operation and its responses."""

    method: str
    """`GET`, `HEAD`, `POST`, `PUT`, `PATCH`, `DELETE`, or `ANY` for all of these that have no route of their own."""
    path: str
    """Path such as `/items/{id}`. A last segment such as `{key+}` matches one or more segments. A request with a
    trailing slash calls the same route."""
    operation: str
    """Function of the handler module that processes the requests."""
    api: str = ""
    """Name of the API in `Service.apis`. Default (empty): the default API, or the URL of the function if it has one."""
    summary: str = ""
    """Summary in documents. Default: the name of the operation, capitalized and with spaces."""
    grants: tuple[Grant | Statement, ...] = ()
    body: SchemaReference = None
    """Schema of the request body: its name in `Service.schemas`, or a Python type. Default (None): the operation reads
    the body from `Request.raw_body`, `text`, `form` or `json()`."""
    content_types: tuple[str, ...] = ()
    """Accepted media types, such as `text/plain`, `image/*` or `*/*`; others are rejected with 415. Default: JSON if
    the route has a `body` schema, else any media type as UTF-8 text. A `body` schema accepts JSON types and
    `application/x-www-form-urlencoded`. Media types that are not text are passed to the operation as bytes."""
    max_body_bytes: int | None = None
    """Maximum size of the request body, checked before the body is parsed; larger ones are rejected with 413. Default
    (None): the limit of the endpoint, which is 6 MB in Lambda, or 4.5 MB of bytes in Base64."""
    query: Mapping[str, Schema] = field(default_factory=dict)
    """Query parameters. A schema can set `"required": True`, and an array is a parameter that can be repeated."""
    additional_query: bool = False
    """Whether query parameters that are not in `query` are accepted. Default: they are rejected."""
    headers: Mapping[str, Schema] = field(default_factory=dict)
    """Headers by name in any case, which are validated and converted as query parameters are. An array is a
    comma-separated list or a repeated header. Other headers are accepted as strings."""
    responses: Mapping[int, SchemaReference] = field(default_factory=lambda: {200: None})
    """Successful responses by status: the name of a schema in `Service.schemas`, a Python type, or a media type, such
    as `text/html`, `image/*` or a tuple of media types. None documents no body."""
    errors: tuple[int, ...] = ()
    """Error statuses from 400 to 599 in addition to those that other fields and the codes imply."""
    codes: tuple[Code, ...] = ()
    """Codes of error responses, if the status is not specific enough."""
    metrics: tuple[Metric, ...] = ()
    """Metrics that the operation emits."""
    key_required: bool = False
    """Whether an API key is required even if the environment requires no authorization."""
    authorizer: str | None = None
    """Name of the authorizer of the service that authorizes the requests, instead of the authorization of the
    environment. Default (None): the authorization of the environment. Empty requires no authorization."""
    scope: str | None = None
    """Scope that a token must have. Default (None): `read` for GET, `write` for other methods. Empty requires no
    authorization. With an `authorizer`, the function checks the scope in the claim `scope` or `scp`; default: none."""
    versioned: bool = False
    """Whether responses have an `ETag`. A write then honors `If-Match`."""
    idempotent: bool = False
    """Whether the operation returns the recorded response to a retry with the same idempotency key, as
    `runtime.idempotency` does. Only then does the API reference contain the header."""
    idempotency: str = ""
    """Table in which the response is recorded by idempotency key, so that the operation runs once for each key. See
    `idempotency_table`. Empty if the operation records it itself, or is not idempotent."""
    idempotency_header: str = IDEMPOTENCY_HEADER
    """Header with the idempotency key, such as the ID of a delivery of a webhook: `X-GitHub-Delivery`. A request
    without it runs the operation; declare it in `headers` to require it."""
    idempotency_compares_requests: bool = True
    """Whether another request with a used key gets a 409 response. If False, it gets the recorded response, for senders
    whose repeated deliveries differ, such as in the number of attempts."""
    typed_status: int | None = None
    """Status of the responses of an operation with typed parameters, which `Route.typed` sets."""
    throttle: Throttle | None = None
    """Limits on the requests of the route. Default (None): the limits of the stage."""
    settings: FunctionSettings = field(default_factory=FunctionSettings)
    """Settings of the function of this operation, if functions are split by operation."""

    def __post_init__(self) -> None:
        if self.method not in (*METHODS, ANY_METHOD):
            raise invalid_value("route method", self.method, f"one of {', '.join((*METHODS, ANY_METHOD))}")
        check_path(self.path)
        check_operation("route", self.operation)
        object.__setattr__(self, "summary", self.summary or self.operation.replace("_", " ").capitalize())
        if self.key_required and not (self.required_scope() or self.authorizer):
            field_name, remedy = f"route {self.method} {self.path} key_required", "Set a scope, or remove key_required."
            raise invalid_value(field_name, True, "False for a route without a scope", remedy)
        if self.authorizer == "" and self.scope:
            remedy = "No token is checked without authorization. Remove one of them."
            raise invalid_value(
                f"route {self.method} {self.path} scope", self.scope, "unset if authorizer is empty", remedy
            )
        scope = r"[!#-+\--Z^-~]*" if self.authorizer else r"[a-z-]*"
        if self.scope is not None and not re.fullmatch(scope, self.scope):
            expected = 'one word of ASCII characters except "\\,[]' if self.authorizer else "lowercase letters and '-'"
            raise invalid_value("route scope", self.scope, f"{expected}, or empty")
        for problem in self._problems():
            raise ValueError(f"route {self.method} {self.path} {problem}")
        if self.idempotency:
            object.__setattr__(self, "idempotent", True)
            object.__setattr__(
                self, "grants", tuple(dict.fromkeys((*self.grants, idempotency_grant(self.idempotency))))
            )

    @classmethod
    def typed(
        cls, operation: Callable[..., Any], *, method: str, path: str, status: int | None = None, **fields: Any
    ) -> Route:
        """Return a route to a function with typed parameters, from which the schemas of the route are derived.

        A parameter with the name of a path parameter receives it, one with the type `Request` the request. Other
        parameters receive query parameters if their type is scalar, such as `int` or an enumeration, and the body
        otherwise. The result is the body of responses with `status`; default: 204 for the result None, else 200. The
        summary is the first line of the docstring. `fields` are further fields of the route.
        """
        return cls(**{**derived_fields(operation, method, path, status), **fields})

    def _problems(self) -> Iterator[str]:
        if self.body and self.method in ("HEAD", ANY_METHOD):
            yield (
                f"body must be None for the method {self.method}, got {self.body!r}. Its requests can have no body: "
                "add a route for the method with a body, or parse the body in the operation."
            )
        if self.throttle and self.method == ANY_METHOD:
            yield (
                f"throttle must be None for the method {ANY_METHOD}, got {self.throttle!r}. API Gateway limits each "
                "method separately: add a route for each method with its limits."
            )
        for media_type in self.content_types:
            if not MEDIA_RANGE.fullmatch(media_type):
                yield f"content_types must be lowercase media types without parameters, got {media_type!r}."
            elif self.body and media_type != FORM and not is_json(media_type):
                yield (
                    f"content_types must be JSON types or {FORM} with the body schema {self.body!r}, got "
                    f"{media_type!r}. Set body to None to receive other media types as bytes."
                )
        for name in self.headers:
            if not HEADER.fullmatch(name) or name.lower() in UNDECLARABLE_HEADERS:
                yield (
                    f"headers must be named with letters, digits, '-' and '_', and not be "
                    f"{' or '.join(UNDECLARABLE_HEADERS)}, got {name!r}."
                )
        yield from duplicates("headers", [name.lower() for name in self.headers])
        yield from self._idempotency_problems()
        yield from self._response_problems()
        if not (self.max_body_bytes is None or 1 <= self.max_body_bytes <= MAX_BODY_BYTES):
            yield f"max_body_bytes must be from 1 to {MAX_BODY_BYTES}, got {self.max_body_bytes!r}."

    def _response_problems(self) -> Iterator[str]:
        for status, response in self.responses.items():
            if status not in STATUSES:
                yield f"responses must be by HTTP status, such as 200, got {status!r}."
            media_types = response_types(response)
            is_empty = isinstance(response, tuple) and not response
            if is_empty or not all(isinstance(name, str) and MEDIA_RANGE.fullmatch(name) for name in media_types):
                yield f"responses[{status}] must be lowercase media types without parameters, got {response!r}."
        for status in self.errors:
            if status not in ERROR_STATUSES:
                yield f"errors must be HTTP statuses from 400 to 599, such as 404, got {status!r}."

    def _idempotency_problems(self) -> Iterator[str]:
        header = self.idempotency_header
        if not HEADER.fullmatch(header) or header.lower() in UNDECLARABLE_HEADERS:
            yield f"idempotency_header must be the name of a header with a key, got {header!r}."
        if header != IDEMPOTENCY_HEADER and not (self.idempotent or self.idempotency):
            yield f"idempotency_header must be unset without idempotency, got {header!r}. Set idempotency to a table."
        if not self.idempotency_compares_requests and not self.idempotency:
            yield "idempotency_compares_requests must be True without idempotency, got False."

    def required_scope(self) -> str:
        """Return the scope that a caller needs with the authorization of the environment; empty if it requires none or
        the route has its own authorizer."""
        if self.authorizer is not None:
            return ""
        return ("read" if self.method in ("GET", "HEAD") else "write") if self.scope is None else self.scope

    def methods(self) -> tuple[str, ...]:
        """Return the HTTP methods of the route."""
        return METHODS if self.method == ANY_METHOD else (self.method,)

    def own_methods(self, routes: Iterable[Route]) -> tuple[str, ...]:
        """Return the HTTP methods of the route, for `ANY` those without another route of the same requests in
        `routes`."""
        if self.method != ANY_METHOD:
            return (self.method,)
        taken = {route.method for route in routes if route.pattern() == self.pattern()}
        return tuple(method for method in METHODS if method not in taken)

    def pattern(self) -> str:
        """Return the path without the names of its parameters. Routes with the same pattern match the same paths."""
        return re.sub(r"\{\w+", "{", self.path)

    def claimed_scope(self) -> str:
        """Return the scope that the function checks in the claims of the authorizer; empty if it checks none."""
        return self.scope or "" if self.authorizer else ""

    def requires_authorization(self) -> bool:
        """Return whether an authorizer or the authorization of an environment can require credentials."""
        return bool(self.authorizer or self.required_scope())

    def path_parameters(self) -> list[str]:
        """Return the names of the path parameters in order."""
        return re.findall(r"\{(\w+)\+?\}", self.path)

    def has_required_parameters(self) -> bool:
        """Return whether a request must have a parameter in its path, query or headers."""
        declared = (*self.query.values(), *self.headers.values())
        return bool(self.path_parameters()) or any(map(is_required, declared))

    def accepted_types(self) -> tuple[str, ...]:
        """Return the accepted media types. Empty for any media type."""
        return self.content_types or ((JSON,) if self.body else ())

    def accepts_form(self) -> bool:
        """Return whether the body can be a form that its schema validates."""
        return self.body is not None and FORM in self.content_types


def idempotency_grant(table: str = "idempotency") -> Grant:
    """Return the permissions on the records of idempotency keys in a table, which `Route.idempotency` contains and the
    decorator `runtime.idempotent.idempotent` needs."""
    return Grant(
        on=table,
        actions=("PutItem", "UpdateItem", "DeleteItem"),
        keys=(f"{PREFIX}idempotency#*",),
        reason="record responses by idempotency key",
    )


@dataclass(frozen=True, kw_only=True)
class Schedule(Definition):
    """An operation that runs on a schedule."""

    name: str
    rate: str
    """EventBridge schedule expression, such as `rate(15 minutes)` or `cron(0 3 * * ? *)`."""
    operation: str
    grants: tuple[Grant | Statement, ...] = ()
    metrics: tuple[Metric, ...] = ()
    settings: FunctionSettings = field(default_factory=FunctionSettings)
    """Settings of the function of this operation, if functions are split by operation."""

    def __post_init__(self) -> None:
        check_name("schedule", self.name)
        check_operation("schedule", self.operation)
        check_schedule(f"schedule {self.name!r} rate", self.rate)
