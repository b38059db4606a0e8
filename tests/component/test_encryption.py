"""Customer managed keys: encrypted resources and permissions."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from lib.components.data.key import Key, KeyArgs
from lib.documents import key_policies
from lib.program.recorder import Deployment, record
from lib.settings import ApiSettings, EncryptionSettings, FirewallSettings, SiteSettings, TableSettings

from ..support.builders import PARCELS, a_function, a_grant, a_route, a_secret, a_service, full_service
from ..support.programs import stacked

KEY = "arn:post-encryption-key"
EXISTING = "arn:aws:kms:us-east-1:444455556666:key/mrk-1"
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
"""Every input that depends on the key. The provider updates each in place."""


def deployed(key: str = "create", **args: Any) -> Deployment:
    """Record the full service with a key."""
    logged = ApiSettings(access_log=True, execution_log_level="INFO")
    defaults = {"service": full_service(), "api": logged, "firewall": FirewallSettings(enabled=True)}
    return record(stacked(**{**defaults, "encryption": EncryptionSettings(key=key), **args}))


@pytest.fixture(scope="module", name="created")
def created_fixture() -> Deployment:
    """Record the full service with a key that the stack creates."""
    return deployed()


@pytest.fixture(scope="module", name="unencrypted")
def unencrypted_fixture() -> Deployment:
    """Record the full service with AWS managed keys."""
    return deployed("aws_managed")


def statements(document: str) -> list[dict[str, Any]]:
    """Return the statements of a policy."""
    parsed: list[dict[str, Any]] = json.loads(document)["Statement"]
    return parsed


def key_policy(deployment: Deployment) -> dict[str, dict[str, Any]]:
    """Return the statements of the key policy by principal."""
    policy = deployment.single("kms.Key").inputs["policy"]
    return {statement["Principal"].get("Service", "root"): statement for statement in statements(policy)}


def key_statements(deployment: Deployment, function: str) -> list[dict[str, Any]]:
    """Return the statements about keys in the policy of a function."""
    policy = deployment.inputs("iam.RolePolicy")[f"post-{function}-policy"]["policy"]
    return [statement for statement in statements(policy) if statement["Action"][0].startswith("kms:")]


def differences(before: Deployment, after: Deployment) -> set[tuple[str, str]]:
    """Return kind and name of every input that differs."""
    old = {resource.urn: resource.serialized_inputs for resource in before.registered}
    return {
        (resource.kind, name)
        for resource in after.registered
        for name in resource.serialized_inputs.keys() | old.get(resource.urn, {}).keys()
        if resource.urn in old and resource.serialized_inputs.get(name) != old[resource.urn].get(name)
    }


def test_key_encrypts_all_data_at_rest(production: Deployment) -> None:
    encrypted = {
        "cloudwatch.LogGroup": "kmsKeyId",
        "lambda.Function": "kmsKeyArn",
        "secretsmanager.Secret": "kmsKeyId",
        "sns.Topic": "kmsMasterKeyId",
        "sqs.Queue": "kmsMasterKeyId",
        "ssm.Parameter": "keyId",
    }
    keys = {kind: {inputs[name] for inputs in production.inputs(kind).values()} for kind, name in encrypted.items()}
    assert keys == {kind: {KEY} for kind in encrypted}
    for table in production.inputs("dynamodb.Table").values():
        assert table["serverSideEncryption"] == {"enabled": True, "kmsKeyArn": KEY}
    (rule,) = production.single("s3.BucketServerSideEncryptionConfiguration").inputs["rules"]
    assert rule["applyServerSideEncryptionByDefault"] == {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": KEY}


@pytest.mark.untraced
def test_function_without_variables_has_no_key() -> None:
    created = deployed(service=a_service(functions=(a_function(),)))
    assert created.single("lambda.Function").inputs.keys().isdisjoint({"kmsKeyArn", "environment"})
    assert created.by_kind("iam.RolePolicy").keys() == {"post-desk-log-policy"}


@pytest.mark.untraced
def test_public_site_uses_the_s3_managed_key() -> None:
    created = deployed(site=SiteSettings(public=True))
    (rule,) = created.single("s3.BucketServerSideEncryptionConfiguration").inputs["rules"]
    assert rule == {"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}}
    assert "cloudfront.amazonaws.com" not in key_policy(created)


def test_key_changes_encryption_and_permissions_only(unencrypted: Deployment, created: Deployment) -> None:
    assert differences(unencrypted, created) == {*ENCRYPTED, ("iam.RolePolicy", "policy")}
    before = {resource.urn for resource in unencrypted.registered}
    assert {r.kind for r in created.registered if r.urn not in before} == {"aws.Key", "kms.Key", "kms.Alias"}


@pytest.mark.untraced
def test_existing_key_is_used_and_not_created(created: Deployment) -> None:
    existing = deployed(EXISTING)
    assert not [resource.kind for resource in existing.registered if resource.kind.startswith("kms.")]
    managed = {("sqs.Queue", "sqsManagedSseEnabled")}
    assert differences(created, existing) == {*ENCRYPTED, ("iam.RolePolicy", "policy")} - managed
    assert {statement["Resource"] for statement in key_statements(existing, "watch")} == {EXISTING}


@pytest.mark.untraced
def test_tables_without_a_customer_managed_key_use_the_aws_owned_key(unencrypted: Deployment) -> None:
    """Without the setting, the provider would keep the former key, which is deleted."""
    owned = deployed("aws_owned")
    assert {table["serverSideEncryption"]["enabled"] for table in owned.inputs("dynamodb.Table").values()} == {False}
    assert differences(unencrypted, owned) == {("dynamodb.Table", "serverSideEncryption")}


def test_only_required_services_and_roles_can_use_the_key() -> None:
    created = deployed(service=replace(PARCELS, dead_letters=""))
    policy = key_policy(created)
    assert policy.keys() == {"root", "logs.us-east-1.amazonaws.com", "cloudwatch.amazonaws.com"}
    via = policy["root"]["Condition"]["StringLike"]["kms:ViaService"]
    assert {name.split(".")[0] for name in via} == {"dynamodb", "lambda", "sns"}
    assert key_statements(created, "sweep") == [
        key_policies.allow_key_use(KEY, "Decrypt", ["dynamodb", "sns"], "amazonaws.com"),
        key_policies.allow_key_use(KEY, "GenerateDataKey", ["sns"], "amazonaws.com"),
    ]


@pytest.mark.parametrize(("store", "action"), [("ssm", "GetParameter"), ("secretsmanager", "GetSecretValue")])
@pytest.mark.untraced
def test_role_that_reads_a_secret_can_decrypt_only_the_secret(store: str, action: str) -> None:
    desk = a_function(a_route(grants=(a_grant("token", action),)))
    created = deployed(service=a_service(functions=(desk,), secrets=(a_secret(store=store),)))
    assert key_statements(created, "desk") == [key_policies.allow_key_use(KEY, "Decrypt", [store], "amazonaws.com")]


def test_replicas_of_an_existing_key_have_the_same_id() -> None:
    existing = deployed(EXISTING, table=TableSettings(replica_regions=("us-west-2",)))
    expected = {"us-west-2": "arn:aws:kms:us-west-2:444455556666:key/mrk-1"}
    assert existing.stack_outputs()["replica_key_arns"] == expected


def test_key_rejects_an_unknown_service() -> None:
    with pytest.raises(ValueError, match=r"^services must be among backup, budgets, .*, got \['ec2'\]\.$"):
        KeyArgs(name="post", services=["dynamodb", "ec2"])


@pytest.mark.untraced
def test_key_without_a_stack_uses_the_dev_defaults() -> None:
    inputs = record(lambda: Key("post", KeyArgs(name="post", services=["dynamodb"]))).single("kms.Key").inputs
    assert inputs["rotationPeriodInDays"] == 365
    assert "description" not in inputs
