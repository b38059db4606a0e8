"""Amazon CloudWatch, CloudWatch Logs and EventBridge."""

from ..resource_type import ResourceType

TYPES: dict[str, ResourceType] = {
    # Read in version 5; version 6 adds `actionsSuppressor`.
    "aws:cloudwatch/compositeAlarm:CompositeAlarm": ResourceType(
        source="internal/service/cloudwatch/composite_alarm.go",
        id="{alarmName}",
        identity="{alarmName}",
        upsert=True,
        force_new=frozenset({"actionsEnabled", "alarmName"}),
        defaults={"actionsEnabled": True},
        computed={"arn": "arn:{partition}:cloudwatch:{region}:{account}:alarm:{alarmName}"},
        # The rule is an expression that contains the names or ARNs of other alarms.
        references={"alarmRule": "aws:cloudwatch/metricAlarm:MetricAlarm"},
    ),
    "aws:cloudwatch/dashboard:Dashboard": ResourceType(
        source="internal/service/cloudwatch/dashboard.go",
        id="{dashboardName}",
        identity="{dashboardName}",
        # Dashboards are global.
        scope="account",
        upsert=True,
        force_new=frozenset({"dashboardName"}),
        computed={"dashboardArn": "arn:{partition}:cloudwatch::{account}:dashboard/{dashboardName}"},
    ),
    "aws:cloudwatch/eventRule:EventRule": ResourceType(
        source="internal/service/events/rule.go",
        # `{eventBusName}/{name}`, in the ARN as well, of a rule on another than the default bus.
        id="{name}",
        identity="{eventBusName}/{name}",
        upsert=True,
        force_new=frozenset({"eventBusName", "name", "namePrefix"}),
        auto_name="name",
        name_prefix="namePrefix",
        defaults={"eventBusName": "default", "forceDestroy": False, "isEnabled": True, "state": "ENABLED"},
        computed={"arn": "arn:{partition}:events:{region}:{account}:rule/{name}"},
    ),
    "aws:cloudwatch/eventTarget:EventTarget": ResourceType(
        source="internal/service/events/target.go",
        # `{eventBusName}-` comes first on another than the default bus.
        id="{rule}-{targetId}",
        identity="{eventBusName}/{rule}/{targetId}",
        upsert=True,
        force_new=frozenset({"eventBusName", "rule", "targetId"}),
        auto_name="targetId",
        defaults={"eventBusName": "default", "forceDestroy": False},
        references={"rule": "aws:cloudwatch/eventRule:EventRule"},
    ),
    # `deletionProtectionEnabled` is from the documentation.  `skipDestroy` keeps the log group when the resource is
    # destroyed.
    "aws:cloudwatch/logGroup:LogGroup": ResourceType(
        source="internal/service/logs/group.go",
        id="{name}",
        identity="{name}",
        force_new=frozenset({"logGroupClass", "name", "namePrefix"}),
        auto_name="name",
        name_prefix="namePrefix",
        defaults={
            "deletionProtectionEnabled": False,
            "logGroupClass": "STANDARD",
            "retentionInDays": 0,
            "skipDestroy": False,
        },
        computed={"arn": "arn:{partition}:logs:{region}:{account}:log-group:{name}"},
        protection="deletionProtectionEnabled",
    ),
    "aws:cloudwatch/metricAlarm:MetricAlarm": ResourceType(
        source="internal/service/cloudwatch/metric_alarm.go",
        id="{name}",
        identity="{name}",
        upsert=True,
        force_new=frozenset({"name"}),
        auto_name="name",
        defaults={"actionsEnabled": True, "treatMissingData": "missing"},
        computed={"arn": "arn:{partition}:cloudwatch:{region}:{account}:alarm:{name}"},
    ),
}
