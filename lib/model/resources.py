"""The resources of a service besides its functions and its API."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from os import PathLike
from typing import Any, Literal

from ..runtime.metrics import DIMENSION
from ..settings import AlarmSettings, invalid_value
from .validation import check_choice, check_name, check_output_prefix, check_variable

Schema = Mapping[str, Any]
"""A JSON Schema in what draft 4 (API Gateway) and OpenAPI 3.0 have in common: `json_schema` lists the keywords."""
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
READING = {"ssm": "GetParameter", "secretsmanager": "GetSecretValue"}
"""What reads a secret of each store, which is all that can be granted on one."""
STANDARD_ALARMS = ("Duration", "Errors", "Throttles")
"""What every function has an alarm on."""
_BYTES = ("Bytes", "Kilobytes", "Megabytes", "Gigabytes", "Terabytes")
_BITS = ("Bits", "Kilobits", "Megabits", "Gigabits", "Terabits")
_AMOUNTS = ("Count", *_BYTES, *_BITS)
_TIMES = ("Seconds", "Milliseconds", "Microseconds")
UNITS = (*_AMOUNTS, *(f"{amount}/Second" for amount in _AMOUNTS), *_TIMES, "Percent", "None")
"""CloudWatch's."""


@dataclass(frozen=True)
class Key:
    """A key attribute of a table or an index."""

    name: str
    type: KeyType = "S"

    def __post_init__(self) -> None:
        check_choice(f"key {self.name!r} type", self.type, KeyType)


@dataclass(frozen=True, kw_only=True)
class Index:
    """A global secondary index; one whose keys an item lacks does not hold it (sparse)."""

    name: str
    hash_key: Key
    range_key: Key | None = None
    projection: Projection = "ALL"

    def __post_init__(self) -> None:
        check_choice(f"index {self.name!r} projection", self.projection, Projection)


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
        check_name("table", self.name)
        check_output_prefix("table", self.name, output_prefix_of(self))
        if self.stream is not None:
            check_choice(f"table {self.name!r} stream", self.stream, StreamView)
        types = self.keys()
        for key in self._key_attributes():
            if key.type != types[key.name]:
                raise ValueError(
                    f"table {self.name!r} key {key.name!r} must have one type in the table and its indexes, got "
                    f"{key.type!r} and {types[key.name]!r}. Use the same type everywhere."
                )

    def outputs(self) -> dict[str, str]:
        """Return the names of the table's own stack outputs by the attribute that they contain."""
        prefix = output_prefix_of(self)
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
        check_name("topic", self.name)
        check_output_prefix("topic", self.name, output_prefix_of(self))

    def outputs(self) -> dict[str, str]:
        """Return the name of the topic's own stack output by the attribute that it contains."""
        prefix = output_prefix_of(self)
        return {"arn": f"{prefix}_topic_arn"} if prefix else {}


def output_prefix_of(resource: Table | Topic) -> str:
    """Return the prefix of the stack outputs of a resource."""
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
        check_name("parameter", self.name)
        if bool(self.table) == bool(self.value):
            raise ValueError(f"parameter {self.name!r} must set exactly one of table or value.")


@dataclass(frozen=True, kw_only=True)
class Secret:
    """A secret: a SecureString of Parameter Store, `/<service>/<environment>/<name>`, or an entry of Secrets Manager,
    `<service>/<environment>/<name>`."""

    name: str
    variable: str
    """The environment variable in which functions that may read it find its name, and never its value."""
    description: str
    """What it is, for the people who set or rotate it."""
    store: Store = "ssm"
    generated: bool = False
    """Whether a value is generated if none is set. Otherwise one must be set."""

    def __post_init__(self) -> None:
        check_name("secret", self.name)
        check_variable(f"secret {self.name!r}", self.variable)
        if self.store not in READING:
            raise invalid_value(f"secret {self.name!r} store", self.store, f"one of {', '.join(READING)}")


Grantable = Table | Topic | Parameter | Secret
"""What functions can be granted something on."""


@dataclass(frozen=True)
class Metric:
    """A metric that an operation emits with `metrics.emit`."""

    name: str
    unit: str
    """As CloudWatch names it: `Count`, `Seconds`, `Bytes`, ..."""
    description: str

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[A-Z][A-Za-z0-9]*", self.name) or self.name == DIMENSION:
            expected = f"letters and digits, an uppercase letter first, other than {DIMENSION}"
            raise invalid_value("metric name", self.name, expected)
        if self.unit not in UNITS:
            raise invalid_value(f"metric {self.name!r} unit", self.unit, f"one of {', '.join(UNITS)}")


@dataclass(frozen=True, kw_only=True)
class Alarm:
    """An alarm beyond those that every function has."""

    name: str
    on: str
    """`api`, `dead-letters`, or the name of the function that emits the metric."""
    metric: str
    """Its name in CloudWatch: API Gateway's, SQS's, or one of the function's `metrics`."""
    description: str
    """The problem and what to do, for the person on call: `answers with errors: its log has them`."""
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
        check_name("alarm", self.name)
        for name, choices in {"statistic": Statistic, "comparison": Comparison, "missing": MissingData}.items():
            check_choice(f"alarm {self.name!r} {name}", getattr(self, name), choices)
        AlarmSettings(period_seconds=self.period_seconds, evaluation_periods=self.evaluation_periods)


@dataclass(frozen=True, kw_only=True)
class Site:
    """Static web pages beside the API, which they find in their `config.json`: `api_url`, `service`, `environment`, and
    where there is a user pool `sign_in`: its `url`, their `client_id`, the `scopes` to request."""

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
        check_name("site", self.type)
        for page in self.sign_in_pages:
            if not re.fullmatch(r"([^/\s#][^\s#]*)?", page):
                raise invalid_value("site sign_in_pages", page, "paths such as panel.html, or empty for the index")
