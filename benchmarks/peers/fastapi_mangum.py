"""FastAPI with Mangum, and the boto3 resource.

The operations are coroutines that block, which is faster than plain functions in a thread pool: an execution
environment handles one request at a time. The body is parsed manually, because FastAPI converts numbers to floats.
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
from boto3.dynamodb.conditions import Attr
from fastapi import FastAPI, HTTPException, Request, Response
from mangum import Mangum
from mangum.types import LambdaContext

HEADERS = {
    "Cache-Control": "no-store",
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "ETag,Location,X-Request-Id",
}

app = FastAPI(openapi_url=None)
table = boto3.resource("dynamodb").Table(os.environ["DYNAMODB_TABLE_NAME"])


@app.post("/items")
async def create(request: Request) -> Response:
    """Create an item."""
    try:
        body = json.loads(await request.body(), parse_float=Decimal)
    except ValueError as exc:
        raise HTTPException(400, "Request body must be JSON.") from exc
    if not isinstance(body, dict):
        raise HTTPException(400, "Request body must be an object.")
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    item = {"ItemId": uuid.uuid4().hex, "CreatedAt": now, **body}
    try:
        table.put_item(Item=item, ConditionExpression=Attr("ItemId").not_exists())
    except table.meta.client.exceptions.ConditionalCheckFailedException as exc:
        raise HTTPException(409, "Item already exists.") from exc
    return respond(request, 201, item, {"Location": f"items/{item['ItemId']}/{item['CreatedAt']}"})


@app.get("/items/{item_id}/{created_at}")
async def read(request: Request, item_id: str, created_at: str) -> Response:
    """Return an item."""
    item = table.get_item(Key={"ItemId": item_id, "CreatedAt": created_at}, ConsistentRead=True).get("Item")
    if item is None:
        raise HTTPException(404, "Item not found.")
    return respond(request, 200, item, {})


def respond(request: Request, status: int, item: dict[str, Any], headers: dict[str, str]) -> Response:
    """Return an item as a JSON response."""
    request_id = request.scope["aws.event"]["requestContext"]["requestId"]
    return Response(
        json.dumps(item, default=to_json_number),
        status,
        {**HEADERS, "X-Request-Id": request_id, **headers},
        "application/json",
    )


def to_json_number(value: Any) -> int | float:
    """Convert a `Decimal` to a JSON number."""
    return int(value) if value == int(value) else float(value)


_adapter = Mangum(app, lifespan="off")


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Handle a request and log it."""
    started = time.perf_counter()
    response = _adapter(event, context)
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
