"""The alarms of a Lambda function."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

import pulumi
import pulumi_aws as aws

from ... import model
from ...settings import AlarmSettings, merge
from ...settings.environments import BASIS
from .alarm import AlarmArgs, metric_alarm


@dataclass(frozen=True, kw_only=True)
class AlarmRow:
    """One alarm, whatever the function."""

    name: str
    metric: str
    statistic: Literal["Average", "Sum"]
    threshold: Literal["duration_ms", "errors", "throttles"]
    """The setting that holds the threshold."""
    description: str


ALARMS = (
    AlarmRow(
        name="Duration",
        metric="Duration",
        statistic="Average",
        threshold="duration_ms",
        description="takes longer than it should: look for slow calls in its log, or give it memory",
    ),
    AlarmRow(
        name="Errors",
        metric="Errors",
        statistic="Sum",
        threshold="errors",
        description="fails: its log has the traces",
    ),
    AlarmRow(
        name="Throttles",
        metric="Throttles",
        statistic="Sum",
        threshold="throttles",
        description="is refused executions: raise its reserved, or the account's, concurrency",
    ),
)


@dataclass(frozen=True, kw_only=True)
class AlarmsArgs:
    """What `Alarms` are made from."""

    function_name: pulumi.Input[str]
    topic_arn: pulumi.Input[str]
    """Who hears of an alarm and of its end."""
    naming: Callable[[str], str]
    """From an alarm's short name, e.g. `Errors`, to its name in AWS."""
    settings: AlarmSettings = field(default_factory=AlarmSettings)
    """What is not said here is as in `dev`; without `duration_ms` no alarm watches the duration."""
    tags: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)


class Alarms(pulumi.ComponentResource):
    """CloudWatch alarms on one function's duration, errors and throttles; no calls are no alarm."""

    def __init__(self, name: str, args: AlarmsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tap:aws:Alarms", name, None, opts)
        self.settings = merge(BASIS.alarms, args.settings)
        thresholds = {row: getattr(self.settings, row.threshold) for row in ALARMS}
        self.resources = {
            row.name: self._alarm(name, row, threshold, args)
            for row, threshold in thresholds.items()
            if threshold is not None
        }
        self.register_outputs({"names": [alarm.name for alarm in self.resources.values()]})

    def _alarm(self, name: str, row: AlarmRow, threshold: int, args: AlarmsArgs) -> aws.cloudwatch.MetricAlarm:
        alarm = model.Alarm(
            name=row.name.lower(),
            on="",
            metric=row.metric,
            description=row.description,
            threshold=threshold,
            statistic=row.statistic,
            period_seconds=self.settings.period_seconds or 60,
            evaluation_periods=self.settings.evaluation_periods or 1,
        )
        made_from = AlarmArgs(
            name=args.naming(row.name),
            alarm=alarm,
            subject=args.function_name,
            namespace="AWS/Lambda",
            dimensions={"FunctionName": args.function_name},
            topic_arn=args.topic_arn,
            runbook=self.settings.runbook_url or "",
            tags=args.tags,
        )
        return metric_alarm(f"{name}-{alarm.name}", made_from, pulumi.ResourceOptions(parent=self))
