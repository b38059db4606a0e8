"""Changes that lost data, failed half-way or never came to rest before the engine was part of the tests."""

from __future__ import annotations

import itertools
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
from .stack import Engine, Rejected, Stack

TABLE = "aws:dynamodb/table:Table"
VAULT = "aws:backup/vault:Vault"
KEY = "aws:kms/key:Key"
REPLICA = "aws:dynamodb/tableReplica:TableReplica"
POOL = "aws:cognito/userPool:UserPool"
BACKUP = BackupSettings(retention_days=35)
MADE = EncryptionSettings(key="made")
CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/0f6a2c1e-3b7d-4d55-9b1a-5a8a1f0c2d3e"
REPLICAS = TableSettings(replica_regions=("us-west-2",))
COGNITO = AuthorizationSettings(type=USER_POOL)
RETAINED_ENVIRONMENT = "prod"


def vaults(stack: Stack) -> dict[str, Any]:
    """Return the key of each vault in AWS, by its name."""
    return {entry.id: entry.outputs.get("kmsKeyArn") for entry in stack.ledger.find(VAULT)}


def fill(stack: Stack, name: str, points: int = 3) -> None:
    """Let a vault hold recovery points."""
    (vault,) = [entry for entry in stack.ledger.find(VAULT) if entry.id == name]
    vault.contents = points


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_another_key_means_another_vault_and_no_recovery_point_is_lost(engine: Engine, environment: str) -> None:
    stack = engine.stack()
    first = f"{environment}-items-backup"
    stack.deploy(tap_stack(environment=environment, backup=BACKUP))
    fill(stack, first)
    with_key = stack.deploy(tap_stack(environment=environment, backup=BACKUP, encryption=MADE))
    assert with_key.done("create", VAULT) == ["tap-backup-vault-2"]
    assert not with_key.done("delete", VAULT)
    assert with_key.outputs["backup_vault_arn"].endswith(f":{environment}-items-backup-2")
    assert vaults(stack)[f"{environment}-items-backup-2"] == with_key.outputs["key_arn"]

    fill(stack, f"{environment}-items-backup-2")
    back = stack.deploy(tap_stack(environment=environment, backup=BACKUP))
    assert back.outputs["backup_vault_arn"].endswith(f":{first}")
    # The key that the stack creates now is another one than that of the second vault.
    again = stack.deploy(tap_stack(environment=environment, backup=BACKUP, encryption=MADE))
    assert again.outputs["backup_vault_arn"].endswith("-3")
    assert set(vaults(stack)) == {first, f"{first}-2", f"{first}-3"}


def test_an_empty_vault_goes_when_another_takes_its_place(engine: Engine) -> None:
    stack = engine.stack()
    stack.deploy(tap_stack(backup=BACKUP))
    fill(stack, "dev-items-backup")
    stack.deploy(tap_stack(backup=BACKUP, encryption=MADE))
    assert set(vaults(stack)) == {"dev-items-backup", "dev-items-backup-2"}
    fill(stack, "dev-items-backup", 0)
    stack.deploy(tap_stack(backup=BACKUP, encryption=MADE))
    assert set(vaults(stack)) == {"dev-items-backup-2"}


@pytest.mark.parametrize(("before", "after"), [*itertools.permutations(("aws", "owned", "made"), 2)])
def test_a_customer_managed_key_changes_only_without_replicas(engine: Engine, before: str, after: str) -> None:
    stack = engine.stack()
    stack.deploy(tap_stack(table=REPLICAS, encryption=EncryptionSettings(key=before)))
    changed = EncryptionSettings(key=after)
    if "made" not in (before, after):
        stack.deploy(tap_stack(table=REPLICAS, encryption=changed))
        return
    for table in (REPLICAS, TableSettings()):
        with pytest.raises(Rejected, match=r"while table table has replicas.*Deploy without replica_regions"):
            stack.preview(tap_stack(table=table, encryption=changed))
    stack.deploy(tap_stack(encryption=EncryptionSettings(key=before)))
    stack.deploy(tap_stack(encryption=changed))
    stack.deploy(tap_stack(table=REPLICAS, encryption=changed))


def test_retained_replicas_are_released_before_their_key_changes(engine: Engine) -> None:
    stack, prod = engine.stack(), {"environment": "prod"}
    stack.deploy(tap_stack(**prod, table=REPLICAS))
    with pytest.raises(
        Rejected, match="Deploy with retain_on_delete and deletion_protection set to false, then without"
    ):
        stack.preview(tap_stack(**prod, table=REPLICAS, encryption=MADE))
    released = replace(REPLICAS, retain_on_delete=False, deletion_protection=False)
    stack.deploy(tap_stack(**prod, table=released))
    alone = replace(released, replica_regions=())
    stack.deploy(tap_stack(**prod, table=alone))
    stack.deploy(tap_stack(**prod, table=alone, encryption=MADE))
    stack.deploy(tap_stack(**prod, table=REPLICAS, encryption=MADE))


def test_a_table_keeps_the_stream_of_its_replicas_after_them(engine: Engine) -> None:
    stack = engine.stack()
    stack.deploy(tap_stack(table=REPLICAS))
    for _ in range(2):
        stack.deploy(tap_stack())
        (table,) = stack.ledger.find(TABLE)
        assert table.outputs["streamViewType"] == "NEW_AND_OLD_IMAGES"


def test_another_base_path_is_another_mapping(engine: Engine) -> None:
    stack = engine.stack()
    api = ApiSettings(domain_name="a.example.com", certificate_arn=CERTIFICATE, base_path="v1")
    stack.deploy(tap_stack(api=api))
    moved = stack.deploy(tap_stack(api=replace(api, base_path="v2")))
    assert moved.operations["replace"] == 1
    assert moved.done("create") == moved.done("delete") == ["tap-api-domain-mapping"]


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"environment": "prod"}, "environment must stay 'dev' in this stack, got 'prod'"),
        ({"environment": "pr-7"}, "environment must stay 'dev' in this stack, got 'pr-7'"),
        ({"service": "inventory"}, "service must stay 'items' in this stack, got 'inventory'"),
    ],
)
def test_a_stack_stays_the_service_and_environment_it_is(engine: Engine, changed: dict[str, str], message: str) -> None:
    stack = engine.stack("free-name")
    stack.deploy(tap_stack())
    before = len(stack.ledger.events)
    for action in (stack.preview, stack.up):
        with pytest.raises(Rejected, match=message):
            action(tap_stack(**changed))
    assert len(stack.ledger.events) == before
    stack.assert_unchanged(tap_stack())


def test_a_stack_whose_first_deployment_failed_stays_the_environment_it_is(engine: Engine) -> None:
    stack = engine.stack()
    engine.ledger.fail = lambda operation, token, name: "throttled" if token.endswith(":Stage") else None
    with pytest.raises(Rejected, match="throttled"):
        stack.up(tap_stack())
    engine.ledger.fail = lambda operation, token, name: None
    assert stack.resources(TABLE)
    with pytest.raises(Rejected, match="name of table table must stay 'dev-items-table'"):
        stack.up(tap_stack(environment="prod"))
    stack.deploy(tap_stack())


def test_a_stack_stays_in_its_region(engine: Engine) -> None:
    stack = engine.stack()
    stack.deploy(tap_stack())
    before = len(stack.ledger.events)
    stack.configure({"aws:region": "eu-west-1"})
    with pytest.raises(Rejected, match="region must stay 'us-east-1' in this stack, got 'eu-west-1'"):
        stack.preview(tap_stack())
    assert len(stack.ledger.events) == before
    stack.configure({})
    stack.assert_unchanged(tap_stack())


def test_tables_with_names_of_a_transform_stay_deployable(engine: Engine) -> None:
    def rename(args: pulumi.ResourceTransformArgs) -> pulumi.ResourceTransformResult | None:
        if args.type_ != TABLE:
            return None
        return pulumi.ResourceTransformResult({**args.props, "name": f"acme-{args.props['name']}"}, args.opts)

    def program() -> None:
        pulumi.runtime.register_resource_transform(rename)
        tap_stack()()

    stack = engine.stack()
    stack.deploy(program)
    assert [table.id for table in stack.ledger.find(TABLE)] == ["acme-dev-items-table"]
    stack.deploy(program)


@pytest.mark.parametrize("first", [{"backup": BACKUP}, None], ids=["changed", "first"])
def test_a_failed_backup_plan_leaves_vaults_with_the_keys_they_have(
    engine: Engine, first: dict[str, Any] | None
) -> None:
    stack = engine.stack()
    changed = {"backup": BACKUP, "encryption": MADE} if first else {"backup": BACKUP}
    if first:
        stack.deploy(tap_stack(environment="prod", **first))
    engine.ledger.fail = lambda operation, token, name: "throttled" if token.endswith("plan:Plan") else None
    with pytest.raises(Rejected, match="throttled"):
        stack.up(tap_stack(environment="prod", **changed))
    engine.ledger.fail = lambda operation, token, name: None
    other = first or {"backup": BACKUP, "encryption": MADE}
    stack.deploy(tap_stack(environment="prod", **other))
    stack.deploy(tap_stack(environment="prod", **changed))


def test_leaving_a_key_lists_what_cannot_be_restored_without_it(engine: Engine) -> None:
    stack = engine.stack()
    made = stack.deploy(tap_stack(encryption=MADE))
    key = made.outputs["key_arn"]
    left = stack.deploy(tap_stack())
    assert f"The KMS key {key} is no longer part of this stack and is deleted in 30 days" in left.messages
    assert "cannot be restored or read" in left.messages
    (table,) = stack.ledger.find(TABLE)
    assert table.outputs["serverSideEncryption"]["kmsKeyArn"] != key
    assert "no longer part" not in stack.up(tap_stack()).messages


def test_prod_keeps_a_key_that_restores_need(engine: Engine) -> None:
    stack = engine.stack()
    key = stack.deploy(tap_stack(environment="prod", encryption=MADE)).outputs["key_arn"]
    left = stack.deploy(tap_stack(environment="prod"))
    assert [entry.outputs["arn"] for entry in stack.ledger.find(KEY)] == [key]
    assert "stays in the account" in left.messages


def test_leaving_cognito_warns_that_the_users_are_deleted(engine: Engine) -> None:
    stack = engine.stack()
    stack.deploy(tap_stack(authorization=COGNITO))
    (pool,) = stack.ledger.find(POOL)
    left = stack.deploy(tap_stack())
    assert f"The user pool {pool.id} is deleted with all its users" in left.messages
    assert not stack.ledger.find(POOL)


EVERYTHING_RETAINED: dict[str, Any] = {
    "environment": "prod",
    "backup": BACKUP,
    "encryption": MADE,
    "authorization": COGNITO,
    "table": REPLICAS,
}


def test_destroyed_prod_is_deployed_again_with_its_data(engine: Engine) -> None:
    stack = engine.stack("items-prod")
    stack.deploy(tap_stack(**EVERYTHING_RETAINED))
    retained = {token: [entry.id for entry in stack.ledger.find(token)] for token in (TABLE, VAULT, KEY, POOL)}
    stack.destroy()
    before = len(stack.ledger.events)
    with pytest.raises(
        Rejected, match=r"existing: DynamoDB table prod-items-table, DynamoDB replica .*, backup vault .*adopt_retained"
    ):
        stack.up(tap_stack(**EVERYTHING_RETAINED))
    assert len(stack.ledger.events) == before
    adopted = stack.up(tap_stack(**EVERYTHING_RETAINED, adopt_retained=True))
    assert adopted.operations["import"] == 6
    stack.deploy(tap_stack(**EVERYTHING_RETAINED))
    assert {token: [entry.id for entry in stack.ledger.find(token)] for token in retained} == retained
    stack.deploy(tap_stack(**EVERYTHING_RETAINED, adopt_retained=True))


def test_a_renamed_parent_keeps_the_vaults_of_its_stack(engine: Engine) -> None:
    def program(name: str, key: str = "made", **options: Any) -> Callable[[], None]:
        def run() -> None:
            shop = pulumi.ComponentResource("test:Shop", name, None, pulumi.ResourceOptions(**options))
            args = TapStackArgs(backup=BACKUP, encryption=EncryptionSettings(key=key))
            TapStack(f"{name}-api", args, pulumi.ResourceOptions(parent=shop))

        return run

    stack = engine.stack()
    stack.deploy(program("old", "aws"))
    fill(stack, "dev-items-backup")
    stack.deploy(program("old"))
    fill(stack, "dev-items-backup-2")
    renamed = stack.deploy(program("new", aliases=[pulumi.Alias(name="old")]))
    assert not renamed.done("delete")
    assert set(vaults(stack)) == {"dev-items-backup", "dev-items-backup-2"}


def test_every_retained_vault_is_adopted_with_the_key_it_has(engine: Engine) -> None:
    stack = engine.stack()
    prod: dict[str, Any] = {"environment": "prod", "backup": BACKUP}
    stack.deploy(tap_stack(**prod))
    stack.deploy(tap_stack(**prod, encryption=MADE))
    retained = {vault.id: vault.outputs.get("kmsKeyArn") for vault in stack.ledger.find(VAULT)}
    assert len(retained) == 2
    stack.destroy()
    stack.up(tap_stack(**prod, encryption=MADE, adopt_retained=True))
    stack.deploy(tap_stack(**prod, encryption=MADE))
    assert {vault.id: vault.outputs.get("kmsKeyArn") for vault in stack.ledger.find(VAULT)} == retained


@pytest.mark.parametrize("encryption", [EncryptionSettings(), MADE], ids=["default", "made"])
def test_retained_replica_is_adopted_when_its_region_returns(engine: Engine, encryption: EncryptionSettings) -> None:
    stack = engine.stack()
    prod: dict[str, Any] = {"environment": "prod", "encryption": encryption}
    stack.deploy(tap_stack(**prod, table=REPLICAS))
    (replica,) = stack.ledger.find(REPLICA)
    stack.deploy(tap_stack(**prod))
    with pytest.raises(Rejected, match="existing: DynamoDB replica prod-items-table/us-west-2"):
        stack.preview(tap_stack(**prod, table=REPLICAS))
    stack.up(tap_stack(**prod, table=REPLICAS, adopt_retained=True))
    stack.deploy(tap_stack(**prod, table=REPLICAS))
    assert stack.ledger.find(REPLICA) == [replica]


def test_an_interrupted_adoption_goes_on(engine: Engine) -> None:
    stack = engine.stack()
    stack.deploy(tap_stack(**EVERYTHING_RETAINED))
    stack.destroy()
    engine.ledger.fail = lambda operation, token, name: "throttled" if token.endswith(":Stage") else None
    with pytest.raises(Rejected, match="throttled"):
        stack.up(tap_stack(**EVERYTHING_RETAINED, adopt_retained=True))
    engine.ledger.fail = lambda operation, token, name: None
    stack.up(tap_stack(**EVERYTHING_RETAINED, adopt_retained=True))
    stack.deploy(tap_stack(**EVERYTHING_RETAINED))


def test_a_key_of_the_program_is_not_that_of_the_stack(engine: Engine) -> None:
    def program(**more: Any) -> Callable[[], None]:
        def run() -> None:
            aws.kms.Key("orders")
            tap_stack(**EVERYTHING_RETAINED, **more)()

        return run

    stack = engine.stack()
    stack.deploy(program())
    keys = len(stack.ledger.find(KEY))
    stack.destroy()
    stack.up(program(adopt_retained=True))
    stack.deploy(program())
    assert len(stack.ledger.find(KEY)) == keys


def test_retained_secrets_stop_a_deployment_before_it_creates_anything(engine: Engine) -> None:
    stack, service = engine.stack(), a_service(secrets=(a_secret(),))
    stack.deploy(tap_stack(service, "prod"))
    stack.destroy()
    before = len(stack.ledger.events)
    with pytest.raises(Rejected, match="secret /parcels/prod/token in ssm"):
        stack.up(tap_stack(service, "prod"))
    assert len(stack.ledger.events) == before


def test_returning_to_backups_and_cognito_finds_what_prod_retained(engine: Engine) -> None:
    stack, prod = engine.stack(), {"environment": "prod"}
    stack.deploy(tap_stack(**prod, backup=BACKUP, authorization=COGNITO))
    stack.deploy(tap_stack(**prod))
    with pytest.raises(Rejected, match="backup vault prod-items-backup, Cognito user pool"):
        stack.preview(tap_stack(**prod, backup=BACKUP, authorization=COGNITO))
    stack.up(tap_stack(**prod, backup=BACKUP, authorization=COGNITO, adopt_retained=True))
    stack.deploy(tap_stack(**prod, backup=BACKUP, authorization=COGNITO))
    assert len(stack.ledger.find(VAULT)) == len(stack.ledger.find(POOL)) == 1


def test_a_table_that_was_only_read_becomes_part_of_the_stack_by_adoption(engine: Engine) -> None:
    prod = {"environment": "prod"}
    stack, existing = engine.stack(), TableSettings(existing=True)
    stack.deploy(tap_stack(**prod))
    (table,) = stack.ledger.find(TABLE)
    stack.destroy()
    stack.deploy(tap_stack(**prod, table=existing))
    with pytest.raises(Rejected, match=r"existing: DynamoDB table prod-items-table.*adopt_retained"):
        stack.preview(tap_stack(**prod))
    adopted = stack.up(tap_stack(**prod, adopt_retained=True))
    assert not adopted.done("create", TABLE) + adopted.done("delete", TABLE)
    stack.deploy(tap_stack(**prod))
    stack.deploy(tap_stack(**prod, table=existing))
    assert [found.id for found in stack.ledger.find(TABLE)] == [table.id]


def test_a_table_of_the_stack_is_not_deleted_when_it_is_to_be_only_read(engine: Engine) -> None:
    stack, existing = engine.stack(), TableSettings(existing=True)
    stack.deploy(tap_stack())
    with pytest.raises(Rejected, match=r"table\.existing must not become true while table table is part of this stack"):
        stack.preview(tap_stack(table=existing))
    stack.deploy(tap_stack(table=TableSettings(retain_on_delete=True)))
    stack.deploy(tap_stack(table=existing))
    assert len(stack.ledger.find(TABLE)) == 1


@pytest.mark.parametrize("service", ["items", "stock"])
def test_second_stack_of_one_suffix_is_rejected_before_anything_is_created(engine: Engine, service: str) -> None:
    engine.stack("first").deploy(tap_stack(service))
    before = len(engine.ledger.events)
    for adopt in (False, True):
        second = engine.stack(f"second-{adopt}")
        with pytest.raises(Rejected, match=r"existing: Lambda function .*Another stack deploys this service"):
            second.up(tap_stack(service, adopt_retained=adopt))
    assert len(engine.ledger.events) == before


def test_an_interrupted_first_deployment_goes_on(engine: Engine) -> None:
    stack = engine.stack()
    engine.ledger.fail = lambda operation, token, name: "throttled" if token.endswith(":Stage") else None
    with pytest.raises(Rejected, match="throttled"):
        stack.up(tap_stack(environment="prod", backup=BACKUP))
    engine.ledger.fail = lambda operation, token, name: None
    stack.deploy(tap_stack(environment="prod", backup=BACKUP))


def test_an_api_without_cors_is_not_deployed_again(engine: Engine) -> None:
    stack = engine.stack()
    stack.deploy(tap_stack("inventory", api=ApiSettings(cors_origin="")))
