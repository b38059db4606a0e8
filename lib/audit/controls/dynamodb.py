"""DynamoDB, and what is kept of it."""

from __future__ import annotations

from collections.abc import Sequence

from ..control import Control
from ..graph import Link, Resource

TABLE = ("dynamodb.Table",)
SCALED = {"dynamodb:table:ReadCapacityUnits", "dynamodb:table:WriteCapacityUnits"}


def _scales(table: Resource, targets: Sequence[Resource]) -> bool:
    dimensions = {target.get("scalableDimension") for target in targets}
    return table.get("billingMode") == "PAY_PER_REQUEST" or dimensions >= SCALED


CONTROLS = (
    Control(
        ids=("DynamoDB.1", "CKV2_AWS_16", "REL07-BP01"),
        title="A table grows with what is asked of it",
        severity="medium",
        kinds=TABLE,
        beside=Link(kind="appautoscaling.Target", property="resourceId"),
        holds=_scales,
        remedy="Set `dynamodb_billing_mode` to PAY_PER_REQUEST, or scale both capacities.",
    ),
    Control(
        ids=("DynamoDB.2", "CKV_AWS_28", "REL09-BP03"),
        title="A table can be restored to any second of 35 days",
        severity="medium",
        kinds=TABLE,
        holds=lambda table, _: table.given("pointInTimeRecovery.enabled"),
        remedy="Set `point_in_time_recovery`.",
    ),
    Control(
        ids=("DynamoDB.4", "REL09-BP03"),
        title="A table is in a backup plan",
        severity="medium",
        kinds=TABLE,
        beside=Link(kind="backup.Selection", property="resources"),
        holds=lambda _, selections: bool(selections),
        remedy="Set `backup_retention_days`.",
    ),
    Control(
        ids=("DynamoDB.6",),
        title="A table cannot be deleted by mistake",
        severity="medium",
        kinds=TABLE,
        holds=lambda table, _: table.given("deletionProtectionEnabled"),
        remedy="Set `deletion_protection`.",
    ),
    Control(
        ids=("CKV_AWS_119", "SEC08-BP01"),
        title="A customer managed key encrypts a table",
        severity="low",
        kinds=TABLE,
        holds=lambda table, _: table.given("serverSideEncryption.kmsKeyArn"),
        remedy="Set `encryption_key`.",
    ),
    Control(
        ids=("CKV_AWS_166",),
        title="A customer managed key encrypts a backup vault",
        severity="low",
        kinds=("backup.Vault",),
        holds=lambda vault, _: vault.given("kmsKeyArn"),
        remedy="Set `encryption_key`.",
    ),
)
