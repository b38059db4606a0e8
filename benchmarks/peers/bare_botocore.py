"""The floor: one botocore client and the standard library, as somebody writes who wants nothing else."""

import json
import os
import time
import uuid
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import botocore.session

TABLE = os.environ["DYNAMODB_TABLE_NAME"]
HEADERS = {
    "Content-Type": "application/json",
    "Cache-Control": "no-store",
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "ETag,Location,X-Request-Id",
}

client = botocore.session.Session().create_client("dynamodb")

Answer = tuple[int, str, dict[str, str]]


def create(event: dict[str, Any]) -> Answer:
    """Put an item that is not there yet."""
    try:
        body = json.loads(event["body"] or "", parse_float=Decimal)
    except ValueError:
        return 400, '{"error": "not JSON"}', {}
    if not isinstance(body, dict):
        return 400, '{"error": "not an object"}', {}
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    item = {"ItemId": uuid.uuid4().hex, "CreatedAt": now, **body}
    try:
        client.put_item(
            TableName=TABLE,
            Item={name: to_attribute(value) for name, value in item.items()},
            ConditionExpression="attribute_not_exists(ItemId)",
        )
    except client.exceptions.ConditionalCheckFailedException:
        return 409, '{"error": "exists"}', {}
    return 201, json.dumps(item, default=number), {"Location": f"items/{item['ItemId']}/{item['CreatedAt']}"}


def read(event: dict[str, Any]) -> Answer:
    """Get the item of two keys."""
    key = {name: {"S": value} for name, value in event["pathParameters"].items()}
    found = client.get_item(TableName=TABLE, Key=key, ConsistentRead=True).get("Item")
    if found is None:
        return 404, '{"error": "not found"}', {}
    return 200, json.dumps({name: from_attribute(value) for name, value in found.items()}), {}


ROUTES = {("POST", "/items"): create, ("GET", "/items/{ItemId}/{CreatedAt}"): read}


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Route, answer, log."""
    started = time.perf_counter()
    request_id = event["requestContext"]["requestId"]
    status, body, headers = ROUTES[event["httpMethod"], event["resource"]](event)
    line = {
        "level": "INFO",
        "message": "request",
        "requestId": request_id,
        "route": f"{event['httpMethod']} {event['resource']}",
        "status": status,
        "durationMs": round((time.perf_counter() - started) * 1000, 2),
    }
    print(json.dumps(line), flush=True)
    return {"statusCode": status, "headers": {**HEADERS, "X-Request-Id": request_id, **headers}, "body": body}


def number(value: Any) -> int | float:
    """A number JSON can write."""
    return int(value) if value == int(value) else float(value)


def to_attribute(value: Any) -> dict[str, Any]:
    """A JSON value as DynamoDB types it."""
    if isinstance(value, str):
        return {"S": value}
    if isinstance(value, bool):
        return {"BOOL": value}
    if isinstance(value, (int, Decimal)):
        return {"N": str(value)}
    if value is None:
        return {"NULL": True}
    if isinstance(value, list):
        return {"L": [to_attribute(inner) for inner in value]}
    return {"M": {name: to_attribute(inner) for name, inner in value.items()}}


def from_attribute(attribute: dict[str, Any]) -> Any:
    """And back."""
    ((kind, value),) = attribute.items()
    if kind == "N":
        return float(value) if "." in value or "E" in value else int(value)
    if kind == "M":
        return {name: from_attribute(inner) for name, inner in value.items()}
    if kind == "L":
        return [from_attribute(inner) for inner in value]
    return None if kind == "NULL" else value
