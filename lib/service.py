"""The vocabulary a service is described in.  Neither Pulumi nor boto3 is imported here.

Everything else is derived from a `Service`: the resources, the permissions, the routing and validation inside the
functions, the OpenAPI document, the alarms, the outputs, the local run.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from os import PathLike
from string import Formatter
from typing import Any, Literal, get_args

from . import iam_actions, json_schema
from .runtime.metrics import DIMENSION
from .settings import AlarmSettings, ApiSettings, FunctionSettings, Settings, between, check_schedule, check_tags, over

Schema = Mapping[str, Any]
"""A JSON Schema in what draft 4 (API Gateway) and OpenAPI 3.0 have in common: `json_schema` lists the keywords."""

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
MAX_DESCRIBED_NAME = 64
Store = Literal["ssm", "secretsmanager"]
"""Parameter Store or Secrets Manager, in AWS's words."""
KeyType = Literal["S", "N", "B"]
"""Type of a key attribute: string, number or binary."""
Projection = Literal["ALL", "KEYS_ONLY"]
"""Attributes that an index contains."""
StreamView = Literal["NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES", "KEYS_ONLY"]
"""Contents of the records of a stream."""
Statistic = Literal["Average", "Maximum", "Minimum", "SampleCount", "Sum", "p90"]
Comparison = Literal[
    "GreaterThanThreshold", "GreaterThanOrEqualToThreshold", "LessThanThreshold", "LessThanOrEqualToThreshold"
]
MissingData = Literal["breaching", "ignore", "missing", "notBreaching"]
"""Treatment of a period without data."""
LogAccess = Literal["write", "create", "managed"]
"""Permissions of functions in CloudWatch Logs. `write`: create streams and write events in their own log group.
`create`: also create that log group. `managed`: `AWSLambdaBasicExecutionRole`, which allows these actions on every log
group of the account."""
READING = {"ssm": "GetParameter", "secretsmanager": "GetSecretValue"}
"""What reads a secret of each store, which is all that can be granted on one."""
CORS_VARIABLE = "CORS_ORIGIN"
"""Environment variable with the allowed CORS origins, separated by commas, if one is the service's own site; it is
also that of the function that responds to OPTIONS."""
GROUP_VARIABLE = "USER_POOL_GROUP"
"""Environment variable with the name of the group whose users can call the API."""
STANDARD_ALARMS = ("Duration", "Errors", "Throttles")
"""What every function has an alarm on."""
_BYTES = ("Bytes", "Kilobytes", "Megabytes", "Gigabytes", "Terabytes")
_BITS = ("Bits", "Kilobits", "Megabits", "Gigabits", "Terabits")
_AMOUNTS = ("Count", *_BYTES, *_BITS)
_TIMES = ("Seconds", "Milliseconds", "Microseconds")
UNITS = (*_AMOUNTS, *(f"{amount}/Second" for amount in _AMOUNTS), *_TIMES, "Percent", "None")
"""CloudWatch's."""
THROTTLE_LIMITS = {
    "rate_per_second": between(0.1, 1_000_000, "requests a second"),
    "burst": between(1, 1_000_000, "requests"),
}
"""The limits of a `Throttle` and their ranges, which are those of the stage's."""

DEFAULT_TAGS = {"Environment": "{environment}", "Service": "{service}", "ManagedBy": "Pulumi"}
"""Default tags of a service that defines none."""
RESERVED_OUTPUT_PREFIXES = {"table": "dynamodb", "topic": "alarm"}
"""Prefixes of the outputs of a table and of a topic that every stack has, such as `dynamodb_table_name`."""

_NAME = re.compile(r"[a-z][a-z0-9-]*")
_PATH = re.compile(r"(/[A-Za-z0-9_.-]+|/\{[A-Za-z][A-Za-z0-9_]*\})+")


def _check_operation(kind: str, operation: str) -> None:
    if not operation.isidentifier() or keyword.iskeyword(operation):
        raise ValueError(f"{kind} operation {operation!r}: give the name of a Python function")


def _check_variable(where: str, name: str) -> None:
    if not re.fullmatch(r"[A-Z][A-Z0-9_]*", name) or name.startswith(("AWS_", "LAMBDA_")):
        raise ValueError(f"{where} variable {name!r}: give upper-case letters, digits and '_', not one of Lambda's own")


def _check_pattern(what: str, pattern: str, needed: set[str], also: frozenset[str] | set[str] = frozenset()) -> None:
    used = {name for _, name, _, _ in Formatter().parse(pattern) if name is not None}
    if missing := sorted(needed - used):
        raise ValueError(f"service {what} {pattern!r}: add {{{missing[0]}}}, or names will be alike")
    if unknown := sorted(used - needed - also):
        raise ValueError(f"service {what} {pattern!r}: {{{unknown[0]}}} stands for nothing, take it out")


def _check_choice(where: str, value: object, choices: object) -> None:
    """Raise `ValueError` unless a value is one of a `Literal`."""
    if value not in get_args(choices):
        raise ValueError(f"{where} must be one of {', '.join(get_args(choices))}, got {value!r}.")


def _check_name(kind: str, name: str) -> None:
    if not _NAME.fullmatch(name) or len(name) > MAX_DESCRIBED_NAME:
        raise ValueError(f"{kind} name {name!r}: give lower-case letters, digits and '-', a letter first")


def _check_output_prefix(kind: str, name: str, prefix: str) -> None:
    where, reserved = f"{kind} {name!r} output_prefix", RESERVED_OUTPUT_PREFIXES[kind]
    if not re.fullmatch(r"([a-z][a-z0-9_]*)?", prefix):
        raise ValueError(
            f"{where} must be lower-case letters, digits and '_', a letter first, got {prefix!r}. "
            "Use an empty prefix for no outputs."
        )
    if prefix == reserved:
        raise ValueError(
            f"{where} must differ from {reserved!r}, got {prefix!r}. Every stack has the output "
            f"{reserved}_{kind}_arn; set another output_prefix."
        )


@dataclass(frozen=True)
class Key:
    """A key attribute of a table or an index."""

    name: str
    type: KeyType = "S"

    def __post_init__(self) -> None:
        _check_choice(f"key {self.name!r} type", self.type, KeyType)


@dataclass(frozen=True, kw_only=True)
class Index:
    """A global secondary index; one whose keys an item lacks does not hold it (sparse)."""

    name: str
    hash_key: Key
    range_key: Key | None = None
    projection: Projection = "ALL"

    def __post_init__(self) -> None:
        _check_choice(f"index {self.name!r} projection", self.projection, Projection)


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
    stream: StreamView | None = None
    output_prefix: str | None = None
    """Prefix of the table's own stack outputs, `<prefix>_table_name` and `<prefix>_table_arn`. Default (None): its
    name, with `-` replaced by `_`. Empty disables them."""

    def __post_init__(self) -> None:
        _check_name("table", self.name)
        _check_output_prefix("table", self.name, _output_prefix(self))
        if self.stream is not None:
            _check_choice(f"table {self.name!r} stream", self.stream, StreamView)
        types = self.keys()
        for key in self._key_attributes():
            if key.type != types[key.name]:
                raise ValueError(
                    f"table {self.name!r} key {key.name!r} must have one type in the table and its indexes, got "
                    f"{key.type!r} and {types[key.name]!r}. Use the same type everywhere."
                )

    def outputs(self) -> dict[str, str]:
        """Return the names of the table's own stack outputs by the attribute that they contain."""
        prefix = _output_prefix(self)
        return {attribute: f"{prefix}_table_{attribute}" for attribute in ("name", "arn") if prefix}

    def keys(self) -> dict[str, str]:
        """Every key attribute of the table and its indexes, with its type."""
        return {key.name: key.type for key in self._key_attributes()}

    def _key_attributes(self) -> list[Key]:
        found = [self.hash_key, self.range_key]
        for index in self.indexes:
            found += [index.hash_key, index.range_key]
        return [key for key in found if key]


@dataclass(frozen=True, kw_only=True)
class Topic:
    """An SNS topic."""

    name: str
    variable: str
    """The environment variable in which functions that may publish find its ARN."""
    output_prefix: str | None = None
    """Prefix of the topic's own stack output, `<prefix>_topic_arn`. Default (None): its name, with `-` replaced by `_`.
    Empty disables it."""

    def __post_init__(self) -> None:
        _check_name("topic", self.name)
        _check_output_prefix("topic", self.name, _output_prefix(self))

    def outputs(self) -> dict[str, str]:
        """Return the name of the topic's own stack output by the attribute that it contains."""
        prefix = _output_prefix(self)
        return {"arn": f"{prefix}_topic_arn"} if prefix else {}


def _output_prefix(resource: Table | Topic) -> str:
    return resource.name.replace("-", "_") if resource.output_prefix is None else resource.output_prefix


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """A Parameter Store parameter, `/<service>/<environment>/<name>`: the name of a table, or a JSON object."""

    name: str
    table: str = ""
    """The table whose name in AWS it holds."""
    value: Mapping[str, Any] = field(default_factory=dict)
    """What it holds otherwise."""
    variable: str = ""
    """The environment variable in which functions that may read it find its name; in `<variable>_DEPLOYED` they find
    what it was deployed with, for when Parameter Store does not answer."""

    def __post_init__(self) -> None:
        _check_name("parameter", self.name)
        if bool(self.table) == bool(self.value):
            raise ValueError(f"parameter {self.name!r}: give either a table or a value")


@dataclass(frozen=True, kw_only=True)
class Secret:
    """A secret: a SecureString of Parameter Store, `/<service>/<environment>/<name>`, or an entry of Secrets Manager,
    `<service>/<environment>/<name>`."""

    name: str
    variable: str
    """The environment variable in which functions that may read it find its name, and never its value."""
    description: str
    """What it is, for whoever has to give or to rotate it."""
    store: Store = "ssm"
    generated: bool = False
    """One that nobody gives is made up with it; otherwise it must be given."""

    def __post_init__(self) -> None:
        _check_name("secret", self.name)
        _check_variable(f"secret {self.name!r}", self.variable)
        if self.store not in READING:
            raise ValueError(f"secret {self.name!r} store {self.store!r}: give one of {', '.join(READING)}")


Grantable = Table | Topic | Parameter | Secret
"""What functions can be granted something on."""


@dataclass(frozen=True, kw_only=True)
class Grant:
    """Actions of a function on a table, a topic, a parameter or a secret: named as IAM names them, without the
    service."""

    on: str
    """The name of the table, topic, parameter or secret."""
    actions: tuple[str, ...]
    indexes: tuple[str, ...] = ()
    """The indexes of the table that `Query` and `Scan` may read, and not the table itself."""
    keys: tuple[str, ...] = ()
    """The partition keys of the only rows it is for, `*` standing for any text; empty: all rows."""
    reason: str = ""
    """Why, for whoever reviews the role."""

    def __post_init__(self) -> None:
        for name in ("actions", "indexes", "keys"):
            value: object = getattr(self, name)
            if not isinstance(value, tuple) or not all(isinstance(one, str) for one in value):
                raise ValueError(
                    f"grant on {self.on!r} {name} must be a tuple of strings, got {value!r}. "
                    "A tuple of one string needs a comma: ('GetItem',)."
                )
        if self.indexes and self.keys:
            raise ValueError(f"grant on {self.on!r}: give a grant for its indexes and another for its keys")


@dataclass(frozen=True)
class Code:
    """What a refusal's `code` can be, beyond what it is for every service."""

    name: str
    status: int
    meaning: str
    """And what to do then."""

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[A-Z][A-Z0-9_]*", self.name):
            raise ValueError(f"code {self.name!r}: give upper-case letters, digits and '_', a letter first")
        if not 400 <= self.status <= 499 and self.status != HTTPStatus.SERVICE_UNAVAILABLE:
            raise ValueError(f"code {self.name!r} status must be 400 to 499 or 503, got {self.status}.")


@dataclass(frozen=True)
class Metric:
    """A figure that an operation gives to `metrics.emit`."""

    name: str
    unit: str
    """As CloudWatch names it: `Count`, `Seconds`, `Bytes`, ..."""
    description: str

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[A-Z][A-Za-z0-9]*", self.name) or self.name == DIMENSION:
            raise ValueError(f"metric {self.name!r}: give letters and digits, a capital first, and not {DIMENSION}")
        if self.unit not in UNITS:
            raise ValueError(f"metric {self.name!r} unit {self.unit!r}: give one of {', '.join(UNITS)}")


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
                raise ValueError(f"{self.key_prefix}{name} must be {expected.removeprefix('give ')}, got {value!r}.")

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
    """The query parameters it takes; any other is refused."""
    responses: Mapping[int, str | None] = field(default_factory=lambda: {200: None})
    """What it answers when all is well: status to schema name, None for an empty body."""
    errors: tuple[int, ...] = ()
    """Statuses it answers beyond those that follow from its shape and its codes."""
    codes: tuple[Code, ...] = ()
    """All that may be the `code` of its refusals, where their status does not say it all."""
    metrics: tuple[Metric, ...] = ()
    """All that it may emit."""
    key_required: bool = False
    """An API key even where the environment asks nobody who they are."""
    scope: str | None = None
    """What a user's token must allow; None: `read` for a GET, else `write`; empty: anybody may call, wherever it is."""
    versioned: bool = False
    """Its answer carries an `ETag`; where it changes something, `If-Match` guards it."""
    idempotent: bool = False
    """Whether its operation gives the same response to a request repeated with the same `Idempotency-Key`, as
    `runtime.idempotency` does. Only then is the header part of the API reference."""
    throttle: Throttle | None = None
    """Limits on its requests. None applies the limits of the stage."""
    settings: FunctionSettings = field(default_factory=FunctionSettings)
    """Figures of the function that serves this operation alone, when functions are split."""

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            raise ValueError(f"route method {self.method!r}: give one of {', '.join(METHODS)}")
        if not _PATH.fullmatch(self.path):
            raise ValueError(f"route path {self.path!r}: start with '/', and write parameters as /{{name}}")
        _check_operation("route", self.operation)
        if self.key_required and not self.scope_needed():
            raise ValueError(f"route {self.method} {self.path} key_required True: give it a scope, or take this out")
        if not re.fullmatch(r"[a-z-]*", self.scope_needed()):
            raise ValueError(f"route scope {self.scope!r}: give lower-case letters and '-', or '' for none")

    def scope_needed(self) -> str:
        """What a caller must be allowed; empty where anybody may call."""
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
        _check_name("schedule", self.name)
        _check_operation("schedule", self.operation)
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
        _check_name("consumer", self.name)
        _check_operation("consumer", self.operation)


Part = Route | Schedule | Consumer
"""What a function serves."""


@dataclass(frozen=True, kw_only=True)
class Function:
    """A Lambda function: the routes, schedules and streams it serves."""

    name: str
    """Its type in the service's name pattern."""
    handler: str
    """The Python module whose functions its operations name; its package goes into the archive.  If it has a function
    `start`, that is called once when a worker starts, which is when AWS gives it the most processor time."""
    routes: tuple[Route, ...] = ()
    schedules: tuple[Schedule, ...] = ()
    consumers: tuple[Consumer, ...] = ()
    """One for each table at most: a function is told of a table's changes once."""
    variables: Mapping[str, str] = field(default_factory=dict)
    """Environment variables besides those of what it was granted; nothing secret goes into one."""
    settings: FunctionSettings = field(default_factory=FunctionSettings)
    """Figures of this function alone; the arguments of a `TapStack` still come on top.  Its `reserved_concurrency`
    counts where the environment reserves any."""

    def __post_init__(self) -> None:
        _check_name("function", self.name)
        for variable in self.variables:
            _check_variable(f"function {self.name!r}", variable)

    def runs(self) -> tuple[Schedule | Consumer, ...]:
        """What has no caller who would hear of a failure."""
        return (*self.schedules, *self.consumers)

    def parts(self) -> tuple[Part, ...]:
        """All that it serves."""
        return (*self.routes, *self.runs())

    def operations(self) -> dict[str, FunctionSettings]:
        """Its operations, with the figures that each has where it is alone."""
        found: dict[str, FunctionSettings] = {}
        for part in self.parts():
            found.setdefault(part.operation, part.settings)
        return found

    def metrics(self) -> list[Metric]:
        """All that it may emit."""
        return list(dict.fromkeys(metric for part in self.parts() for metric in part.metrics))

    def emitting(self, metric: str) -> list[str]:
        """Those of its operations that may emit a metric."""
        return list(dict.fromkeys(part.operation for part in self.parts() if metric in {m.name for m in part.metrics}))

    def grants(self) -> list[Grant]:
        """What its parts need, merged by what of a table, topic, parameter or secret it is on."""
        return _merged(grant for part in self.parts() for grant in part.grants)


def _merged(grants: Iterable[Grant]) -> list[Grant]:
    merged: dict[object, Grant] = {}
    found: list[Grant] = []
    for grant in grants:
        part = (grant.on, bool(grant.indexes), grant.actions if grant.keys else ())
        so_far = merged.get(part, Grant(on=grant.on, actions=()))
        merged[part] = replace(
            so_far,
            actions=tuple(dict.fromkeys(so_far.actions + grant.actions)),
            indexes=tuple(dict.fromkeys(so_far.indexes + grant.indexes)),
            keys=tuple(dict.fromkeys(so_far.keys + grant.keys)),
        )
    everywhere = {(g.on, action) for g in merged.values() if not (g.keys or g.indexes) for action in g.actions}
    for grant in merged.values():
        left = tuple(a for a in grant.actions if not grant.keys or (grant.on, a) not in everywhere)
        if left:
            found.append(replace(grant, actions=left))
    return found


@dataclass(frozen=True, kw_only=True)
class Alarm:
    """An alarm beyond those that every function has."""

    name: str
    on: str
    """`api`, `dead-letters`, or the name of the function that emits the metric."""
    metric: str
    """Its name in CloudWatch: API Gateway's, SQS's, or one of the function's `metrics`."""
    description: str
    """What is wrong then and what to do, for whoever is woken: `answers with errors: its log has them`."""
    threshold: float
    statistic: Statistic = "Sum"
    comparison: Comparison = "GreaterThanThreshold"
    period_seconds: int = 60
    evaluation_periods: int = 1
    missing: MissingData = "notBreaching"
    """What a period without a value is."""
    summed: tuple[str, tuple[str, ...]] | None = None
    """A dimension and those of its values, ten at most, over which the metric is summed."""

    def __post_init__(self) -> None:
        _check_name("alarm", self.name)
        for name, choices in {"statistic": Statistic, "comparison": Comparison, "missing": MissingData}.items():
            _check_choice(f"alarm {self.name!r} {name}", getattr(self, name), choices)
        AlarmSettings(period_seconds=self.period_seconds, evaluation_periods=self.evaluation_periods)


@dataclass(frozen=True, kw_only=True)
class Site:
    """Static web pages beside the API, which they find in their `config.json`: `api_url`, `service`, `environment`, and
    where there is a user pool `sign_in`: its `url`, their `client_id`, the `scopes` to ask for."""

    folder: str | PathLike[str]
    """Of the built files, which are served as they are."""
    index: str = "index.html"
    """What is served where the path names no file, at the top."""
    hashed: str = ""
    """The folder in it whose files change their names when they change, so that browsers may keep them for ever."""
    type: str = "site"
    """Its type in the service's name pattern."""
    sign_in_pages: tuple[str, ...] = ("",)
    """The pages that sign people in, as their paths under the site's address: a user pool leads back to no other."""

    def __post_init__(self) -> None:
        _check_name("site", self.type)
        for page in self.sign_in_pages:
            if not re.fullmatch(r"([^/\s#][^\s#]*)?", page):
                raise ValueError(f"site sign_in_pages {page!r}: give a path such as panel.html, or '' for the index")


@dataclass(frozen=True, kw_only=True)
class Call:
    """A request that shows a service at work: a line of the local run's tour, an example in the reference."""

    method: str
    path: str
    """As a caller writes it: `/items/pencil?page_size=2`."""
    status: int
    """What it should be answered."""
    body: Any = None
    keeps: Mapping[str, str] = field(default_factory=dict)
    """Members of its answer that later calls name: `{"desk": "itemId"}` fills `{desk}` in their paths and bodies."""
    headers: Mapping[str, str] = field(default_factory=dict)

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
    batches: Mapping[str, str] = field(default_factory=dict)
    """Request schemas whose entries are validated one by one: the array property by the name of the schema. An invalid
    entry does not reject the request; the operation receives its error in `Request.invalid`."""
    topics: tuple[Topic, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    secrets: tuple[Secret, ...] = ()
    api_type: str = "api"
    """The API's type in the name pattern."""
    alarms_type: str = "alarms"
    """The type of the topic that alarms go to: one of `topics`, or another."""
    alarm_pattern: str | None = None
    """Names of alarms, with `{function}`, `{alarm}` and `{environment}`; default: the name pattern."""
    demo: tuple[Call, ...] = ()
    """What to ask it, in this order, to see every route answer and to have something in its tables."""
    settings: Settings = field(default_factory=Settings)
    """The service's own figures: they stand in every environment, unless an argument says otherwise."""
    shared_type: str = ""
    """The type of a layer that holds the code its functions share; without one each has all of its code."""
    dead_letters: str = ""
    """The type of a queue that keeps what functions failed to do for schedules and streams; empty: it is lost."""
    alarms: tuple[Alarm, ...] = ()
    """Those beyond every function's own."""
    site: Site | None = None
    default_tags: Mapping[str, str] = field(default_factory=DEFAULT_TAGS.copy)
    """Tags of every resource, which the `tags` of the arguments override. Values can contain `{service}` and
    `{environment}`. Default: `Environment`, `Service` and `ManagedBy`."""
    log_access: LogAccess = "write"
    """Permissions of its functions in CloudWatch Logs. Their log groups are created first, so `write` is sufficient."""

    def __post_init__(self) -> None:
        _check_name("service", self.name)
        _check_pattern("name_pattern", self.name_pattern, needed={"type", "environment"})
        if self.log_access not in get_args(LogAccess):
            allowed = ", ".join(get_args(LogAccess))
            raise ValueError(f"service {self.name!r} log_access must be one of {allowed}, got {self.log_access!r}.")
        if self.alarm_pattern:
            several = {"function"} if len(self.functions) > 1 else set()
            _check_pattern("alarm_pattern", self.alarm_pattern, {"alarm", "environment"} | several, {"function"})
        for problem in self._problems():
            raise ValueError(f"service {self.name!r}: {problem}")
        tags: Mapping[str, Any] = self.default_tags
        for key, value in tags.items():
            if not isinstance(value, str):
                raise ValueError(f"service {self.name!r} default_tags[{key!r}] must be a string, got {value!r}.")
        check_tags(self.tags("dev"), f"service {self.name!r} default_tags")

    def tags(self, environment: str) -> dict[str, str]:
        """Return the default tags of the service in an environment."""
        return {
            key: value.replace("{service}", self.name).replace("{environment}", environment)
            for key, value in self.default_tags.items()
        }

    def routes(self) -> list[tuple[Function, Route]]:
        """Every route with the function that serves it."""
        return [(function, route) for function in self.functions for route in function.routes]

    def preflight_type(self) -> str:
        """Return the type, in the name pattern, of the function that responds to OPTIONS for several CORS origins."""
        return f"{self.api_type}-preflight"

    def scopes(self) -> list[str]:
        """All that its routes need callers to be allowed."""
        return sorted({route.scope_needed() for _, route in self.routes()} - {""})

    def request_schema(self, name: str) -> Schema:
        """Return the schema that rejects a request body: without the schema of the entries if it is a batch."""
        schema = self.schemas[name]
        if name not in self.batches:
            return schema
        properties, array = schema["properties"], self.batches[name]
        envelope = {keyword: value for keyword, value in properties[array].items() if keyword != "items"}
        return {**schema, "properties": {**properties, array: envelope}}

    def entry_schema(self, name: str) -> Schema:
        """Return the schema of one entry of a batch."""
        schema: Schema = self.schemas[name]["properties"][self.batches[name]]["items"]
        return schema

    def grants(self) -> list[Grant]:
        """What its functions need together, merged as a function's own."""
        return _merged(grant for function in self.functions for grant in function.grants())

    def split(self) -> Service:
        """The same service with a function for each operation, named after it; they share their code in a layer."""
        made = [
            replace(
                function,
                name=operation.replace("_", "-"),
                routes=tuple(route for route in function.routes if route.operation == operation),
                schedules=tuple(schedule for schedule in function.schedules if schedule.operation == operation),
                consumers=tuple(consumer for consumer in function.consumers if consumer.operation == operation),
                settings=over(function.settings, settings),
            )
            for function in self.functions
            for operation, settings in function.operations().items()
        ]
        pattern = self.alarm_pattern if self.alarm_pattern and "{function}" in self.alarm_pattern else None
        alarms = tuple(one for alarm in self.alarms for one in self._split_alarm(alarm))
        return replace(self, functions=tuple(made), alarm_pattern=pattern, shared_type="shared", alarms=alarms)

    def _split_alarm(self, alarm: Alarm) -> list[Alarm]:
        """An alarm for each function that what it is on becomes, of those that may emit the metric."""
        emitting = [operation for f in self.functions if f.name == alarm.on for operation in f.emitting(alarm.metric)]
        operations = [operation.replace("_", "-") for operation in emitting]
        if len(operations) > 1:
            return [replace(alarm, name=f"{alarm.name}-{operation}", on=operation) for operation in operations]
        return [replace(alarm, on=on) for on in operations or [alarm.on]]

    def _problems(self) -> Iterator[str]:
        for what, there in {"table": self.tables, "function": self.functions, "route": self.routes()}.items():
            if not there:
                yield f"it has no {what}: give at least one"
        grantable: tuple[Grantable, ...] = (*self.tables, *self.topics, *self.parameters, *self.secrets)
        others = [] if self.alarms_type in {topic.name for topic in self.topics} else [self.alarms_type]
        others += [self.dead_letters] if self.dead_letters else []
        yield from _repeated("table, topic, parameter or secret", [one.name for one in grantable] + others)
        variables = [one.variable for one in grantable if one.variable] + [CORS_VARIABLE] * bool(self.site)
        variables.append(GROUP_VARIABLE)
        yield from _repeated("variable", variables)
        with_outputs: tuple[Table | Topic, ...] = (*self.tables, *self.topics)
        yield from _repeated("output", [output for one in with_outputs for output in one.outputs().values()])
        yield from _repeated("function", [function.name for function in self.functions])
        yield from _repeated("route", [f"{route.method} {route.path}" for _, route in self.routes()])
        codes = dict.fromkeys(code for _, route in self.routes() for code in route.codes)
        yield from _repeated("code", [code.name for code in codes])
        yield from _repeated("schedule", [s.name for function in self.functions for s in function.schedules])
        yield from _repeated("consumer", [c.name for function in self.functions for c in function.consumers])
        metrics = dict.fromkeys(metric for function in self.functions for metric in function.metrics())
        yield from _repeated("metric", [metric.name for metric in metrics])
        yield from _repeated("alarm", [*(alarm.name for alarm in self.alarms), *map(str.lower, STANDARD_ALARMS)])
        yield from self._grant_problems({one.name: one for one in grantable})
        yield from self._variable_problems({*variables, *(f"{p.variable}_DEPLOYED" for p in self.parameters)})
        yield from self._consumer_problems()
        yield from self._alarm_problems()
        for _, route in self.routes():
            for schema in {route.body, *route.responses.values()} - {None, *self.schemas}:
                yield f"route {route.method} {route.path} names the schema {schema!r}, which is not among its schemas"
        yield from self._schema_problems()
        for name, array in self.batches.items():
            body = self.schemas.get(name, {})
            entries = body.get("properties", {}).get(array, {})
            if (body.get("type"), entries.get("type"), "items" in entries) != ("object", "array", True):
                yield f"batches[{name!r}] must be an array with items in the object schema {name!r}, got {array!r}."
        for name in self.schemas:
            if not re.fullmatch(r"[A-Za-z][A-Za-z0-9]*", name):
                yield f"schema name {name!r}: give letters and digits, which is what API Gateway takes"

    def _schema_problems(self) -> Iterator[str]:
        bodies = {route.body for _, route in self.routes()}
        for name, schema in self.schemas.items():
            yield from json_schema.problems(schema, f"schema {name}", checked=name in bodies)
        for _, route in self.routes():
            for name, schema in route.query.items():
                path = f"route {route.method} {route.path} query parameter {name}"
                yield from json_schema.query_problems(schema, path)

    def _grant_problems(self, grantable: Mapping[str, Grantable]) -> Iterator[str]:
        for parameter in self.parameters:
            if parameter.table and parameter.table not in {table.name for table in self.tables}:
                yield f"parameter {parameter.name!r} holds the name of {parameter.table!r}, which is none of its tables"
        indexes = {name: {index.name for index in getattr(one, "indexes", ())} for name, one in grantable.items()}
        reading = {secret.name: READING[secret.store] for secret in self.secrets}
        for function in self.functions:
            for grant in function.grants():
                if grant.on not in indexes:
                    yield f"function {function.name!r} is granted {grant.on!r}, which it does not have"
                elif grant.keys and not isinstance(grantable[grant.on], Table):
                    yield f"function {function.name!r} is granted keys of {grant.on!r}, which has no rows"
                elif grant.on in reading and grant.actions != (reading[grant.on],):
                    may = reading[grant.on]
                    yield f"function {function.name!r} is granted {grant.actions} on {grant.on!r}: give {may}"
                elif unknown := set(grant.indexes) - indexes[grant.on]:
                    yield f"function {function.name!r} is granted indexes {sorted(unknown)}, which {grant.on!r} lacks"
                elif grant.on not in reading:
                    kind = "index" if grant.indexes else type(grantable[grant.on]).__name__.lower()
                    yield from _action_problems(f"function {function.name!r} grant on {grant.on!r}", grant, kind)

    def _variable_problems(self, taken: set[str]) -> Iterator[str]:
        for function in self.functions:
            for name in sorted(taken & function.variables.keys()):
                yield f"function {function.name!r} has the variable {name!r}, which holds something else: rename it"

    def _consumer_problems(self) -> Iterator[str]:
        streams = {table.name for table in self.tables if table.stream}
        for function in self.functions:
            for consumer in function.consumers:
                if consumer.table not in streams:
                    yield f"consumer {consumer.name!r} reads {consumer.table!r}: give the name of a table with a stream"
            tables = [consumer.table for consumer in function.consumers]
            yield from _repeated(f"function {function.name!r} consumer of table", tables)
        if self.dead_letters:
            if not _NAME.fullmatch(self.dead_letters):
                yield f"dead_letters {self.dead_letters!r}: give lower-case letters, digits and '-', a letter first"
            if not any(function.runs() for function in self.functions):
                yield f"dead_letters {self.dead_letters!r}: nothing runs by schedule or stream, take it out"

    def _alarm_problems(self) -> Iterator[str]:
        known = ["api", *["dead-letters"] * bool(self.dead_letters), *(function.name for function in self.functions)]
        functions = {function.name: function for function in self.functions}
        for alarm in self.alarms:
            if known.count(alarm.on) != 1:
                says = "is two things: rename the function" if alarm.on in known else f"is none of {', '.join(known)}"
                yield f"alarm {alarm.name!r} is on {alarm.on!r}, which {says}"
            elif alarm.on in functions and not functions[alarm.on].emitting(alarm.metric):
                says = f"none of {alarm.on!r}'s operations emits: add it to the metrics of one that does"
                yield f"alarm {alarm.name!r} is on the metric {alarm.metric!r}, which {says}"


def _action_problems(where: str, grant: Grant, kind: str) -> Iterator[str]:
    for action in grant.actions:
        if action not in iam_actions.ACTIONS[kind]:
            yield (
                f"{where} actions must be IAM actions for a resource of type {kind}, without a prefix, got "
                f"{action!r}. {iam_actions.remedy(action, kind)}"
            )


def _repeated(kind: str, names: list[str]) -> Iterator[str]:
    for name in dict.fromkeys(n for n in names if names.count(n) > 1):
        yield f"{kind} {name!r} is there more than once"
