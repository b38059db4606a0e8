"""A program with custom settings, a resource that uses those of the stack, and a transform of its children."""

import pulumi
import pulumi_aws as aws
from tap_stack import AlarmSettings, ApiSettings, FunctionSettings, TapStack, TapStackArgs


def retain_logs_for_a_year(args: pulumi.ResourceTransformArgs) -> pulumi.ResourceTransformResult | None:
    """Changes what no argument does, for every log group below the stack."""
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

# Every component holds the resources it made, for whatever else should be built upon them.
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
    alarm_actions=[items.alarm_topic.resource.arn],
)

# A second stack beside the first, in another region.
west = aws.Provider("west", region="us-west-2")
TapStack("items-west", TapStackArgs(environment_suffix="pr-123"), pulumi.ResourceOptions(provider=west))

pulumi.export("url", items.api_url)
