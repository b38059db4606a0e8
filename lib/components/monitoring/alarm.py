"""A CloudWatch alarm."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import pulumi
import pulumi_aws as aws

from ... import model
from ..derived import concat


@dataclass(frozen=True, kw_only=True)
class AlarmArgs:
    """Arguments for `Alarm`."""

    name: str
    """Physical name of the alarm."""
    alarm: model.Alarm
    """Metric, threshold and description of the alarm."""
    subject: pulumi.Input[str]
    """Physical name of the monitored resource. The alarm description starts with it."""
    namespace: str
    """Namespace of the metric, e.g. `AWS/SQS`."""
    dimensions: Mapping[str, pulumi.Input[str]]
    excluded: tuple[str, str] | None = None
    """Namespace and name of a metric with the same dimensions, whose values are subtracted from the metric."""
    topic_arn: pulumi.Input[str]
    """SNS topic to notify when the alarm enters the ALARM or the OK state."""
    runbook: str = ""
    """URL of the runbook. The alarm description links to the section with the name of the alarm. Default (empty): no
    link."""
    tags: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)


class Alarm(pulumi.ComponentResource):
    """A CloudWatch alarm on one metric."""

    def __init__(self, name: str, args: AlarmArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tap:aws:Alarm", name, None, opts)
        self.resource = metric_alarm(f"{name}-alarm", args, pulumi.ResourceOptions(parent=self))
        self.name = self.resource.name
        self.arn = self.resource.arn
        self.register_outputs({"name": self.name, "arn": self.arn})


def metric_alarm(name: str, args: AlarmArgs, opts: pulumi.ResourceOptions) -> aws.cloudwatch.MetricAlarm:
    """Create the alarm. `opts` must set its parent component."""
    alarm = args.alarm
    return aws.cloudwatch.MetricAlarm(
        name,
        name=args.name,
        alarm_description=concat(args.subject, " ", alarm.description, _runbook_link(args)),
        comparison_operator=alarm.comparison,
        threshold=alarm.threshold,
        evaluation_periods=alarm.evaluation_periods,
        treat_missing_data=alarm.missing,
        alarm_actions=[args.topic_arn],
        ok_actions=[args.topic_arn],
        tags=args.tags,
        opts=opts,
        **_metric(args),
    )


def _runbook_link(args: AlarmArgs) -> str:
    return f"; see {args.runbook}#{args.alarm.name}" if args.runbook else ""


def _metric(args: AlarmArgs) -> dict[str, Any]:
    if args.excluded:
        return _metric_difference(args, *args.excluded)
    return _summed_metrics(args, *args.alarm.summed) if args.alarm.summed else _single_metric(args)


def _single_metric(args: AlarmArgs) -> dict[str, Any]:
    alarm = args.alarm
    kind = "extended_statistic" if alarm.statistic.startswith("p") else "statistic"
    return {
        "namespace": args.namespace,
        "metric_name": alarm.metric,
        "dimensions": args.dimensions,
        "period": alarm.period_seconds,
        kind: alarm.statistic,
    }


def _summed_metrics(args: AlarmArgs, dimension: str, values: Sequence[str]) -> dict[str, Any]:
    """Return metric math that sums the metric over the values of a dimension. Missing data counts as 0."""
    alarm = args.alarm
    queries = [
        _query(f"m{number}", args, args.namespace, alarm.metric, {dimension: value})
        for number, value in enumerate(values)
    ]
    terms = " + ".join(f"FILL({query['id']}, 0)" for query in queries)
    return {
        "metric_queries": [{"id": "sum", "expression": terms, "label": alarm.metric, "return_data": True}, *queries]
    }


def _metric_difference(args: AlarmArgs, namespace: str, metric: str) -> dict[str, Any]:
    """Return metric math that subtracts another metric. Its missing data counts as 0."""
    queries = [
        _query("all", args, args.namespace, args.alarm.metric),
        _query("excluded", args, namespace, metric),
    ]
    expression = {
        "id": "rest",
        "expression": "all - FILL(excluded, 0)",
        "label": args.alarm.metric,
        "return_data": True,
    }
    return {"metric_queries": [expression, *queries]}


def _query(
    id_: str, args: AlarmArgs, namespace: str, metric: str, dimensions: Mapping[str, str] = MappingProxyType({})
) -> dict[str, Any]:
    return {
        "id": id_,
        "metric": {
            "namespace": namespace,
            "metric_name": metric,
            "dimensions": {**args.dimensions, **dimensions},
            "period": args.alarm.period_seconds,
            "stat": args.alarm.statistic,
        },
    }
