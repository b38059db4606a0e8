"""A composite alarm for many alarms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pulumi
import pulumi_aws as aws

from ..derived import derive

MAX_CHILDREN = 100
"""Maximum number of alarms in the rule of a composite alarm."""


@dataclass(frozen=True, kw_only=True)
class CompositeAlarmArgs:
    """Arguments for `CompositeAlarm`."""

    name: str
    """Physical name of the alarm."""
    description: str
    alarms: Sequence[pulumi.Input[str]]
    """Names of the alarms. The composite alarm is in the ALARM state while any of them is."""
    topic_arn: pulumi.Input[str]
    """SNS topic to notify when the composite alarm enters the ALARM or the OK state."""
    tags: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)


class CompositeAlarm(pulumi.ComponentResource):
    """A composite alarm that is in the ALARM state while any of its alarms is. More than 100 alarms are divided among
    several composite alarms, which are then the alarms of this one."""

    def __init__(self, name: str, args: CompositeAlarmArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tap:aws:Composite", name, None, opts)
        self._args = args
        self._child = pulumi.ResourceOptions(parent=self)
        alarms = list(args.alarms)
        parts = [alarms[start : start + MAX_CHILDREN] for start in range(0, len(alarms), MAX_CHILDREN)]
        self.parts = (
            [self._alarm(f"{name}-{number}", f"{args.name}-{number}", part, []) for number, part in enumerate(parts, 1)]
            if len(parts) > 1
            else []
        )
        children = [part.alarm_name for part in self.parts] or alarms
        self.resource = self._alarm(f"{name}-any", args.name, children, [args.topic_arn])
        self.name = self.resource.alarm_name
        self.arn = self.resource.arn
        self.register_outputs({"name": self.name, "arn": self.arn})

    def _alarm(
        self, name: str, alarm_name: str, children: Sequence[pulumi.Input[str]], actions: Sequence[pulumi.Input[str]]
    ) -> aws.cloudwatch.CompositeAlarm:
        return aws.cloudwatch.CompositeAlarm(
            name,
            alarm_name=alarm_name,
            alarm_description=self._args.description,
            alarm_rule=derive(lambda *names: any_of(names), *children),
            alarm_actions=actions,
            ok_actions=actions,
            tags=self._args.tags,
            opts=self._child,
        )


def any_of(names: Sequence[str]) -> str:
    """Return the alarm rule that is true while any of these alarms is in the ALARM state."""
    return " OR ".join(f'ALARM("{name}")' for name in names)
