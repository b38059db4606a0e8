"""Regression tests for changes that lost data, failed midway or were never complete."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pulumi
import pulumi_aws as aws
import pytest

from lib.settings import (
    USER_POOL,
    ApiSettings,
    AuthorizationSettings,
    BackupSettings,
    EncryptionSettings,
    TableSettings,
)
from lib.tap_stack import TapStack, TapStackArgs

from ..support.builders import a_secret, a_service
from .programs import tap_stack
from .stack import Engine, Program, Rejected, Stack

TABLE = "aws:dynamodb/table:Table"
VAULT = "aws:backup/vault:Vault"
KEY = "aws:kms/key:Key"
REPLICA = "aws:dynamodb/tableReplica:TableReplica"
POOL = "aws:cognito/userPool:UserPool"
BACKUP = BackupSettings(retention_days=35)
MADE = EncryptionSettings(key="create")
CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/0f6a2c1e-3b7d-4d55-9b1a-5a8a1f0c2d3e"
REPLICAS = TableSettings(replica_regions=("us-west-2",))
COGNITO = AuthorizationSettings(type=USER_POOL)
RETAINED_ENVIRONMENT = "prod"


def vaults(stack: Stack) -> dict[str, Any]:
    """Return the KMS key of each vault in AWS, by name of the vault."""
    return {entry.id: entry.outputs.get("kmsKeyArn") for entry in stack.ledger.find(VAULT)}


def fill(stack: Stack, name: str, points: int = 3) -> None:
    """Set the number of recovery points in a vault."""
    (vault,) = [entry for entry in stack.ledger.find(VAULT) if entry.id == name]
    vault.contents = points


def interrupt(stack: Stack, program: Program, type_: str) -> None:
    """Deploy until AWS throttles the creation of the resources of a type."""
    stack.ledger.fail = lambda operation, token, name: "throttled" if token.endswith(type_) else None
    with pytest.raises(Rejected, match="throttled"):
        stack.up(program)
    stack.ledger.fail = lambda operation, token, name: None


def assert_rejected(stack: Stack, program: Program, message: str, *, update: bool = False) -> None:
    """Assert that a preview or an update is rejected before it changes anything."""
    before = len(stack.ledger.events)
    with pytest.raises(Rejected, match=message):
        (stack.up if update else stack.preview)(program)
    assert len(stack.ledger.events) == before


def test_changed_key_creates_another_vault_and_retains_recovery_points(engine: Engine) -> None:
    stack, first = engine.stack(), "dev-items-backup"
    stack.up(tap_stack(backup=BACKUP))
    fill(stack, first)
    with_key = stack.deploy(tap_stack(backup=BACKUP, encryption=MADE))
    assert with_key.names("create", VAULT) == ["tap-backup-vault-2"]
    assert not with_key.names("delete", VAULT)
    assert with_key.outputs["backup_vault_arn"].endswith(f":{first}-2")
    assert vaults(stack)[f"{first}-2"] == with_key.outputs["key_arn"]

    fill(stack, f"{first}-2")
    back = stack.deploy(tap_stack(backup=BACKUP))
    assert back.outputs["backup_vault_arn"].endswith(f":{first}")
    # The stack now creates a new key, which differs from the key of the second vault.
    again = stack.deploy(tap_stack(backup=BACKUP, encryption=MADE))
    assert again.outputs["backup_vault_arn"].endswith("-3")
    assert set(vaults(stack)) == {first, f"{first}-2", f"{first}-3"}

    fill(stack, first, 0)
    stack.deploy(tap_stack(backup=BACKUP, encryption=MADE))
    assert set(vaults(stack)) == {f"{first}-2", f"{first}-3"}


def test_customer_managed_key_cannot_change_while_there_are_replicas(engine: Engine) -> None:
    stack = engine.stack()
    stack.up(tap_stack(table=REPLICAS, encryption=EncryptionSettings(key="aws_managed")))
    stack.deploy(tap_stack(table=REPLICAS, encryption=EncryptionSettings(key="aws_owned")))
    stack.up(tap_stack(table=REPLICAS, encryption=EncryptionSettings(key="aws_managed")))
    message = r"while table table has replicas.*Deploy without replica_regions"
    for table in (REPLICAS, TableSettings()):
        assert_rejected(stack, tap_stack(table=table, encryption=MADE), message)
    stack.up(tap_stack(encryption=EncryptionSettings(key="aws_managed")))
    stack.up(tap_stack(encryption=MADE))
    stack.deploy(tap_stack(table=REPLICAS, encryption=MADE))
    for key in ("aws_managed", "aws_owned"):
        for table in (REPLICAS, TableSettings()):
            assert_rejected(stack, tap_stack(table=table, encryption=EncryptionSettings(key=key)), message)


def test_retained_replicas_must_be_deleted_before_the_key_changes(engine: Engine) -> None:
    stack, prod = engine.stack(), {"environment": "prod"}
    stack.up(tap_stack(**prod, table=REPLICAS))
    message = "Deploy with retain_on_delete and deletion_protection set to false, then without"
    assert_rejected(stack, tap_stack(**prod, table=REPLICAS, encryption=MADE), message)
    released = replace(REPLICAS, retain_on_delete=False, deletion_protection=False)
    stack.deploy(tap_stack(**prod, table=released))
    alone = replace(released, replica_regions=())
    stack.deploy(tap_stack(**prod, table=alone))
    stack.up(tap_stack(**prod, table=alone, encryption=MADE))
    stack.deploy(tap_stack(**prod, table=REPLICAS, encryption=MADE))


def test_table_retains_the_stream_of_removed_replicas(engine: Engine) -> None:
    stack = engine.stack()
    stack.up(tap_stack(table=REPLICAS))
    stack.deploy(tap_stack())
    (table,) = stack.ledger.find(TABLE)
    assert table.outputs["streamViewType"] == "NEW_AND_OLD_IMAGES"


def test_changed_base_path_replaces_the_mapping(engine: Engine) -> None:
    stack = engine.stack()
    api = ApiSettings(domain_name="a.example.com", certificate_arn=CERTIFICATE, base_path="v1")
    stack.up(tap_stack(api=api))
    moved = stack.deploy(tap_stack(api=replace(api, base_path="v2")))
    assert moved.operations["replace"] == 1
    assert moved.names("create") == moved.names("delete") == ["tap-api-domain-mapping"]


def test_stack_cannot_change_its_service_environment_or_region(engine: Engine) -> None:
    stack = engine.stack("free-name")
    stack.up(tap_stack())
    for changed, message in (
        ({"environment": "prod"}, "environment must stay 'dev' in this stack, got 'prod'"),
        ({"environment": "pr-7"}, "environment must stay 'dev' in this stack, got 'pr-7'"),
        ({"service": "inventory"}, "service must stay 'items' in this stack, got 'inventory'"),
    ):
        for update in (False, True):
            assert_rejected(stack, tap_stack(**changed), message, update=update)
    stack.configure({"aws:region": "eu-west-1"})
    assert_rejected(stack, tap_stack(), "region must stay 'us-east-1' in this stack, got 'eu-west-1'")
    stack.configure({})
    stack.assert_unchanged(tap_stack())


def test_stack_with_a_failed_first_deployment_cannot_change_its_environment(engine: Engine) -> None:
    stack = engine.stack()
    interrupt(stack, tap_stack(), ":Stage")
    assert stack.resources(TABLE)
    with pytest.raises(Rejected, match="name of table table must stay 'dev-items-table'"):
        stack.up(tap_stack(environment="prod"))
    stack.deploy(tap_stack())


def test_stack_with_table_names_from_a_transform_can_be_updated(engine: Engine) -> None:
    def rename(args: pulumi.ResourceTransformArgs) -> pulumi.ResourceTransformResult | None:
        if args.type_ != TABLE:
            return None
        return pulumi.ResourceTransformResult({**args.props, "name": f"acme-{args.props['name']}"}, args.opts)

    def program() -> None:
        pulumi.runtime.register_resource_transform(rename)
        tap_stack()()

    stack = engine.stack()
    stack.up(program)
    assert [table.id for table in stack.ledger.find(TABLE)] == ["acme-dev-items-table"]
    stack.deploy(program)


@pytest.mark.parametrize("first", [{"backup": BACKUP}, None], ids=["changed", "first"])
def test_vaults_retain_their_keys_after_a_failed_backup_plan(engine: Engine, first: dict[str, Any] | None) -> None:
    stack = engine.stack()
    changed = {"backup": BACKUP, "encryption": MADE} if first else {"backup": BACKUP}
    if first:
        stack.up(tap_stack(environment="prod", **first))
    interrupt(stack, tap_stack(environment="prod", **changed), "plan:Plan")
    other = first or {"backup": BACKUP, "encryption": MADE}
    stack.deploy(tap_stack(environment="prod", **other))
    stack.deploy(tap_stack(environment="prod", **changed))


def test_warnings_state_the_consequences_of_a_removed_key_and_user_pool(engine: Engine) -> None:
    stack = engine.stack()
    key = stack.up(tap_stack(encryption=MADE, authorization=COGNITO)).outputs["key_arn"]
    (pool,) = stack.ledger.find(POOL)
    deployed = stack.deploy(tap_stack())
    assert f"The KMS key {key} is no longer part of this stack and is deleted in 30 days" in deployed.messages
    assert "tables cannot be restored to a time before this deployment" in deployed.messages
    (table,) = stack.ledger.find(TABLE)
    assert table.outputs["serverSideEncryption"]["kmsKeyArn"] != key
    assert f"The user pool {pool.id} is deleted with all its users" in deployed.messages
    assert not stack.ledger.find(POOL)
    assert "no longer part" not in stack.up(tap_stack()).messages


def test_prod_retains_a_key_that_restores_require(engine: Engine) -> None:
    stack = engine.stack()
    key = stack.up(tap_stack(environment="prod", encryption=MADE)).outputs["key_arn"]
    deployed = stack.deploy(tap_stack(environment="prod"))
    assert [entry.outputs["arn"] for entry in stack.ledger.find(KEY)] == [key]
    assert "stays in the account" in deployed.messages


EVERYTHING_RETAINED: dict[str, Any] = {
    "environment": "prod",
    "backup": BACKUP,
    "encryption": MADE,
    "authorization": COGNITO,
    "table": REPLICAS,
}


def test_destroyed_prod_can_be_deployed_again_with_its_data_even_after_a_failure(engine: Engine) -> None:
    def program(**args: Any) -> Program:
        def run() -> None:
            aws.kms.Key("orders")  # not part of the TapStack
            tap_stack(**EVERYTHING_RETAINED, **args)()

        return run

    stack = engine.stack("items-prod")
    stack.up(program())
    keys = len(stack.ledger.find(KEY))
    stack.destroy()
    retained = {token: {entry.id for entry in stack.ledger.find(token)} for token in (TABLE, VAULT, KEY, POOL)}
    message = r"of this stack: DynamoDB table prod-items-table, DynamoDB replica .*, backup vault .*adopt_retained"
    assert_rejected(stack, tap_stack(**EVERYTHING_RETAINED), message, update=True)
    planned = stack.preview(program(adopt_retained=True))
    assert planned["import"] == 6
    interrupt(stack, program(adopt_retained=True), ":Stage")
    stack.up(program(adopt_retained=True))
    stack.deploy(program())
    for token, ids in retained.items():
        assert ids <= {entry.id for entry in stack.ledger.find(token)}
    assert len(stack.ledger.find(KEY)) == keys
    stack.assert_unchanged(program(adopt_retained=True))


def test_renamed_parent_retains_the_vaults_of_its_stack(engine: Engine) -> None:
    def program(name: str, key: str = "create", **options: Any) -> Callable[[], None]:
        def run() -> None:
            shop = pulumi.ComponentResource("test:Shop", name, None, pulumi.ResourceOptions(**options))
            args = TapStackArgs(backup=BACKUP, encryption=EncryptionSettings(key=key))
            TapStack(f"{name}-api", args, pulumi.ResourceOptions(parent=shop))

        return run

    stack = engine.stack()
    stack.up(program("old", "aws_managed"))
    fill(stack, "dev-items-backup")
    stack.up(program("old"))
    fill(stack, "dev-items-backup-2")
    renamed = stack.deploy(program("new", aliases=[pulumi.Alias(name="old")]))
    assert not renamed.names("delete")
    assert set(vaults(stack)) == {"dev-items-backup", "dev-items-backup-2"}


def test_every_retained_vault_is_adopted_with_its_key(engine: Engine) -> None:
    stack = engine.stack()
    prod: dict[str, Any] = {"environment": "prod", "backup": BACKUP}
    stack.up(tap_stack(**prod))
    stack.up(tap_stack(**prod, encryption=MADE))
    retained = {vault.id: vault.outputs.get("kmsKeyArn") for vault in stack.ledger.find(VAULT)}
    assert len(retained) == 2
    stack.destroy()
    stack.up(tap_stack(**prod, encryption=MADE, adopt_retained=True))
    stack.deploy(tap_stack(**prod, encryption=MADE))
    assert {vault.id: vault.outputs.get("kmsKeyArn") for vault in stack.ledger.find(VAULT)} == retained


def test_reenabled_settings_can_adopt_retained_resources(engine: Engine) -> None:
    stack, prod = engine.stack(), {"environment": "prod"}
    settings: dict[str, Any] = {"table": REPLICAS, "backup": BACKUP, "authorization": COGNITO}
    stack.up(tap_stack(**prod, **settings))
    (replica,) = stack.ledger.find(REPLICA)
    stack.deploy(tap_stack(**prod))
    message = (
        "of this stack: DynamoDB replica prod-items-table/us-west-2, backup vault prod-items-backup, Cognito user pool"
    )
    assert_rejected(stack, tap_stack(**prod, **settings), message)
    stack.up(tap_stack(**prod, **settings, adopt_retained=True))
    stack.deploy(tap_stack(**prod, **settings))
    assert stack.ledger.find(REPLICA) == [replica]
    assert len(stack.ledger.find(VAULT)) == len(stack.ledger.find(POOL)) == 1


def test_retained_secrets_are_rejected_before_anything_is_created(engine: Engine) -> None:
    stack, service = engine.stack(), a_service(secrets=(a_secret(),))
    stack.up(tap_stack(service, "prod"))
    stack.destroy()
    assert_rejected(stack, tap_stack(service, "prod"), "secret /parcels/prod/token in ssm", update=True)


def test_existing_table_can_be_adopted_by_the_stack(engine: Engine) -> None:
    prod = {"environment": "prod"}
    stack, existing = engine.stack(), TableSettings(existing=True)
    stack.up(tap_stack(**prod))
    (table,) = stack.ledger.find(TABLE)
    stack.destroy()
    stack.deploy(tap_stack(**prod, table=existing))
    assert_rejected(stack, tap_stack(**prod), r"of this stack: DynamoDB table prod-items-table.*adopt_retained")
    adopted = stack.up(tap_stack(**prod, adopt_retained=True))
    assert not adopted.names("create", TABLE) + adopted.names("delete", TABLE)
    stack.deploy(tap_stack(**prod))
    stack.up(tap_stack(**prod, table=existing))
    assert [entry.id for entry in stack.ledger.find(TABLE)] == [table.id]


def test_table_of_the_stack_must_be_retained_before_it_is_used_as_existing(engine: Engine) -> None:
    stack, existing = engine.stack(), TableSettings(existing=True)
    stack.up(tap_stack())
    message = r"table\.existing must not become true while table table is part of this stack"
    assert_rejected(stack, tap_stack(table=existing), message)
    stack.up(tap_stack(table=TableSettings(retain_on_delete=True)))
    stack.deploy(tap_stack(table=existing))
    assert len(stack.ledger.find(TABLE)) == 1


@pytest.mark.parametrize("service", ["items", "stock"])
def test_second_stack_with_the_same_suffix_is_rejected_before_anything_is_created(engine: Engine, service: str) -> None:
    engine.stack("first").up(tap_stack(service))
    message = r"of this stack: Lambda function .*Another stack deploys this service"
    for adopt in (False, True):
        program = tap_stack(service, adopt_retained=adopt)
        assert_rejected(engine.stack(f"second-{adopt}"), program, message, update=True)


def test_failed_first_deployment_can_be_repeated(engine: Engine) -> None:
    stack = engine.stack()
    interrupt(stack, tap_stack(environment="prod", backup=BACKUP), ":Stage")
    stack.deploy(tap_stack(environment="prod", backup=BACKUP))


def test_api_without_cors_can_be_deployed_without_remaining_changes(engine: Engine) -> None:
    stack = engine.stack()
    stack.deploy(tap_stack("inventory", api=ApiSettings(cors_origin="")))
