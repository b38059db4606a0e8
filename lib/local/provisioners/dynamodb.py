"""DynamoDB tables and replicas."""

from __future__ import annotations

from ..emulator import RegionalEmulator
from .base import READERS, CreatedResource, Inputs, call, provisions, token

NAMES = (
    "TableName=name AttributeDefinitions=attributes AttributeName=name AttributeType=type KeySchema=keySchemas "
    "IndexName=name Projection=. ProvisionedThroughput=. ReadCapacityUnits=readCapacity "
    "WriteCapacityUnits=writeCapacity SSESpecification=serverSideEncryption KMSMasterKeyId=kmsKeyArn "
    "StreamSpecification=."
)
"""Parameters of `create_table` whose names differ from the inputs, in the format of `call`."""


@provisions("dynamodb.Table")
def table(aws: RegionalEmulator, inputs: Inputs) -> CreatedResource:
    """Create a table with TTL and point-in-time recovery."""
    keys = [{"attributeName": inputs["hashKey"], "keyType": "HASH"}]
    if inputs.get("rangeKey"):
        keys.append({"attributeName": inputs["rangeKey"], "keyType": "RANGE"})
    local = [
        {**index, "keySchemas": [keys[0], {"attributeName": index["rangeKey"], "keyType": "RANGE"}]}
        for index in inputs.get("localSecondaryIndexes") or ()
    ]
    table_inputs = {**inputs, "keySchemas": keys, "localSecondaryIndexes": local or None}
    created = call(aws, "dynamodb", "create_table", table_inputs, NAMES)["TableDescription"]
    if inputs.get("ttl"):
        call(aws, "dynamodb", "update_time_to_live", inputs, "TableName=name TimeToLiveSpecification=ttl")
    if (inputs.get("pointInTimeRecovery") or {}).get("enabled"):
        _enable_recovery(aws, inputs["name"])
    return _from_description(created)


def existing_table(aws: RegionalEmulator, name: str) -> CreatedResource:
    return _from_description(aws.client("dynamodb").describe_table(TableName=name)["Table"])


READERS[token("dynamodb.Table")] = existing_table


@provisions("dynamodb.TableReplica")
def replica(aws: RegionalEmulator, inputs: Inputs) -> CreatedResource:
    """Create a replica of a table in another region."""
    _, _, _, home, _, table_path = inputs["globalTableArn"].split(":")
    name = table_path.removeprefix("table/")
    update = {"tableName": name, "replicaUpdates": {"create": {**inputs, "regionName": aws.region}}}
    call(aws._replace(region=home), "dynamodb", "update_table", update, "KMSMasterKeyId=kmsKeyArn")
    dynamodb = aws.client("dynamodb")
    protected = bool(inputs.get("deletionProtectionEnabled"))
    updated = dynamodb.update_table(TableName=name, DeletionProtectionEnabled=protected)["TableDescription"]
    call(aws, "dynamodb", "tag_resource", {"resourceArn": updated["TableArn"], "tags": inputs.get("tags") or {}})
    if inputs.get("pointInTimeRecovery"):
        _enable_recovery(aws, name)
    return CreatedResource(f"{name}:{home}", {"arn": updated["TableArn"]})


def _from_description(description: Inputs) -> CreatedResource:
    name, stream = description["TableName"], description.get("LatestStreamArn", "")
    return CreatedResource(name, {"name": name, "arn": description["TableArn"], "streamArn": stream})


def _enable_recovery(aws: RegionalEmulator, name: str) -> None:
    aws.client("dynamodb").update_continuous_backups(
        TableName=name, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
    )
