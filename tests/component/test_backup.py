"""Backups and replicas of tables without a TapStack."""

from __future__ import annotations

import json
from typing import Any

import pulumi
import pytest

from lib.components.data.backup import Backup, BackupArgs
from lib.components.data.table import Table, TableArgs
from lib.program.recorder import Deployment, record
from lib.settings import BackupSettings, TableSettings

from ..support.builders import a_table

TABLE = "arn:aws:dynamodb:eu-west-1:123456789012:table/post-parcels"
OTHER_VAULT = "arn:aws:backup:eu-central-1:123456789012:backup-vault:far"
KEY, VAULT_KEY = "arn:aws:kms:eu-west-1:123456789012:key/1", "arn:aws:kms:eu-west-1:123456789012:key/2"


DAILY = BackupSettings(retention_days=35)
COPIED = BackupSettings(retention_days=35, copy_to_vault_arn=OTHER_VAULT)


def backup_args(**changes: Any) -> BackupArgs:
    """Return the arguments of a daily backup of one table."""
    return BackupArgs(**{"name": "post", "table_arns": [TABLE], "settings": DAILY, **changes})


def create_backup(**changes: Any) -> Deployment:
    """Record a backup without a stack."""
    return record(lambda: Backup("post", backup_args(**changes)))


def policy(deployment: Deployment, purpose: str) -> dict[str, dict[str, Any]]:
    """Return the statements of a role by action."""
    document = json.loads(deployment.by_kind("iam.RolePolicy")[f"post-{purpose}-policy"].inputs["policy"])
    return {action: statement for statement in document["Statement"] for action in statement["Action"]}


def test_plan_copies_backups_and_moves_them_to_cold_storage() -> None:
    settings = BackupSettings(retention_days=365, cold_storage_after_days=30, copy_to_vault_arn=OTHER_VAULT)
    created = create_backup(settings=settings, tags={"Owner": "desk"})
    assert created.single("backup.Vault").inputs == {"name": "post", "forceDestroy": True, "tags": {"Owner": "desk"}}
    (rule,) = created.single("backup.Plan").inputs["rules"]
    lifecycle = {"deleteAfter": 365, "coldStorageAfter": 30}
    assert rule == {
        "ruleName": "post",
        "targetVaultName": "post",
        "schedule": "cron(0 3 * * ? *)",
        "startWindow": 60,
        "completionWindow": 480,
        "lifecycle": lifecycle,
        "recoveryPointTags": {"Owner": "desk"},
        "copyActions": [{"destinationVaultArn": OTHER_VAULT, "lifecycle": lifecycle}],
    }


@pytest.mark.parametrize("purpose", ["backup", "restore"])
@pytest.mark.untraced
def test_roles_have_no_wildcard_permissions(purpose: str) -> None:
    deployment = create_backup(settings=COPIED, kms_key_arn=VAULT_KEY, table_key_arns=[KEY])
    assert not deployment.by_kind("iam.RolePolicyAttachment")
    for statement in policy(deployment, purpose).values():
        assert statement["Resource"] != "*"
        assert "*" not in statement["Resource"] or isinstance(statement["Resource"], str)
        assert not any(action.endswith("*") for action in statement["Action"])


@pytest.mark.untraced
def test_permissions_are_limited_to_tables_restored_tables_and_vaults() -> None:
    created = create_backup()
    backup, restore = policy(created, "backup"), policy(created, "restore")
    assert backup["dynamodb:StartAwsBackupJob"]["Resource"] == [TABLE, f"{TABLE}/backup/*"]
    assert not {"dynamodb:Scan", "dynamodb:GetItem", "dynamodb:PutItem"} & backup.keys()
    assert "backup:CopyFromBackupVault" not in backup
    assert backup["backup:CopyIntoBackupVault"]["Resource"] == "arn:post-vault"
    for action in ("dynamodb:PutItem", "dynamodb:RestoreTableFromAwsBackup"):
        assert restore[action]["Resource"] == [f"{TABLE}-restored-*", f"{TABLE}/backup/*"]


@pytest.mark.untraced
def test_role_can_copy_backups_to_the_other_vault_only() -> None:
    permitted = policy(create_backup(settings=COPIED), "backup")
    assert permitted["backup:CopyIntoBackupVault"]["Resource"] == ["arn:post-vault", OTHER_VAULT]
    condition = permitted["backup:CopyFromBackupVault"]["Condition"]["ForAllValues:StringEquals"]
    assert condition == {"backup:CopyTargets": OTHER_VAULT}


@pytest.mark.parametrize("purpose", ["backup", "restore"])
@pytest.mark.untraced
def test_roles_can_use_only_the_keys_of_vault_and_tables(purpose: str) -> None:
    permitted = policy(create_backup(kms_key_arn=VAULT_KEY, table_key_arns=[KEY]), purpose)
    assert permitted["kms:Decrypt"]["Resource"] == [VAULT_KEY, KEY]
    assert permitted["kms:CreateGrant"]["Condition"] == {"Bool": {"kms:GrantIsForAWSResource": "true"}}
    assert not any(action.startswith("kms:") for action in policy(create_backup(), purpose))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": "a b"}, "name must be 2 to 50 .*, got 'a b'"),
        ({"settings": BackupSettings()}, "backup.retention_days must be at least 1, got None"),
    ],
)
def test_invalid_backup_arguments_are_rejected(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        backup_args(**changes)


REPLICATED = TableSettings(replica_regions=("eu-central-1",))


def create_table(**changes: Any) -> Deployment:
    """Record a table without a stack."""
    return record(lambda: Table("parcels", TableArgs(**{"name": "post-parcels", "table": a_table(), **changes})))


@pytest.mark.parametrize("stream", [None, "KEYS_ONLY", "NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES"])
@pytest.mark.untraced
def test_replicated_table_has_the_stream_that_replication_requires(stream: str | None) -> None:
    inputs = create_table(settings=REPLICATED, table=a_table(stream=stream)).single("dynamodb.Table").inputs
    assert (inputs["streamEnabled"], inputs["streamViewType"]) == (True, "NEW_AND_OLD_IMAGES")


@pytest.mark.untraced
def test_replica_of_a_provisioned_table_depends_on_auto_scaling() -> None:
    deployment = create_table(settings=TableSettings(billing_mode="PROVISIONED", replica_regions=("eu-central-1",)))
    assert {*deployment.by_kind("appautoscaling.Policy")} <= {*deployment.single("dynamodb.TableReplica").depends_on}


REPLACING = {"name", "hashKey", "rangeKey", "localSecondaryIndexes", "attributes", "globalSecondaryIndexes"}
"""Properties whose changes replace a table, and properties of its keys and indexes."""


@pytest.mark.parametrize(
    "change",
    [
        {"settings": REPLICATED},
        {"kms_key_arn": KEY},
        {"kms_key_arn": KEY, "settings": REPLICATED, "replica_key_arns": {"eu-central-1": "arn:key"}},
    ],
)
@pytest.mark.untraced
def test_replicas_and_a_kms_key_do_not_replace_the_table(change: dict[str, Any]) -> None:
    before, after = create_table().single("dynamodb.Table"), create_table(**change).single("dynamodb.Table")
    assert before.urn == after.urn
    assert {k: v for k, v in before.inputs.items() if k in REPLACING} == {
        k: v for k, v in after.inputs.items() if k in REPLACING
    }
    assert {k for k in before.inputs | after.inputs if before.inputs.get(k) != after.inputs.get(k)} <= {
        "serverSideEncryption",
        "streamEnabled",
        "streamViewType",
    }


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"kms_key_arn": KEY, "settings": REPLICATED},
            r"replica_key_arns must be keys .*, got \[\]\. With kms_key_arn",
        ),
        ({"settings": REPLICATED, "replica_key_arns": {"eu-central-1": KEY}}, "otherwise, pass none"),
    ],
)
def test_kms_key_in_only_some_regions_is_rejected(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        TableArgs(name="post-parcels", table=a_table(), **changes)


def existing_table() -> None:
    """Use a table that another program created."""
    definition = a_table(stream="NEW_IMAGE")
    table = Table("parcels", TableArgs(name="post-parcels", table=definition, settings=TableSettings(existing=True)))
    pulumi.export("name", table.name)
    pulumi.export("grant", table.grant(["Query"], ["by-state"]))
    pulumi.export("stream", table.grant_stream())


@pytest.mark.untraced
def test_existing_table_is_used_and_not_created() -> None:
    deployment = record(existing_table)
    assert [resource.kind for resource in deployment.registered] == ["aws.Table"]
    assert deployment.exports["name"] == "post-parcels"
    assert deployment.exports["grant"]["Resource"] == "arn:parcels-table/index/by-state"
    assert deployment.exports["stream"]["Resource"] == "streamArn:parcels-table"
