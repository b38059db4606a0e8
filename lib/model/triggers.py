"""What calls a function: routes, schedules and streams."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Any

from ..settings import ApiSettings, FunctionSettings, between, check_schedule, invalid_value
from .grants import Grant
from .resources import Metric, Schema
from .validation import PATH, check_name, check_operation

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
THROTTLE_LIMITS = {
    "rate_per_second": between(0.1, 1_000_000, "requests a second"),
    "burst": between(1, 1_000_000, "requests"),
}
"""The limits of a `Throttle` and their ranges, which are those of the stage's."""


@dataclass(frozen=True)
class Code:
    """A `code` of error responses, besides those that every service has."""

    name: str
    status: int
    meaning: str
    """And what to do then."""

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[A-Z][A-Z0-9_]*", self.name):
            raise ValueError(f"code must be uppercase letters, digits and '_', a letter first, got {self.name!r}.")
        if not 400 <= self.status <= 499 and self.status != HTTPStatus.SERVICE_UNAVAILABLE:
            raise ValueError(f"code {self.name!r} status must be 400 to 499 or 503, got {self.status}.")


@dataclass(frozen=True, kw_only=True)
class Throttle:
    """Limits on the requests of one route, over all callers. They replace the limits of the stage for that route."""

    rate_per_second: float
    burst: int
    """Concurrent requests before the rate applies."""
    capped: tuple[str, ...] = ()
    """Names of the limits that are lowered to the stage's if they exceed it. Others that exceed it are rejected."""
    key_prefix: str = "throttle."
    """Prefix of the limits in errors: that of their config keys, such as `anonymous_`, if config sets them."""

    def __post_init__(self) -> None:
        for name, (is_valid, expected) in THROTTLE_LIMITS.items():
            if not is_valid(value := getattr(self, name)):
                raise invalid_value(f"{self.key_prefix}{name}", value, expected)

    def within(self, stage: ApiSettings) -> Throttle:
        """Return the limits that apply on a stage. Raise `ValueError` for one that exceeds the stage's."""
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
    """One method on one path, and what it answers."""

    method: str
    path: str
    operation: str
    """The function of the handler module that serves it."""
    summary: str
    grants: tuple[Grant, ...] = ()
    body: str | None = None
    """Name of the request's schema among the service's `schemas`."""
    query: Mapping[str, Schema] = field(default_factory=dict)
    """The query parameters that it accepts; others are rejected."""
    responses: Mapping[int, str | None] = field(default_factory=lambda: {200: None})
    """What it answers when all is well: status to schema name, None for an empty body."""
    errors: tuple[int, ...] = ()
    """Statuses it answers beyond those that follow from its shape and its codes."""
    codes: tuple[Code, ...] = ()
    """The codes of its error responses, where the status is not specific enough."""
    metrics: tuple[Metric, ...] = ()
    """All that it may emit."""
    key_required: bool = False
    """Whether an API key is required even if the environment requires no authorization."""
    scope: str | None = None
    """The scope that a token must have; None: `read` for a GET, else `write`; empty: no authorization is required."""
    versioned: bool = False
    """Its answer carries an `ETag`; where it changes something, `If-Match` guards it."""
    idempotent: bool = False
    """Whether its operation gives the same response to a request repeated with the same `Idempotency-Key`, as
    `runtime.idempotency` does. Only then is the header part of the API reference."""
    throttle: Throttle | None = None
    """Limits on its requests. None applies the limits of the stage."""
    settings: FunctionSettings = field(default_factory=FunctionSettings)
    """Settings of the function that serves this operation alone, if functions are split."""

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            raise invalid_value("route method", self.method, f"one of {', '.join(METHODS)}")
        if not PATH.fullmatch(self.path):
            raise invalid_value("route path", self.path, "segments that start with '/', with parameters as /{name}")
        check_operation("route", self.operation)
        if self.key_required and not self.scope_needed():
            field_name, remedy = f"route {self.method} {self.path} key_required", "Set a scope, or remove key_required."
            raise invalid_value(field_name, True, "False for a route without a scope", remedy)
        if not re.fullmatch(r"[a-z-]*", self.scope_needed()):
            raise invalid_value("route scope", self.scope, "lowercase letters and '-', or empty")

    def scope_needed(self) -> str:
        """Return the scope that a caller needs; empty if none is required."""
        return ("read" if self.method == "GET" else "write") if self.scope is None else self.scope

    def path_parameters(self) -> list[str]:
        """The names between braces, in order."""
        return re.findall(r"\{(\w+)\}", self.path)


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """An operation that runs by the clock."""

    name: str
    rate: str
    """EventBridge's own expression: `rate(15 minutes)`, `cron(0 3 * * ? *)`."""
    operation: str
    grants: tuple[Grant, ...] = ()
    metrics: tuple[Metric, ...] = ()
    settings: FunctionSettings = field(default_factory=FunctionSettings)
    """As a route's."""

    def __post_init__(self) -> None:
        check_name("schedule", self.name)
        check_operation("schedule", self.operation)
        check_schedule(f"schedule {self.name!r} rate", self.rate)


@dataclass(frozen=True, kw_only=True)
class Consumer:
    """An operation that runs when rows of a table change: soon after, at least once.

    It is given the keys of those rows, each as DynamoDB writes it: `[{"id": {"S": "a"}}]`.
    """

    name: str
    table: str
    """One with a `stream`."""
    operation: str
    pattern: Mapping[str, Any] | None = None
    """Which records it is for, as Lambda's event filters say it, e.g. `{"eventName": ["INSERT"]}`; None: all."""
    grants: tuple[Grant, ...] = ()
    """What it needs besides reading the stream, which it may."""
    metrics: tuple[Metric, ...] = ()
    settings: FunctionSettings = field(default_factory=FunctionSettings)
    """As a route's."""

    def __post_init__(self) -> None:
        check_name("consumer", self.name)
        check_operation("consumer", self.operation)


Part = Route | Schedule | Consumer
"""What a function serves."""
