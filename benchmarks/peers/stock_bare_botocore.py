"""The stock's floor: one botocore client and the standard library, making the calls that the service makes.

In its favour it checks little, takes only one product at a time, gives up on a level that another has changed, and
neither gives back what has ended nor answers a repeated reservation.
"""

# pylint: disable=duplicate-code  # each peer is a whole function, to be read alone
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
KEPT_SECONDS = 7 * 24 * 3600
COUNTS = ("stock_count", "reserved_count", "available", "threshold_level", "version")
HEADERS = {
    "Content-Type": "application/json",
    "Cache-Control": "no-store",
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "ETag,Location,X-Request-Id",
}

client = botocore.session.Session().create_client("dynamodb")

Answer = tuple[int, str]
Level = dict[str, Any]
"""Plain values; `holds` has the units by the second at which they are free again."""


class Refused(Exception):
    """An answer that ends a request."""


def read(event: dict[str, Any]) -> Answer:
    """What there is of a product, in a warehouse or in all."""
    product, warehouse = (
        event["pathParameters"]["productId"],
        (event["queryStringParameters"] or {}).get("warehouse_id"),
    )
    found = levels(product, warehouse)
    now = time.time()
    for level in found:
        for end in [end for end in level["holds"] if end <= now]:
            level["reserved_count"] -= level["holds"].pop(end)
    if warehouse:
        return 200, json.dumps(shown(found[0]))
    warehouses = [shown(level) for level in found]
    sums = {name: sum(level[name] for level in warehouses) for name in COUNTS}
    status = status_of(sums["available"], sums["threshold_level"])
    last = max(level["last_updated"] for level in warehouses)
    summed = {"product_id": product, **sums, "status": status, "last_updated": last, "warehouses": warehouses}
    return 200, json.dumps(summed)


def reserve(event: dict[str, Any]) -> Answer:
    """Units held for a while."""
    body = parsed(event)
    units, reservation = body.get("quantity"), body.get("reservationId")
    if not isinstance(units, int) or units < 1 or not isinstance(reservation, str):
        raise Refused(400, "give a quantity and a reservationId")
    enough = [
        level
        for level in levels(event["pathParameters"]["productId"], body.get("warehouse_id"))
        if level["stock_count"] - level["reserved_count"] >= units
    ]
    if not enough:
        raise Refused(409, "there is less")
    level = random.choice(enough)  # noqa: S311  # no secret
    now = time.time()
    minutes = body.get("lifetime_minutes", MINUTES)
    end = -(-int(now + minutes * MINUTE_SECONDS) // MINUTE_SECONDS) * MINUTE_SECONDS
    at = moment(now)
    holds = {**level["holds"], end: level["holds"].get(end, 0) + units}
    after = {**level, "reserved_count": level["reserved_count"] + units, "holds": holds, "moved_at": at}
    place = {"product_id": level["product_id"], "warehouse_id": level["warehouse_id"], "quantity": units}
    line = {
        "reservation_id": {"S": reservation},
        "line": {"N": "0"},
        "product_id": {"S": level["product_id"]},
        "warehouse_id": {"S": level["warehouse_id"]},
        "quantity": {"N": str(units)},
        "state": {"S": "HELD"},
        "reserved_at": {"S": at},
        "expiry": {"S": moment(end)},
        "ends": {"N": str(end)},
        "actor": {"S": "anonymous"},
        "digest": {"S": hashlib.sha256(json.dumps([place, minutes]).encode()).hexdigest()[:32]},
        "held_for": {"S": level["product_id"]},
        "reservation_expiry": {"N": str(end + KEPT_SECONDS)},
    }
    absent = {"ConditionExpression": "attribute_not_exists(reservation_id)"}
    action = {"Put": {"TableName": RESERVATIONS, "Item": line, **absent}}
    write("RESERVED", units, reservation, level, after, line=action)
    document = {"reservationId": reservation, "expiry": moment(end), "reserved_at": at, **place, "lines": [place]}
    return 201, json.dumps(document)


def release(event: dict[str, Any]) -> Answer:
    """Units given back."""
    path = event["pathParameters"]
    settle("RELEASED", path["productId"], path["reservationId"])
    return 204, ""


def fulfill(event: dict[str, Any]) -> Answer:
    """Units sold."""
    reservation = parsed(event).get("reservationId")
    if not isinstance(reservation, str):
        raise Refused(400, "give a reservationId")
    units, level = settle("FULFILLED", event["pathParameters"]["productId"], reservation)
    told = shown(level)
    names = ("product_id", "warehouse_id", "stock_count", "reserved_count", "available", "status")
    line = {**{name: told[name] for name in names}, "quantity": units}
    return 200, json.dumps({"reservationId": reservation, "lines": [line]})


ROUTES = {
    ("GET", "/inventory/{productId}"): read,
    ("POST", "/inventory/{productId}/reserve"): reserve,
    ("DELETE", "/inventory/{productId}/reserve/{reservationId}"): release,
    ("POST", "/inventory/{productId}/fulfill"): fulfill,
}


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Route, answer, log."""
    started = time.perf_counter()
    request_id = event["requestContext"]["requestId"]
    try:
        status, body = ROUTES[event["httpMethod"], event["resource"]](event)
    except Refused as exc:
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


def parsed(event: dict[str, Any]) -> dict[str, Any]:
    """The body."""
    try:
        body = json.loads(event["body"] or "")
    except ValueError as exc:
        raise Refused(400, "not JSON") from exc
    if not isinstance(body, dict):
        raise Refused(400, "not an object")
    return body


def levels(product: str, warehouse: str | None) -> list[Level]:
    """What there is, up to date."""
    if warehouse:
        key = {"product_id": {"S": product}, "warehouse_id": {"S": warehouse}}
        asked = {LEVELS: {"Keys": [key], "ConsistentRead": True}}
        rows = client.batch_get_item(RequestItems=asked)["Responses"][LEVELS]
    else:
        rows = client.query(
            TableName=LEVELS,
            KeyConditionExpression="product_id = :product",
            ExpressionAttributeValues={":product": {"S": product}},
            ConsistentRead=True,
        )["Items"]
    if not rows:
        raise Refused(404, "no such product")
    return [level_of(row) for row in rows]


def settle(kind: str, product: str, reservation: str) -> tuple[int, Level]:
    """End a hold."""
    lines = client.query(
        TableName=RESERVATIONS,
        KeyConditionExpression="reservation_id = :id",
        ExpressionAttributeValues={":id": {"S": reservation}},
        ConsistentRead=True,
    )["Items"]
    now = time.time()
    held = [ln for ln in lines if ln["product_id"]["S"] == product and ln["state"]["S"] == "HELD"]
    if not held or int(held[0]["ends"]["N"]) <= now:
        raise Refused(404, "nothing is held")
    line = held[0]
    units, end = int(line["quantity"]["N"]), int(line["ends"]["N"])
    (level,) = levels(product, line["warehouse_id"]["S"])
    at = moment(now)
    holds = {**level["holds"], end: level["holds"].get(end, 0) - units}
    left = {second: units for second, units in holds.items() if units}
    after = {**level, "reserved_count": level["reserved_count"] - units, "holds": left, "moved_at": at}
    if kind == "FULFILLED":
        after |= {"stock_count": level["stock_count"] - units, "version": level["version"] + 1, "last_updated": at}
    action = {
        "TableName": RESERVATIONS,
        "Key": {"reservation_id": line["reservation_id"], "line": line["line"]},
        "UpdateExpression": "SET #state = :state, settled_at = :at REMOVE held_for",
        "ConditionExpression": "#state = :held AND reserved_at = :reserved",
        "ExpressionAttributeNames": {"#state": "state"},
        "ExpressionAttributeValues": {
            ":state": {"S": kind},
            ":at": {"S": at},
            ":held": {"S": "HELD"},
            ":reserved": line["reserved_at"],
        },
    }
    write(kind, units, reservation, level, after, line={"Update": action})
    return units, after


def write(kind: str, units: int, reservation: str, before: Level, after: Level, *, line: dict[str, Any]) -> None:
    """A level, its movement, and a reservation's line: all or nothing."""
    after["sequence"] = before["sequence"] + 1
    try:
        client.transact_write_items(
            TransactItems=[
                {
                    "Put": {
                        "TableName": LEVELS,
                        "Item": row(after),
                        "ConditionExpression": "#sequence = :sequence",
                        "ExpressionAttributeNames": {"#sequence": "sequence"},
                        "ExpressionAttributeValues": {":sequence": {"N": str(before["sequence"])}},
                        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
                    }
                },
                line,
                {"Put": {"TableName": MOVEMENTS, "Item": movement(kind, units, reservation, after)}},
            ]
        )
    except client.exceptions.TransactionCanceledException as exc:
        raise Refused(409, "changed by another") from exc


def movement(kind: str, units: int, reservation: str, after: Level) -> dict[str, Any]:
    """What happened to a level."""
    told = shown(after)
    numbers = ("stock_count", "reserved_count", "available", "threshold_level")
    return {
        "product_id": {"S": after["product_id"]},
        "movement_id": {"S": f"{after['moved_at']}#{after['warehouse_id']}"},
        "warehouse_id": {"S": after["warehouse_id"]},
        "type": {"S": kind},
        "reservationId": {"S": reservation},
        "actor": {"S": "anonymous"},
        "at": {"S": after["moved_at"]},
        "status": {"S": told["status"]},
        "sequence": {"N": str(after["sequence"])},
        "quantity": {"N": str(units)},
        **{name: {"N": str(told[name])} for name in numbers},
    }


def row(level: Level) -> dict[str, Any]:
    """The row of a level."""
    status = shown(level)["status"]
    found = {
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
        found["category"] = {"S": level["category"]}
        found["category_status"] = {"S": f"{status}#{level['category']}"}
    if level["holds"]:
        found["due"] = {"S": "holds"}
        found["due_at"] = {"N": str(min(level["holds"]))}
    return found


def level_of(found: dict[str, Any]) -> Level:
    """And back."""
    numbers = ("stock_count", "reserved_count", "threshold_level", "version", "sequence")
    texts = ("product_id", "warehouse_id", "last_updated", "moved_at")
    return {
        **{name: int(found[name]["N"]) for name in numbers},
        **{name: found[name]["S"] for name in texts},
        "category": found["category"]["S"] if "category" in found else None,
        "holds": {int(end): int(units["N"]) for end, units in found["holds"]["M"].items()},
    }


def shown(level: Level) -> dict[str, Any]:
    """What people are told of a level."""
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
    """The status for so many available units."""
    if available <= 0:
        return "OUT_OF_STOCK"
    return "LOW_STOCK" if available <= threshold else "IN_STOCK"


def moment(seconds: float) -> str:
    """A time as text."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
