"""Backups of tables, and their replicas, outside a TapStack."""

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
ELSEWHERE = "arn:aws:backup:eu-central-1:123456789012:backup-vault:far"
KEY, VAULT_KEY = "arn:aws:kms:eu-west-1:123456789012:key/1", "arn:aws:kms:eu-west-1:123456789012:key/2"


FOR_A_MONTH = BackupSettings(retention_days=35)
COPIED = BackupSettings(retention_days=35, copy_to_vault_arn=ELSEWHERE)


def backup_args(**changes: Any) -> BackupArgs:
    """What backs one table up every day for a month."""
    return BackupArgs(**{"name": "post", "table_arns": [TABLE], "settings": FOR_A_MONTH, **changes})


def made_backup(**changes: Any) -> Deployment:
    """What a backup alone registers."""
    return record(lambda: Backup("post", backup_args(**changes)))


def policy(made: Deployment, purpose: str) -> dict[str, dict[str, Any]]:
    """What the role of one purpose may do, by action."""
    document = json.loads(made.by_kind("iam.RolePolicy")[f"post-{purpose}-policy"].inputs["policy"])
    return {action: statement for statement in document["Statement"] for action in statement["Action"]}


def test_plan_copies_backups_and_moves_them_to_cold_storage() -> None:
    settings = BackupSettings(retention_days=365, cold_storage_after_days=30, copy_to_vault_arn=ELSEWHERE)
    created = made_backup(settings=settings, tags={"Owner": "desk"})
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
        "copyActions": [{"destinationVaultArn": ELSEWHERE, "lifecycle": lifecycle}],
    }


@pytest.mark.parametrize("purpose", ["backup", "restore"])
@pytest.mark.untraced
def test_no_role_is_for_everything(purpose: str) -> None:
    made = made_backup(settings=COPIED, kms_key_arn=VAULT_KEY, table_key_arns=[KEY])
    assert not made.by_kind("iam.RolePolicyAttachment")
    for statement in policy(made, purpose).values():
        assert statement["Resource"] != "*"
        assert "*" not in statement["Resource"] or isinstance(statement["Resource"], str)
        assert not any(action.endswith("*") for action in statement["Action"])


@pytest.mark.untraced
def test_permissions_are_for_the_tables_their_copies_and_the_vaults() -> None:
    created = made_backup()
    backing_up, restoring = policy(created, "backup"), policy(created, "restore")
    assert backing_up["dynamodb:StartAwsBackupJob"]["Resource"] == [TABLE, f"{TABLE}/backup/*"]
    assert not {"dynamodb:Scan", "dynamodb:GetItem", "dynamodb:PutItem"} & backing_up.keys()
    assert "backup:CopyFromBackupVault" not in backing_up
    assert backing_up["backup:CopyIntoBackupVault"]["Resource"] == "arn:post-vault"
    for action in ("dynamodb:PutItem", "dynamodb:RestoreTableFromAwsBackup"):
        assert restoring[action]["Resource"] == [f"{TABLE}-restored-*", f"{TABLE}/backup/*"]


@pytest.mark.untraced
def test_role_can_copy_backups_to_the_other_vault_only() -> None:
    permitted = policy(made_backup(settings=COPIED), "backup")
    assert permitted["backup:CopyIntoBackupVault"]["Resource"] == ["arn:post-vault", ELSEWHERE]
    condition = permitted["backup:CopyFromBackupVault"]["Condition"]["ForAllValues:StringEquals"]
    assert condition == {"backup:CopyTargets": ELSEWHERE}


@pytest.mark.parametrize("purpose", ["backup", "restore"])
@pytest.mark.untraced
def test_roles_use_exactly_the_keys_there_are(purpose: str) -> None:
    may = policy(made_backup(kms_key_arn=VAULT_KEY, table_key_arns=[KEY]), purpose)
    assert may["kms:Decrypt"]["Resource"] == [VAULT_KEY, KEY]
    assert may["kms:CreateGrant"]["Condition"] == {"Bool": {"kms:GrantIsForAWSResource": "true"}}
    assert not any(action.startswith("kms:") for action in policy(made_backup(), purpose))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"name": "a b"}, "name must be 2 to 50 .*, got 'a b'"),
        ({"settings": BackupSettings()}, "backup.retention_days must be at least 1, got None"),
    ],
)
def test_what_aws_backup_would_refuse_is_refused_here(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        backup_args(**changes)


REPLICATED = TableSettings(replica_regions=("eu-central-1",))


def made_table(**changes: Any) -> Deployment:
    """What a table alone registers."""
    return record(lambda: Table("parcels", TableArgs(**{"name": "post-parcels", "table": a_table(), **changes})))


@pytest.mark.parametrize("stream", [None, "KEYS_ONLY", "NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES"])
@pytest.mark.untraced
def test_replicated_table_streams_all_that_replication_needs(stream: str | None) -> None:
    inputs = made_table(settings=REPLICATED, table=a_table(stream=stream)).single("dynamodb.Table").inputs
    assert (inputs["streamEnabled"], inputs["streamViewType"]) == (True, "NEW_AND_OLD_IMAGES")


@pytest.mark.untraced
def test_replica_of_a_provisioned_table_waits_until_its_writes_scale() -> None:
    made = made_table(settings=TableSettings(billing_mode="PROVISIONED", replica_regions=("eu-central-1",)))
    assert {*made.by_kind("appautoscaling.Policy")} <= {*made.single("dynamodb.TableReplica").depends_on}


REPLACING = {"name", "hashKey", "rangeKey", "localSecondaryIndexes", "attributes", "globalSecondaryIndexes"}
"""What a table is made anew for when it changes, and what its keys and indexes are made of."""


@pytest.mark.parametrize(
    "change",
    [
        {"settings": REPLICATED},
        {"kms_key_arn": KEY},
        {"kms_key_arn": KEY, "settings": REPLICATED, "replica_key_arns": {"eu-central-1": "arn:key"}},
    ],
)
@pytest.mark.untraced
def test_neither_replicas_nor_a_key_make_the_table_anew(change: dict[str, Any]) -> None:
    before, after = made_table().single("dynamodb.Table"), made_table(**change).single("dynamodb.Table")
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
    ("changes", "said"),
    [
        (
            {"kms_key_arn": KEY, "settings": REPLICATED},
            r"replica_key_arns must be keys .*, got \[\]\. With kms_key_arn",
        ),
        ({"settings": REPLICATED, "replica_key_arns": {"eu-central-1": KEY}}, "otherwise, pass none"),
    ],
)
def test_a_key_in_some_regions_alone_is_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        TableArgs(name="post-parcels", table=a_table(), **changes)


def existing_table() -> None:
    """A program that uses a table that another made."""
    table = a_table(stream="NEW_IMAGE")
    made = Table("parcels", TableArgs(name="post-parcels", table=table, settings=TableSettings(existing=True)))
    pulumi.export("name", made.name)
    pulumi.export("grant", made.grant(["Query"], ["by-state"]))
    pulumi.export("stream", made.grant_stream())


@pytest.mark.untraced
def test_table_that_stands_is_used_and_not_made() -> None:
    made = record(existing_table)
    assert [resource.kind for resource in made.registered] == ["aws.Table"]
    assert made.exports["name"] == "post-parcels"
    assert made.exports["grant"]["Resource"] == "arn:parcels-table/index/by-state"
    assert made.exports["stream"]["Resource"] == "streamArn:parcels-table"
