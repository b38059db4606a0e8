"""Triggers of functions: routes and schedules."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from http import HTTPStatus

from ..settings import ApiSettings, FunctionSettings, between, check_schedule, invalid_value
from .grants import Grant
from .resources import Metric, Schema
from .validation import PATH, check_name, check_operation

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
THROTTLE_LIMITS = {
    "rate_per_second": between(0.1, 1_000_000, "requests a second"),
    "burst": between(1, 1_000_000, "requests"),
}
"""Limits of a `Throttle` and their valid values, which also apply to the stage."""


@dataclass(frozen=True)
class Code:
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
class Throttle:
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
class Route:
    """A method of a path with its operation and its responses."""

    method: str
    path: str
    operation: str
    """Function of the handler module that processes the requests."""
    summary: str = ""
    """Summary in documents. Default: the name of the operation, capitalized and with spaces."""
    grants: tuple[Grant, ...] = ()
    body: str | None = None
    """Schema of the request body, by its name in `Service.schemas`."""
    query: Mapping[str, Schema] = field(default_factory=dict)
    """Supported query parameters; others are rejected."""
    responses: Mapping[int, str | None] = field(default_factory=lambda: {200: None})
    """Schemas of successful responses by status. None documents no body."""
    errors: tuple[int, ...] = ()
    """Error statuses in addition to those that other fields and the codes imply."""
    codes: tuple[Code, ...] = ()
    """Codes of error responses, if the status is not specific enough."""
    metrics: tuple[Metric, ...] = ()
    """Metrics that the operation emits."""
    key_required: bool = False
    """Whether an API key is required even if the environment requires no authorization."""
    scope: str | None = None
    """Scope that a token must have. Default (None): `read` for GET, `write` for other methods. Empty requires no
    authorization."""
    versioned: bool = False
    """Whether responses have an `ETag`. A write then honors `If-Match`."""
    idempotent: bool = False
    """Whether the operation returns the recorded response to a retry with the same `Idempotency-Key`, as
    `runtime.idempotency` does. Only then does the API reference contain the header."""
    throttle: Throttle | None = None
    """Limits on the requests of the route. Default (None): the limits of the stage."""
    settings: FunctionSettings = field(default_factory=FunctionSettings)
    """Settings of the function of this operation, if functions are split by operation."""

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            raise invalid_value("route method", self.method, f"one of {', '.join(METHODS)}")
        if not PATH.fullmatch(self.path):
            raise invalid_value("route path", self.path, "segments that start with '/', with parameters as /{name}")
        check_operation("route", self.operation)
        object.__setattr__(self, "summary", self.summary or self.operation.replace("_", " ").capitalize())
        if self.key_required and not self.required_scope():
            field_name, remedy = f"route {self.method} {self.path} key_required", "Set a scope, or remove key_required."
            raise invalid_value(field_name, True, "False for a route without a scope", remedy)
        if not re.fullmatch(r"[a-z-]*", self.required_scope()):
            raise invalid_value("route scope", self.scope, "lowercase letters and '-', or empty")

    def required_scope(self) -> str:
        """Return the scope that a caller needs; empty if none is required."""
        return ("read" if self.method == "GET" else "write") if self.scope is None else self.scope

    def path_parameters(self) -> list[str]:
        """Return the names of the path parameters in order."""
        return re.findall(r"\{(\w+)\}", self.path)


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """An operation that runs on a schedule."""

    name: str
    rate: str
    """EventBridge schedule expression, such as `rate(15 minutes)` or `cron(0 3 * * ? *)`."""
    operation: str
    grants: tuple[Grant, ...] = ()
    metrics: tuple[Metric, ...] = ()
    settings: FunctionSettings = field(default_factory=FunctionSettings)
    """Settings of the function of this operation, if functions are split by operation."""

    def __post_init__(self) -> None:
        check_name("schedule", self.name)
        check_operation("schedule", self.operation)
        check_schedule(f"schedule {self.name!r} rate", self.rate)
