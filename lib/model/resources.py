"""Resources of a service other than its functions and its API."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from os import PathLike
from typing import Any, ClassVar, Literal

from ..runtime.metrics import DIMENSION
from ..runtime.reserved_keys import EXPIRES
from ..settings import AlarmSettings, Definition, invalid_value
from .resource import Resource
from .validation import check_choice, check_name, duplicates

Schema = Mapping[str, Any]
"""JSON Schema with keywords that draft 4 (API Gateway) and OpenAPI 3.0 share; `json_schema` lists them."""
Store = Literal["ssm", "secretsmanager"]
"""Store of a secret: Parameter Store or Secrets Manager."""
KeyType = Literal["S", "N", "B"]
"""Type of a key attribute: string, number or binary."""
Projection = Literal["ALL", "KEYS_ONLY", "INCLUDE"]
"""Attributes that an index contains: all, only the keys, or the keys and those in `attributes`."""
StreamView = Literal["NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES", "KEYS_ONLY"]
"""Contents of stream records."""
Statistic = Literal["Average", "Maximum", "Minimum", "SampleCount", "Sum", "p90"]
Comparison = Literal[
    "GreaterThanThreshold", "GreaterThanOrEqualToThreshold", "LessThanThreshold", "LessThanOrEqualToThreshold"
]
MissingData = Literal["breaching", "ignore", "missing", "notBreaching"]
"""Treatment of a period without data."""
SECRET_READ_ACTIONS = {"ssm": "GetParameter", "secretsmanager": "GetSecretValue"}
"""IAM action that reads a secret, by store. Grants on secrets allow no other action."""
MAX_LOCAL_INDEXES = 5
"""Maximum number of local secondary indexes of a table."""
STANDARD_ALARMS = ("Duration", "Errors", "Throttles")
"""Lambda metrics with an alarm for every function."""
_BYTES = ("Bytes", "Kilobytes", "Megabytes", "Gigabytes", "Terabytes")
_BITS = ("Bits", "Kilobits", "Megabits", "Gigabits", "Terabits")
_AMOUNTS = ("Count", *_BYTES, *_BITS)
_TIMES = ("Seconds", "Milliseconds", "Microseconds")
UNITS = (*_AMOUNTS, *(f"{amount}/Second" for amount in _AMOUNTS), *_TIMES, "Percent", "None")
"""Units of CloudWatch metrics."""


@dataclass(frozen=True)
class Key(Definition):
    """A key attribute of a table or an index."""

    name: str
    type: KeyType = "S"

    def __post_init__(self) -> None:
        check_choice(f"key {self.name!r} type", self.type, KeyType)


@dataclass(frozen=True, kw_only=True)
class Index(Definition):
    """A global secondary index. It contains only items with its key attributes (sparse index)."""

    name: str
    hash_key: Key
    range_key: Key | None = None
    projection: Projection = "ALL"
    attributes: tuple[str, ...] = ()
    """Attributes other than keys, with the projection `INCLUDE`."""

    def __post_init__(self) -> None:
        _check_projection(self)


@dataclass(frozen=True, kw_only=True)
class LocalIndex(Definition):
    """A local secondary index, which has the partition key of its table and supports consistent reads.

    DynamoDB creates it only together with the table. All items with one partition key, including their copies in local
    indexes, have at most 10 GB.
    """

    name: str
    range_key: Key
    projection: Projection = "ALL"
    attributes: tuple[str, ...] = ()
    """Attributes other than keys, with the projection `INCLUDE`."""

    def __post_init__(self) -> None:
        _check_projection(self)


def _check_projection(index: Index | LocalIndex) -> None:
    check_choice(f"index {index.name!r} projection", index.projection, Projection)
    is_included = index.projection == "INCLUDE"
    attributes = index.attributes
    if not all(attributes) or bool(attributes) is not is_included or len({*attributes}) != len(attributes):
        expected = "a tuple of distinct names" if is_included else "empty unless the projection is INCLUDE"
        raise invalid_value(f"index {index.name!r} attributes", attributes, expected)


@dataclass(frozen=True, kw_only=True)
class Table(Resource):
    """A DynamoDB table."""

    KIND: ClassVar[str] = "table"
    AWS_SERVICE: ClassVar[str] = "dynamodb"
    OUTPUTS: ClassVar[tuple[str, ...]] = ("name", "arn")

    name: str
    """Value of `{type}` in the name pattern of the service."""
    variable: str
    """Environment variable with the physical name, in functions with a grant."""
    hash_key: Key
    range_key: Key | None = None
    indexes: tuple[Index, ...] = ()
    """Global secondary indexes."""
    local_indexes: tuple[LocalIndex, ...] = ()
    """Local secondary indexes, which a deployed table cannot change."""
    ttl: str | None = None
    """TTL attribute: the epoch second after which DynamoDB deletes the item."""
    stream: StreamView | None = None
    output_prefix: str | None = None
    """Prefix of the stack outputs of the table, `<prefix>_table_name` and `<prefix>_table_arn`. Default (None): the
    name with `-` replaced by `_`. Empty disables them."""
    existing: bool = False
    """Whether the table exists outside the stack, which then does not create or change it. Its ARN is an argument of
    the stack, `TapStackArgs.existing`, and it has no stack outputs."""

    def __post_init__(self) -> None:
        self._check_names()
        if self.stream is not None:
            check_choice(f"table {self.name!r} stream", self.stream, StreamView)
        types = self.keys()
        for key in self._key_attributes():
            if key.type != types[key.name]:
                raise ValueError(
                    f"table {self.name!r} key {key.name!r} must have one type in the table and its indexes, got "
                    f"{key.type!r} and {types[key.name]!r}. Use the same type everywhere."
                )
        for problem in self._index_problems():
            raise ValueError(f"table {self.name!r} {problem}")

    def index_names(self) -> list[str]:
        """Return the names of the global and local secondary indexes."""
        return [index.name for index in self._all_indexes()]

    def keys(self) -> dict[str, str]:
        """Return the types of all key attributes of the table and its indexes, by name."""
        return {key.name: key.type for key in self._key_attributes()}

    def _key_attributes(self) -> list[Key]:
        keys = [self.hash_key, self.range_key]
        for index in self.indexes:
            keys += [index.hash_key, index.range_key]
        keys += [index.range_key for index in self.local_indexes]
        return [key for key in keys if key]

    def _all_indexes(self) -> list[Index | LocalIndex]:
        return [*self.indexes, *self.local_indexes]

    def _index_problems(self) -> Iterator[str]:
        yield from duplicates("index", self.index_names())
        if self.local_indexes and not self.range_key:
            yield "range_key must be set for local_indexes, got None. Use a global index instead."
        if len(self.local_indexes) > MAX_LOCAL_INDEXES:
            yield f"local_indexes must be at most {MAX_LOCAL_INDEXES}, got {len(self.local_indexes)}."
        own = {key.name for key in (self.hash_key, self.range_key) if key}
        for local in self.local_indexes:
            if local.range_key.name in own:
                yield (
                    f"local index {local.name!r} range_key must differ from the keys of the table, "
                    f"got {local.range_key.name!r}."
                )
        for index in self._all_indexes():
            keys = own | {key.name for key in (getattr(index, "hash_key", None), index.range_key) if key}
            for name in index.attributes:
                if name in keys:
                    yield f"index {index.name!r} attributes must not contain keys, got {name!r}. Remove it."


@dataclass(frozen=True, kw_only=True)
class Topic(Resource):
    """An SNS topic. `notification_email` receives its messages, unless a `TopicConsumer` processes them."""

    KIND: ClassVar[str] = "topic"
    AWS_SERVICE: ClassVar[str] = "sns"
    OUTPUTS: ClassVar[tuple[str, ...]] = ("arn",)
    VARIABLE_VALUE: ClassVar[str] = "arn"

    name: str
    variable: str
    """Environment variable with the ARN, in functions with a grant."""
    output_prefix: str | None = None
    """Prefix of the stack output of the topic, `<prefix>_topic_arn`. Default (None): the name with `-` replaced by `_`.
    Empty disables it."""
    existing: bool = False
    """Whether the topic exists outside the stack, which then does not create or change it. Its ARN is an argument of
    the stack, `TapStackArgs.existing`, and it has no stack output."""

    def __post_init__(self) -> None:
        self._check_names()


def idempotency_table(name: str = "idempotency", variable: str = "IDEMPOTENCY_TABLE") -> Table:
    """Return a table for the records of `Route.idempotency`. DynamoDB deletes them 24 hours after their requests."""
    return Table(name=name, variable=variable, hash_key=Key("id"), ttl=EXPIRES, output_prefix="")


@dataclass(frozen=True, kw_only=True)
class Parameter(Resource):
    """A Parameter Store parameter `/<service>/<environment>/<name>` with the name of a table or a JSON object."""

    KIND: ClassVar[str] = "parameter"
    AWS_SERVICE: ClassVar[str] = "ssm"

    name: str
    table: str = ""
    """Table with the physical name that is the value."""
    value: Mapping[str, Any] = field(default_factory=dict)
    """Value, unless `table` is set."""
    variable: str = ""
    """Environment variable with the name of the parameter, in functions with a grant. `<variable>_DEPLOYED` contains
    the deployed value, as a fallback if Parameter Store does not respond."""

    def __post_init__(self) -> None:
        self._check_names()
        if bool(self.table) == bool(self.value):
            raise ValueError(f"parameter {self.name!r} must set exactly one of table or value.")


@dataclass(frozen=True, kw_only=True)
class Secret(Resource):
    """A secret: a SecureString parameter `/<service>/<environment>/<name>` of Parameter Store, or a secret
    `<service>/<environment>/<name>` of Secrets Manager."""

    KIND: ClassVar[str] = "secret"

    name: str
    variable: str
    """Environment variable with the name of the secret, in functions with a grant. No variable contains the value."""
    description: str
    """Purpose of the secret, for operators who set or rotate it."""
    store: Store = "ssm"
    generated: bool = False
    """Whether a value is generated if none is set. Otherwise, a value is required."""

    def __post_init__(self) -> None:
        self._check_names()
        if self.store not in SECRET_READ_ACTIONS:
            raise invalid_value(f"secret {self.name!r} store", self.store, f"one of {', '.join(SECRET_READ_ACTIONS)}")

    def aws_service(self) -> str:
        """Return the store."""
        return self.store


@dataclass(frozen=True)
class Metric(Definition):
    """A custom metric that an operation emits with `metrics.emit`."""

    name: str
    unit: str
    """CloudWatch unit, such as `Count`, `Seconds` or `Bytes`."""
    description: str

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[A-Z][A-Za-z0-9]*", self.name) or self.name == DIMENSION:
            expected = f"letters and digits, an uppercase letter first, other than {DIMENSION}"
            raise invalid_value("metric name", self.name, expected)
        if self.unit not in UNITS:
            raise invalid_value(f"metric {self.name!r} unit", self.unit, f"one of {', '.join(UNITS)}")


@dataclass(frozen=True, kw_only=True)
class Alarm(Definition):
    """An alarm in addition to those that every function has."""

    name: str
    on: str
    """Target of the alarm: the name of the function that emits a custom metric, or a resource with metrics of AWS:
    `api`, `api API`, `dead-letters`, `lambda FUNCTION`, `table TABLE`, `index TABLE/INDEX`, `topic TOPIC`, `queue
    QUEUE`, `queue QUEUE-dead-letters`, or `rule CONSUMER` for a consumer of events."""
    metric: str
    """One of the `metrics` of the function, or a metric of AWS, such as `IteratorAge`."""
    description: str
    """Problem and remedy for the on-call engineer, such as `returns errors: see its log group`."""
    threshold: float
    statistic: Statistic = "Sum"
    comparison: Comparison = "GreaterThanThreshold"
    period_seconds: int = 60
    evaluation_periods: int = 1
    missing: MissingData = "notBreaching"
    """Treatment of periods without data points."""
    summed: tuple[str, tuple[str, ...]] | None = None
    """Dimension, and at most ten of its values, over which the metric is summed."""

    def __post_init__(self) -> None:
        check_name("alarm", self.name)
        for name, choices in {"statistic": Statistic, "comparison": Comparison, "missing": MissingData}.items():
            check_choice(f"alarm {self.name!r} {name}", getattr(self, name), choices)
        AlarmSettings(period_seconds=self.period_seconds, evaluation_periods=self.evaluation_periods)


@dataclass(frozen=True, kw_only=True)
class Site(Definition):
    """A static site that calls the API. Its `config.json` contains `api_url`, `service` and `environment`, and with a
    user pool also `sign_in` with the `url` of the pool, the `client_id`, and the `scopes` to request."""

    folder: str | PathLike[str]
    """Folder with the built files."""
    index: str = "index.html"
    """File that is served for the root path."""
    hashed: str = ""
    """Subfolder of files with a content hash in their names, which browsers can cache permanently."""
    type: str = "site"
    """Value of `{type}` in the name pattern of the service."""
    sign_in_pages: tuple[str, ...] = ("",)
    """Paths of the pages that sign users in, relative to the URL of the site. A user pool redirects to no other
    page."""

    def __post_init__(self) -> None:
        check_name("site", self.type)
        for page in self.sign_in_pages:
            if not re.fullmatch(r"([^/\s#][^\s#]*)?", page):
                raise invalid_value("site sign_in_pages", page, "paths such as panel.html, or empty for the index")
