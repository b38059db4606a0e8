"""CloudWatch, and the tags by which costs are told apart."""

from ..control import Control
from ..graph import Link

GROUP = ("cloudwatch.LogGroup",)
ALARM = ("cloudwatch.MetricAlarm",)
YEAR_DAYS = 365

CONTROLS = (
    Control(
        ids=("CKV_AWS_66",),
        title="A log group has a retention period",
        severity="medium",
        kinds=GROUP,
        holds=lambda group, _: group.given("retentionInDays"),
        remedy="Set `log_retention_days`.",
    ),
    Control(
        ids=("CloudWatch.16", "CKV_AWS_338", "SEC04-BP01"),
        title="A log group remembers for a year",
        severity="low",
        kinds=GROUP,
        holds=lambda group, _: group.get("retentionInDays", 0) == 0 or group.get("retentionInDays") >= YEAR_DAYS,
        remedy="Set `log_retention_days` to 365.",
    ),
    Control(
        ids=("CKV_AWS_158",),
        title="A customer managed key encrypts a log group",
        severity="low",
        kinds=GROUP,
        holds=lambda group, _: group.given("kmsKeyId"),
        remedy="Set `encryption_key`.",
    ),
    Control(
        ids=("REL06-BP01",),
        title="An alarm watches every function",
        severity="medium",
        kinds=("lambda.Function",),
        beside=Link(kind="cloudwatch.MetricAlarm", property="dimensions"),
        holds=lambda _, alarms: bool(alarms),
        remedy="Make a `cloudwatch.MetricAlarm` with the function's name among its `dimensions`.",
    ),
    Control(
        ids=("CloudWatch.15", "REL06-BP03"),
        title="An alarm has an action",
        severity="high",
        kinds=ALARM,
        holds=lambda alarm, _: alarm.given("alarmActions"),
        remedy="Set `alarmActions` of `cloudwatch.MetricAlarm`.",
    ),
    Control(
        ids=("CloudWatch.17", "CKV_AWS_319"),
        title="An alarm does what it is to do",
        severity="high",
        kinds=ALARM,
        holds=lambda alarm, _: alarm.get("actionsEnabled", True) is not False,
        remedy="Leave the `actionsEnabled` of the `cloudwatch.MetricAlarm` true.",
    ),
    Control(
        ids=("DynamoDB.5", "Lambda.6", "SNS.3", "SQS.2", "CloudFront.14", "COST03-BP02"),
        title="Whose a resource is can be told by its tags",
        severity="low",
        kinds=("dynamodb.Table", "lambda.Function", "sns.Topic", "sqs.Queue", "cloudfront.Distribution"),
        holds=lambda resource, _: resource.given("tags"),
        remedy="Set `tags`.",
    ),
)
