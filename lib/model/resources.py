"""Resources of a service other than its functions and its API."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from os import PathLike
from typing import Any, ClassVar, Literal

from ..runtime.metrics import DIMENSION
from ..settings import AlarmSettings, invalid_value
from .resource import Resource
from .validation import check_choice, check_name

Schema = Mapping[str, Any]
"""JSON Schema with keywords that draft 4 (API Gateway) and OpenAPI 3.0 share; `json_schema` lists them."""
Store = Literal["ssm", "secretsmanager"]
"""Store of a secret: Parameter Store or Secrets Manager."""
KeyType = Literal["S", "N", "B"]
"""Type of a key attribute: string, number or binary."""
Projection = Literal["ALL", "KEYS_ONLY"]
"""Attributes that an index contains."""
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
STANDARD_ALARMS = ("Duration", "Errors", "Throttles")
"""Lambda metrics with an alarm for every function."""
_BYTES = ("Bytes", "Kilobytes", "Megabytes", "Gigabytes", "Terabytes")
_BITS = ("Bits", "Kilobits", "Megabits", "Gigabits", "Terabits")
_AMOUNTS = ("Count", *_BYTES, *_BITS)
_TIMES = ("Seconds", "Milliseconds", "Microseconds")
UNITS = (*_AMOUNTS, *(f"{amount}/Second" for amount in _AMOUNTS), *_TIMES, "Percent", "None")
"""Units of CloudWatch metrics."""


@dataclass(frozen=True)
class Key:
    """A key attribute of a table or an index."""

    name: str
    type: KeyType = "S"

    def __post_init__(self) -> None:
        check_choice(f"key {self.name!r} type", self.type, KeyType)


@dataclass(frozen=True, kw_only=True)
class Index:
    """A global secondary index. It contains only items with its key attributes (sparse index)."""

    name: str
    hash_key: Key
    range_key: Key | None = None
    projection: Projection = "ALL"

    def __post_init__(self) -> None:
        check_choice(f"index {self.name!r} projection", self.projection, Projection)


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
    ttl: str | None = None
    """TTL attribute: the epoch second after which DynamoDB deletes the item."""
    stream: StreamView | None = None
    output_prefix: str | None = None
    """Prefix of the stack outputs of the table, `<prefix>_table_name` and `<prefix>_table_arn`. Default (None): the
    name with `-` replaced by `_`. Empty disables them."""

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

    def keys(self) -> dict[str, str]:
        """Return the types of all key attributes of the table and its indexes, by name."""
        return {key.name: key.type for key in self._key_attributes()}

    def _key_attributes(self) -> list[Key]:
        keys = [self.hash_key, self.range_key]
        for index in self.indexes:
            keys += [index.hash_key, index.range_key]
        return [key for key in keys if key]


@dataclass(frozen=True, kw_only=True)
class Topic(Resource):
    """An SNS topic."""

    KIND: ClassVar[str] = "topic"
    AWS_SERVICE: ClassVar[str] = "sns"
    OUTPUTS: ClassVar[tuple[str, ...]] = ("arn",)

    name: str
    variable: str
    """Environment variable with the ARN, in functions with a grant."""
    output_prefix: str | None = None
    """Prefix of the stack output of the topic, `<prefix>_topic_arn`. Default (None): the name with `-` replaced by `_`.
    Empty disables it."""

    def __post_init__(self) -> None:
        self._check_names()


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
class Metric:
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
class Alarm:
    """An alarm in addition to those that every function has."""

    name: str
    on: str
    """Target of the alarm: `api`, `dead-letters`, or the name of the function that emits the metric."""
    metric: str
    """CloudWatch metric of API Gateway or SQS, or one of the `metrics` of the function."""
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
class Site:
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
