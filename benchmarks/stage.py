"""A description's tables in the emulator."""

from __future__ import annotations

from typing import Any

from lib.local.emulator import Emulator
from lib.service import Index, Table


def create_table(emulator: Emulator, table: Table, name: str) -> None:
    """An empty table with its indexes."""
    attributes = [{"AttributeName": key, "AttributeType": kind} for key, kind in table.keys().items()]
    request: dict[str, Any] = {"AttributeDefinitions": attributes, "KeySchema": _schema(table)}
    if table.indexes:
        request["GlobalSecondaryIndexes"] = [_index(index) for index in table.indexes]
    emulator.client("dynamodb").create_table(TableName=name, BillingMode="PAY_PER_REQUEST", **request)


def _index(index: Index) -> dict[str, Any]:
    projection = {"ProjectionType": index.projection}
    return {"IndexName": index.name, "KeySchema": _schema(index), "Projection": projection}


def _schema(keyed: Table | Index) -> list[dict[str, str]]:
    schema = [{"AttributeName": keyed.hash_key.name, "KeyType": "HASH"}]
    if keyed.range_key:
        schema.append({"AttributeName": keyed.range_key.name, "KeyType": "RANGE"})
    return schema
