"""KMS keys, Secrets Manager secrets and Systems Manager parameters."""

from __future__ import annotations

from ..emulator import ACCOUNT, RegionalEmulator
from .base import CreatedResource, Creation, Inputs, call, provisions, register_creations

register_creations("kms", {"kms.Alias": Creation("create_alias", "{name}", names="AliasName=name")})
register_creations(
    "secretsmanager",
    {
        "secretsmanager.Secret": Creation("create_secret", "{ARN}", {"arn": "{ARN}"}),
        "secretsmanager.SecretVersion": Creation(
            "put_secret_value", "{secretId}|{VersionId}", names="SecretString=secretStringWo"
        ),
    },
)


@provisions("kms.Key")
def key(aws: RegionalEmulator, inputs: Inputs) -> CreatedResource:
    """Create a key with rotation and policy. CreateKey of the emulator ignores the policy."""
    created = call(aws, "kms", "create_key", {**inputs, "policy": None})["KeyMetadata"]
    created_inputs = {**inputs, "keyId": created["KeyId"]}
    if inputs.get("policy"):
        call(aws, "kms", "put_key_policy", {**created_inputs, "policyName": "default"})
    if inputs.get("enableKeyRotation"):
        call(aws, "kms", "enable_key_rotation", created_inputs)
    return CreatedResource(created["KeyId"], {"arn": created["Arn"], "keyId": created["KeyId"]})


@provisions("kms.ReplicaKey")
def replica_key(aws: RegionalEmulator, inputs: Inputs) -> CreatedResource:
    """Create a replica of a key in another region."""
    primary = aws._replace(region=inputs["primaryKeyArn"].split(":")[3])
    response = call(primary, "kms", "replicate_key", inputs, "KeyId=primaryKeyArn ReplicaRegion=region")
    created = response["ReplicaKeyMetadata"]
    return CreatedResource(created["KeyId"], {"arn": created["Arn"], "keyId": created["KeyId"]})


@provisions("ssm.Parameter")
def parameter(aws: RegionalEmulator, inputs: Inputs) -> CreatedResource:
    name = inputs["name"]
    response = call(aws, "ssm", "put_parameter", inputs, "Value=valueWo")
    arn = f"arn:aws:ssm:{aws.region}:{ACCOUNT}:parameter/{name.removeprefix('/')}"
    return CreatedResource(name, {"arn": arn, "version": response["Version"]})
