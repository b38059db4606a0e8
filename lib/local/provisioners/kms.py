"""Keys, their aliases and their replicas."""

from __future__ import annotations

from ..emulator import Place
from .base import Inputs, Made, Row, chosen, provisions, rows


@provisions("aws:kms/key:Key")
def key(place: Place, inputs: Inputs) -> Made:
    """A key, its rotation, and its policy, which the emulator takes only by itself."""
    kms = place.client("kms")
    made = kms.create_key(**chosen(inputs, Description="description", MultiRegion="multiRegion"), Tags=_tags(inputs))[
        "KeyMetadata"
    ]
    if inputs.get("policy"):
        kms.put_key_policy(KeyId=made["KeyId"], PolicyName="default", Policy=inputs["policy"])
    if inputs.get("enableKeyRotation"):
        kms.enable_key_rotation(KeyId=made["KeyId"], **chosen(inputs, RotationPeriodInDays="rotationPeriodInDays"))
    return Made(made["KeyId"], {"arn": made["Arn"], "keyId": made["KeyId"]})


@provisions("aws:kms/replicaKey:ReplicaKey")
def replica_key(place: Place, inputs: Inputs) -> Made:
    """A replica of a key of another region."""
    home = inputs["primaryKeyArn"].split(":")[3]
    made = place.emulator.client("kms", home).replicate_key(
        **chosen(inputs, KeyId="primaryKeyArn", ReplicaRegion="region", Policy="policy", Description="description"),
        Tags=_tags(inputs),
    )["ReplicaKeyMetadata"]
    return Made(made["KeyId"], {"arn": made["Arn"], "keyId": made["KeyId"]})


def _tags(inputs: Inputs) -> list[dict[str, str]]:
    return [{"TagKey": name, "TagValue": value} for name, value in (inputs.get("tags") or {}).items()]


rows(
    "kms",
    {
        "aws:kms/alias:Alias": Row("create_alias", "AliasName=name TargetKeyId=targetKeyId", "{name}"),
    },
)
