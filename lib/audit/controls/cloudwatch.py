"""Controls of CloudWatch and of tags."""

from ..control import Control
from ..graph import Link

GROUP = ("cloudwatch.LogGroup",)
ALARM = ("cloudwatch.MetricAlarm",)
YEAR_DAYS = 365

CONTROLS = (
    Control(
        ids=("CKV_AWS_66",),
        title="CloudWatch log groups should have a retention period",
        severity="medium",
        kinds=GROUP,
        is_compliant=lambda group, _: group.is_set("retentionInDays"),
        remediation="Set `log_retention_days`.",
        other_remediation="Set `retentionInDays` of the `cloudwatch.LogGroup`.",
    ),
    Control(
        ids=("CloudWatch.16", "CKV_AWS_338", "SEC04-BP01"),
        title="CloudWatch log groups should be retained for at least one year",
        severity="low",
        kinds=GROUP,
        is_compliant=lambda group, _: group.get("retentionInDays", 0) == 0 or group.get("retentionInDays") >= YEAR_DAYS,
        remediation="Set `log_retention_days` to 365.",
        other_remediation="Set `retentionInDays` of the `cloudwatch.LogGroup` to at least 365.",
    ),
    Control(
        ids=("CKV_AWS_158",),
        title="CloudWatch log groups should be encrypted with a customer managed key",
        severity="low",
        kinds=GROUP,
        is_compliant=lambda group, _: group.is_set("kmsKeyId"),
        remediation="Set `encryption_key`.",
        other_remediation="Set `kmsKeyId` of the `cloudwatch.LogGroup`.",
    ),
    Control(
        ids=("REL06-BP01",),
        title="Lambda functions should have a CloudWatch alarm",
        severity="medium",
        kinds=("lambda.Function",),
        related=Link(kind="cloudwatch.MetricAlarm", property="dimensions"),
        is_compliant=lambda _, alarms: bool(alarms),
        remediation="Create a `cloudwatch.MetricAlarm` with the name of the function in its `dimensions`.",
    ),
    Control(
        ids=("CloudWatch.15", "REL06-BP03"),
        title="CloudWatch alarms should have an action for the ALARM state",
        severity="high",
        kinds=ALARM,
        is_compliant=lambda alarm, _: alarm.is_set("alarmActions"),
        remediation="Set `alarmActions` of the `cloudwatch.MetricAlarm`.",
    ),
    Control(
        ids=("CloudWatch.17", "CKV_AWS_319"),
        title="CloudWatch alarm actions should be enabled",
        severity="high",
        kinds=ALARM,
        is_compliant=lambda alarm, _: alarm.get("actionsEnabled", True) is not False,
        remediation="Set `actionsEnabled` of the `cloudwatch.MetricAlarm` to true.",
    ),
    Control(
        ids=("DynamoDB.5", "Lambda.6", "SNS.3", "SQS.2", "EventBridge.2", "CloudFront.14", "COST03-BP02"),
        title="Resources should be tagged",
        severity="low",
        kinds=(
            "dynamodb.Table",
            "lambda.Function",
            "sns.Topic",
            "sqs.Queue",
            "cloudwatch.EventBus",
            "cloudfront.Distribution",
        ),
        is_compliant=lambda resource, _: resource.is_set("tags"),
        remediation="Set `tags`.",
    ),
)
