"""The Lambda functions of a service."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any

from ..settings import Definition, FunctionSettings, invalid_value, is_output
from .apis import FunctionUrl
from .authorizers import LambdaAuthorizer
from .consumers import Consumer, QueueConsumer, StreamConsumer
from .grants import Grant, Statement, merge_grants
from .resources import Metric
from .triggers import Route, Schedule
from .validation import check_name, check_variable, duplicates

MAX_LAYERS = 5
"""Maximum number of layers of a Lambda function."""
_LAYER = re.compile(r"arn:[\w-]+:lambda:[\w-]+:\d{12}:layer:[\w-]+:\d+")

Part = Route | LambdaAuthorizer | Schedule | Consumer
"""Trigger of a function."""
LABELS = {LambdaAuthorizer: "authorizer", Schedule: "schedule", Consumer: "consumer"}
"""Kinds of triggers with a name, as errors name them."""


def part_label(part: Part) -> str:
    """Return the kind and the name of a trigger for errors: for a route, its method and path."""
    if isinstance(part, Route):
        return f"route {part.method} {part.path}"
    kind = next(label for kind, label in LABELS.items() if isinstance(part, kind))
    return f"{kind} {part.name!r}"


@dataclass(frozen=True, kw_only=True)
class Function(Definition):
    """A Lambda function with its routes, schedules and consumers."""

    name: str
    """Value of `{type}` in the name pattern of the service."""
    handler: str
    """Python module with a function for each operation. The archive contains its package. If the module has a function
    `start`, it runs once in the initialization phase of an execution environment, which has the most CPU."""
    requirements: str = ""
    """Path of a pip requirements file, relative to the folder of the handler's package. The function contains its
    packages, in the versions of the lock file next to it. Default (empty): the packages that Lambda provides, such as
    boto3."""
    files: tuple[str, ...] = ()
    """Glob patterns of data files that the function contains, relative to the folder of the handler's package, such as
    `templates/**/*.html`."""
    layers: tuple[Any, ...] = ()
    """ARNs of existing layer versions, as strings or Outputs. A local run has only layers of the same program."""
    routes: tuple[Route, ...] = ()
    url: FunctionUrl | None = None
    """URL that serves all routes of the function instead of an API."""
    schedules: tuple[Schedule, ...] = ()
    consumers: tuple[Consumer, ...] = ()
    """Consumers of records, at most one for each table, queue and topic."""
    authorizers: tuple[LambdaAuthorizer, ...] = ()
    """Authorizers of routes of any function, at most one of each type."""
    variables: Mapping[str, Any] = field(default_factory=dict)
    """Additional environment variables: strings or Outputs of strings. They must not contain secrets."""
    settings: FunctionSettings = field(default_factory=FunctionSettings)
    """Settings of only this function, which the arguments of a `TapStack` override. `reserved_concurrency` applies only
    if the environment reserves concurrency."""

    def __post_init__(self) -> None:
        check_name("function", self.name)
        types = [authorizer.type for authorizer in self.authorizers]
        for error in duplicates(f"function {self.name!r} authorizer type", [*types]):
            raise ValueError(f"{error} Move one of them to another function: the events contain only the type.")
        for variable, value in self.variables.items():
            check_variable(f"function {self.name!r}", variable)
            if not isinstance(value, str) and not is_output(value):
                raise invalid_value(f"function {self.name!r} variables[{variable!r}]", value, "a string or an Output")
        for problem in self._code_problems():
            raise ValueError(f"function {self.name!r} {problem}")

    def async_triggers(self) -> tuple[Schedule | Consumer, ...]:
        """Return the schedules and consumers whose failed events move to the dead-letter queue of the service."""
        return (*self.schedules, *(c for c in self.consumers if not isinstance(c, QueueConsumer)))

    def reports_failed_records(self) -> bool:
        """Return whether it has operations that process single records of streams or queues, whose failures Lambda
        does not count as errors of the function."""
        return any(isinstance(c, StreamConsumer | QueueConsumer) and not c.batch for c in self.consumers)

    def parts(self) -> tuple[Part, ...]:
        """Return the routes, authorizers, schedules and consumers."""
        return (*self.routes, *self.authorizers, *self.schedules, *self.consumers)

    def has_waiting_callers(self) -> bool:
        """Return whether callers of the API wait for the function."""
        return bool(self.routes or self.authorizers)

    def operations(self) -> dict[str, FunctionSettings]:
        """Return the settings of each operation, for functions that are split by operation."""
        settings: dict[str, FunctionSettings] = {}
        for part in self.parts():
            settings.setdefault(part.operation, part.settings)
        return settings

    def metrics(self) -> list[Metric]:
        """Return the metrics that its operations emit."""
        return list(dict.fromkeys(metric for part in self.parts() for metric in part.metrics))

    def operations_emitting(self, metric: str) -> list[str]:
        """Return the operations that emit a metric."""
        return list(dict.fromkeys(part.operation for part in self.parts() if metric in {m.name for m in part.metrics}))

    def grants(self) -> list[Grant]:
        """Return the permissions of its operations on resources of the service, merged by resource."""
        return merge_grants(grant for part in self.parts() for grant in part.grants if isinstance(grant, Grant))

    def statements(self) -> list[Statement]:
        """Return the explicit IAM statements of its operations, each once."""
        grants = (grant for part in self.parts() for grant in part.grants if isinstance(grant, Statement))
        return list(dict.fromkeys(grants))

    def _code_problems(self) -> Iterator[str]:
        for pattern in self.files:
            if not _is_inside(PurePath(pattern)):
                yield (
                    f"files must be glob patterns inside the folder of the handler's package, got {pattern!r}. "
                    "Move the files into the folder."
                )
        for layer in self.layers:
            if not is_output(layer) and not (isinstance(layer, str) and _LAYER.fullmatch(layer)):
                yield (
                    f"layers must be ARNs of layer versions, got {layer!r}. "
                    "Append the version to the ARN: arn:aws:lambda:REGION:ACCOUNT:layer:NAME:VERSION."
                )
        if len(self.layers) > MAX_LAYERS:
            yield f"layers must be at most {MAX_LAYERS} ARNs, got {len(self.layers)}."


def _is_inside(path: PurePath) -> bool:
    """Return whether a pattern names files below its folder."""
    return bool(path.parts) and not path.is_absolute() and ".." not in path.parts
