"""A deployment's graph, and what happens to it in a month."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from ..model import Operation, Service, Workload
from ..model.workload import ALERT, EMPTY_SWEEP
from ..program.recorder import Deployment
from .traffic import Traffic, times

Inputs = Mapping[str, Any]
"""Of a resource, as Pulumi names them."""


UNITS = {"reads": "read_units", "writes": "write_units"}


class Run(NamedTuple):
    """What a function does, and how often."""

    function: Inputs
    operation: Operation
    number: float


@dataclass(frozen=True)
class Month:
    """A deployment, and what happens to it."""

    made: Deployment
    traffic: Traffic
    workload: Workload
    service: Service
    """As described; its functions may have been split."""

    @cached_property
    def runs(self) -> list[Run]:
        """All that Lambda is called for."""
        return [*self._requests(), *self._schedules(), *self._streams()]

    def of(self, kind: str) -> list[Inputs]:
        """The inputs of all resources of a type."""
        return [*self.made.inputs(kind).values()]

    def units(self, kind: str) -> float:
        """Return the `reads` or `writes` of DynamoDB, in request units."""
        return sum(run.number * float(getattr(run.operation, UNITS[kind])) for run in self.runs)

    @cached_property
    def tables(self) -> dict[str, Inputs]:
        """Every table by what the recorder says for its ARN."""
        return {f"arn:{name}": inputs for name, inputs in self.made.inputs("dynamodb.Table").items()}

    @cached_property
    def functions(self) -> dict[str, Inputs]:
        """Every function by its name in AWS, and by what the recorder says for its ARNs and its aliases'."""
        found: dict[str, Inputs] = {}
        for name, inputs in self.made.inputs("lambda.Function").items():
            found |= dict.fromkeys((f"arn:{name}", f"invokeArn:{name}", inputs["name"]), inputs)
        for name, inputs in self.made.inputs("lambda.Alias").items():
            found |= dict.fromkeys((f"arn:{name}", f"invokeArn:{name}"), found[inputs["functionName"]])
        return found

    def _requests(self) -> Iterator[Run]:
        calls = self.made.endpoints().items()
        serving = {f"{method} {path}": call["uri"] for (method, path), (_, call) in calls if "uri" in call}
        changing = self.traffic.writes
        for operations, share in ((self.workload.reads, 1 - changing), (self.workload.writes, changing)):
            for operation in operations:
                function = self.functions[serving[operation.trigger]]
                yield Run(function, operation, self.traffic.requests * share / len(operations))

    def _schedules(self) -> Iterator[Run]:
        rates = {rule["name"]: rule.get("scheduleExpression") for rule in self.of("cloudwatch.EventRule")}
        for target in self.of("cloudwatch.EventTarget"):
            function, rate = self.functions.get(target["arn"]), rates[target["rule"]]
            if function and rate:
                schedule = json.loads(target["input"])["schedule"]
                yield Run(function, self.workload.schedules.get(schedule, EMPTY_SWEEP), times(rate))

    def _streams(self) -> Iterator[Run]:
        for source in self.of("lambda.EventSourceMapping"):
            yield Run(self.functions[source["functionName"]], ALERT, self.traffic.notifications)
