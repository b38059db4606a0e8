"""A key of one's own: what it encrypts, who may use it, and what it leaves alone."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lib.components.data.key import Key, KeyArgs
from lib.documents import iam
from lib.program.recorder import Deployment, record
from lib.settings import (
    ApiSettings,
    BackupSettings,
    CostSettings,
    EncryptionSettings,
    FirewallSettings,
    NetworkSettings,
    SiteSettings,
    TableSettings,
)

from ..support.builders import PARCELS, a_function, a_grant, a_route, a_secret, a_service, a_yard
from ..support.programs import stacked

MADE = "arn:post-encryption-key"
STANDING = "arn:aws:kms:us-east-1:444455556666:key/mrk-1"
ENCRYPTED = {
    ("cloudwatch.LogGroup", "kmsKeyId"),
    ("dynamodb.Table", "serverSideEncryption"),
    ("lambda.Function", "kmsKeyArn"),
    ("s3.BucketServerSideEncryptionConfiguration", "rules"),
    ("secretsmanager.Secret", "kmsKeyId"),
    ("sns.Topic", "kmsMasterKeyId"),
    ("sqs.Queue", "kmsMasterKeyId"),
    ("sqs.Queue", "sqsManagedSseEnabled"),
    ("ssm.Parameter", "keyId"),
    ("ssm.Parameter", "valueWoVersion"),
}
"""Every input that tells with which key something is encrypted; the provider changes each in place."""


def deployed(key: str = "made", **args: Any) -> Deployment:
    """What a stack of the yard is under a key."""
    logged = ApiSettings(access_log=True, execution_log_level="INFO")
    defaults = {"service": a_yard(), "api": logged, "firewall": FirewallSettings(enabled=True)}
    return record(stacked(**{**defaults, "encryption": EncryptionSettings(key=key), **args}))


@pytest.fixture(scope="module", name="made")
def made_fixture() -> Deployment:
    """The yard under a key of its own."""
    return deployed()


def statements(document: str) -> list[dict[str, Any]]:
    """The statements of a policy."""
    found: list[dict[str, Any]] = json.loads(document)["Statement"]
    return found


def key_policy(made: Deployment) -> dict[str, dict[str, Any]]:
    """The statements of the key's policy by their principal."""
    policy = made.only("kms.Key").inputs["policy"]
    return {one["Principal"].get("Service", "root"): one for one in statements(policy)}


def uses_of_key(made: Deployment, function: str) -> list[dict[str, Any]]:
    """What the role of a function may do with a key."""
    policy = made.inputs("iam.RolePolicy")[f"post-{function}-policy"]["policy"]
    return [one for one in statements(policy) if one["Action"][0].startswith("kms:")]


def differences(before: Deployment, after: Deployment) -> set[tuple[str, str]]:
    """The kind and the name of every input that is another."""
    old = {resource.urn: resource.told for resource in before.registered}
    return {
        (resource.kind, name)
        for resource in after.registered
        for name in resource.told.keys() | old.get(resource.urn, {}).keys()
        if resource.urn in old and resource.told.get(name) != old[resource.urn].get(name)
    }


def test_key_rotates_can_be_called_back_and_can_get_replicas(made: Deployment) -> None:
    inputs = {**made.only("kms.Key").inputs}
    assert inputs.pop("policy")
    assert inputs == {
        "description": "Yard, dev: all that rests",
        "enableKeyRotation": True,
        "rotationPeriodInDays": 365,
        "deletionWindowInDays": 30,
        "multiRegion": True,
        "tags": {"Environment": "dev", "Service": "yard", "ManagedBy": "Pulumi"},
    }
    alias = made.only("kms.Alias").inputs
    assert alias == {"name": "alias/yard-key-dev", "targetKeyId": "post-encryption-key-id"}


def test_figures_of_a_key_are_the_settings() -> None:
    made = deployed(encryption=EncryptionSettings(key="made", rotation_days=90, deletion_window_days=7))
    inputs = made.only("kms.Key").inputs
    assert (inputs["rotationPeriodInDays"], inputs["deletionWindowInDays"]) == (90, 7)


def test_everything_that_rests_is_encrypted_with_it(made: Deployment) -> None:
    for table in made.inputs("dynamodb.Table").values():
        assert table["serverSideEncryption"] == {"enabled": True, "kmsKeyArn": MADE}
    for topic in made.inputs("sns.Topic").values():
        assert topic["kmsMasterKeyId"] == MADE
    queue = made.only("sqs.Queue").inputs
    assert queue["kmsMasterKeyId"] == MADE
    assert "sqsManagedSseEnabled" not in queue
    assert {group["kmsKeyId"] for group in made.inputs("cloudwatch.LogGroup").values()} == {MADE}
    assert {name.split("/")[0] for name in log_groups(made)} == {
        "",
        "API-Gateway-Execution-Logs_post-api-api-id",
        "aws-waf-logs-yard-firewall-dev",
    }
    assert {function["kmsKeyArn"] for function in made.inputs("lambda.Function").values()} == {MADE}
    (rule,) = made.only("s3.BucketServerSideEncryptionConfiguration").inputs["rules"]
    by_default = {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": MADE}
    assert rule == {"applyServerSideEncryptionByDefault": by_default, "bucketKeyEnabled": True}
    assert made.only("ssm.Parameter").inputs["keyId"] == MADE
    assert made.only("secretsmanager.Secret").inputs["kmsKeyId"] == MADE


def test_what_a_network_refuses_is_encrypted_with_it() -> None:
    made = deployed(network=NetworkSettings(vpc="made"))
    assert made.of("ec2.FlowLog")
    assert {group["kmsKeyId"] for group in made.inputs("cloudwatch.LogGroup").values()} == {MADE}


def log_groups(made: Deployment) -> set[str]:
    """The names of all log groups."""
    return {group["name"] for group in made.inputs("cloudwatch.LogGroup").values()}


def test_function_without_variables_has_nothing_to_encrypt() -> None:
    made = deployed(service=a_service(functions=(a_function(),)))
    assert "kmsKeyArn" not in made.only("lambda.Function").inputs


def test_pages_that_everybody_reads_keep_the_key_that_lets_them() -> None:
    made = deployed(site=SiteSettings(public=True))
    (rule,) = made.only("s3.BucketServerSideEncryptionConfiguration").inputs["rules"]
    assert rule == {"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}}
    assert "cloudfront.amazonaws.com" not in key_policy(made)


def test_turning_it_on_changes_how_things_are_encrypted_and_what_roles_may_and_nothing_else(made: Deployment) -> None:
    without = deployed("aws")
    assert differences(without, made) == {*ENCRYPTED, ("iam.RolePolicy", "policy")}
    added = {r.urn: r.kind for r in made.registered if r.urn not in {one.urn for one in without.registered}}
    assert set(added.values()) == {"aws.Key", "kms.Key", "kms.Alias"}


def test_a_key_that_stands_already_is_used_and_none_is_made(made: Deployment) -> None:
    standing = deployed(STANDING)
    assert not [one.kind for one in standing.registered if one.kind.startswith("kms.")]
    assert differences(made, standing) == {*ENCRYPTED, ("iam.RolePolicy", "policy")} - {
        ("sqs.Queue", "sqsManagedSseEnabled")
    }
    assert standing.inputs("dynamodb.Table")["post-parcels-table"]["serverSideEncryption"]["kmsKeyArn"] == STANDING
    assert {one["Resource"] for one in uses_of_key(standing, "watch")} == {STANDING}
    outputs = standing.stack_outputs()
    assert (outputs["key_arn"], outputs["replica_key_arns"]) == (STANDING, {})
    assert "key_id" not in outputs


def test_tables_leave_a_key_for_the_one_that_aws_owns() -> None:
    """As the provider would leave them with it otherwise, while it is deleted."""
    owned = deployed("owned")
    assert {table["serverSideEncryption"]["enabled"] for table in owned.inputs("dynamodb.Table").values()} == {False}
    assert differences(deployed("aws"), owned) == {("dynamodb.Table", "serverSideEncryption")}


def test_the_account_administers_the_key_and_uses_it_only_through_services(made: Deployment) -> None:
    administration, through = statements(made.only("kms.Key").inputs["policy"])[:2]
    root = {"AWS": "arn:aws:iam::123456789012:root"}
    assert administration["Principal"] == through["Principal"] == root
    assert "Condition" not in administration
    assert through["Condition"] == {
        "StringLike": {
            "kms:ViaService": [
                *(
                    f"{name}.*.amazonaws.com"
                    for name in ("dynamodb", "lambda", "s3", "secretsmanager", "sns", "sqs", "ssm")
                ),
            ]
        }
    }


def test_services_use_the_key_only_for_what_they_do_in_its_account(made: Deployment) -> None:
    found = {principal: one["Condition"] for principal, one in key_policy(made).items() if principal != "root"}
    assert found == {
        "logs.us-east-1.amazonaws.com": {
            "ArnLike": {"kms:EncryptionContext:aws:logs:arn": "arn:aws:logs:us-east-1:123456789012:log-group:*"}
        },
        "events.amazonaws.com": {"ArnLike": {"aws:SourceArn": "arn:aws:events:us-east-1:123456789012:rule/*"}},
        "cloudfront.amazonaws.com": {"ArnLike": {"aws:SourceArn": "arn:aws:cloudfront::123456789012:distribution/*"}},
        "cloudwatch.amazonaws.com": {"StringEquals": {"aws:SourceAccount": "123456789012"}},
    }


def test_a_service_that_has_nothing_to_do_with_it_may_not_use_it() -> None:
    found = key_policy(deployed(service=PARCELS))
    assert found.keys() == {"root", "logs.us-east-1.amazonaws.com", "cloudwatch.amazonaws.com"}
    via = found["root"]["Condition"]["StringLike"]["kms:ViaService"]
    assert {name.split(".")[0] for name in via} == {"dynamodb", "lambda", "sns"}


def test_budgets_and_backups_may_use_it_where_there_are_any() -> None:
    found = key_policy(
        deployed(service=PARCELS, cost=CostSettings(monthly_budget_usd=5.0), backup=BackupSettings(retention_days=35))
    )
    assert {"budgets.amazonaws.com", "backup.amazonaws.com"} < found.keys()
    assert "backup.*.amazonaws.com" in found["root"]["Condition"]["StringLike"]["kms:ViaService"]


@pytest.mark.slow
def test_roles_may_use_the_key_through_what_they_were_granted(made: Deployment) -> None:
    assert uses_of_key(made, "desk") == [iam.key_use(MADE, "Decrypt", ["dynamodb"], "amazonaws.com")]
    assert uses_of_key(made, "watch") == [
        iam.key_use(MADE, "Decrypt", ["dynamodb", "sqs"], "amazonaws.com"),
        iam.key_use(MADE, "GenerateDataKey", ["sqs"], "amazonaws.com"),
    ]
    assert uses_of_key(deployed(service=PARCELS), "sweep") == [
        iam.key_use(MADE, "Decrypt", ["dynamodb", "sns"], "amazonaws.com"),
        iam.key_use(MADE, "GenerateDataKey", ["sns"], "amazonaws.com"),
    ]


@pytest.mark.parametrize(("store", "action"), [("ssm", "GetParameter"), ("secretsmanager", "GetSecretValue")])
def test_role_that_reads_a_secret_may_decrypt_it_and_no_table(store: str, action: str) -> None:
    desk = a_function(a_route(grants=(a_grant("token", action),)))
    made = deployed(service=a_service(functions=(desk,), secrets=(a_secret(store=store),)))
    assert uses_of_key(made, "desk") == [iam.key_use(MADE, "Decrypt", [store], "amazonaws.com")]


def test_role_that_uses_nothing_encrypted_has_nothing_to_do_with_the_key() -> None:
    made = deployed(service=a_service(functions=(a_function(),)))
    assert made.of("iam.RolePolicy").keys() == {"post-desk-log-policy"}


@pytest.mark.parametrize("kept", [False, True])
def test_key_stays_where_tables_stay_and_its_alias_never_does(kept: bool) -> None:
    made = deployed(table=TableSettings(retain_on_delete=kept, replica_regions=("us-west-2",)))
    for kind in ("kms.Key", "kms.ReplicaKey"):
        assert made.only(kind).retained is kept
    assert not made.only("kms.Alias").retained


def test_other_regions_get_a_replica_with_a_policy_of_theirs() -> None:
    made = deployed(table=TableSettings(replica_regions=("us-west-2", "eu-west-1")))
    west = made.inputs("kms.ReplicaKey")["post-encryption-us-west-2-replica"]
    assert (west["region"], west["primaryKeyArn"], west["deletionWindowInDays"]) == ("us-west-2", MADE, 30)
    assert json.loads(west["policy"]) == iam.key_document(
        "123456789012",
        "us-west-2",
        [
            "dynamodb",
            "lambda",
            "logs",
            "sns",
            "cloudwatch",
            "sqs",
            "events",
            "s3",
            "cloudfront",
            "secretsmanager",
            "ssm",
        ],
    )
    assert made.stack_outputs()["replica_key_arns"] == {
        region: f"arn:post-encryption-{region}-replica" for region in ("us-west-2", "eu-west-1")
    }


def test_a_standing_keys_replicas_have_its_id() -> None:
    made = deployed(STANDING, table=TableSettings(replica_regions=("us-west-2",)))
    expected = {"us-west-2": "arn:aws:kms:us-west-2:444455556666:key/mrk-1"}
    assert made.stack_outputs()["replica_key_arns"] == expected


def test_outputs_tell_the_key(made: Deployment) -> None:
    outputs = made.stack_outputs()
    assert (outputs["key_arn"], outputs["key_id"]) == (MADE, "post-encryption-key-id")
    assert outputs["key_alias"] == "alias/yard-key-dev"


def test_without_a_key_no_output_tells_of_one(yard: Deployment) -> None:
    assert not [name for name in yard.stack_outputs() if "key_" in name and not name.startswith("api_")]


def test_a_service_that_no_key_can_be_for_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^users \['ec2'\]: give some of backup, budgets, "):
        KeyArgs(name="post", users=["dynamodb", "ec2"])


def test_a_key_by_itself_has_the_figures_of_dev() -> None:
    made = record(lambda: Key("post", KeyArgs(name="post", users=["dynamodb"])))
    assert made.only("kms.Key").inputs["rotationPeriodInDays"] == 365
    assert "description" not in made.only("kms.Key").inputs
