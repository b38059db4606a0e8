"""A description's tables in the emulator."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lib.local.emulator import Emulator
from lib.model import Index, Table

from .capacity_units import Rows, key_of


def create_table(emulator: Emulator, table: Table, name: str) -> None:
    """An empty table with its indexes."""
    attributes = [{"AttributeName": key, "AttributeType": kind} for key, kind in table.keys().items()]
    request: dict[str, Any] = {"AttributeDefinitions": attributes, "KeySchema": _schema(table)}
    if table.indexes:
        request["GlobalSecondaryIndexes"] = [_index(index) for index in table.indexes]
    emulator.client("dynamodb").create_table(TableName=name, BillingMode="PAY_PER_REQUEST", **request)


def snapshot(emulator: Emulator, tables: Mapping[str, Table]) -> dict[str, Rows]:
    """Everything in tables, by their names in AWS."""
    dynamodb = emulator.client("dynamodb")
    found: dict[str, Rows] = {}
    for name, table in tables.items():
        pages = dynamodb.get_paginator("scan").paginate(TableName=name, ConsistentRead=True)
        rows: list[dict[str, Any]] = [row for page in pages for row in page["Items"]]
        found[name] = {key_of(table, row): row for row in rows}
    return found


def _index(index: Index) -> dict[str, Any]:
    projection = {"ProjectionType": index.projection}
    return {"IndexName": index.name, "KeySchema": _schema(index), "Projection": projection}


def _schema(keyed: Table | Index) -> list[dict[str, str]]:
    schema = [{"AttributeName": keyed.hash_key.name, "KeyType": "HASH"}]
    if keyed.range_key:
        schema.append({"AttributeName": keyed.range_key.name, "KeyType": "RANGE"})
    return schema
