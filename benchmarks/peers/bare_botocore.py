"""The baseline: a botocore client and the standard library only."""

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

HandlerResult = tuple[int, str, dict[str, str]]


def create(event: dict[str, Any]) -> HandlerResult:
    """Create an item."""
    try:
        body = json.loads(event["body"] or "", parse_float=Decimal)
    except ValueError:
        return 400, '{"error": "Request body must be JSON."}', {}
    if not isinstance(body, dict):
        return 400, '{"error": "Request body must be an object."}', {}
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    item = {"ItemId": uuid.uuid4().hex, "CreatedAt": now, **body}
    try:
        client.put_item(
            TableName=TABLE,
            Item={name: to_attribute(value) for name, value in item.items()},
            ConditionExpression="attribute_not_exists(ItemId)",
        )
    except client.exceptions.ConditionalCheckFailedException:
        return 409, '{"error": "Item already exists."}', {}
    return 201, json.dumps(item, default=to_json_number), {"Location": f"items/{item['ItemId']}/{item['CreatedAt']}"}


def read(event: dict[str, Any]) -> HandlerResult:
    """Return an item."""
    key = {name: {"S": value} for name, value in event["pathParameters"].items()}
    item = client.get_item(TableName=TABLE, Key=key, ConsistentRead=True).get("Item")
    if item is None:
        return 404, '{"error": "Item not found."}', {}
    return 200, json.dumps({name: from_attribute(value) for name, value in item.items()}), {}


ROUTES = {("POST", "/items"): create, ("GET", "/items/{ItemId}/{CreatedAt}"): read}


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Handle a request and log it."""
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


def to_json_number(value: Any) -> int | float:
    """Convert a `Decimal` to a JSON number."""
    return int(value) if value == int(value) else float(value)


def to_attribute(value: Any) -> dict[str, Any]:
    """Convert a JSON value to a DynamoDB attribute."""
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
    """Convert a DynamoDB attribute to a JSON value."""
    ((kind, value),) = attribute.items()
    if kind == "N":
        return float(value) if "." in value or "E" in value else int(value)
    if kind == "M":
        return {name: from_attribute(inner) for name, inner in value.items()}
    if kind == "L":
        return [from_attribute(inner) for inner in value]
    return None if kind == "NULL" else value
