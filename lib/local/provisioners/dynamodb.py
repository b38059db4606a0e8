"""Tables and their replicas."""

from __future__ import annotations

from typing import Any

from ..emulator import Place
from .base import Inputs, Made, chosen, provisions, reads, tag_list


@provisions("aws:dynamodb/table:Table")
def table(place: Place, inputs: Inputs) -> Made:
    """A table, its TTL and its point-in-time recovery."""
    dynamodb = place.client("dynamodb")
    name = inputs["name"]
    capacity = _capacity(inputs)
    encryption = inputs.get("serverSideEncryption") or {"enabled": False}
    request = chosen(inputs, TableName="name", BillingMode="billingMode") | {
        "AttributeDefinitions": [
            {"AttributeName": a["name"], "AttributeType": a["type"]} for a in inputs["attributes"]
        ],
        "KeySchema": _key_schema(inputs["hashKey"], inputs.get("rangeKey")),
        "Tags": tag_list(inputs),
        "DeletionProtectionEnabled": bool(inputs.get("deletionProtectionEnabled")),
        "SSESpecification": chosen(encryption, Enabled="enabled", KMSMasterKeyId="kmsKeyArn"),
        **capacity,
    }
    if inputs.get("globalSecondaryIndexes"):
        request["GlobalSecondaryIndexes"] = [_index(index) for index in inputs["globalSecondaryIndexes"]]
    if inputs.get("streamEnabled"):
        request["StreamSpecification"] = {"StreamEnabled": True, "StreamViewType": inputs["streamViewType"]}
    made = dynamodb.create_table(**request)["TableDescription"]
    if ttl := inputs.get("ttl"):
        dynamodb.update_time_to_live(
            TableName=name,
            TimeToLiveSpecification={"AttributeName": ttl["attributeName"], "Enabled": ttl["enabled"]},
        )
    if (inputs.get("pointInTimeRecovery") or {}).get("enabled"):
        _recover_to_points_in_time(dynamodb, name)
    return _described(made)


@reads("aws:dynamodb/table:Table")
def standing_table(place: Place, name: str) -> Made:
    """A table that stands already."""
    return _described(place.client("dynamodb").describe_table(TableName=name)["Table"])


@provisions("aws:dynamodb/tableReplica:TableReplica")
def replica(place: Place, inputs: Inputs) -> Made:
    """A replica of a table of another region."""
    _, _, _, home, _, table_path = inputs["globalTableArn"].split(":")
    name = table_path.removeprefix("table/")
    creation = {"RegionName": place.region, **chosen(inputs, KMSMasterKeyId="kmsKeyArn")}
    place._replace(region=home).client("dynamodb").update_table(TableName=name, ReplicaUpdates=[{"Create": creation}])
    dynamodb = place.client("dynamodb")
    protected = bool(inputs.get("deletionProtectionEnabled"))
    made = dynamodb.update_table(TableName=name, DeletionProtectionEnabled=protected)["TableDescription"]
    dynamodb.tag_resource(ResourceArn=made["TableArn"], Tags=tag_list(inputs))
    if inputs.get("pointInTimeRecovery"):
        _recover_to_points_in_time(dynamodb, name)
    return Made(f"{name}:{home}", {"arn": made["TableArn"]})


def _described(table_description: Inputs) -> Made:
    name, arn = table_description["TableName"], table_description["TableArn"]
    return Made(name, {"name": name, "arn": arn, "streamArn": table_description.get("LatestStreamArn", "")})


def _recover_to_points_in_time(dynamodb: Any, name: str) -> None:
    dynamodb.update_continuous_backups(
        TableName=name, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
    )


def _capacity(inputs: Inputs) -> Inputs:
    if inputs.get("billingMode") != "PROVISIONED":
        return {}
    return {
        "ProvisionedThroughput": {
            "ReadCapacityUnits": inputs["readCapacity"],
            "WriteCapacityUnits": inputs["writeCapacity"],
        }
    }


def _key_schema(hash_key: str, range_key: str | None) -> list[dict[str, str]]:
    keys = [{"AttributeName": hash_key, "KeyType": "HASH"}]
    return keys + ([{"AttributeName": range_key, "KeyType": "RANGE"}] if range_key else [])


def _index(index: Inputs) -> Inputs:
    keys = [{"AttributeName": k["attributeName"], "KeyType": k["keyType"]} for k in index["keySchemas"]]
    billed = _capacity({**index, "billingMode": "PROVISIONED" if index.get("readCapacity") else None})
    return {
        "IndexName": index["name"],
        "KeySchema": keys,
        "Projection": {"ProjectionType": index["projectionType"]},
        **billed,
    }
