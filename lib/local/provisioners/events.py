"""Rules of EventBridge, which Pulumi counts as CloudWatch's."""

from __future__ import annotations

from ..emulator import Place
from .base import Inputs, Made, chosen, provisions, tag_list


@provisions("aws:cloudwatch/eventRule:EventRule")
def event_rule(place: Place, inputs: Inputs) -> Made:
    """A scheduled rule."""
    made = place.client("events").put_rule(
        **chosen(inputs, Name="name", ScheduleExpression="scheduleExpression"), Tags=tag_list(inputs)
    )
    return Made(inputs["name"], {"arn": made["RuleArn"]})


@provisions("aws:cloudwatch/eventTarget:EventTarget")
def event_target(place: Place, inputs: Inputs) -> Made:
    """What a rule calls."""
    target = {"Id": "target", **chosen(inputs, Arn="arn", Input="input")}
    if left := inputs.get("deadLetterConfig"):
        target["DeadLetterConfig"] = {"Arn": left["arn"]}
    place.client("events").put_targets(Rule=inputs["rule"], Targets=[target])
    return Made(f"{inputs['rule']}-target", {})
