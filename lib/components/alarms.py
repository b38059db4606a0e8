"""The alarms of a Lambda function."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

import pulumi
import pulumi_aws as aws

from ..environments import BASIS
from ..settings import AlarmSettings, over


@dataclass(frozen=True, kw_only=True)
class AlarmRow:
    """One alarm, whatever the function."""

    name: str
    metric: str
    statistic: str
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
    tags: Mapping[str, str] = field(default_factory=dict)


class Alarms(pulumi.ComponentResource):
    """CloudWatch alarms on one function's duration, errors and throttles; no calls are no alarm."""

    def __init__(self, name: str, args: AlarmsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tap:aws:Alarms", name, None, opts)
        self.settings = over(BASIS.alarms, args.settings)
        self.resources = {row.name: self._alarm(name, row, args) for row in ALARMS if self._threshold(row) is not None}
        self.register_outputs({"names": [alarm.name for alarm in self.resources.values()]})

    def _threshold(self, row: AlarmRow) -> int | None:
        found: int | None = getattr(self.settings, row.threshold)
        return found

    def _alarm(self, name: str, row: AlarmRow, args: AlarmsArgs) -> aws.cloudwatch.MetricAlarm:
        return aws.cloudwatch.MetricAlarm(
            f"{name}-{row.name.lower()}",
            name=args.naming(row.name),
            alarm_description=pulumi.Output.concat(args.function_name, " ", row.description),
            namespace="AWS/Lambda",
            metric_name=row.metric,
            dimensions={"FunctionName": args.function_name},
            statistic=row.statistic,
            comparison_operator="GreaterThanThreshold",
            threshold=self._threshold(row),
            period=self.settings.period_seconds,
            evaluation_periods=self.settings.evaluation_periods,
            treat_missing_data="notBreaching",
            alarm_actions=[args.topic_arn],
            ok_actions=[args.topic_arn],
            tags=args.tags,
            opts=pulumi.ResourceOptions(parent=self),
        )
