"""The stock service with Powertools for AWS Lambda (REST resolver) and the boto3 resource.

It does less work than the service: it logs with `print`, which is faster than the Powertools Logger, validates less,
reserves one product per request, does not retry after concurrent changes, does not release expired reservations, and
does not detect repeated reservations.
"""

# pylint: disable=duplicate-code  # each peer is a complete function
import hashlib
import json
import os
import random
import time
from datetime import UTC, datetime
from typing import Any

import boto3
from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response
from aws_lambda_powertools.event_handler.exceptions import BadRequestError, NotFoundError, ServiceError
from aws_lambda_powertools.utilities.typing import LambdaContext
from boto3.dynamodb.conditions import Key

MINUTES = int(os.environ["RESERVATION_MINUTES"])
MINUTE_SECONDS = 60
RETENTION_SECONDS = 7 * 24 * 3600
COUNTS = ("stock_count", "reserved_count", "available", "threshold_level", "version")
RESPONSE_FIELDS = (
    *("product_id", "warehouse_id", "category", "stock_count", "reserved_count", "available", "threshold_level"),
    *("status", "last_updated", "version"),
)
HEADERS = {
    "Cache-Control": "no-store",
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "ETag,Location,X-Request-Id",
}

app = APIGatewayRestResolver()
dynamodb = boto3.resource("dynamodb")
stock = dynamodb.Table(os.environ["LEVELS_TABLE_NAME"])
reservations = dynamodb.Table(os.environ["RESERVATIONS_TABLE_NAME"])
movements = dynamodb.Table(os.environ["MOVEMENTS_TABLE_NAME"])

Item = dict[str, Any]


@app.get("/inventory/<product_id>")
def read(product_id: str) -> Response[str]:
    """Return the level of a product in one warehouse or in all."""
    warehouse = app.current_event.get_query_string_value("warehouse_id")
    stored = levels(product_id, warehouse)
    now = time.time()
    for level in stored:
        for end in [end for end in level["holds"] if int(end) <= now]:
            level["reserved_count"] -= level["holds"].pop(end)
    warehouses = [to_response(level) for level in stored]
    if warehouse:
        return respond(200, warehouses[0])
    sums = {name: sum(level[name] for level in warehouses) for name in COUNTS}
    status = status_of(sums["available"], sums["threshold_level"])
    last_updated = max(level["last_updated"] for level in warehouses)
    total = {"product_id": product_id, **sums, "status": status, "last_updated": last_updated, "warehouses": warehouses}
    return respond(200, total)


@app.post("/inventory/<product_id>/reserve")
def reserve(product_id: str) -> Response[str]:
    """Reserve units of a product."""
    body = parse_body()
    units, reservation = body.get("quantity"), body.get("reservationId")
    if not isinstance(units, int) or units < 1 or not isinstance(reservation, str):
        raise BadRequestError("quantity and reservationId are required.")
    stored = levels(product_id, body.get("warehouse_id"))
    candidates = [level for level in stored if level["stock_count"] - level["reserved_count"] >= units]
    if not candidates:
        raise ServiceError(409, "Insufficient stock.")
    level = random.choice(candidates)  # noqa: S311  # not security-relevant
    now = time.time()
    minutes = body.get("lifetime_minutes", MINUTES)
    end = -(-int(now + minutes * MINUTE_SECONDS) // MINUTE_SECONDS) * MINUTE_SECONDS
    timestamp = format_timestamp(now)
    holds = {**level["holds"], str(end): level["holds"].get(str(end), 0) + units}
    updated = {**level, "reserved_count": level["reserved_count"] + units, "holds": holds, "moved_at": timestamp}
    reserved = {"product_id": level["product_id"], "warehouse_id": level["warehouse_id"], "quantity": units}
    line = {
        **reserved,
        "reservation_id": reservation,
        "line": 0,
        "state": "HELD",
        "reserved_at": timestamp,
        "expiry": format_timestamp(end),
        "ends": end,
        "actor": "anonymous",
        "digest": hashlib.sha256(json.dumps([reserved, minutes]).encode()).hexdigest()[:32],
        "held_for": level["product_id"],
        "reservation_expiry": end + RETENTION_SECONDS,
    }
    condition = {"ConditionExpression": "attribute_not_exists(reservation_id)"}
    action = {"Put": {"TableName": reservations.name, "Item": line, **condition}}
    write("RESERVED", units, reservation, level, updated, line=action)
    document = {
        "reservationId": reservation,
        "expiry": format_timestamp(end),
        "reserved_at": timestamp,
        **reserved,
        "lines": [reserved],
    }
    return respond(201, document)


@app.delete("/inventory/<product_id>/reserve/<reservation_id>")
def release(product_id: str, reservation_id: str) -> Response[str]:
    settle("RELEASED", product_id, reservation_id)
    return respond(204, None)


@app.post("/inventory/<product_id>/fulfill")
def fulfill(product_id: str) -> Response[str]:
    """Sell reserved units."""
    reservation = parse_body().get("reservationId")
    if not isinstance(reservation, str):
        raise BadRequestError("reservationId is required.")
    units, level = settle("FULFILLED", product_id, reservation)
    names = ("product_id", "warehouse_id", "stock_count", "reserved_count", "available", "status")
    fields = to_response(level)
    line = {**{name: fields[name] for name in names}, "quantity": units}
    return respond(200, {"reservationId": reservation, "lines": [line]})


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


def parse_body() -> Item:
    """Parse the request body."""
    try:
        body = json.loads(app.current_event.body or "")
    except ValueError as exc:
        raise BadRequestError("Request body must be JSON.") from exc
    if not isinstance(body, dict):
        raise BadRequestError("Request body must be an object.")
    return body


def levels(product: str, warehouse: str | None) -> list[Item]:
    """Read the levels of a product consistently."""
    if warehouse:
        key = {"product_id": product, "warehouse_id": warehouse}
        request = {stock.name: {"Keys": [key], "ConsistentRead": True}}
        items: list[Item] = dynamodb.batch_get_item(RequestItems=request)["Responses"][stock.name]
    else:
        items = stock.query(KeyConditionExpression=Key("product_id").eq(product), ConsistentRead=True)["Items"]
    if not items:
        raise NotFoundError("Product not found.")
    return items


def settle(kind: str, product: str, reservation: str) -> tuple[int, Item]:
    """Release or sell the units of a reservation."""
    lines = reservations.query(KeyConditionExpression=Key("reservation_id").eq(reservation), ConsistentRead=True)
    now = time.time()
    active = [
        candidate
        for candidate in lines["Items"]
        if candidate["product_id"] == product and candidate["state"] == "HELD" and candidate["ends"] > now
    ]
    if not active:
        raise NotFoundError("Reservation not found.")
    line = active[0]
    units, end = line["quantity"], str(line["ends"])
    (level,) = levels(product, line["warehouse_id"])
    timestamp = format_timestamp(now)
    holds = {**level["holds"], end: level["holds"].get(end, 0) - units}
    remaining = {second: units for second, units in holds.items() if units}
    updated = {**level, "reserved_count": level["reserved_count"] - units, "holds": remaining, "moved_at": timestamp}
    if kind == "FULFILLED":
        updated |= {
            "stock_count": level["stock_count"] - units,
            "version": level["version"] + 1,
            "last_updated": timestamp,
        }
    action = {
        "TableName": reservations.name,
        "Key": {"reservation_id": line["reservation_id"], "line": line["line"]},
        "UpdateExpression": "SET #state = :state, settled_at = :at REMOVE held_for",
        "ConditionExpression": "#state = :held AND reserved_at = :reserved",
        "ExpressionAttributeNames": {"#state": "state"},
        "ExpressionAttributeValues": {
            ":state": kind,
            ":at": timestamp,
            ":held": "HELD",
            ":reserved": line["reserved_at"],
        },
    }
    write(kind, units, reservation, level, updated, line={"Update": action})
    return units, updated


def write(kind: str, units: int, reservation: str, previous: Item, updated: Item, *, line: Item) -> None:
    """Write a level, its movement, and a reservation line in one transaction."""
    updated["sequence"] = previous["sequence"] + 1
    updated["status"] = to_response(updated)["status"]
    if "category" in updated:
        updated["category_status"] = f"{updated['status']}#{updated['category']}"
    for name in ("due", "due_at"):
        updated.pop(name, None)
    if updated["holds"]:
        updated |= {"due": "holds", "due_at": min(map(int, updated["holds"]))}
    level = {
        "TableName": stock.name,
        "Item": updated,
        "ConditionExpression": "#sequence = :sequence",
        "ExpressionAttributeNames": {"#sequence": "sequence"},
        "ExpressionAttributeValues": {":sequence": previous["sequence"]},
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }
    movement_action = {"Put": {"TableName": movements.name, "Item": movement(kind, units, reservation, updated)}}
    client = stock.meta.client
    try:
        client.transact_write_items(TransactItems=[{"Put": level}, line, movement_action])
    except client.exceptions.TransactionCanceledException as exc:
        raise ServiceError(409, "The level was modified concurrently.") from exc


def movement(kind: str, units: int, reservation: str, updated: Item) -> Item:
    """Return the item of a movement."""
    fields = to_response(updated)
    numbers = ("stock_count", "reserved_count", "available", "threshold_level")
    return {
        "product_id": updated["product_id"],
        "movement_id": f"{updated['moved_at']}#{updated['warehouse_id']}",
        "warehouse_id": updated["warehouse_id"],
        "type": kind,
        "reservationId": reservation,
        "actor": "anonymous",
        "at": updated["moved_at"],
        "status": fields["status"],
        "sequence": updated["sequence"],
        "quantity": units,
        **{name: fields[name] for name in numbers},
    }


def to_response(level: Item) -> Item:
    """Return the response fields of a level."""
    available = level["stock_count"] - level["reserved_count"]
    fields = {**level, "available": available, "status": status_of(available, level["threshold_level"])}
    return {name: fields[name] for name in RESPONSE_FIELDS if name in fields}


def status_of(available: int, threshold: int) -> str:
    if available <= 0:
        return "OUT_OF_STOCK"
    return "LOW_STOCK" if available <= threshold else "IN_STOCK"


def format_timestamp(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def respond(status: int, document: Item | None) -> Response[str]:
    """Return a document as a JSON response."""
    request_id = app.current_event.request_context.request_id or ""
    return Response(
        status_code=status,
        content_type="application/json",
        body=json.dumps(document, default=int) if document else "",
        headers={**HEADERS, "X-Request-Id": request_id},
    )
