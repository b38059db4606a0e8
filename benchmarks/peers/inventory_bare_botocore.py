"""The inventory's floor: one botocore client and the standard library, making the calls that the service makes.

In its favour it checks little, never looks whether the stock is low, does not sign its page tokens, and reads before it
writes the audit of the read: two calls at once would take botocore a thread.
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

import botocore.session

ITEMS = os.environ["ITEMS_TABLE_NAME"]
AUDIT = os.environ["AUDIT_TABLE_NAME"]
REQUIRED = {"name", "quantity", "price", "category"}
HIDDEN = {"latestVersion", "listing", "listedAt", "categoryStatus"}
HEADERS = {
    "Content-Type": "application/json",
    "Cache-Control": "no-store",
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "ETag,Location,X-Request-Id",
}

client = botocore.session.Session().create_client("dynamodb")

Answer = tuple[int, str, dict[str, str]]
Item = dict[str, Any]


class Refused(Exception):
    """An answer that ends a request."""


def create(event: dict[str, Any]) -> Answer:
    """The first version of an item."""
    body = parsed(event)
    if not body.keys() >= REQUIRED:
        raise Refused(400, "something is missing")
    at = {"S": moment()}
    fields = {name: to_attribute(value) for name, value in body.items()}
    item = {
        "itemId": {"S": uuid.uuid4().hex},
        "version": {"N": "1"},
        "status": {"S": "available"},
        **fields,
        "createdAt": at,
        "lastUpdated": at,
    }
    write("CREATE", None, item)
    return 201, shown(item), {**etag(item), "Location": f"items/{item['itemId']['S']}"}


def read(event: dict[str, Any]) -> Answer:
    """An item as it is."""
    item = current(event)
    audit("READ", item["itemId"])
    return 200, shown(item), etag(item)


def update(event: dict[str, Any]) -> Answer:
    """The version after the one an item is at."""
    body = parsed(event)
    old = current(event)
    changes = {name: to_attribute(value) for name, value in body.items()}
    new = {**old, **changes, "version": {"N": str(int(old["version"]["N"]) + 1)}, "lastUpdated": {"S": moment()}}
    write("UPDATE", old, new)
    return 200, shown(new), etag(new)


def listing(event: dict[str, Any]) -> Answer:
    """A page of items, newest first.  One more than asked for is read, to know the end."""
    query = event["queryStringParameters"] or {}
    size = int(query.get("page_size", 20))
    token = query.get("page_token")
    start = {"ExclusiveStartKey": json.loads(base64.urlsafe_b64decode(token))} if token else {}
    rows = client.query(
        TableName=ITEMS,
        IndexName="listing-index",
        KeyConditionExpression="listing = :items",
        ExpressionAttributeValues={":items": {"S": "items"}},
        ScanIndexForward=False,
        Limit=size + 1,
        **start,
    )["Items"]
    audit("LIST", {"NULL": True})
    after = None
    if len(rows) > size:
        last = {name: rows[size - 1][name] for name in ("itemId", "version", "listing", "listedAt")}
        after = base64.urlsafe_b64encode(json.dumps(last).encode()).decode()
    found = [plain(item_of(row)) for row in rows[:size]]
    page = {"items": found, "count": len(found), "next_page_token": after}
    return 200, json.dumps(page), {}


ROUTES = {
    ("POST", "/items"): create,
    ("GET", "/items"): listing,
    ("GET", "/items/{itemId}"): read,
    ("PUT", "/items/{itemId}"): update,
}


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Route, answer, log."""
    started = time.perf_counter()
    request_id = event["requestContext"]["requestId"]
    try:
        status, body, headers = ROUTES[event["httpMethod"], event["resource"]](event)
    except Refused as exc:
        (status, message), headers = exc.args, {}
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
    return {"statusCode": status, "headers": {**HEADERS, "X-Request-Id": request_id, **headers}, "body": body}


def parsed(event: dict[str, Any]) -> dict[str, Any]:
    """The body."""
    try:
        body = json.loads(event["body"] or "", parse_float=Decimal)
    except ValueError as exc:
        raise Refused(400, "not JSON") from exc
    if not isinstance(body, dict):
        raise Refused(400, "not an object")
    return body


def current(event: dict[str, Any]) -> Item:
    """The item in the path."""
    key = {"itemId": {"S": event["pathParameters"]["itemId"]}, "version": {"N": "0"}}
    row = client.get_item(TableName=ITEMS, Key=key, ConsistentRead=True).get("Item")
    if row is None or "deleted" in row:
        raise Refused(404, "not found")
    return item_of(row)


def item_of(row: Item) -> Item:
    """What callers may see of a row."""
    return {name: row[name] for name in row if name not in HIDDEN} | {"version": row["latestVersion"]}


def write(operation: str, old: Item | None, new: Item) -> None:
    """A version, what the item is now, and the audit: all or nothing."""
    now = {
        **new,
        "version": {"N": "0"},
        "latestVersion": new["version"],
        "listing": {"S": "items"},
        "listedAt": new["createdAt"],
        "categoryStatus": {"S": f"{new['status']['S']}#{new['category']['S']}"},
    }
    changes = {n: {"M": {"old": old[n], "new": new[n]}} for n in new if n in old and old[n] != new[n]} if old else {}
    for name in ("version", "lastUpdated"):
        changes.pop(name, None)
    version = {**new, "operation": {"S": operation}, "changedBy": {"S": "anonymous"}, "changes": {"M": changes}}
    if old:
        guard = {"ConditionExpression": "latestVersion = :old", "ExpressionAttributeValues": {":old": old["version"]}}
    else:
        guard = {"ConditionExpression": "attribute_not_exists(itemId)"}
    absent = {"ConditionExpression": "attribute_not_exists(itemId)"}
    try:
        client.transact_write_items(
            TransactItems=[
                {"Put": {"TableName": ITEMS, "Item": now, **guard}},
                {"Put": {"TableName": ITEMS, "Item": version, **absent}},
                {"Put": {"TableName": AUDIT, "Item": audit_row(operation, new["itemId"], old, new)}},
            ]
        )
    except client.exceptions.TransactionCanceledException as exc:
        raise Refused(409, "changed by another") from exc


def audit(operation: str, item_id: Any) -> None:
    """The trace of a read."""
    client.put_item(TableName=AUDIT, Item=audit_row(operation, item_id, None, None))


def audit_row(operation: str, item_id: Any, old: Item | None, new: Item | None) -> Item:
    """The trace of an operation."""
    return {
        "auditId": {"S": uuid.uuid4().hex},
        "timestamp": {"S": moment()},
        "operation": {"S": operation},
        "itemId": item_id,
        "userId": {"S": "anonymous"},
        "oldValue": {"M": old} if old else {"NULL": True},
        "newValue": {"M": new} if new else {"NULL": True},
    }


def moment() -> str:
    """Now."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def etag(item: Item) -> dict[str, str]:
    """The header that tells an item's version."""
    return {"ETag": f'"{item["version"]["N"]}"'}


def shown(item: Item) -> str:
    """An item as JSON."""
    return json.dumps(plain(item))


def plain(item: Item) -> dict[str, Any]:
    """An item's values."""
    return {name: from_attribute(value) for name, value in item.items()}


def to_attribute(value: Any) -> dict[str, Any]:
    """A field as DynamoDB types it."""
    if isinstance(value, str):
        return {"S": value}
    if isinstance(value, (int, Decimal)):
        return {"N": str(value)}
    raise Refused(400, "neither text nor number")


def from_attribute(attribute: dict[str, Any]) -> Any:
    """And back."""
    ((kind, value),) = attribute.items()
    if kind == "N":
        return float(value) if "." in value or "E" in value else int(value)
    return value
