"""One alarm over many."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pulumi
import pulumi_aws as aws

from ..derived import derive

MAX_CHILDREN = 100
"""Of one composite alarm."""


@dataclass(frozen=True, kw_only=True)
class CompositeArgs:
    """What a `Composite` is made from."""

    name: str
    """The alarm's name in AWS."""
    description: str
    alarms: Sequence[pulumi.Input[str]]
    """The names of those any of which sets it off."""
    topic_arn: pulumi.Input[str]
    """Who hears that the first went off, and that the last ended."""
    tags: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)


class Composite(pulumi.ComponentResource):
    """An alarm that is on as long as any of some others is; of more than a hundred, by way of parts."""

    def __init__(self, name: str, args: CompositeArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tap:aws:Composite", name, None, opts)
        self._args = args
        self._child = pulumi.ResourceOptions(parent=self)
        alarms = list(args.alarms)
        parts = [alarms[start : start + MAX_CHILDREN] for start in range(0, len(alarms), MAX_CHILDREN)]
        self.parts = (
            [self._part(f"{name}-{number}", f"{args.name}-{number}", part, []) for number, part in enumerate(parts, 1)]
            if len(parts) > 1
            else []
        )
        children = [part.alarm_name for part in self.parts] or alarms
        self.resource = self._part(f"{name}-any", args.name, children, [args.topic_arn])
        self.name = self.resource.alarm_name
        self.arn = self.resource.arn
        self.register_outputs({"name": self.name, "arn": self.arn})

    def _part(
        self, name: str, alarm: str, children: Sequence[pulumi.Input[str]], told: Sequence[pulumi.Input[str]]
    ) -> aws.cloudwatch.CompositeAlarm:
        return aws.cloudwatch.CompositeAlarm(
            name,
            alarm_name=alarm,
            alarm_description=self._args.description,
            alarm_rule=derive(lambda *names: any_of(names), *children),
            alarm_actions=told,
            ok_actions=told,
            tags=self._args.tags,
            opts=self._child,
        )


def any_of(names: Sequence[str]) -> str:
    """The rule that any of these alarms is on."""
    return " OR ".join(f'ALARM("{name}")' for name in names)
