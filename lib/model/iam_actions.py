"""IAM actions for the resources on which a service can grant permissions.

The source is the AWS Service Authorization Reference; a test compares the lists with the copy in `parliament`.
"""

from __future__ import annotations

import difflib

ACTIONS: dict[str, tuple[str, ...]] = {
    "table": (
        "BatchGetItem",
        "BatchWriteItem",
        "ConditionCheckItem",
        "CreateBackup",
        "CreateGlobalTable",
        "CreateTable",
        "CreateTableReplica",
        "DeleteItem",
        "DeleteResourcePolicy",
        "DeleteTable",
        "DeleteTableReplica",
        "DescribeContinuousBackups",
        "DescribeContributorInsights",
        "DescribeKinesisStreamingDestination",
        "DescribeTable",
        "DescribeTableReplicaAutoScaling",
        "DescribeTimeToLive",
        "DisableKinesisStreamingDestination",
        "EnableKinesisStreamingDestination",
        "ExportTableToPointInTime",
        "GetItem",
        "GetResourcePolicy",
        "ImportTable",
        "ListTagsOfResource",
        "PartiQLDelete",
        "PartiQLInsert",
        "PartiQLSelect",
        "PartiQLUpdate",
        "PutItem",
        "PutResourcePolicy",
        "Query",
        "RestoreTableFromAwsBackup",
        "RestoreTableFromBackup",
        "RestoreTableToPointInTime",
        "Scan",
        "StartAwsBackupJob",
        "TagResource",
        "UntagResource",
        "UpdateContinuousBackups",
        "UpdateContributorInsights",
        "UpdateGlobalTable",
        "UpdateGlobalTableSettings",
        "UpdateGlobalTableVersion",
        "UpdateItem",
        "UpdateKinesisStreamingDestination",
        "UpdateTable",
        "UpdateTableReplicaAutoScaling",
        "UpdateTimeToLive",
    ),
    "index": (
        "DescribeContributorInsights",
        "PartiQLSelect",
        "Query",
        "Scan",
        "UpdateContributorInsights",
    ),
    "topic": (
        "AddPermission",
        "ConfirmSubscription",
        "CreateTopic",
        "DeleteTopic",
        "GetDataProtectionPolicy",
        "GetTopicAttributes",
        "ListSubscriptionsByTopic",
        "ListTagsForResource",
        "Publish",
        "PutDataProtectionPolicy",
        "RemovePermission",
        "SetTopicAttributes",
        "Subscribe",
        "TagResource",
        "UntagResource",
    ),
    "parameter": (
        "AddTagsToResource",
        "DeleteParameter",
        "DeleteParameters",
        "DeleteResourcePolicy",
        "GetParameter",
        "GetParameterHistory",
        "GetParameters",
        "GetParametersByPath",
        "GetResourcePolicies",
        "LabelParameterVersion",
        "ListTagsForResource",
        "PutParameter",
        "PutResourcePolicy",
        "RemoveTagsFromResource",
        "UnlabelParameterVersion",
    ),
}
"""Action names, without the prefix of the service, by the kind of resource."""
_PARTIQL = ("PartiQLSelect", "PartiQLInsert", "PartiQLUpdate", "PartiQLDelete")
OTHER_NAMES = {
    "BatchExecuteStatement": _PARTIQL,
    "ExecuteStatement": _PARTIQL,
    "ExecuteTransaction": _PARTIQL,
    "PublishBatch": ("Publish",),
    "TransactGetItems": ("GetItem",),
    "TransactWriteItems": ("PutItem", "UpdateItem", "DeleteItem", "ConditionCheckItem"),
}
"""Operations that actions with other names permit."""


def remedy(action: str, kind: str) -> str:
    """Return the remedy for an action that IAM does not define for a kind of resource."""
    name = action.rpartition(":")[2]
    if name in ACTIONS[kind]:
        return f"Use {name}."
    permitting = OTHER_NAMES.get(name, ())
    if permitting and {*permitting} <= {*ACTIONS[kind]}:
        return f"{name} is permitted by {', '.join(permitting)}: use those that the function needs."
    similar = difflib.get_close_matches(name, ACTIONS[kind], n=1)
    return f"Did you mean {similar[0]}?" if similar else "See the Service Authorization Reference of AWS."
