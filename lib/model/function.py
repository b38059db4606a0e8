"""The Lambda functions of a service."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..settings import FunctionSettings
from .grants import Grant, merge_grants
from .resources import Metric
from .triggers import Consumer, Part, Route, Schedule
from .validation import check_name, check_variable


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
    """At most one for each table: a function receives the changes of a table once."""
    variables: Mapping[str, str] = field(default_factory=dict)
    """Environment variables besides those of what it was granted; nothing secret goes into one."""
    settings: FunctionSettings = field(default_factory=FunctionSettings)
    """Settings of this function alone, which the arguments of a `TapStack` override. Its `reserved_concurrency` applies
    if the environment reserves any."""

    def __post_init__(self) -> None:
        check_name("function", self.name)
        for variable in self.variables:
            check_variable(f"function {self.name!r}", variable)

    def async_triggers(self) -> tuple[Schedule | Consumer, ...]:
        """Return the parts without a caller who gets an error response."""
        return (*self.schedules, *self.consumers)

    def parts(self) -> tuple[Part, ...]:
        """All that it serves."""
        return (*self.routes, *self.async_triggers())

    def operations(self) -> dict[str, FunctionSettings]:
        """Return the settings of each operation in a function of its own."""
        found: dict[str, FunctionSettings] = {}
        for part in self.parts():
            found.setdefault(part.operation, part.settings)
        return found

    def metrics(self) -> list[Metric]:
        """All that it may emit."""
        return list(dict.fromkeys(metric for part in self.parts() for metric in part.metrics))

    def operations_emitting(self, metric: str) -> list[str]:
        """Those of its operations that may emit a metric."""
        return list(dict.fromkeys(part.operation for part in self.parts() if metric in {m.name for m in part.metrics}))

    def grants(self) -> list[Grant]:
        """What its parts need, merge_grants by what of a table, topic, parameter or secret it is on."""
        return merge_grants(grant for part in self.parts() for grant in part.grants)
