"""The inventory with Powertools for AWS Lambda: its REST resolver, and boto3's resource.

In its favour its Logger is left out, for it takes longer than the `print` here; it checks little, never looks whether
the stock is low, and does not sign its page tokens.
"""

# pylint: disable=duplicate-code  # each peer is a whole function, to be read alone
import base64
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
from boto3.dynamodb.conditions import Key

REQUIRED = {"name", "quantity", "price", "category"}
HIDDEN = {"latestVersion", "listing", "listedAt", "categoryStatus"}
HEADERS = {
    "Cache-Control": "no-store",
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "ETag,Location,X-Request-Id",
}

app = APIGatewayRestResolver()
dynamodb = boto3.resource("dynamodb")
items = dynamodb.Table(os.environ["ITEMS_TABLE_NAME"])
audits = dynamodb.Table(os.environ["AUDIT_TABLE_NAME"])

Item = dict[str, Any]


@app.post("/items")
def create() -> Response[str]:
    """The first version of an item."""
    body = parsed()
    if not body.keys() >= REQUIRED:
        raise BadRequestError("something is missing")
    at = moment()
    own = {"itemId": uuid.uuid4().hex, "version": 1, "status": "available"}
    item = {**own, **body, "createdAt": at, "lastUpdated": at}
    write("CREATE", None, item)
    return answer(201, item, {**etag(item), "Location": f"items/{item['itemId']}"})


@app.get("/items/<item_id>")
def read(item_id: str) -> Response[str]:
    """An item as it is."""
    item = current(item_id)
    audits.put_item(Item=audit_row("READ", item_id, None, None))
    return answer(200, item, etag(item))


@app.put("/items/<item_id>")
def update(item_id: str) -> Response[str]:
    """The version after the one an item is at."""
    body = parsed()
    old = current(item_id)
    new = {**old, **body, "version": old["version"] + 1, "lastUpdated": moment()}
    write("UPDATE", old, new)
    return answer(200, new, etag(new))


@app.get("/items")
def listing() -> Response[str]:
    """A page of items, newest first.  One more than asked for is read, to know the end."""
    size = int(app.current_event.get_query_string_value("page_size", "20"))
    token = app.current_event.get_query_string_value("page_token", "")
    start = {"ExclusiveStartKey": json.loads(base64.urlsafe_b64decode(token))} if token else {}
    rows = items.query(
        IndexName="listing-index",
        KeyConditionExpression=Key("listing").eq("items"),
        ScanIndexForward=False,
        Limit=size + 1,
        **start,
    )["Items"]
    audits.put_item(Item=audit_row("LIST", None, None, None))
    after = None
    if len(rows) > size:
        last = {name: rows[size - 1][name] for name in ("itemId", "version", "listing", "listedAt")}
        after = base64.urlsafe_b64encode(json.dumps(last, default=number).encode()).decode()
    found = [item_of(row) for row in rows[:size]]
    return answer(200, {"items": found, "count": len(found), "next_page_token": after}, {})


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


def parsed() -> dict[str, Any]:
    """The body."""
    try:
        body = json.loads(app.current_event.body or "", parse_float=Decimal)
    except ValueError as exc:
        raise BadRequestError("not JSON") from exc
    if not isinstance(body, dict):
        raise BadRequestError("not an object")
    return body


def current(item_id: str) -> Item:
    """An item as it is."""
    row = items.get_item(Key={"itemId": item_id, "version": 0}, ConsistentRead=True).get("Item")
    if row is None or "deleted" in row:
        raise NotFoundError("not found")
    return item_of(row)


def item_of(row: Item) -> Item:
    """What callers may see of a row."""
    return {name: row[name] for name in row if name not in HIDDEN} | {"version": row["latestVersion"]}


def write(operation: str, old: Item | None, new: Item) -> None:
    """A version, what the item is now, and the audit: all or nothing."""
    now = {
        **new,
        "version": 0,
        "latestVersion": new["version"],
        "listing": "items",
        "listedAt": new["createdAt"],
        "categoryStatus": f"{new['status']}#{new['category']}",
    }
    changes = {n: {"old": old[n], "new": new[n]} for n in new if n in old and old[n] != new[n]} if old else {}
    for name in ("version", "lastUpdated"):
        changes.pop(name, None)
    version = {**new, "operation": operation, "changedBy": "anonymous", "changes": changes}
    guard: dict[str, Any] = {"ConditionExpression": "attribute_not_exists(itemId)"}
    if old:
        guard = {"ConditionExpression": "latestVersion = :old", "ExpressionAttributeValues": {":old": old["version"]}}
    absent = {"ConditionExpression": "attribute_not_exists(itemId)"}
    client = items.meta.client
    try:
        client.transact_write_items(
            TransactItems=[
                {"Put": {"TableName": items.name, "Item": now, **guard}},
                {"Put": {"TableName": items.name, "Item": version, **absent}},
                {"Put": {"TableName": audits.name, "Item": audit_row(operation, new["itemId"], old, new)}},
            ]
        )
    except client.exceptions.TransactionCanceledException as exc:
        raise ServiceError(409, "changed by another") from exc


def audit_row(operation: str, item_id: str | None, old: Item | None, new: Item | None) -> Item:
    """The trace of an operation."""
    return {
        "auditId": uuid.uuid4().hex,
        "timestamp": moment(),
        "operation": operation,
        "itemId": item_id,
        "userId": "anonymous",
        "oldValue": old,
        "newValue": new,
    }


def moment() -> str:
    """Now."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def etag(item: Item) -> dict[str, str]:
    """The header that tells an item's version."""
    return {"ETag": f'"{item["version"]}"'}


def answer(status: int, document: dict[str, Any], headers: dict[str, str]) -> Response[str]:
    """The document as JSON."""
    request_id = app.current_event.request_context.request_id or ""
    return Response(
        status_code=status,
        content_type="application/json",
        body=json.dumps(document, default=number),
        headers={**HEADERS, "X-Request-Id": request_id, **headers},
    )


def number(value: Any) -> int | float:
    """A number JSON can write."""
    return int(value) if value == int(value) else float(value)
