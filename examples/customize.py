"""A program with custom settings, a transform, and a resource that uses resources of the stack."""

import pulumi
import pulumi_aws as aws
from tap_stack import AlarmSettings, ApiSettings, FunctionSettings, TapStack, TapStackArgs


def retain_logs_for_a_year(args: pulumi.ResourceTransformArgs) -> pulumi.ResourceTransformResult | None:
    """Retain the events of every log group of the stack for a year, including API logs."""
    if args.type_ != "aws:cloudwatch/logGroup:LogGroup":
        return None
    return pulumi.ResourceTransformResult({**args.props, "retentionInDays": 365}, args.opts)


items = TapStack(
    "items",
    TapStackArgs(
        environment_suffix="pr-123",
        tags={"Owner": "web-team"},
        function=FunctionSettings(runtime="python3.13", memory_mb=256),
        api=ApiSettings(cors_origin="https://shop.example.com", throttle_rate_per_second=50),
        alarms=AlarmSettings(notification_email="oncall@example.com"),
    ),
    pulumi.ResourceOptions(transforms=[retain_logs_for_a_year]),
)

# Every component exposes the resources that it created.
aws.cloudwatch.MetricAlarm(
    "busy",
    comparison_operator="GreaterThanThreshold",
    evaluation_periods=5,
    metric_name="ConsumedWriteCapacityUnits",
    namespace="AWS/DynamoDB",
    period=60,
    statistic="Sum",
    threshold=10_000,
    treat_missing_data="notBreaching",
    dimensions={"TableName": items.tables["table"].resource.name},
    alarm_actions=[items.alarm_topic.arn],
)

# A second stack in another region.
west = aws.Provider("west", region="us-west-2")
TapStack("items-west", TapStackArgs(environment_suffix="pr-123"), pulumi.ResourceOptions(provider=west))

pulumi.export("url", items.api_url)
