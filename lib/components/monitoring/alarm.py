"""One CloudWatch alarm."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi
import pulumi_aws as aws

from ... import model
from ..derived import concat


@dataclass(frozen=True, kw_only=True)
class AlarmArgs:
    """What an `Alarm` is made from."""

    name: str
    """The alarm's name in AWS."""
    alarm: model.Alarm
    """When it goes off."""
    subject: pulumi.Input[str]
    """The name in AWS of what it is on, with which its description begins."""
    namespace: str
    """Whose metric it is, e.g. `AWS/SQS`."""
    dimensions: Mapping[str, pulumi.Input[str]]
    topic_arn: pulumi.Input[str]
    """Who hears of the alarm and of its end."""
    runbook: str = ""
    """The page that says what to do, at a part with the alarm's name; empty: the description says it alone."""
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
    """The alarm itself, for a component that has several."""
    alarm = args.alarm
    return aws.cloudwatch.MetricAlarm(
        name,
        name=args.name,
        alarm_description=concat(args.subject, " ", alarm.description, _see(args)),
        comparison_operator=alarm.comparison,
        threshold=alarm.threshold,
        evaluation_periods=alarm.evaluation_periods,
        treat_missing_data=alarm.missing,
        alarm_actions=[args.topic_arn],
        ok_actions=[args.topic_arn],
        tags=args.tags,
        opts=opts,
        **(_sum(args, *alarm.summed) if alarm.summed else _one(args)),
    )


def _see(args: AlarmArgs) -> str:
    return f"; see {args.runbook}#{args.alarm.name}" if args.runbook else ""


def _one(args: AlarmArgs) -> dict[str, Any]:
    alarm = args.alarm
    kind = "extended_statistic" if alarm.statistic.startswith("p") else "statistic"
    return {
        "namespace": args.namespace,
        "metric_name": alarm.metric,
        "dimensions": args.dimensions,
        "period": alarm.period_seconds,
        kind: alarm.statistic,
    }


def _sum(args: AlarmArgs, dimension: str, values: Sequence[str]) -> dict[str, Any]:
    """Metric math: a value that nothing was counted for is none, and does not hide the others."""
    alarm = args.alarm
    counted: list[dict[str, Any]] = [
        {
            "id": f"m{number}",
            "metric": {
                "namespace": args.namespace,
                "metric_name": alarm.metric,
                "dimensions": {**args.dimensions, dimension: value},
                "period": alarm.period_seconds,
                "stat": alarm.statistic,
            },
        }
        for number, value in enumerate(values)
    ]
    terms = " + ".join(f"FILL({one['id']}, 0)" for one in counted)
    return {
        "metric_queries": [{"id": "sum", "expression": terms, "label": alarm.metric, "return_data": True}, *counted]
    }
