"""The baseline of the stock service: only a botocore client and the standard library, with the calls of the service.

It does less work than the service: it validates less, reserves one product per request, does not retry after concurrent
changes, does not release expired reservations, and does not detect repeated reservations.
"""

# pylint: disable=duplicate-code  # each peer is a complete function
import hashlib
import json
import os
import random
import time
from datetime import UTC, datetime
from typing import Any

import botocore.session

LEVELS = os.environ["LEVELS_TABLE_NAME"]
RESERVATIONS = os.environ["RESERVATIONS_TABLE_NAME"]
MOVEMENTS = os.environ["MOVEMENTS_TABLE_NAME"]
MINUTES = int(os.environ["RESERVATION_MINUTES"])
MINUTE_SECONDS = 60
RETENTION_SECONDS = 7 * 24 * 3600
COUNTS = ("stock_count", "reserved_count", "available", "threshold_level", "version")
HEADERS = {
    "Content-Type": "application/json",
    "Cache-Control": "no-store",
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "ETag,Location,X-Request-Id",
}

client = botocore.session.Session().create_client("dynamodb")

HandlerResult = tuple[int, str]
Level = dict[str, Any]
"""Attributes of a level. `holds` contains the reserved units by the time of their expiry in seconds."""


class Rejected(Exception):
    """An error response."""


def read(event: dict[str, Any]) -> HandlerResult:
    """Return the level of a product in one warehouse or in all."""
    product, warehouse = (
        event["pathParameters"]["productId"],
        (event["queryStringParameters"] or {}).get("warehouse_id"),
    )
    stored = levels(product, warehouse)
    now = time.time()
    for level in stored:
        for end in [end for end in level["holds"] if end <= now]:
            level["reserved_count"] -= level["holds"].pop(end)
    if warehouse:
        return 200, json.dumps(to_response(stored[0]))
    warehouses = [to_response(level) for level in stored]
    sums = {name: sum(level[name] for level in warehouses) for name in COUNTS}
    status = status_of(sums["available"], sums["threshold_level"])
    last_updated = max(level["last_updated"] for level in warehouses)
    total = {"product_id": product, **sums, "status": status, "last_updated": last_updated, "warehouses": warehouses}
    return 200, json.dumps(total)


def reserve(event: dict[str, Any]) -> HandlerResult:
    """Reserve units of a product."""
    body = parse_body(event)
    units, reservation = body.get("quantity"), body.get("reservationId")
    if not isinstance(units, int) or units < 1 or not isinstance(reservation, str):
        raise Rejected(400, "quantity and reservationId are required.")
    candidates = [
        level
        for level in levels(event["pathParameters"]["productId"], body.get("warehouse_id"))
        if level["stock_count"] - level["reserved_count"] >= units
    ]
    if not candidates:
        raise Rejected(409, "Insufficient stock.")
    level = random.choice(candidates)  # noqa: S311  # not security-relevant
    now = time.time()
    minutes = body.get("lifetime_minutes", MINUTES)
    end = -(-int(now + minutes * MINUTE_SECONDS) // MINUTE_SECONDS) * MINUTE_SECONDS
    timestamp = format_timestamp(now)
    holds = {**level["holds"], end: level["holds"].get(end, 0) + units}
    updated = {**level, "reserved_count": level["reserved_count"] + units, "holds": holds, "moved_at": timestamp}
    reserved = {"product_id": level["product_id"], "warehouse_id": level["warehouse_id"], "quantity": units}
    line = {
        "reservation_id": {"S": reservation},
        "line": {"N": "0"},
        "product_id": {"S": level["product_id"]},
        "warehouse_id": {"S": level["warehouse_id"]},
        "quantity": {"N": str(units)},
        "state": {"S": "HELD"},
        "reserved_at": {"S": timestamp},
        "expiry": {"S": format_timestamp(end)},
        "ends": {"N": str(end)},
        "actor": {"S": "anonymous"},
        "digest": {"S": hashlib.sha256(json.dumps([reserved, minutes]).encode()).hexdigest()[:32]},
        "held_for": {"S": level["product_id"]},
        "reservation_expiry": {"N": str(end + RETENTION_SECONDS)},
    }
    condition = {"ConditionExpression": "attribute_not_exists(reservation_id)"}
    action = {"Put": {"TableName": RESERVATIONS, "Item": line, **condition}}
    write("RESERVED", units, reservation, level, updated, line=action)
    document = {
        "reservationId": reservation,
        "expiry": format_timestamp(end),
        "reserved_at": timestamp,
        **reserved,
        "lines": [reserved],
    }
    return 201, json.dumps(document)


def release(event: dict[str, Any]) -> HandlerResult:
    path = event["pathParameters"]
    settle("RELEASED", path["productId"], path["reservationId"])
    return 204, ""


def fulfill(event: dict[str, Any]) -> HandlerResult:
    """Sell reserved units."""
    reservation = parse_body(event).get("reservationId")
    if not isinstance(reservation, str):
        raise Rejected(400, "reservationId is required.")
    units, level = settle("FULFILLED", event["pathParameters"]["productId"], reservation)
    fields = to_response(level)
    names = ("product_id", "warehouse_id", "stock_count", "reserved_count", "available", "status")
    line = {**{name: fields[name] for name in names}, "quantity": units}
    return 200, json.dumps({"reservationId": reservation, "lines": [line]})


ROUTES = {
    ("GET", "/inventory/{productId}"): read,
    ("POST", "/inventory/{productId}/reserve"): reserve,
    ("DELETE", "/inventory/{productId}/reserve/{reservationId}"): release,
    ("POST", "/inventory/{productId}/fulfill"): fulfill,
}


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Handle a request and log it."""
    started = time.perf_counter()
    request_id = event["requestContext"]["requestId"]
    try:
        status, body = ROUTES[event["httpMethod"], event["resource"]](event)
    except Rejected as exc:
        status, message = exc.args
        body = json.dumps({"error": message})
    line = {
        "level": "INFO",
        "message": "request",
        "requestId": request_id,
        "route": f"{event['httpMethod']} {event['resource']}",
        "status": status,
        "durationMs": round((time.perf_counter() - started) * 1000, 2),
    }
    print(json.dumps(line), flush=True)
    return {"statusCode": status, "headers": {**HEADERS, "X-Request-Id": request_id}, "body": body}


def parse_body(event: dict[str, Any]) -> dict[str, Any]:
    """Parse the request body."""
    try:
        body = json.loads(event["body"] or "")
    except ValueError as exc:
        raise Rejected(400, "Request body must be JSON.") from exc
    if not isinstance(body, dict):
        raise Rejected(400, "Request body must be an object.")
    return body


def levels(product: str, warehouse: str | None) -> list[Level]:
    """Read the levels of a product consistently."""
    if warehouse:
        key = {"product_id": {"S": product}, "warehouse_id": {"S": warehouse}}
        request = {LEVELS: {"Keys": [key], "ConsistentRead": True}}
        items = client.batch_get_item(RequestItems=request)["Responses"][LEVELS]
    else:
        items = client.query(
            TableName=LEVELS,
            KeyConditionExpression="product_id = :product",
            ExpressionAttributeValues={":product": {"S": product}},
            ConsistentRead=True,
        )["Items"]
    if not items:
        raise Rejected(404, "Product not found.")
    return [level_of(item) for item in items]


def settle(kind: str, product: str, reservation: str) -> tuple[int, Level]:
    """Release or sell the units of a reservation."""
    lines = client.query(
        TableName=RESERVATIONS,
        KeyConditionExpression="reservation_id = :id",
        ExpressionAttributeValues={":id": {"S": reservation}},
        ConsistentRead=True,
    )["Items"]
    now = time.time()
    active = [
        candidate
        for candidate in lines
        if candidate["product_id"]["S"] == product and candidate["state"]["S"] == "HELD"
    ]
    if not active or int(active[0]["ends"]["N"]) <= now:
        raise Rejected(404, "Reservation not found.")
    line = active[0]
    units, end = int(line["quantity"]["N"]), int(line["ends"]["N"])
    (level,) = levels(product, line["warehouse_id"]["S"])
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
        "TableName": RESERVATIONS,
        "Key": {"reservation_id": line["reservation_id"], "line": line["line"]},
        "UpdateExpression": "SET #state = :state, settled_at = :at REMOVE held_for",
        "ConditionExpression": "#state = :held AND reserved_at = :reserved",
        "ExpressionAttributeNames": {"#state": "state"},
        "ExpressionAttributeValues": {
            ":state": {"S": kind},
            ":at": {"S": timestamp},
            ":held": {"S": "HELD"},
            ":reserved": line["reserved_at"],
        },
    }
    write(kind, units, reservation, level, updated, line={"Update": action})
    return units, updated


def write(kind: str, units: int, reservation: str, previous: Level, updated: Level, *, line: dict[str, Any]) -> None:
    """Write a level, its movement, and a reservation line in one transaction."""
    updated["sequence"] = previous["sequence"] + 1
    try:
        client.transact_write_items(
            TransactItems=[
                {
                    "Put": {
                        "TableName": LEVELS,
                        "Item": to_item(updated),
                        "ConditionExpression": "#sequence = :sequence",
                        "ExpressionAttributeNames": {"#sequence": "sequence"},
                        "ExpressionAttributeValues": {":sequence": {"N": str(previous["sequence"])}},
                        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
                    }
                },
                line,
                {"Put": {"TableName": MOVEMENTS, "Item": movement(kind, units, reservation, updated)}},
            ]
        )
    except client.exceptions.TransactionCanceledException as exc:
        raise Rejected(409, "The level was modified concurrently.") from exc


def movement(kind: str, units: int, reservation: str, updated: Level) -> dict[str, Any]:
    """Return the item of a movement."""
    fields = to_response(updated)
    numbers = ("stock_count", "reserved_count", "available", "threshold_level")
    return {
        "product_id": {"S": updated["product_id"]},
        "movement_id": {"S": f"{updated['moved_at']}#{updated['warehouse_id']}"},
        "warehouse_id": {"S": updated["warehouse_id"]},
        "type": {"S": kind},
        "reservationId": {"S": reservation},
        "actor": {"S": "anonymous"},
        "at": {"S": updated["moved_at"]},
        "status": {"S": fields["status"]},
        "sequence": {"N": str(updated["sequence"])},
        "quantity": {"N": str(units)},
        **{name: {"N": str(fields[name])} for name in numbers},
    }


def to_item(level: Level) -> dict[str, Any]:
    """Convert a level to a DynamoDB item."""
    status = to_response(level)["status"]
    item = {
        "product_id": {"S": level["product_id"]},
        "warehouse_id": {"S": level["warehouse_id"]},
        "stock_count": {"N": str(level["stock_count"])},
        "reserved_count": {"N": str(level["reserved_count"])},
        "threshold_level": {"N": str(level["threshold_level"])},
        "status": {"S": status},
        "last_updated": {"S": level["last_updated"]},
        "version": {"N": str(level["version"])},
        "sequence": {"N": str(level["sequence"])},
        "moved_at": {"S": level["moved_at"]},
        "holds": {"M": {str(end): {"N": str(units)} for end, units in level["holds"].items()}},
        "listing": {"S": "levels"},
    }
    if level["category"] is not None:
        item["category"] = {"S": level["category"]}
        item["category_status"] = {"S": f"{status}#{level['category']}"}
    if level["holds"]:
        item["due"] = {"S": "holds"}
        item["due_at"] = {"N": str(min(level["holds"]))}
    return item


def level_of(item: dict[str, Any]) -> Level:
    """Convert a DynamoDB item to a level."""
    numbers = ("stock_count", "reserved_count", "threshold_level", "version", "sequence")
    strings = ("product_id", "warehouse_id", "last_updated", "moved_at")
    return {
        **{name: int(item[name]["N"]) for name in numbers},
        **{name: item[name]["S"] for name in strings},
        "category": item["category"]["S"] if "category" in item else None,
        "holds": {int(end): int(units["N"]) for end, units in item["holds"]["M"].items()},
    }


def to_response(level: Level) -> dict[str, Any]:
    """Return the response fields of a level."""
    available = level["stock_count"] - level["reserved_count"]
    return {
        "product_id": level["product_id"],
        "warehouse_id": level["warehouse_id"],
        **({"category": level["category"]} if level["category"] is not None else {}),
        "stock_count": level["stock_count"],
        "reserved_count": level["reserved_count"],
        "available": available,
        "threshold_level": level["threshold_level"],
        "status": status_of(available, level["threshold_level"]),
        "last_updated": level["last_updated"],
        "version": level["version"],
    }


def status_of(available: int, threshold: int) -> str:
    if available <= 0:
        return "OUT_OF_STOCK"
    return "LOW_STOCK" if available <= threshold else "IN_STOCK"


def format_timestamp(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
