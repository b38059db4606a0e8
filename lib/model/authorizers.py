"""Lambda authorizers, which authorize the requests to routes."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

from ..settings import Definition, FunctionSettings, invalid_value
from .grants import Grant, Statement
from .resources import Metric
from .validation import check_choice, check_name, check_operation

AuthorizerType = Literal["TOKEN", "REQUEST"]
AUTHORIZATION_HEADER = "method.request.header.Authorization"
MAX_CACHE_SECONDS = 3600
USER_POOL_AUTHORIZER = "user-pool"
"""Name of the authorizer of the user pool, if the environment authorizes requests with one."""
UNAUTHORIZED = Metric("Unauthorized", "Count", "Requests that an authorizer rejected with 401")
"""Metric of every function with an authorizer. Lambda counts these requests as errors, so the alarm on errors subtracts
them."""
IDENTITY_SOURCE = re.compile(
    r"method\.request\.(header|querystring)\.[A-Za-z0-9_.-]+|stageVariables\.\w+|context\.[A-Za-z0-9_.]+"
)


@dataclass(frozen=True, kw_only=True)
class LambdaAuthorizer(Definition):
    """An operation that API Gateway invokes before the operation of a route, to authorize the request.

    It accepts an `AuthorizationRequest` and returns `Allow` or `Deny`, or raises `Unauthorized`.
    """

    name: str
    """Value of `Route.authorizer` for the routes that it authorizes."""
    operation: str
    type: AuthorizerType = "TOKEN"
    """`TOKEN`: the operation receives the value of one header. `REQUEST`: it receives headers, query and path."""
    identity_sources: tuple[str, ...] = (AUTHORIZATION_HEADER,)
    """Mapping expressions of the parts of a request that identify the caller, such as
    `method.request.header.Authorization` or `method.request.querystring.token`. A `TOKEN` authorizer has exactly one
    header. The first is the source of `AuthorizationRequest.token`. API Gateway responds with 401 to a request without
    one of them, and caches results by their values."""
    cache_seconds: int = 300
    """Time for which API Gateway uses a result again for requests with the same identity, to any route with the
    authorizer. From 0 to 3600; 0 disables the cache. A token is accepted for up to this time after it expires."""
    validation: str = ""
    """Regular expression that the whole header of a `TOKEN` authorizer must match, such as `Bearer .+`. API Gateway
    responds with 401 to others, without an invocation. Default (empty): every value is accepted."""
    optional: bool = False
    """Whether requests without the first identity source are allowed, as anonymous callers, without calling the
    operation. Requires the type `REQUEST` and `cache_seconds=0`, because API Gateway rejects these requests
    otherwise."""
    description: str = ""
    """Credentials that callers send, for the API reference."""
    grants: tuple[Grant | Statement, ...] = ()
    metrics: tuple[Metric, ...] = ()
    """Metrics that the operation emits, in addition to `Unauthorized`."""
    settings: FunctionSettings = field(default_factory=FunctionSettings)
    """Settings of the function of this operation, if functions are split by operation."""

    def __post_init__(self) -> None:
        check_name("authorizer", self.name)
        check_operation("authorizer", self.operation)
        prefix = f"authorizer {self.name!r}"
        if self.name == USER_POOL_AUTHORIZER:
            raise invalid_value("authorizer name", self.name, "another name", "It names the user pool of the stack.")
        check_choice(f"{prefix} type", self.type, AuthorizerType)
        if not 0 <= self.cache_seconds <= MAX_CACHE_SECONDS:
            raise invalid_value(f"{prefix} cache_seconds", self.cache_seconds, f"from 0 to {MAX_CACHE_SECONDS}")
        self._check_identity_sources(prefix)
        self._check_validation(prefix)
        if self.optional and (self.type != "REQUEST" or self.cache_seconds):
            remedy = "API Gateway responds with 401 to requests without a token otherwise."
            raise invalid_value(f"{prefix} optional", True, "False unless type is REQUEST and cache_seconds 0", remedy)
        if UNAUTHORIZED not in self.metrics:
            object.__setattr__(self, "metrics", (*self.metrics, UNAUTHORIZED))

    def _check_identity_sources(self, prefix: str) -> None:
        name, sources = f"{prefix} identity_sources", self.identity_sources
        if not all(map(IDENTITY_SOURCE.fullmatch, sources)):
            expected = "a tuple of expressions method.request.header.NAME, method.request.querystring.NAME, "
            raise invalid_value(name, sources, f"{expected}stageVariables.NAME or context.NAME")
        if self.type == "TOKEN" and (len(sources) != 1 or not sources[0].startswith("method.request.header.")):
            raise invalid_value(name, sources, "exactly one header for the type TOKEN", "Set the type to REQUEST.")
        if not sources and self.cache_seconds:
            raise invalid_value(name, sources, "at least one expression with a cache", "Set cache_seconds to 0.")
        if self.optional and not self.token_source():
            raise invalid_value(name, sources, "a header or a query parameter first if optional is True")

    def _check_validation(self, prefix: str) -> None:
        if not self.validation:
            return
        if self.type != "TOKEN":
            raise invalid_value(f"{prefix} validation", self.validation, "empty for the type REQUEST")
        try:
            re.compile(self.validation)
        except re.error as exc:
            raise invalid_value(f"{prefix} validation", self.validation, "a regular expression", f"{exc}.") from exc

    def token_source(self) -> tuple[str, str] | None:
        """Return the kind (`header` or `querystring`) and the name of the first identity source, which contains the
        token, or None if it is another part of the request."""
        parts = self.identity_sources[0].split(".", 3) if self.identity_sources else []
        return (parts[2], parts[3]) if parts[:2] == ["method", "request"] else None

    def request_headers(self) -> list[str]:
        """Return the headers among its identity sources."""
        prefix = "method.request.header."
        return [source.removeprefix(prefix) for source in self.identity_sources if source.startswith(prefix)]
