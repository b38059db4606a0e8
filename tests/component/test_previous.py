"""Deployments that depend on the previous deployment and on existing resources."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pulumi
import pytest

from lib.components.lookup.existing_resources import ExistingResourceError
from lib.components.lookup.previous_state import INVOKE
from lib.program.recorder import LOOK_UPS, Deployment, record
from lib.settings import (
    USER_POOL,
    ApiSettings,
    AuthorizationSettings,
    BackupSettings,
    EncryptionSettings,
    TableSettings,
)
from lib.tap_stack import TapStack, TapStackArgs

from ..support.programs import FULL_SERVICE, stacked

pytestmark = pytest.mark.slow

READ = INVOKE.rpartition(":")[2]
KEY = "arn:aws:kms:us-east-1:123456789012:key/mrk-1"
REGION = "us-west-2"
CREATED_KEY = EncryptionSettings(key="create")
BACKUP = BackupSettings(retention_days=35)
COGNITO = AuthorizationSettings(type=USER_POOL)
Resources = Mapping[tuple[str, str], Mapping[str, Any]]


def state(resources: Resources) -> dict[str, Any]:
    """Return the state of a stack as the engine returns it: outputs by type and logical name."""
    return {
        "outputs": {
            f"urn:pulumi:test::tap::{token}::{name}": {"type": token, "outputs": outputs}
            for (token, name), outputs in resources.items()
        }
    }


def deploy(resources: Resources, calls: Mapping[str, Any] | None = None, **args: Any) -> Deployment:
    """Deploy the items service after a deployment that created resources."""
    return record(_items(**args), calls={READ: state(resources), **(calls or {})})


def _items(**args: Any) -> Callable[[], TapStack]:
    return stacked("tap", **{"service": "items", **args})


STACK = ("tap:stack:TapStack", "tap")
TABLE = ("aws:dynamodb/table:Table", "tap-table-table")
REPLICA = ("aws:dynamodb/tableReplica:TableReplica", f"tap-table-{REGION}-replica")
OWN_KEY = ("aws:kms/key:Key", "tap-encryption-key")
POOL = ("aws:cognito/userPool:UserPool", "tap-users-pool")
VAULT = ("aws:backup/vault:Vault", "tap-backup-vault")
FUNCTION = ("aws:lambda/function:Function", "tap-lambda-function")


@pytest.mark.parametrize(
    ("resources", "args", "message"),
    [
        ({STACK: {"environment": "dev"}}, {"environment_suffix": "prod"}, "environment must stay 'dev'.*got 'prod'"),
        ({STACK: {"service": "stock"}}, {}, "service must stay 'stock'.*pulumi stack init items-dev"),
        ({TABLE: {"name": "pr-7-items-table"}}, {}, "name of table table must stay 'pr-7-items-table'"),
    ],
)
def test_changed_environment_service_or_table_name_is_rejected(
    resources: Resources, args: dict[str, Any], message: str
) -> None:
    with pytest.raises(pulumi.RunError, match=message):
        deploy(resources, **args)


@pytest.mark.untraced
def test_name_that_a_transform_set_is_not_another_environment() -> None:
    deploy({TABLE: {"name": "acme-items"}})
    deploy({TABLE: {"name": "acme-dev-items-table"}, STACK: {"service": "items", "environment": "dev"}})


def test_changed_region_is_rejected() -> None:
    function = "arn:aws:lambda:{}:123456789012:function:dev-items-lambda"
    deploy({STACK: {"lambda_function_arn": function.format("us-east-1")}})
    with pytest.raises(pulumi.RunError, match=r"region must stay 'eu-west-1'.*init items-dev-us-east-1"):
        deploy({STACK: {"lambda_function_arn": function.format("eu-west-1")}})


MAPPING = ("aws:apigateway/basePathMapping:BasePathMapping", "tap-api-domain-mapping")
HTTP_MAPPING = ("aws:apigatewayv2/apiMapping:ApiMapping", "tap-api-domain-mapping")
OTHER_MAPPING = ("aws:apigateway/basePathMapping:BasePathMapping", "tap-other-domain-mapping")
DOMAIN = ApiSettings(domain_name="a.example.com", certificate_arn="arn:aws:acm:us-east-1:123456789012:certificate/1")


@pytest.mark.parametrize("mapping", [HTTP_MAPPING, OTHER_MAPPING])
def test_domain_of_another_api_or_type_of_api_is_rejected(mapping: tuple[str, str]) -> None:
    with pytest.raises(pulumi.RunError, match=r"must not be the domain of another API, .* got 'a.example.com'"):
        deploy({mapping: {"domainName": "a.example.com"}}, api=DOMAIN)


def test_domain_of_the_same_api_and_removed_domains_are_accepted() -> None:
    deploy({MAPPING: {"domainName": "a.example.com"}, HTTP_MAPPING: {"domainName": "b.example.com"}}, api=DOMAIN)
    deploy({HTTP_MAPPING: {"domainName": "a.example.com"}})


FORMER_STACK = ("tap:stack:TapStack", "former")
FORMER_OUTPUTS = {
    "service": "items",
    "environment": "dev",
    "lambda_function_arn": "arn:aws:lambda:us-east-1:123456789012:function:dev-items-lambda",
}


def test_names_of_another_component_of_the_stack_are_rejected() -> None:
    with pytest.raises(pulumi.RunError, match=r"TapStack 'tap' has the service and environment of TapStack 'former'"):
        deploy({FORMER_STACK: FORMER_OUTPUTS})


@pytest.mark.parametrize(
    "other",
    [
        {"service": "stock"},
        {"environment": "test"},
        {"lambda_function_arn": FORMER_OUTPUTS["lambda_function_arn"].replace("us-east-1", "eu-west-1")},
        {"lambda_function_arn": FORMER_OUTPUTS["lambda_function_arn"].replace("123456789012", "210987654321")},
        {"lambda_function_arn": None},
    ],
    ids=["service", "environment", "region", "account", "failed deployment"],
)
@pytest.mark.untraced
def test_components_with_different_names_in_aws_share_a_program(other: dict[str, Any]) -> None:
    deploy({FORMER_STACK: {**FORMER_OUTPUTS, **other}})


TABLE_COMPONENT = ("tap:aws:Table", "tap-table")


def test_table_of_the_stack_cannot_become_existing() -> None:
    existing = TableSettings(existing=True)
    with pytest.raises(pulumi.RunError, match=r"table\.existing must not become true.*Pulumi would delete it"):
        deploy({TABLE: {"name": "dev-items-table"}, TABLE_COMPONENT: {"retain_on_delete": False}}, table=existing)
    deploy({TABLE: {"name": "dev-items-table"}, TABLE_COMPONENT: {"retain_on_delete": True}}, table=existing)
    deploy({TABLE: {"name": "dev-items-table"}, TABLE_COMPONENT: {"only_read": True}}, table=existing)


REPLICATED = TableSettings(replica_regions=(REGION,))
RETAINED = TableSettings(replica_regions=(REGION,), retain_on_delete=True)


ENCRYPTED_STACK = {"environment": "dev", "key_arn": KEY}
TABLE_ARN = "arn:aws:dynamodb:us-east-1:123456789012:table/dev-items-table"
WITH_REPLICA: Resources = {
    TABLE: {"name": "dev-items-table", "arn": TABLE_ARN},
    REPLICA: {"globalTableArn": TABLE_ARN},
}


@pytest.mark.parametrize(
    ("resources", "args"),
    [
        ({STACK: ENCRYPTED_STACK}, {}),
        ({STACK: ENCRYPTED_STACK}, {"encryption": EncryptionSettings(key="aws_owned"), "table": REPLICATED}),
        ({STACK: ENCRYPTED_STACK}, {"encryption": CREATED_KEY}),
        ({}, {"encryption": CREATED_KEY, "table": REPLICATED}),
        ({}, {"encryption": EncryptionSettings(key=KEY)}),
    ],
    ids=["created to AWS managed", "created to AWS owned", "existing to created", "created", "existing"],
)
def test_tables_with_replicas_keep_their_key(resources: Resources, args: dict[str, Any]) -> None:
    with pytest.raises(pulumi.RunError, match=r"encryption\.key must not change while table table.*Deploy without rep"):
        deploy({**WITH_REPLICA, **resources}, **args)


@pytest.mark.parametrize(
    ("resources", "replica"),
    [({("tap:aws:Table", "tap-table"): {"retain_on_delete": True}}, {}), ({}, {"deletionProtectionEnabled": True})],
    ids=["retained", "protected"],
)
@pytest.mark.untraced
def test_retained_replicas_are_released_before_their_key_changes(
    resources: Resources, replica: Mapping[str, Any]
) -> None:
    known = {**WITH_REPLICA, **resources, REPLICA: {**WITH_REPLICA[REPLICA], **replica}}
    with pytest.raises(
        pulumi.RunError, match="with retain_on_delete and deletion_protection set to false, then without"
    ):
        deploy(known, encryption=CREATED_KEY)


@pytest.mark.untraced
def test_table_with_replicas_and_the_same_key_is_deployed() -> None:
    encrypted: Resources = {**WITH_REPLICA, STACK: ENCRYPTED_STACK}
    deploy({**encrypted, OWN_KEY: {"arn": KEY}}, table=RETAINED, encryption=CREATED_KEY)
    deploy(encrypted, table=REPLICATED, encryption=EncryptionSettings(key=KEY))
    deploy(WITH_REPLICA, table=RETAINED)


@pytest.mark.untraced
def test_replicas_of_another_table_are_ignored() -> None:
    deploy({**WITH_REPLICA, REPLICA: {"globalTableArn": f"{TABLE_ARN}-2"}}, encryption=CREATED_KEY)


@pytest.mark.parametrize("known", [WITH_REPLICA, {("tap:aws:Table", "tap-table"): {"replicated": True}}])
@pytest.mark.untraced
def test_table_retains_the_stream_of_its_former_replicas(known: Resources) -> None:
    table = deploy(known).single("dynamodb.Table").inputs
    assert (table["streamEnabled"], table["streamViewType"]) == (True, "NEW_AND_OLD_IMAGES")
    assert "streamEnabled" not in deploy({}).single("dynamodb.Table").inputs


def test_removing_a_key_warns() -> None:
    key = {OWN_KEY: {"arn": KEY, "keyId": "mrk-1", "deletionWindowInDays": 30.0}}
    (dev,) = [line for line in deploy(key).warnings if "KMS key" in line]
    assert f"The KMS key {KEY} is no longer part of this stack and is deleted in 30 days; to keep it, run" in dev
    (retained,) = [
        line for line in deploy(key, table=TableSettings(retain_on_delete=True)).warnings if "KMS key" in line
    ]
    assert "stays in the account" in retained
    assert not [line for line in deploy(key, encryption=CREATED_KEY).warnings if "KMS key" in line]


def test_removing_a_user_pool_warns_if_it_is_deleted() -> None:
    pool = {POOL: {"id": "us-east-1_1", "name": "items-dev"}}
    assert [line for line in deploy(pool).warnings if "user pool us-east-1_1 is deleted with all its users" in line]
    for args in ({"authorization": COGNITO}, {"table": TableSettings(retain_on_delete=True)}):
        assert not [line for line in deploy(pool, **args).warnings if "user pool" in line]


ENCRYPTED: dict[tuple[str, str], Mapping[str, Any]] = {
    TABLE: {"name": "dev-items-table", "serverSideEncryption": {"enabled": True, "kmsKeyArn": KEY}}
}


def aws_managed(args: Mapping[str, Any]) -> dict[str, Any]:
    """Return the AWS managed key of DynamoDB in a region."""
    return {"id": "1", "arn": f"arn:aws:kms:{args.get('region', 'home')}:123456789012:key/aws"}


def test_table_without_its_former_key_uses_the_aws_managed_key() -> None:
    known = {**ENCRYPTED, REPLICA: {"kmsKeyArn": KEY}}
    deployed = deploy(known, {"getKey": aws_managed}, table=REPLICATED)
    encryption = deployed.single("dynamodb.Table").inputs["serverSideEncryption"]
    assert encryption == {"enabled": True, "kmsKeyArn": "arn:aws:kms:home:123456789012:key/aws"}
    assert deployed.single("dynamodb.TableReplica").inputs["kmsKeyArn"].startswith(f"arn:aws:kms:{REGION}:")


def test_table_keeps_its_key_with_a_warning_if_the_aws_managed_key_is_missing() -> None:
    deployed = deploy({**ENCRYPTED, STACK: {"key_arn": KEY}})
    assert deployed.single("dynamodb.Table").inputs["serverSideEncryption"] == {"enabled": True}
    assert [line for line in deployed.warnings if "alias/aws/dynamodb does not exist" in line]
    assert not [line for line in deploy(ENCRYPTED).warnings if "alias/aws" in line]


@pytest.mark.untraced
def test_older_vaults_remain_while_they_contain_recovery_points_or_are_retained() -> None:
    labels = {("tap:aws:Backup", "tap-backup"): {"vault_keys": {"1": "aws_managed", "2": "former"}}}
    vaults = {
        VAULT: {"name": "dev-items-backup"},
        (VAULT[0], "tap-backup-vault-2"): {"name": "dev-items-backup-2", "kmsKeyArn": KEY},
    }
    unrelated = {(VAULT[0], "tap-backup-vault-old"): {"name": "old"}}
    vault_contents = {
        "getVault": lambda args: {"id": args["name"], "recoveryPoints": 0 if args["name"].endswith("2") else 1}
    }

    def names(**args: Any) -> dict[str, Any]:
        deployment = deploy(
            {**labels, **vaults, **unrelated}, vault_contents, backup=BACKUP, encryption=CREATED_KEY, **args
        )
        assert deployment.single("backup.Plan").inputs["rules"][0]["targetVaultName"] == "dev-items-backup-3"
        return {inputs["name"]: inputs.get("kmsKeyArn") for inputs in deployment.inputs("backup.Vault").values()}

    assert names().keys() == {"dev-items-backup", "dev-items-backup-3"}
    retained = names(table=TableSettings(retain_on_delete=True))
    assert retained["dev-items-backup"] is None
    assert retained["dev-items-backup-2"] == KEY


@pytest.mark.parametrize(
    ("resources", "key", "vault"),
    [
        ({OWN_KEY: {"arn": KEY}}, "create", "dev-items-backup"),
        ({}, KEY, "dev-items-backup"),
        ({}, "aws_managed", "dev-items-backup"),
        ({}, "create", "dev-items-backup-2"),
    ],
    ids=["created", "existing", "AWS managed", "another"],
)
@pytest.mark.untraced
def test_vault_of_a_failed_deployment_is_used_with_its_key(resources: Resources, key: str, vault: str) -> None:
    known = {VAULT: {"name": "dev-items-backup", "kmsKeyArn": KEY}, **resources}
    vault_contents = {"getVault": lambda args: {"id": args["name"], "recoveryPoints": 1}}
    deployment = deploy(known, vault_contents, backup=BACKUP, encryption=EncryptionSettings(key=key))
    assert deployment.single("backup.Plan").inputs["rules"][0]["targetVaultName"] == vault


@pytest.mark.parametrize("alias", [pulumi.Alias(name="old"), "urn:pulumi:test::tap::tap:stack:TapStack::old"])
def test_alias_names_the_previous_stack(alias: pulumi.Alias | str) -> None:
    previous = {("tap:stack:TapStack", "old"): {"environment": "prod"}}
    options = pulumi.ResourceOptions(aliases=[alias, pulumi.Alias(stack="before")])
    with pytest.raises(pulumi.RunError, match="environment must stay 'prod'"):
        record(lambda: TapStack("new", TapStackArgs(), options), calls={READ: state(previous)})


@pytest.mark.parametrize(("aliases", "vault"), [([pulumi.Alias(name="old")], "-2"), ([], "")], ids=["alias", "none"])
def test_alias_of_a_parent_names_the_previous_stack(aliases: list[pulumi.Alias], vault: str) -> None:
    previous: Resources = {
        ("tap:stack:TapStack", "old-api"): {"service": "items", "environment": "dev"},
        ("tap:stack:TapStack", "other"): {"service": "stock", "environment": "dev"},
        ("tap:aws:Backup", "old-api-backup"): {"vault_keys": {"1": "aws_managed"}},
        (VAULT[0], "old-api-backup-vault"): {"name": "dev-items-backup"},
    }

    def program() -> None:
        shop = pulumi.ComponentResource("test:Shop", "new", None, pulumi.ResourceOptions(aliases=[*aliases]))
        args = TapStackArgs(backup=BACKUP, encryption=CREATED_KEY)
        TapStack("new-api", args, pulumi.ResourceOptions(parent=shop))

    vault_contents = {"getVault": lambda args: {"id": args["name"], "recoveryPoints": 1}}
    deployment = record(program, calls={READ: state(previous), **(vault_contents if aliases else {})})
    assert deployment.single("backup.Plan").inputs["rules"][0]["targetVaultName"] == f"dev-items-backup{vault}"


def test_names_in_use_are_rejected_before_any_resource_is_created() -> None:
    with pytest.raises(ExistingResourceError, match=r"Lambda function dev-items-lambda\. Another stack"):
        deploy({}, {"getFunction": lambda args: {"id": args["functionName"]}})
    with pytest.raises(ExistingResourceError, match=r"DynamoDB table dev-items-table\. A destroyed stack"):
        deploy({}, {"getTable": a_table})
    deploy({TABLE: {"name": "dev-items-table"}, FUNCTION: {"name": "dev-items-lambda"}}, {"getTable": a_table})


@pytest.mark.parametrize(
    ("call", "secret"), [("getParameter", "/yard/dev/token in ssm"), ("getSecret", "yard/dev/seal")]
)
def test_retained_secret_is_rejected(call: str, secret: str) -> None:
    with pytest.raises(ExistingResourceError, match=f"secret {secret}.*pulumi config set --secret --path secrets"):
        record(stacked("tap", **FULL_SERVICE), calls={READ: state({}), call: lambda args: {"id": args["name"]}})


def a_table(args: Mapping[str, Any]) -> dict[str, Any]:
    """Return an existing table with a replica."""
    return {
        "id": args["name"],
        "name": args["name"],
        "arn": f"arn:aws:dynamodb:us-east-1:123456789012:table/{args['name']}",
        "serverSideEncryption": {"enabled": True, "kmsKeyArn": KEY},
        "replicas": [{"regionName": REGION, "kmsKeyArn": KEY}, {"regionName": "eu-west-1", "kmsKeyArn": ""}],
    }


EXISTING: dict[str, Any] = {
    "getTable": a_table,
    "getVault": lambda args: {"id": args["name"] if args["name"] == "dev-items-backup" else "", "kmsKeyArn": KEY},
    "getUserPools": {"id": "items-dev", "ids": ["us-east-1_1"]},
}


@pytest.mark.untraced
def test_mocks_without_a_state_import_no_resource() -> None:
    responses = {name: {"id": "1", "arn": KEY} for name in LOOK_UPS}
    assert record(_items(), calls=responses).single("dynamodb.Table").import_id == ""


def test_existing_resources_are_imported_with_adopt_retained() -> None:
    args = {"encryption": CREATED_KEY, "backup": BACKUP, "authorization": COGNITO, "table": REPLICATED}
    imported = {
        r.name: r.import_id for r in deploy({}, EXISTING, adopt_retained=True, **args).registered if r.import_id
    }
    assert imported == {
        "tap-table-table": "dev-items-table",
        f"tap-table-{REGION}-replica": f"dev-items-table:us-east-1@{REGION}",
        "tap-backup-vault": "dev-items-backup",
        "tap-users-pool": "us-east-1_1",
        "tap-encryption-key": "mrk-1",
        f"tap-encryption-{REGION}-replica": f"mrk-1@{REGION}",
    }


@pytest.mark.parametrize("key_arn", [KEY, f"{KEY}-2"])
def test_replica_of_a_deployed_table_is_imported_if_its_region_is_added_again(key_arn: str) -> None:
    known: Resources = {
        TABLE: {"name": "dev-items-table", "arn": TABLE_ARN},
        OWN_KEY: {"arn": KEY},
        STACK: ENCRYPTED_STACK,
        FUNCTION: {"name": "dev-items-lambda"},
        ("aws:kms/replicaKey:ReplicaKey", f"tap-encryption-{REGION}-replica"): {"arn": key_arn},
    }
    with pytest.raises(ExistingResourceError, match=f"of this stack: DynamoDB replica dev-items-table/{REGION}"):
        deploy(known, EXISTING, encryption=CREATED_KEY, table=REPLICATED)
    deployment = deploy(known, EXISTING, encryption=CREATED_KEY, table=REPLICATED, adopt_retained=True)
    imported = {resource.name for resource in deployment.registered if resource.import_id}
    replica_key = set() if key_arn == KEY else {f"tap-encryption-{REGION}-replica"}
    assert imported == {f"tap-table-{REGION}-replica", *replica_key}


@pytest.mark.untraced
def test_key_of_a_vault_is_imported_if_no_table_has_one() -> None:
    deployment = deploy(
        {}, {"getVault": EXISTING["getVault"]}, adopt_retained=True, encryption=CREATED_KEY, backup=BACKUP
    )
    assert deployment.single("kms.Key").import_id == "mrk-1"


@pytest.mark.untraced
def test_aws_managed_key_of_a_table_is_not_imported() -> None:
    managed = KEY.replace("mrk-", "")
    deployment = deploy(
        {},
        {"getTable": lambda args: {**a_table(args), "serverSideEncryption": {"enabled": True, "kmsKeyArn": managed}}},
        adopt_retained=True,
        encryption=CREATED_KEY,
    )
    assert deployment.single("kms.Key").import_id == ""


def test_several_user_pools_with_one_name_are_rejected() -> None:
    pools = {"getUserPools": {"id": "items-dev", "ids": ["us-east-1_1", "us-east-1_2"]}}
    with pytest.raises(ExistingResourceError, match=r"user pools us-east-1_1, us-east-1_2, all named items-dev"):
        deploy({}, pools, adopt_retained=True, authorization=COGNITO)


@pytest.mark.untraced
def test_user_pool_is_looked_up_by_its_name() -> None:
    pools = {"getUserPools": lambda args: {"id": args["name"], "ids": [f"id-of-{args['name']}"]}}
    deployment = deploy({}, pools, adopt_retained=True, authorization=COGNITO)
    assert deployment.single("cognito.UserPool").import_id == "id-of-items-dev"


def test_only_replicas_that_are_not_in_the_state_are_imported() -> None:
    regions = ("eu-west-1", "eu-central-1", REGION)
    known: Resources = {
        TABLE: {"name": "dev-items-table", "arn": TABLE_ARN},
        FUNCTION: {"name": "dev-items-lambda"},
        ("aws:dynamodb/tableReplica:TableReplica", "tap-table-eu-west-1-replica"): {
            "region": "eu-west-1",
            "globalTableArn": TABLE_ARN,
        },
    }
    replicas = [{"regionName": region, "kmsKeyArn": ""} for region in ("ap-south-1", *regions)]
    calls = {"getTable": lambda args: {**a_table(args), "replicas": replicas}}
    deployment = deploy(known, calls, table=TableSettings(replica_regions=regions), adopt_retained=True)
    imported = {resource.name: resource.import_id for resource in deployment.registered if resource.import_id}
    assert imported == {
        f"tap-table-{region}-replica": f"dev-items-table:us-east-1@{region}" for region in ("eu-central-1", REGION)
    }


def test_failing_data_source_imports_no_resource() -> None:
    denied: tuple[dict[str, Any], list[tuple[str, str]]] = ({}, [("name", "AccessDenied")])
    assert (
        deploy({}, {"getTable": lambda _: denied, "getFunction": lambda _: denied}).single("dynamodb.Table").import_id
        == ""
    )


def test_state_that_cannot_be_read_is_reported() -> None:
    warnings = record(_items(), calls={READ: lambda _: ({}, [("stackName", "no backend")])}).warnings
    assert [line for line in warnings if "cannot be read" in line and "no backend" in line]


CAPACITY_PROPERTIES = {
    "readCapacity",
    "writeCapacity",
    "globalSecondaryIndexes[*].readCapacity",
    "globalSecondaryIndexes[*].writeCapacity",
}
PROVISIONED = TableSettings(billing_mode="PROVISIONED", read_capacity=7)


@pytest.mark.parametrize(
    ("previous", "settings", "ignored"),
    [
        ("PAY_PER_REQUEST", PROVISIONED, set()),
        ("PROVISIONED", PROVISIONED, CAPACITY_PROPERTIES),
        ("PROVISIONED", TableSettings(), set()),
        (None, PROVISIONED, CAPACITY_PROPERTIES),
    ],
    ids=["becomes provisioned", "stays provisioned", "becomes on demand", "unknown"],
)
@pytest.mark.untraced
def test_deployments_ignore_the_capacity_of_a_table_after_it_becomes_provisioned(
    previous: str | None, settings: TableSettings, ignored: set[str]
) -> None:
    known = {TABLE: {"name": "dev-items-table", "billingMode": previous}} if previous else {}
    table = deploy(known, table=settings).single("dynamodb.Table")
    assert {*table.ignore_changes} - {"replicas"} == ignored
