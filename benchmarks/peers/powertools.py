"""Powertools for AWS Lambda: its REST resolver, and boto3's resource.

Its Logger is left out in its favour: it takes longer than the `print` here.
"""

# pylint: disable=duplicate-code  # each peer is a whole function, to be read alone
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
    """Put an item that is not there yet."""
    try:
        body = json.loads(app.current_event.body or "", parse_float=Decimal)
    except ValueError as exc:
        raise BadRequestError("not JSON") from exc
    if not isinstance(body, dict):
        raise BadRequestError("not an object")
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    item = {"ItemId": uuid.uuid4().hex, "CreatedAt": now, **body}
    try:
        table.put_item(Item=item, ConditionExpression=Attr("ItemId").not_exists())
    except table.meta.client.exceptions.ConditionalCheckFailedException as exc:
        raise ServiceError(409, "exists") from exc
    return answer(201, item, {"Location": f"items/{item['ItemId']}/{item['CreatedAt']}"})


@app.get("/items/<item_id>/<created_at>")
def read(item_id: str, created_at: str) -> Response[str]:
    """Get the item of two keys."""
    found = table.get_item(Key={"ItemId": item_id, "CreatedAt": created_at}, ConsistentRead=True).get("Item")
    if found is None:
        raise NotFoundError("not found")
    return answer(200, found, {})


def answer(status: int, item: dict[str, Any], headers: dict[str, str]) -> Response[str]:
    """The item as JSON."""
    request_id = app.current_event.request_context.request_id or ""
    return Response(
        status_code=status,
        content_type="application/json",
        body=json.dumps(item, default=number),
        headers={**HEADERS, "X-Request-Id": request_id, **headers},
    )


def number(value: Any) -> int | float:
    """A number JSON can write."""
    return int(value) if value == int(value) else float(value)


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Resolve, log."""
    started = time.perf_counter()
    resolved = app.resolve(event, context)
    line = {
        "level": "INFO",
        "message": "request",
        "requestId": event["requestContext"]["requestId"],
        "route": f"{event['httpMethod']} {event['resource']}",
        "status": resolved["statusCode"],
        "durationMs": round((time.perf_counter() - started) * 1000, 2),
    }
    print(json.dumps(line), flush=True)
    return resolved
