"""The vocabulary a service is described in.  Neither Pulumi nor boto3 is imported here.

Everything else is derived from a `Service`: the resources, the permissions, the routing and validation inside the
functions, the OpenAPI document, the alarms, the outputs, the local run.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from string import Formatter
from typing import Any, Literal

from .settings import FunctionSettings, Settings

Schema = Mapping[str, Any]
"""A JSON Schema in what draft 4 (API Gateway) and OpenAPI 3.0 have in common."""

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
MAX_DESCRIBED_NAME = 64

_NAME = re.compile(r"[a-z][a-z0-9-]*")
_PATH = re.compile(r"(/[A-Za-z0-9_.-]+|/\{[A-Za-z][A-Za-z0-9_]*\})+")


def _check_operation(kind: str, operation: str) -> None:
    if not operation.isidentifier() or keyword.iskeyword(operation):
        raise ValueError(f"{kind} operation {operation!r}: give the name of a Python function")


def _check_pattern(what: str, pattern: str, needed: set[str], also: frozenset[str] | set[str] = frozenset()) -> None:
    used = {name for _, name, _, _ in Formatter().parse(pattern) if name is not None}
    if missing := sorted(needed - used):
        raise ValueError(f"service {what} {pattern!r}: add {{{missing[0]}}}, or names will be alike")
    if unknown := sorted(used - needed - also):
        raise ValueError(f"service {what} {pattern!r}: {{{unknown[0]}}} stands for nothing, take it out")


def _check_name(kind: str, name: str) -> None:
    if not _NAME.fullmatch(name) or len(name) > MAX_DESCRIBED_NAME:
        raise ValueError(f"{kind} name {name!r}: give lower-case letters, digits and '-', a letter first")


@dataclass(frozen=True)
class Key:
    """A key attribute of a table or an index."""

    name: str
    type: Literal["S", "N", "B"] = "S"


@dataclass(frozen=True, kw_only=True)
class Index:
    """A global secondary index; one whose keys an item lacks does not hold it (sparse)."""

    name: str
    hash_key: Key
    range_key: Key | None = None
    projection: Literal["ALL", "KEYS_ONLY"] = "ALL"


@dataclass(frozen=True, kw_only=True)
class Table:
    """A DynamoDB table."""

    name: str
    """Its type in the service's name pattern."""
    variable: str
    """The environment variable in which functions that may use it find its name."""
    hash_key: Key
    range_key: Key | None = None
    indexes: tuple[Index, ...] = ()
    ttl: str | None = None
    """The attribute that holds the epoch second after which DynamoDB may delete a row."""
    stream: Literal["NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES", "KEYS_ONLY"] | None = None

    def __post_init__(self) -> None:
        _check_name("table", self.name)

    def keys(self) -> dict[str, str]:
        """Every key attribute of the table and its indexes, with its type."""
        found = [self.hash_key, self.range_key]
        for index in self.indexes:
            found += [index.hash_key, index.range_key]
        return {key.name: key.type for key in found if key}


@dataclass(frozen=True, kw_only=True)
class Topic:
    """An SNS topic."""

    name: str
    variable: str
    """The environment variable in which functions that may publish find its ARN."""

    def __post_init__(self) -> None:
        _check_name("topic", self.name)


@dataclass(frozen=True, kw_only=True)
class Grant:
    """Actions of a function on one table or topic: named as IAM names them, without the service."""

    on: str
    """The table's or topic's name."""
    actions: tuple[str, ...]
    indexes: tuple[str, ...] = ()
    """Indexes of the table that `Query` and `Scan` may read, too."""
    reason: str = ""
    """Why, for whoever reviews the role."""


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
    """The query parameters it takes; any other is refused."""
    responses: Mapping[int, str | None] = field(default_factory=lambda: {200: None})
    """What it answers when all is well: status to schema name, None for an empty body."""
    errors: tuple[int, ...] = ()
    """Statuses it answers beyond those that follow from its shape."""
    key_required: bool = False
    """An API key whatever the environment says."""

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            raise ValueError(f"route method {self.method!r}: give one of {', '.join(METHODS)}")
        if not _PATH.fullmatch(self.path):
            raise ValueError(f"route path {self.path!r}: start with '/', and write parameters as /{{name}}")
        _check_operation("route", self.operation)

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

    def __post_init__(self) -> None:
        _check_name("schedule", self.name)
        _check_operation("schedule", self.operation)
        if not re.fullmatch(r"(rate|cron)\(.+\)", self.rate):
            raise ValueError(f"schedule rate {self.rate!r}: give rate(...) or cron(...)")


@dataclass(frozen=True, kw_only=True)
class Function:
    """A Lambda function: the routes and schedules it serves."""

    name: str
    """Its type in the service's name pattern."""
    handler: str
    """The Python module whose functions its operations name; its package goes into the archive.  If it has a function
    `start`, that is called once when a worker starts, which is when AWS gives it the most processor time."""
    routes: tuple[Route, ...] = ()
    schedules: tuple[Schedule, ...] = ()
    settings: FunctionSettings = field(default_factory=FunctionSettings)
    """Figures of this function alone; the arguments of a `TapStack` still come on top."""

    def __post_init__(self) -> None:
        _check_name("function", self.name)

    def grants(self) -> list[Grant]:
        """What its routes and schedules need, merged by what it is on, in order of first mention."""
        merged: dict[str, Grant] = {}
        needed = [grant for route in self.routes for grant in route.grants]
        needed += [grant for schedule in self.schedules for grant in schedule.grants]
        for grant in needed:
            so_far = merged.get(grant.on, Grant(on=grant.on, actions=()))
            merged[grant.on] = Grant(
                on=grant.on,
                actions=tuple(dict.fromkeys(so_far.actions + grant.actions)),
                indexes=tuple(dict.fromkeys(so_far.indexes + grant.indexes)),
            )
        return list(merged.values())


@dataclass(frozen=True, kw_only=True)
class Call:
    """A request that shows a service at work: a line of the local run's tour, an example in the reference."""

    method: str
    path: str
    """As a caller writes it: `/items/pencil?page_size=2`."""
    status: int
    """What it should be answered."""
    body: Any = None

    def calls(self, route: Route) -> bool:
        """Whether it is this route that answers."""
        pattern = re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(route.path))
        return self.method == route.method and re.fullmatch(pattern, self.path.split("?")[0]) is not None


@dataclass(frozen=True, kw_only=True)
class Service:
    """A serverless API: what a `TapStack` makes."""

    name: str
    title: str
    description: str
    name_pattern: str
    """Physical names, with `{type}` and `{environment}`."""
    tables: tuple[Table, ...]
    functions: tuple[Function, ...]
    schemas: Mapping[str, Schema] = field(default_factory=dict)
    """Request and response bodies by name (letters and digits, as API Gateway names models)."""
    topics: tuple[Topic, ...] = ()
    api_type: str = "api"
    """The API's type in the name pattern."""
    alarms_type: str = "alarms"
    """The type of the topic that alarms go to."""
    alarm_pattern: str | None = None
    """Names of alarms, with `{function}`, `{alarm}` and `{environment}`; default: the name pattern."""
    demo: tuple[Call, ...] = ()
    """What to ask it, in this order, to see every route answer and to have something in its tables."""
    settings: Settings = field(default_factory=Settings)
    """The service's own figures: they stand in every environment, unless an argument says otherwise."""

    def __post_init__(self) -> None:
        _check_name("service", self.name)
        _check_pattern("name_pattern", self.name_pattern, needed={"type", "environment"})
        if self.alarm_pattern:
            several = {"function"} if len(self.functions) > 1 else set()
            _check_pattern("alarm_pattern", self.alarm_pattern, {"alarm", "environment"} | several, {"function"})
        for problem in self._problems():
            raise ValueError(f"service {self.name!r}: {problem}")

    def routes(self) -> list[tuple[Function, Route]]:
        """Every route with the function that serves it."""
        return [(function, route) for function in self.functions for route in function.routes]

    def _problems(self) -> Iterator[str]:
        for what, there in {"table": self.tables, "function": self.functions, "route": self.routes()}.items():
            if not there:
                yield f"it has no {what}: give at least one"
        topics = [topic.name for topic in self.topics] + [self.alarms_type]
        yield from _repeated("table or topic", [table.name for table in self.tables] + topics)
        yield from _repeated("variable", [t.variable for t in self.tables] + [t.variable for t in self.topics])
        yield from _repeated("function", [function.name for function in self.functions])
        yield from _repeated("route", [f"{route.method} {route.path}" for _, route in self.routes()])
        yield from _repeated("schedule", [s.name for function in self.functions for s in function.schedules])
        indexes = {table.name: {index.name for index in table.indexes} for table in self.tables}
        indexes.update({topic.name: set() for topic in self.topics})
        for function in self.functions:
            for grant in function.grants():
                if grant.on not in indexes:
                    yield f"function {function.name!r} is granted {grant.on!r}, which is neither a table nor a topic"
                elif unknown := set(grant.indexes) - indexes[grant.on]:
                    yield f"function {function.name!r} is granted indexes {sorted(unknown)}, which {grant.on!r} lacks"
        for _, route in self.routes():
            for schema in {route.body, *route.responses.values()} - {None, *self.schemas}:
                yield f"route {route.method} {route.path} names the schema {schema!r}, which is not among its schemas"
        for name in {route.body for _, route in self.routes() if route.body} & self.schemas.keys():
            if "'$ref'" in repr(self.schemas[name]):
                yield f"schema {name!r} is a request's, and refers to another: write that out in it"
        for name in self.schemas:
            if not re.fullmatch(r"[A-Za-z][A-Za-z0-9]*", name):
                yield f"schema name {name!r}: give letters and digits, which is what API Gateway takes"


def _repeated(kind: str, names: list[str]) -> Iterator[str]:
    for name in dict.fromkeys(n for n in names if names.count(n) > 1):
        yield f"{kind} {name!r} is there more than once"
