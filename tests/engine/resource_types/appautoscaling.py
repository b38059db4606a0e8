"""Application Auto Scaling."""

from ..resource_type import ResourceType

# The provider's ids are `{name}` of a policy and `{resourceId}` of a target, which are not unique: a table has a target
# for reading and one for writing.  The ids below are those for an import.  Deregistering a target deletes its policies,
# so a policy has no reference to it.
TYPES: dict[str, ResourceType] = {
    # Read in version 4; version 6 adds predictive scaling.
    "aws:appautoscaling/policy:Policy": ResourceType(
        source="internal/service/appautoscaling/policy.go",
        id="{serviceNamespace}/{resourceId}/{scalableDimension}/{name}",
        identity="{serviceNamespace}/{resourceId}/{scalableDimension}/{name}",
        upsert=True,
        force_new=frozenset({"name", "resourceId", "scalableDimension", "serviceNamespace"}),
        auto_name="name",
        defaults={
            # AWS creates alarms for target tracking only.
            "alarmArns": [
                "arn:{partition}:cloudwatch:{region}:{account}:alarm:TargetTracking-{resourceId}-AlarmHigh-{name}",
                "arn:{partition}:cloudwatch:{region}:{account}:alarm:TargetTracking-{resourceId}-AlarmLow-{name}",
            ],
            "policyType": "StepScaling",
        },
        computed={
            "arn": "arn:{partition}:autoscaling:{region}:{account}:scalingPolicy:{unique}"
            ":resource/{serviceNamespace}/{resourceId}:policyName/{name}"
        },
    ),
    "aws:appautoscaling/target:Target": ResourceType(
        source="internal/service/appautoscaling/target.go",
        id="{serviceNamespace}/{resourceId}/{scalableDimension}",
        identity="{serviceNamespace}/{resourceId}/{scalableDimension}",
        upsert=True,
        force_new=frozenset({"resourceId", "scalableDimension", "serviceNamespace"}),
        defaults={
            # The name ends with a suffix for the service, e.g. `_DynamoDBTable`.
            "roleArn": "arn:{partition}:iam::{account}:role/aws-service-role"
            "/{serviceNamespace}.application-autoscaling.amazonaws.com/AWSServiceRoleForApplicationAutoScaling",
            "suspendedState": {
                "dynamicScalingInSuspended": False,
                "dynamicScalingOutSuspended": False,
                "scheduledScalingSuspended": False,
            },
        },
        computed={"arn": "arn:{partition}:application-autoscaling:{region}:{account}:scalable-target/{unique}"},
    ),
}
