"""Amazon DynamoDB."""

from ..resource_type import ResourceType

REPLICA = "aws:dynamodb/tableReplica:TableReplica"
TYPES: dict[str, ResourceType] = {
    "aws:dynamodb/table:Table": ResourceType(
        source="internal/service/dynamodb/table.go",
        id="{name}",
        identity="{name}",
        # A changed `replicas.kmsKeyArn` or `replicas.regionName` replaces the replica, not the table.
        force_new=frozenset(
            {
                "hashKey",
                "importTable.s3BucketSource",
                "localSecondaryIndexes",
                "name",
                "rangeKey",
                # The source of a restored table replaces it when it is set or changed, not when it is removed.
                "restoreBackupArn",
                "restoreDateTime",
                "restoreSourceName",
                "restoreSourceTableArn",
                "restoreToLatestTime",
            }
        ),
        auto_name="name",
        defaults={
            "billingMode": "PROVISIONED",
            "deletionProtectionEnabled": False,
            "pointInTimeRecovery": {"enabled": False},
            "readCapacity": 0,
            "tableClass": "STANDARD",
            "ttl": {"enabled": False},
            "warmThroughput": {"readUnitsPerSecond": 12000, "writeUnitsPerSecond": 4000},
            "writeCapacity": 0,
        },
        computed={
            "arn": "arn:{partition}:dynamodb:{region}:{account}:table/{name}",
            # A table without a stream has neither; a changed stream has another label.
            "streamLabel": "2024-01-01T00:00:00.{unique}",
            "streamArn": "{arn}/stream/{streamLabel}",
        },
        # "Disabling Stream is not allowed for a Global Table replica" (hashicorp/terraform-provider-aws #34450), and
        # "Customer Managed CMKs ... cannot be updated through SSESpecification parameter" (#21726, #49651).
        locked=dict.fromkeys(("serverSideEncryption.kmsKeyArn", "streamEnabled", "streamViewType"), REPLICA),
        protection="deletionProtectionEnabled",
        sticky=frozenset({"serverSideEncryption.kmsKeyArn"}),
    ),
    # AWS rejects the deletion of a table for 24 hours after it was the source of a replica, which no input tells.
    REPLICA: ResourceType(
        source="internal/service/dynamodb/table_replica.go",
        id="{globalTableArn:5}:{globalTableArn:3}",
        identity="{globalTableArn}",
        force_new=frozenset({"globalTableArn", "kmsKeyArn", "tableClassOverride"}),
        defaults={"deletionProtectionEnabled": False, "pointInTimeRecovery": False},
        computed={"arn": "arn:{partition}:dynamodb:{region}:{account}:table/{globalTableArn:5}"},
        protection="deletionProtectionEnabled",
    ),
}
