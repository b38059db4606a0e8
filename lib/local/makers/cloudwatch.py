"""Alarms."""

from __future__ import annotations

from ..emulator import ACCOUNT, Place
from .making import Inputs, Made, chosen, makes, tag_list


@makes("aws:cloudwatch/metricAlarm:MetricAlarm")
def metric_alarm(place: Place, inputs: Inputs) -> Made:
    """An alarm."""
    cloudwatch = place.client("cloudwatch")
    cloudwatch.put_metric_alarm(
        **chosen(
            inputs,
            AlarmName="name",
            AlarmDescription="alarmDescription",
            Namespace="namespace",
            MetricName="metricName",
            Statistic="statistic",
            ComparisonOperator="comparisonOperator",
            Threshold="threshold",
            Period="period",
            EvaluationPeriods="evaluationPeriods",
            TreatMissingData="treatMissingData",
            AlarmActions="alarmActions",
            OKActions="okActions",
        ),
        Dimensions=[{"Name": name, "Value": value} for name, value in (inputs.get("dimensions") or {}).items()],
        Tags=tag_list(inputs),
    )
    return Made(inputs["name"], {"arn": f"arn:aws:cloudwatch:{place.region}:{ACCOUNT}:alarm:{inputs['name']}"})
