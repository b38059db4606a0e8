"""AWS Secrets Manager."""

from ..resource_type import ResourceType

TYPES: dict[str, ResourceType] = {
    # Read in version 5; `type` is from the documentation.  A deleted secret occupies its name until its recovery window
    # ends.
    "aws:secretsmanager/secret:Secret": ResourceType(
        source="internal/service/secretsmanager/secret.go",
        id="arn:{partition}:secretsmanager:{region}:{account}:secret:{name}-{unique}",
        identity="{name}",
        force_new=frozenset({"name", "namePrefix", "type"}),
        auto_name="name",
        name_prefix="namePrefix",
        defaults={"forceOverwriteReplicaSecret": False, "recoveryWindowInDays": 30},
        computed={"arn": "{id}"},
    ),
    # Read in version 5; `secretStringWoVersion` is from the documentation.  Since 6.45 a switch from `secretString` to
    # `secretStringWo` is in place.
    "aws:secretsmanager/secretVersion:SecretVersion": ResourceType(
        source="internal/service/secretsmanager/secret_version.go",
        id="{secretId}|terraform-2024010100000000{unique}",
        force_new=frozenset({"secretBinary", "secretId", "secretString", "secretStringWoVersion"}),
        defaults={"hasSecretStringWo": False, "versionStages": ["AWSCURRENT"]},
        computed={
            "arn": "{secretId}",
            "secretArn": "{secretId}",
            "versionId": "terraform-2024010100000000{unique}",
        },
        secret=frozenset({"secretBinary", "secretString", "secretStringWo"}),
        # Only other stages than `AWSCURRENT` are removed from the version.
        deletable=False,
    ),
}
