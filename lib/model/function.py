"""The Lambda functions of a service."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..settings import FunctionSettings
from .consumers import Consumer, QueueConsumer, StreamConsumer
from .grants import Grant, merge_grants
from .resources import Metric
from .triggers import Route, Schedule
from .validation import check_name, check_variable

Part = Route | Schedule | Consumer
"""Trigger of a function."""


@dataclass(frozen=True, kw_only=True)
class Function:
    """A Lambda function with its routes, schedules and consumers."""

    name: str
    """Value of `{type}` in the name pattern of the service."""
    handler: str
    """Python module with a function for each operation. The archive contains its package. If the module has a function
    `start`, it runs once in the initialization phase of an execution environment, which has the most CPU."""
    routes: tuple[Route, ...] = ()
    schedules: tuple[Schedule, ...] = ()
    consumers: tuple[Consumer, ...] = ()
    """Consumers of records, at most one for each table, queue and topic."""
    variables: Mapping[str, str] = field(default_factory=dict)
    """Additional environment variables. They must not contain secrets."""
    settings: FunctionSettings = field(default_factory=FunctionSettings)
    """Settings of only this function, which the arguments of a `TapStack` override. `reserved_concurrency` applies only
    if the environment reserves concurrency."""

    def __post_init__(self) -> None:
        check_name("function", self.name)
        for variable in self.variables:
            check_variable(f"function {self.name!r}", variable)

    def async_triggers(self) -> tuple[Schedule | Consumer, ...]:
        """Return the schedules and consumers whose failed events move to the dead-letter queue of the service."""
        return (*self.schedules, *(c for c in self.consumers if not isinstance(c, QueueConsumer)))

    def reports_failed_records(self) -> bool:
        """Return whether it has operations that process single records of streams or queues, whose failures Lambda
        does not count as errors of the function."""
        return any(isinstance(c, StreamConsumer | QueueConsumer) and not c.batch for c in self.consumers)

    def parts(self) -> tuple[Part, ...]:
        """Return the routes, schedules and consumers."""
        return (*self.routes, *self.schedules, *self.consumers)

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
        """Return the permissions of its operations, merged by resource."""
        return merge_grants(grant for part in self.parts() for grant in part.grants)
