"""FastAPI behind Mangum, and boto3's resource.

In its favour the operations are coroutines that block, as a worker serves one request at a time: plain functions
would each go through a thread.  The body is read by hand, for FastAPI would make floats of its numbers.
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
    """Put an item that is not there yet."""
    try:
        body = json.loads(await request.body(), parse_float=Decimal)
    except ValueError as exc:
        raise HTTPException(400, "not JSON") from exc
    if not isinstance(body, dict):
        raise HTTPException(400, "not an object")
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    item = {"ItemId": uuid.uuid4().hex, "CreatedAt": now, **body}
    try:
        table.put_item(Item=item, ConditionExpression=Attr("ItemId").not_exists())
    except table.meta.client.exceptions.ConditionalCheckFailedException as exc:
        raise HTTPException(409, "exists") from exc
    return answer(request, 201, item, {"Location": f"items/{item['ItemId']}/{item['CreatedAt']}"})


@app.get("/items/{item_id}/{created_at}")
async def read(request: Request, item_id: str, created_at: str) -> Response:
    """Get the item of two keys."""
    found = table.get_item(Key={"ItemId": item_id, "CreatedAt": created_at}, ConsistentRead=True).get("Item")
    if found is None:
        raise HTTPException(404, "not found")
    return answer(request, 200, found, {})


def answer(request: Request, status: int, item: dict[str, Any], headers: dict[str, str]) -> Response:
    """The item as JSON."""
    request_id = request.scope["aws.event"]["requestContext"]["requestId"]
    return Response(
        json.dumps(item, default=number),
        status,
        {**HEADERS, "X-Request-Id": request_id, **headers},
        "application/json",
    )


def number(value: Any) -> int | float:
    """A number JSON can write."""
    return int(value) if value == int(value) else float(value)


_serve = Mangum(app, lifespan="off")


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Serve, log."""
    started = time.perf_counter()
    served = _serve(event, context)
    line = {
        "level": "INFO",
        "message": "request",
        "requestId": event["requestContext"]["requestId"],
        "route": f"{event['httpMethod']} {event['resource']}",
        "status": served["statusCode"],
        "durationMs": round((time.perf_counter() - started) * 1000, 2),
    }
    print(json.dumps(line), flush=True)
    return served
