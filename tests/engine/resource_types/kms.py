"""AWS Key Management Service."""

from ..resource_type import ResourceType

TYPES: dict[str, ResourceType] = {
    # Read in version 5.
    "aws:kms/alias:Alias": ResourceType(
        source="internal/service/kms/alias.go",
        id="{name}",
        identity="{name}",
        force_new=frozenset({"name", "namePrefix"}),
        auto_name="name",
        name_prefix="namePrefix",
        computed={
            "arn": "arn:{partition}:kms:{region}:{account}:{name}",
            "targetKeyArn": "arn:{partition}:kms:{region}:{account}:key/{targetKeyId}",
        },
    ),
    # Read in version 5.  A deletion is scheduled, whatever uses the key.
    "aws:kms/key:Key": ResourceType(
        source="internal/service/kms/key.go",
        # The id of a multi-Region key starts with `mrk-`.
        unreadable=frozenset({"deletionWindowInDays", "bypassPolicyLockoutSafetyCheck"}),
        # A multi-Region key, which every key of the library is.
        id="mrk-0000000000000000000000{unique}",
        force_new=frozenset({"customKeyStoreId", "customerMasterKeySpec", "keyUsage", "multiRegion", "xksKeyId"}),
        defaults={
            "bypassPolicyLockoutSafetyCheck": False,
            "customerMasterKeySpec": "SYMMETRIC_DEFAULT",
            "description": "",
            "enableKeyRotation": False,
            "isEnabled": True,
            "keyUsage": "ENCRYPT_DECRYPT",
            "multiRegion": False,
        },
        computed={"arn": "arn:{partition}:kms:{region}:{account}:key/{id}", "keyId": "{id}"},
    ),
    # Read in version 4.
    "aws:kms/replicaKey:ReplicaKey": ResourceType(
        source="internal/service/kms/replica_key.go",
        unreadable=frozenset({"deletionWindowInDays", "bypassPolicyLockoutSafetyCheck"}),
        id="{primaryKeyArn:5}",
        # A key has at most one replica in a region.
        identity="{primaryKeyArn}",
        force_new=frozenset({"primaryKeyArn"}),
        defaults={
            "bypassPolicyLockoutSafetyCheck": False,
            "deletionWindowInDays": 30,
            "enabled": True,
            # The primary key's.
            "keyRotationEnabled": False,
        },
        computed={
            "arn": "arn:{partition}:kms:{region}:{account}:key/{id}",
            "keyId": "{id}",
            "keySpec": "SYMMETRIC_DEFAULT",
            "keyUsage": "ENCRYPT_DECRYPT",
        },
    ),
}
