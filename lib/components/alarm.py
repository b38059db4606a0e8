"""One CloudWatch alarm."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pulumi
import pulumi_aws as aws

from .. import service


@dataclass(frozen=True, kw_only=True)
class AlarmArgs:
    """What an `Alarm` is made from."""

    name: str
    """The alarm's name in AWS."""
    alarm: service.Alarm
    """When it goes off."""
    subject: pulumi.Input[str]
    """The name in AWS of what it is on, with which its description begins."""
    namespace: str
    """Whose metric it is, e.g. `AWS/SQS`."""
    dimensions: Mapping[str, pulumi.Input[str]]
    topic_arn: pulumi.Input[str]
    """Who hears of the alarm and of its end."""
    tags: Mapping[str, str] = field(default_factory=dict)


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
        alarm_description=pulumi.Output.concat(args.subject, " ", alarm.description),
        namespace=args.namespace,
        metric_name=alarm.metric,
        dimensions=args.dimensions,
        statistic=alarm.statistic,
        comparison_operator=alarm.comparison,
        threshold=alarm.threshold,
        period=alarm.period_seconds,
        evaluation_periods=alarm.evaluation_periods,
        treat_missing_data=alarm.missing,
        alarm_actions=[args.topic_arn],
        ok_actions=[args.topic_arn],
        tags=args.tags,
        opts=opts,
    )
