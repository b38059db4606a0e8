"""Backups of tables, and their replicas, outside a TapStack."""

from __future__ import annotations

import json
from typing import Any

import pulumi
import pytest

from lib.components.data.backup import Backup, BackupArgs
from lib.components.data.table import Table, TableArgs
from lib.documents import iam
from lib.program.recorder import Deployment, record
from lib.settings import BackupSettings, TableSettings

from ..support.builders import a_table

TABLE = "arn:aws:dynamodb:eu-west-1:123456789012:table/post-parcels"
VAULT = "arn:aws:backup:eu-west-1:123456789012:backup-vault:post"
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
    document = json.loads(made.of("iam.RolePolicy")[f"post-{purpose}-policy"].inputs["policy"])
    return {action: statement for statement in document["Statement"] for action in statement["Action"]}


def test_plan_keeps_backups_in_its_vault_as_long_as_it_should() -> None:
    made = made_backup(tags={"Owner": "desk"})
    assert made.only("backup.Vault").inputs == {"name": "post", "forceDestroy": True, "tags": {"Owner": "desk"}}
    (rule,) = made.only("backup.Plan").inputs["rules"]
    assert rule == {
        "ruleName": "post",
        "targetVaultName": "post",
        "schedule": "cron(0 3 * * ? *)",
        "startWindow": 60,
        "completionWindow": 480,
        "lifecycle": {"deleteAfter": 35},
        "recoveryPointTags": {"Owner": "desk"},
    }


def test_plan_moves_backups_to_cold_storage_and_copies_them() -> None:
    settings = BackupSettings(retention_days=365, cold_storage_after_days=30, copy_to_vault_arn=ELSEWHERE)
    made = made_backup(settings=settings)
    (rule,) = made.only("backup.Plan").inputs["rules"]
    assert rule["lifecycle"] == {"deleteAfter": 365, "coldStorageAfter": 30}
    assert rule["copyActions"] == [{"destinationVaultArn": ELSEWHERE, "lifecycle": rule["lifecycle"]}]


def test_selection_is_the_tables_under_the_role_that_backs_up() -> None:
    made = made_backup()
    selection = made.only("backup.Selection")
    assert selection.inputs["resources"] == [TABLE]
    assert selection.inputs["iamRoleArn"] == "arn:post-backup-role"
    assert "post-backup-policy" in selection.depends_on


def test_only_aws_backup_takes_either_role() -> None:
    for role in made_backup().inputs("iam.Role").values():
        trusted = json.loads(role["assumeRolePolicy"])["Statement"]
        assert [statement["Principal"] for statement in trusted] == [{"Service": "backup.amazonaws.com"}]


@pytest.mark.parametrize("purpose", ["backup", "restore"])
def test_no_role_is_for_everything(purpose: str) -> None:
    made = made_backup(settings=COPIED, kms_key_arn=VAULT_KEY, table_key_arns=[KEY])
    assert not made.of("iam.RolePolicyAttachment")
    for statement in policy(made, purpose).values():
        assert statement["Resource"] != "*"
        assert "*" not in statement["Resource"] or isinstance(statement["Resource"], str)
        assert not any(action.endswith("*") for action in statement["Action"])


def test_role_that_backs_up_reads_no_row() -> None:
    may = policy(made_backup(), "backup")
    assert may["dynamodb:StartAwsBackupJob"]["Resource"] == [TABLE, f"{TABLE}/backup/*"]
    assert not {"dynamodb:Scan", "dynamodb:GetItem", "dynamodb:PutItem"} & may.keys()
    assert "backup:CopyFromBackupVault" not in may
    assert may["backup:CopyIntoBackupVault"]["Resource"] == "arn:post-vault"


def test_role_that_backs_up_may_copy_to_the_other_vault_alone() -> None:
    may = policy(made_backup(settings=COPIED), "backup")
    assert may["backup:CopyIntoBackupVault"]["Resource"] == ["arn:post-vault", ELSEWHERE]
    assert may["backup:CopyFromBackupVault"]["Condition"]["ForAllValues:StringEquals"] == {
        "backup:CopyTargets": ELSEWHERE
    }


def test_recovery_points_are_those_of_the_vaults_account_and_region() -> None:
    statement = iam.recovery_points(VAULT, ["TagResource"])
    assert statement["Resource"] == "arn:aws:backup:eu-west-1:123456789012:recovery-point:*"


def test_role_that_restores_writes_beside_the_live_table_and_never_to_it() -> None:
    may = policy(made_backup(), "restore")
    for action in ("dynamodb:PutItem", "dynamodb:RestoreTableFromAwsBackup"):
        assert may[action]["Resource"] == [f"{TABLE}-restored-*", f"{TABLE}/backup/*"]


@pytest.mark.parametrize("purpose", ["backup", "restore"])
def test_roles_use_exactly_the_keys_there_are(purpose: str) -> None:
    may = policy(made_backup(kms_key_arn=VAULT_KEY, table_key_arns=[KEY]), purpose)
    assert may["kms:Decrypt"]["Resource"] == [VAULT_KEY, KEY]
    assert may["kms:CreateGrant"]["Condition"] == {"Bool": {"kms:GrantIsForAWSResource": "true"}}
    assert not any(action.startswith("kms:") for action in policy(made_backup(), purpose))


def test_backups_outlive_the_stack_where_tables_do() -> None:
    made = made_backup(retain_on_delete=True, kms_key_arn=VAULT_KEY)
    vault = {"name": "post", "forceDestroy": False, "kmsKeyArn": VAULT_KEY, "tags": {}}
    assert made.only("backup.Vault").inputs == vault
    assert made.only("backup.Vault").retained
    assert all(role.retained for role in made.of("iam.Role").values())
    assert not made.only("backup.Selection").retained


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"name": "a b"}, "name 'a b': give 2 to 50"),
        ({"settings": BackupSettings()}, "backup.retention_days None: give 1 or more"),
    ],
)
def test_what_aws_backup_would_refuse_is_refused_here(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        backup_args(**changes)


def test_preview_of_a_backup_touches_no_value() -> None:
    args = backup_args(settings=COPIED, kms_key_arn=VAULT_KEY)
    previewed = record(lambda: Backup("post", args), preview=True)
    assert {r.name for r in previewed.registered} == {r.name for r in record(lambda: Backup("post", args)).registered}


REPLICATED = TableSettings(replica_regions=("eu-central-1",))


def made_table(**changes: Any) -> Deployment:
    """What a table alone registers."""
    return record(lambda: Table("parcels", TableArgs(**{"name": "post-parcels", "table": a_table(), **changes})))


def test_replica_is_kept_protected_and_tagged_as_its_table_is() -> None:
    settings = TableSettings(deletion_protection=True, retain_on_delete=True, replica_regions=("eu-central-1",))
    made = made_table(settings=settings, tags={"Owner": "desk"})
    replica = made.only("dynamodb.TableReplica")
    assert replica.inputs == {
        "globalTableArn": "arn:parcels-table",
        "region": "eu-central-1",
        "pointInTimeRecovery": True,
        "deletionProtectionEnabled": True,
        "tags": {"Owner": "desk"},
    }
    assert replica.retained


@pytest.mark.parametrize("stream", [None, "KEYS_ONLY", "NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES"])
def test_replicated_table_streams_all_that_replication_needs(stream: str | None) -> None:
    inputs = made_table(settings=REPLICATED, table=a_table(stream=stream)).only("dynamodb.Table").inputs
    assert (inputs["streamEnabled"], inputs["streamViewType"]) == (True, "NEW_AND_OLD_IMAGES")


def test_replica_of_a_provisioned_table_waits_until_its_writes_scale() -> None:
    made = made_table(settings=TableSettings(billing_mode="PROVISIONED", replica_regions=("eu-central-1",)))
    assert {*made.of("appautoscaling.Policy")} <= {*made.only("dynamodb.TableReplica").depends_on}


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
def test_neither_replicas_nor_a_key_make_the_table_anew(change: dict[str, Any]) -> None:
    before, after = made_table().only("dynamodb.Table"), made_table(**change).only("dynamodb.Table")
    assert before.urn == after.urn
    assert {k: v for k, v in before.inputs.items() if k in REPLACING} == {
        k: v for k, v in after.inputs.items() if k in REPLACING
    }
    assert {k for k in before.inputs | after.inputs if before.inputs.get(k) != after.inputs.get(k)} <= {
        "serverSideEncryption",
        "streamEnabled",
        "streamViewType",
    }


def test_table_leaves_replicas_to_the_resources_they_are() -> None:
    for made in (made_table(), made_table(settings=REPLICATED)):
        assert made.only("dynamodb.Table").ignored == ["replicas"]
        assert "replicas" not in made.only("dynamodb.Table").inputs


def test_table_and_replicas_have_each_the_key_of_its_region() -> None:
    made = made_table(kms_key_arn=KEY, settings=REPLICATED, replica_key_arns={"eu-central-1": "arn:key"})
    assert made.only("dynamodb.Table").inputs["serverSideEncryption"] == {"enabled": True, "kmsKeyArn": KEY}
    assert made.only("dynamodb.TableReplica").inputs["kmsKeyArn"] == "arn:key"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"kms_key_arn": KEY, "settings": REPLICATED}, r"replica_key_arns \[\]: with kms_key_arn give one"),
        ({"settings": REPLICATED, "replica_key_arns": {"eu-central-1": KEY}}, "without it none"),
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


def test_table_that_stands_is_used_and_not_made() -> None:
    made = record(existing_table)
    assert [resource.kind for resource in made.registered] == ["aws.Table"]
    assert made.exports["name"] == "post-parcels"
    assert made.exports["grant"]["Resource"] == "arn:parcels-table/index/by-state"
    assert made.exports["stream"]["Resource"] == "streamArn:parcels-table"


def test_preview_of_a_table_that_stands_touches_no_value() -> None:
    assert [resource.kind for resource in record(existing_table, preview=True).registered] == ["aws.Table"]
