"""Controls of DynamoDB and of its backups."""

from __future__ import annotations

from collections.abc import Sequence

from ..control import Control
from ..graph import Link, Resource

TABLE = ("dynamodb.Table",)
SCALABLE_DIMENSIONS = {"dynamodb:table:ReadCapacityUnits", "dynamodb:table:WriteCapacityUnits"}


def _scales(table: Resource, targets: Sequence[Resource]) -> bool:
    dimensions = {target.get("scalableDimension") for target in targets}
    return table.get("billingMode") == "PAY_PER_REQUEST" or dimensions >= SCALABLE_DIMENSIONS


CONTROLS = (
    Control(
        ids=("DynamoDB.1", "CKV2_AWS_16", "REL07-BP01"),
        title="DynamoDB tables should automatically scale capacity with demand",
        severity="medium",
        kinds=TABLE,
        related=Link(kind="appautoscaling.Target", property="resourceId"),
        is_compliant=_scales,
        remediation="Set `dynamodb_billing_mode` to PAY_PER_REQUEST, or configure auto scaling of both capacities.",
        other_remediation="Set `billingMode` of the `dynamodb.Table` to PAY_PER_REQUEST, or create an "
        "`appautoscaling.Target` for each capacity.",
    ),
    Control(
        ids=("DynamoDB.2", "CKV_AWS_28", "REL09-BP03"),
        title="DynamoDB tables should have point-in-time recovery enabled",
        severity="medium",
        kinds=TABLE,
        is_compliant=lambda table, _: table.is_set("pointInTimeRecovery.enabled"),
        remediation="Enable `point_in_time_recovery`.",
        other_remediation="Set `enabled` in the `pointInTimeRecovery` of the `dynamodb.Table` to true.",
    ),
    Control(
        ids=("DynamoDB.4", "REL09-BP03"),
        title="DynamoDB tables should be in a backup plan",
        severity="medium",
        kinds=TABLE,
        related=Link(kind="backup.Selection", property="resources"),
        is_compliant=lambda _, selections: bool(selections),
        remediation="Set `backup_retention_days`.",
        other_remediation="Create a `backup.Selection` with the ARN of the `dynamodb.Table` in its `resources`.",
    ),
    Control(
        ids=("DynamoDB.6",),
        title="DynamoDB tables should have deletion protection enabled",
        severity="medium",
        kinds=TABLE,
        is_compliant=lambda table, _: table.is_set("deletionProtectionEnabled"),
        remediation="Enable `deletion_protection`.",
        other_remediation="Set `deletionProtectionEnabled` of the `dynamodb.Table` to true.",
    ),
    Control(
        ids=("CKV_AWS_119", "SEC08-BP01"),
        title="DynamoDB tables should be encrypted with a customer managed key",
        severity="low",
        kinds=TABLE,
        is_compliant=lambda table, _: table.is_set("serverSideEncryption.kmsKeyArn"),
        remediation="Set `encryption_key`.",
        other_remediation="Set `kmsKeyArn` in the `serverSideEncryption` of the `dynamodb.Table`.",
    ),
    Control(
        ids=("CKV_AWS_166",),
        title="AWS Backup vaults should be encrypted with a customer managed key",
        severity="low",
        kinds=("backup.Vault",),
        is_compliant=lambda vault, _: vault.is_set("kmsKeyArn"),
        remediation="Set `encryption_key`.",
        other_remediation="Set `kmsKeyArn` of the `backup.Vault`.",
    ),
)
