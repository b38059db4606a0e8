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
class AlarmSpec:
    """An alarm on a metric of a function."""

    name: str
    metric: str
    statistic: Literal["Average", "Sum"]
    threshold: Literal["duration_ms", "errors", "throttles"]
    """Field of `AlarmSettings` that contains the threshold."""
    description: str


ALARMS = (
    AlarmSpec(
        name="Duration",
        metric="Duration",
        statistic="Average",
        threshold="duration_ms",
        description="is slower than expected: look for slow calls in its log, or increase its memory",
    ),
    AlarmSpec(
        name="Errors",
        metric="Errors",
        statistic="Sum",
        threshold="errors",
        description="has failed invocations: look for stack traces in its log",
    ),
    AlarmSpec(
        name="Throttles",
        metric="Throttles",
        statistic="Sum",
        threshold="throttles",
        description="has throttled invocations: increase its reserved concurrency or the quota of the account",
    ),
)


@dataclass(frozen=True, kw_only=True)
class AlarmsArgs:
    """Arguments for `Alarms`."""

    function_name: pulumi.Input[str]
    topic_arn: pulumi.Input[str]
    """SNS topic to notify when an alarm enters the ALARM or the OK state."""
    naming: Callable[[str], str]
    """Function from the short name of an alarm, e.g. `Errors`, to its physical name."""
    settings: AlarmSettings = field(default_factory=AlarmSettings)
    """Alarm thresholds. Unset fields use the `dev` defaults. Without `duration_ms`, no duration alarm is created."""
    rejections: tuple[str, str] | None = None
    """Namespace and name of the metric of requests that an authorizer rejects with 401. Lambda counts them as errors,
    so the alarm on errors subtracts them. Default (None): the function is no authorizer."""
    tags: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)


class Alarms(pulumi.ComponentResource):
    """CloudWatch alarms for the duration, errors and throttles of a function. Missing data is not breaching."""

    def __init__(self, name: str, args: AlarmsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tap:aws:Alarms", name, None, opts)
        self.settings = merge(BASIS.alarms, args.settings)
        thresholds = {spec: getattr(self.settings, spec.threshold) for spec in ALARMS}
        self.resources = {
            spec.name: self._alarm(name, spec, threshold, args)
            for spec, threshold in thresholds.items()
            if threshold is not None
        }
        self.register_outputs({"names": [alarm.name for alarm in self.resources.values()]})

    def _alarm(self, name: str, spec: AlarmSpec, threshold: int, args: AlarmsArgs) -> aws.cloudwatch.MetricAlarm:
        excluded = args.rejections if spec.metric == "Errors" else None
        # The metric of rejections comes from the log, later than the errors of the same minute.
        least_periods = 2 if excluded else 1
        alarm = model.Alarm(
            name=spec.name.lower(),
            on="",
            metric=spec.metric,
            description=spec.description,
            threshold=threshold,
            statistic=spec.statistic,
            period_seconds=self.settings.period_seconds or 60,
            evaluation_periods=max(self.settings.evaluation_periods or 1, least_periods),
        )
        alarm_args = AlarmArgs(
            name=args.naming(spec.name),
            alarm=alarm,
            subject=args.function_name,
            namespace="AWS/Lambda",
            dimensions={"FunctionName": args.function_name},
            excluded=excluded,
            topic_arn=args.topic_arn,
            runbook=self.settings.runbook_url or "",
            tags=args.tags,
        )
        return metric_alarm(f"{name}-{alarm.name}", alarm_args, pulumi.ResourceOptions(parent=self))
