"""The stock with Powertools for AWS Lambda: its REST resolver, and boto3's resource.

In its favour its Logger is left out, for it takes longer than the `print` here; it checks little, takes one product at
a time, gives up on a level that another has changed, and neither gives back what has ended nor answers a repeated
reservation.
"""

# pylint: disable=duplicate-code  # each peer is a whole function, to be read alone
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
KEPT_SECONDS = 7 * 24 * 3600
COUNTS = ("stock_count", "reserved_count", "available", "threshold_level", "version")
SHOWN = (
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
    """What there is of a product, in a warehouse or in all."""
    warehouse = app.current_event.get_query_string_value("warehouse_id")
    found = levels(product_id, warehouse)
    now = time.time()
    for level in found:
        for end in [end for end in level["holds"] if int(end) <= now]:
            level["reserved_count"] -= level["holds"].pop(end)
    warehouses = [shown(level) for level in found]
    if warehouse:
        return answer(200, warehouses[0])
    sums = {name: sum(level[name] for level in warehouses) for name in COUNTS}
    status = status_of(sums["available"], sums["threshold_level"])
    last = max(level["last_updated"] for level in warehouses)
    summed = {"product_id": product_id, **sums, "status": status, "last_updated": last, "warehouses": warehouses}
    return answer(200, summed)


@app.post("/inventory/<product_id>/reserve")
def reserve(product_id: str) -> Response[str]:
    """Units held for a while."""
    body = parsed()
    units, reservation = body.get("quantity"), body.get("reservationId")
    if not isinstance(units, int) or units < 1 or not isinstance(reservation, str):
        raise BadRequestError("give a quantity and a reservationId")
    there = levels(product_id, body.get("warehouse_id"))
    enough = [level for level in there if level["stock_count"] - level["reserved_count"] >= units]
    if not enough:
        raise ServiceError(409, "there is less")
    level = random.choice(enough)  # noqa: S311  # no secret
    now = time.time()
    minutes = body.get("lifetime_minutes", MINUTES)
    end = -(-int(now + minutes * MINUTE_SECONDS) // MINUTE_SECONDS) * MINUTE_SECONDS
    at = moment(now)
    holds = {**level["holds"], str(end): level["holds"].get(str(end), 0) + units}
    after = {**level, "reserved_count": level["reserved_count"] + units, "holds": holds, "moved_at": at}
    place = {"product_id": level["product_id"], "warehouse_id": level["warehouse_id"], "quantity": units}
    line = {
        **place,
        "reservation_id": reservation,
        "line": 0,
        "state": "HELD",
        "reserved_at": at,
        "expiry": moment(end),
        "ends": end,
        "actor": "anonymous",
        "digest": hashlib.sha256(json.dumps([place, minutes]).encode()).hexdigest()[:32],
        "held_for": level["product_id"],
        "reservation_expiry": end + KEPT_SECONDS,
    }
    absent = {"ConditionExpression": "attribute_not_exists(reservation_id)"}
    action = {"Put": {"TableName": reservations.name, "Item": line, **absent}}
    write("RESERVED", units, reservation, level, after, line=action)
    document = {"reservationId": reservation, "expiry": moment(end), "reserved_at": at, **place, "lines": [place]}
    return answer(201, document)


@app.delete("/inventory/<product_id>/reserve/<reservation_id>")
def release(product_id: str, reservation_id: str) -> Response[str]:
    """Units given back."""
    settle("RELEASED", product_id, reservation_id)
    return answer(204, None)


@app.post("/inventory/<product_id>/fulfill")
def fulfill(product_id: str) -> Response[str]:
    """Units sold."""
    reservation = parsed().get("reservationId")
    if not isinstance(reservation, str):
        raise BadRequestError("give a reservationId")
    units, level = settle("FULFILLED", product_id, reservation)
    names = ("product_id", "warehouse_id", "stock_count", "reserved_count", "available", "status")
    told = shown(level)
    line = {**{name: told[name] for name in names}, "quantity": units}
    return answer(200, {"reservationId": reservation, "lines": [line]})


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


def parsed() -> Item:
    """The body."""
    try:
        body = json.loads(app.current_event.body or "")
    except ValueError as exc:
        raise BadRequestError("not JSON") from exc
    if not isinstance(body, dict):
        raise BadRequestError("not an object")
    return body


def levels(product: str, warehouse: str | None) -> list[Item]:
    """What there is, up to date."""
    if warehouse:
        key = {"product_id": product, "warehouse_id": warehouse}
        asked = {stock.name: {"Keys": [key], "ConsistentRead": True}}
        rows: list[Item] = dynamodb.batch_get_item(RequestItems=asked)["Responses"][stock.name]
    else:
        rows = stock.query(KeyConditionExpression=Key("product_id").eq(product), ConsistentRead=True)["Items"]
    if not rows:
        raise NotFoundError("no such product")
    return rows


def settle(kind: str, product: str, reservation: str) -> tuple[int, Item]:
    """End a hold."""
    lines = reservations.query(KeyConditionExpression=Key("reservation_id").eq(reservation), ConsistentRead=True)
    now = time.time()
    held = [ln for ln in lines["Items"] if ln["product_id"] == product and ln["state"] == "HELD" and ln["ends"] > now]
    if not held:
        raise NotFoundError("nothing is held")
    line = held[0]
    units, end = line["quantity"], str(line["ends"])
    (level,) = levels(product, line["warehouse_id"])
    at = moment(now)
    holds = {**level["holds"], end: level["holds"].get(end, 0) - units}
    left = {second: units for second, units in holds.items() if units}
    after = {**level, "reserved_count": level["reserved_count"] - units, "holds": left, "moved_at": at}
    if kind == "FULFILLED":
        after |= {"stock_count": level["stock_count"] - units, "version": level["version"] + 1, "last_updated": at}
    action = {
        "TableName": reservations.name,
        "Key": {"reservation_id": line["reservation_id"], "line": line["line"]},
        "UpdateExpression": "SET #state = :state, settled_at = :at REMOVE held_for",
        "ConditionExpression": "#state = :held AND reserved_at = :reserved",
        "ExpressionAttributeNames": {"#state": "state"},
        "ExpressionAttributeValues": {
            ":state": kind,
            ":at": at,
            ":held": "HELD",
            ":reserved": line["reserved_at"],
        },
    }
    write(kind, units, reservation, level, after, line={"Update": action})
    return units, after


def write(kind: str, units: int, reservation: str, before: Item, after: Item, *, line: Item) -> None:
    """A level, its movement, and a reservation's line: all or nothing."""
    after["sequence"] = before["sequence"] + 1
    after["status"] = shown(after)["status"]
    if "category" in after:
        after["category_status"] = f"{after['status']}#{after['category']}"
    for name in ("due", "due_at"):
        after.pop(name, None)
    if after["holds"]:
        after |= {"due": "holds", "due_at": min(map(int, after["holds"]))}
    level = {
        "TableName": stock.name,
        "Item": after,
        "ConditionExpression": "#sequence = :sequence",
        "ExpressionAttributeNames": {"#sequence": "sequence"},
        "ExpressionAttributeValues": {":sequence": before["sequence"]},
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }
    moved = {"Put": {"TableName": movements.name, "Item": movement(kind, units, reservation, after)}}
    client = stock.meta.client
    try:
        client.transact_write_items(TransactItems=[{"Put": level}, line, moved])
    except client.exceptions.TransactionCanceledException as exc:
        raise ServiceError(409, "changed by another") from exc


def movement(kind: str, units: int, reservation: str, after: Item) -> Item:
    """What happened to a level."""
    told = shown(after)
    numbers = ("stock_count", "reserved_count", "available", "threshold_level")
    return {
        "product_id": after["product_id"],
        "movement_id": f"{after['moved_at']}#{after['warehouse_id']}",
        "warehouse_id": after["warehouse_id"],
        "type": kind,
        "reservationId": reservation,
        "actor": "anonymous",
        "at": after["moved_at"],
        "status": told["status"],
        "sequence": after["sequence"],
        "quantity": units,
        **{name: told[name] for name in numbers},
    }


def shown(level: Item) -> Item:
    """What people are told of a level."""
    available = level["stock_count"] - level["reserved_count"]
    told = {**level, "available": available, "status": status_of(available, level["threshold_level"])}
    return {name: told[name] for name in SHOWN if name in told}


def status_of(available: int, threshold: int) -> str:
    """The status for so many available units."""
    if available <= 0:
        return "OUT_OF_STOCK"
    return "LOW_STOCK" if available <= threshold else "IN_STOCK"


def moment(seconds: float) -> str:
    """A time as text."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def answer(status: int, document: Item | None) -> Response[str]:
    """The document as JSON."""
    request_id = app.current_event.request_context.request_id or ""
    return Response(
        status_code=status,
        content_type="application/json",
        body=json.dumps(document, default=int) if document else "",
        headers={**HEADERS, "X-Request-Id": request_id},
    )
