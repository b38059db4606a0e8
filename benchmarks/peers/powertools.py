"""Powertools for AWS Lambda (REST resolver) and the boto3 resource.

It logs with `print`, which is faster than the Powertools Logger.
"""

# pylint: disable=duplicate-code  # each peer is a complete function
import json
import os
import time
import uuid
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import boto3
from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response
from aws_lambda_powertools.event_handler.exceptions import BadRequestError, NotFoundError, ServiceError
from aws_lambda_powertools.utilities.typing import LambdaContext
from boto3.dynamodb.conditions import Attr

HEADERS = {
    "Cache-Control": "no-store",
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "ETag,Location,X-Request-Id",
}

app = APIGatewayRestResolver()
table = boto3.resource("dynamodb").Table(os.environ["DYNAMODB_TABLE_NAME"])


@app.post("/items")
def create() -> Response[str]:
    """Create an item."""
    try:
        body = json.loads(app.current_event.body or "", parse_float=Decimal)
    except ValueError as exc:
        raise BadRequestError("Request body must be JSON.") from exc
    if not isinstance(body, dict):
        raise BadRequestError("Request body must be an object.")
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    item = {"ItemId": uuid.uuid4().hex, "CreatedAt": now, **body}
    try:
        table.put_item(Item=item, ConditionExpression=Attr("ItemId").not_exists())
    except table.meta.client.exceptions.ConditionalCheckFailedException as exc:
        raise ServiceError(409, "Item already exists.") from exc
    return respond(201, item, {"Location": f"items/{item['ItemId']}/{item['CreatedAt']}"})


@app.get("/items/<item_id>/<created_at>")
def read(item_id: str, created_at: str) -> Response[str]:
    """Return an item."""
    item = table.get_item(Key={"ItemId": item_id, "CreatedAt": created_at}, ConsistentRead=True).get("Item")
    if item is None:
        raise NotFoundError("Item not found.")
    return respond(200, item, {})


def respond(status: int, item: dict[str, Any], headers: dict[str, str]) -> Response[str]:
    """Return an item as a JSON response."""
    request_id = app.current_event.request_context.request_id or ""
    return Response(
        status_code=status,
        content_type="application/json",
        body=json.dumps(item, default=to_json_number),
        headers={**HEADERS, "X-Request-Id": request_id, **headers},
    )


def to_json_number(value: Any) -> int | float:
    """Convert a `Decimal` to a JSON number."""
    return int(value) if value == int(value) else float(value)


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Handle a request and log it."""
    started = time.perf_counter()
    response = app.resolve(event, context)
    line = {
        "level": "INFO",
        "message": "request",
        "requestId": event["requestContext"]["requestId"],
        "route": f"{event['httpMethod']} {event['resource']}",
        "status": response["statusCode"],
        "durationMs": round((time.perf_counter() - started) * 1000, 2),
    }
    print(json.dumps(line), flush=True)
    return response
