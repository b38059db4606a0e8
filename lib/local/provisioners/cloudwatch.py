"""CloudWatch alarms, dashboards and log groups, and EventBridge buses, archives and rules."""

from __future__ import annotations

from ..emulator import ACCOUNT, RegionalEmulator
from .base import CreatedResource, Creation, Inputs, call, provisions, register_creations

ALARM_ARN = "arn:aws:cloudwatch:{region}:{account}:alarm:"

register_creations(
    "cloudwatch",
    {
        "cloudwatch.CompositeAlarm": Creation("put_composite_alarm", "{alarmName}", {"arn": ALARM_ARN + "{alarmName}"}),
        "cloudwatch.Dashboard": Creation(
            "put_dashboard",
            "{dashboardName}",
            {"dashboardArn": "arn:aws:cloudwatch::{account}:dashboard/{dashboardName}"},
        ),
    },
)
register_creations(
    "events",
    {
        "cloudwatch.EventArchive": Creation(
            "create_archive", "{name}", {"arn": "{ArchiveArn}"}, "ArchiveName=name EventSourceArn=eventSourceArn"
        ),
        "cloudwatch.EventBus": Creation("create_event_bus", "{name}", {"arn": "{EventBusArn}"}),
        "cloudwatch.EventRule": Creation("put_rule", "{name}", {"arn": "{RuleArn}"}),
        "cloudwatch.EventTarget": Creation(
            "put_targets", "{rule}-target", names="Targets=. InputPathsMap=inputPaths", inputs={"id": "target"}
        ),
    },
)


@provisions("cloudwatch.MetricAlarm")
def metric_alarm(aws: RegionalEmulator, inputs: Inputs) -> CreatedResource:
    """Create an alarm. If it has queries, only its expression returns data."""
    name = inputs["name"]
    queries = [
        {**query, "returnData": False} if query.get("metric") else query for query in inputs.get("metricQueries") or ()
    ]
    call(
        aws,
        "cloudwatch",
        "put_metric_alarm",
        {**inputs, "metricQueries": queries or None},
        "AlarmName=name Metrics=metricQueries MetricStat=metric Metric=.",
    )
    return CreatedResource(name, {"arn": ALARM_ARN.format(region=aws.region, account=ACCOUNT) + name})


@provisions("cloudwatch.LogGroup")
def log_group(aws: RegionalEmulator, inputs: Inputs) -> CreatedResource:
    """Create a log group with its retention."""
    name = inputs["name"]
    call(aws, "logs", "create_log_group", inputs, "logGroupName=name")
    if inputs.get("retentionInDays"):
        call(aws, "logs", "put_retention_policy", inputs, "logGroupName=name")
    return CreatedResource(name, {"arn": f"arn:aws:logs:{aws.region}:{ACCOUNT}:log-group:{name}"})
