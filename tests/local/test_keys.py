"""Keys and secrets in the emulator, which enforces key policies for direct calls."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from lib.local.emulator import Emulator

from .conftest import Run

PROGRAM = """
from lib.components.data.key import Key, KeyArgs
from lib.components.data.secret import Secret, SecretArgs
from lib.settings import EncryptionSettings

key = Key("post", KeyArgs(
    name="{name}", services=["dynamodb", "sns"], description="Of the post.", replica_regions=["us-west-2"],
    settings=EncryptionSettings(rotation_days=90), tags={{"Owner": "post"}},
))
pulumi.export("key", [key.id, key.arn, key.replica_arns])
trust = '{{"Statement": [{{"Effect": "Allow", "Principal": {{"AWS": "*"}}, "Action": "sts:AssumeRole"}}]}}'
role = aws.iam.Role("r", name="{name}", assume_role_policy=trust)
everything = '{{"Statement": [{{"Effect": "Allow", "Action": "kms:*", "Resource": "*"}}]}}'
aws.iam.RolePolicy("p", role=role.name, name="all", policy=everything)
for store, name in (("ssm", "/{name}/token"), ("secretsmanager", "{name}/token")):
    args = SecretArgs(name=name, store=store, value="correct horse", description="Of the post.", kms_key_arn=key.arn)
    Secret(store, args)
"""


@pytest.fixture(scope="module", name="created")
def created_fixture(emulator: Emulator, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, list[Any]]:
    """Return the name of the resources, and ID, ARN and replica ARNs of the key."""
    name = f"post-{uuid.uuid4().hex[:8]}"
    return name, Run(emulator, tmp_path_factory.mktemp("created"))(PROGRAM.format(name=name))["key"]


def test_key_rotates_and_has_an_alias_and_a_replica(emulator: Emulator, created: tuple[str, list[Any]]) -> None:
    name, (key, arn, replicas) = created
    kms = emulator.client("kms")
    assert kms.describe_key(KeyId=f"alias/{name}")["KeyMetadata"]["Arn"] == arn
    rotation = kms.get_key_rotation_status(KeyId=key)
    assert (rotation["KeyRotationEnabled"], rotation["RotationPeriodInDays"]) == (True, 90)
    assert replicas == {"us-west-2": arn.replace("us-east-1", "us-west-2")}
    for region in ("us-east-1", "us-west-2"):
        kms = emulator.client("kms", region)
        assert kms.describe_key(KeyId=key)["KeyMetadata"]["Description"] == "Of the post."
        assert kms.list_resource_tags(KeyId=key)["Tags"] == [{"TagKey": "Owner", "TagValue": "post"}]
        policy = json.loads(kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"])
        assert "dynamodb.*.amazonaws.com" in str(policy)


def test_principal_with_all_permissions_can_administer_the_key_but_not_use_it(
    emulator: Emulator, created: tuple[str, list[Any]]
) -> None:
    name, (key, *_) = created
    role = f"arn:aws:iam::000000000000:role/{name}"
    session = emulator.client("sts").assume_role(RoleArn=role, RoleSessionName="curious")["Credentials"]
    kms = boto3.client(
        "kms",
        endpoint_url=emulator.url,
        region_name="us-east-1",
        aws_access_key_id=session["AccessKeyId"],
        aws_secret_access_key=session["SecretAccessKey"],
        aws_session_token=session["SessionToken"],
    )
    encrypted = emulator.client("kms").encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    attempts: tuple[Callable[[], Any], ...] = (
        lambda: kms.encrypt(KeyId=key, Plaintext=b"x"),
        lambda: kms.generate_data_key(KeyId=key, KeySpec="AES_256"),
        lambda: kms.decrypt(KeyId=key, CiphertextBlob=encrypted),
    )
    assert kms.describe_key(KeyId=key)["KeyMetadata"]["KeyId"] == key
    for attempt in attempts:
        with pytest.raises(ClientError, match="AccessDenied"):
            attempt()
    kms.close()


def test_secrets_are_encrypted_with_the_key(emulator: Emulator, created: tuple[str, list[Any]]) -> None:
    name, (_, arn, _) = created
    ssm, manager = emulator.client("ssm"), emulator.client("secretsmanager")
    parameter = ssm.get_parameter(Name=f"/{name}/token", WithDecryption=True)["Parameter"]
    assert (parameter["Type"], parameter["Value"]) == ("SecureString", "correct horse")
    assert ssm.get_parameter(Name=f"/{name}/token")["Parameter"]["Value"] != "correct horse"
    filters = [{"Key": "Name", "Values": [f"/{name}/token"]}]
    (description,) = ssm.describe_parameters(ParameterFilters=filters)["Parameters"]
    assert (description["KeyId"], description["Description"]) == (arn, "Of the post.")
    assert manager.get_secret_value(SecretId=f"{name}/token")["SecretString"] == "correct horse"
    description = manager.describe_secret(SecretId=f"{name}/token")
    assert (description["KmsKeyId"], description["Description"]) == (arn, "Of the post.")


def test_key_without_settings_has_the_aws_defaults(run: Run, emulator: Emulator) -> None:
    key = run("pulumi.export('key', aws.kms.Key('plain').key_id)")["key"]
    kms = emulator.client("kms")
    assert not kms.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"]
    assert "kms:*" in kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"]


STACK = """
from lib.settings import ApiSettings, EncryptionSettings
from lib.tap_stack import TapStack, TapStackArgs
from tests.support.builders import full_service

stack = TapStack("yard", TapStackArgs(
    service=full_service(name_pattern="{name}-{{type}}-{{environment}}"), encryption=EncryptionSettings(key="create"),
))
for name, value in stack.outputs.items():
    pulumi.export(name, value)
"""


def test_all_resources_of_a_stack_are_encrypted_with_its_key(run: Run, emulator: Emulator) -> None:
    encrypted = run(STACK.format(name=f"yard{uuid.uuid4().hex[:8]}"))
    key = encrypted["key_arn"]
    for name in encrypted["table_names"].values():
        described = emulator.client("dynamodb").describe_table(TableName=name)["Table"]["SSEDescription"]
        assert (described["SSEType"], described["KMSMasterKeyArn"]) == ("KMS", key)
    topic = emulator.client("sns").get_topic_attributes(TopicArn=encrypted["alarm_topic_arn"])["Attributes"]
    queue = emulator.client("sqs").get_queue_attributes(
        QueueUrl=encrypted["dead_letter_queue_url"], AttributeNames=["All"]
    )["Attributes"]
    assert topic["KmsMasterKeyId"] == queue["KmsMasterKeyId"] == key
    for name in encrypted["function_names"].values():
        assert emulator.client("lambda").get_function_configuration(FunctionName=name)["KMSKeyArn"] == key
    for name in encrypted["log_group_names"].values():
        (group,) = emulator.client("logs").describe_log_groups(logGroupNamePrefix=name)["logGroups"]
        assert group["kmsKeyId"] == key
    bucket = emulator.client("s3").get_bucket_encryption(Bucket=encrypted["site_bucket_name"])
    (rule,) = bucket["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
    assert rule["BucketKeyEnabled"] is True
