"""Alarms and dashboards."""

from __future__ import annotations

from ..emulator import ACCOUNT, Place
from .base import Inputs, Made, chosen, provisions, tag_list


@provisions("aws:cloudwatch/metricAlarm:MetricAlarm")
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
            ExtendedStatistic="extendedStatistic",
            ComparisonOperator="comparisonOperator",
            Threshold="threshold",
            Period="period",
            EvaluationPeriods="evaluationPeriods",
            TreatMissingData="treatMissingData",
            AlarmActions="alarmActions",
            OKActions="okActions",
        ),
        **({"Dimensions": _dimensions(inputs)} if inputs.get("dimensions") else {}),
        **({"Metrics": [_query(one) for one in inputs["metricQueries"]]} if inputs.get("metricQueries") else {}),
        Tags=tag_list(inputs),
    )
    return Made(inputs["name"], {"arn": _arn(place, inputs["name"])})


def _arn(place: Place, name: str) -> str:
    return f"arn:aws:cloudwatch:{place.region}:{ACCOUNT}:alarm:{name}"


def _dimensions(inputs: Inputs) -> list[dict[str, str]]:
    return [{"Name": name, "Value": value} for name, value in inputs["dimensions"].items()]


def _query(inputs: Inputs) -> Inputs:
    said = chosen(inputs, Id="id", Expression="expression", Label="label", ReturnData="returnData")
    if metric := inputs.get("metric"):
        told = {**chosen(metric, Namespace="namespace", MetricName="metricName"), "Dimensions": _dimensions(metric)}
        said["MetricStat"] = {"Metric": told, **chosen(metric, Period="period", Stat="stat")}
        said["ReturnData"] = False
    return said


@provisions("aws:cloudwatch/compositeAlarm:CompositeAlarm")
def composite_alarm(place: Place, inputs: Inputs) -> Made:
    """An alarm over others."""
    name = inputs["alarmName"]
    place.client("cloudwatch").put_composite_alarm(
        **chosen(
            inputs,
            AlarmName="alarmName",
            AlarmDescription="alarmDescription",
            AlarmRule="alarmRule",
            AlarmActions="alarmActions",
            OKActions="okActions",
        ),
        Tags=tag_list(inputs),
    )
    return Made(name, {"arn": _arn(place, name)})


@provisions("aws:cloudwatch/dashboard:Dashboard")
def dashboard(place: Place, inputs: Inputs) -> Made:
    """A dashboard."""
    name = inputs["dashboardName"]
    place.client("cloudwatch").put_dashboard(DashboardName=name, DashboardBody=inputs["dashboardBody"])
    return Made(name, {"dashboardArn": f"arn:aws:cloudwatch::{ACCOUNT}:dashboard/{name}"})
