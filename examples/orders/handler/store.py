"""Orders and totals in DynamoDB."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from decimal import Decimal
from functools import cache
from typing import Any
from uuid import UUID

from tap_stack.runtime.attributes import Item, to_item, to_python
from tap_stack.runtime.dynamodb import ConditionFailed, DynamoDB, TransactionCanceled, put_action
from tap_stack.runtime.paging import Listing, PageTokens
from tap_stack.runtime.reserved_keys import EXPIRES

from .models import Order, Status, Totals

STREAM_RETENTION_SECONDS = 24 * 3600


@cache
def client() -> DynamoDB:
    """Return the client of this execution environment."""
    return DynamoDB()


def internal_key(name: str) -> Item:
    """Return the key of an item that the service itself needs: the key of page tokens, or a counted stream record."""
    return {"id": {"S": name}}


@cache
def page_tokens() -> PageTokens:
    """Return the page tokens of this execution environment, which read their signing key once."""
    return PageTokens(client(), os.environ["INTERNAL_TABLE"], internal_key)


def add_order(order: Order) -> Order:
    """Store an order and return it. If an earlier request has stored it, return the stored order."""
    # Strings keep every digit of the prices; `total` is a number, which the consumer of the stream adds.
    item = to_item({**order.model_dump(mode="json"), "total": order.total})
    try:
        client().call(
            "PutItem",
            TableName=os.environ["ORDERS_TABLE"],
            Item=item,
            ConditionExpression="attribute_not_exists(id)",
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )
    except ConditionFailed as exc:
        return _to_order(exc.item or item)
    return order


def find_order(order_id: UUID) -> Order | None:
    """Return an order, or None if it does not exist."""
    key = {"id": {"S": str(order_id)}}
    item = client().call("GetItem", TableName=os.environ["ORDERS_TABLE"], Key=key, ConsistentRead=True).get("Item")
    return None if item is None else _to_order(item)


def set_status(order: Order, status: Status) -> bool:
    """Set the status of an order. Return False if it has another status than `order`."""
    try:
        client().call(
            "UpdateItem",
            TableName=os.environ["ORDERS_TABLE"],
            Key={"id": {"S": str(order.id)}},
            UpdateExpression="SET #status = :new",
            ConditionExpression="#status = :old",
            ExpressionAttributeNames={"#status": "status"},
            ExpressionAttributeValues={":new": {"S": status.value}, ":old": {"S": order.status.value}},
        )
    except ConditionFailed:
        return False
    return True


def list_orders(customer: str, status: Status | None, size: int, token: str | None) -> tuple[list[Order], str | None]:
    """Return a page of the orders of a customer, the newest first, and the token of the next page."""
    query: dict[str, Any] = {
        "TableName": os.environ["ORDERS_TABLE"],
        "IndexName": "by-customer",
        "KeyConditionExpression": "customer = :customer",
        "ExpressionAttributeValues": {":customer": {"S": customer}},
        "ScanIndexForward": False,
    }
    if status:
        query["FilterExpression"] = "#status = :status"
        query["ExpressionAttributeNames"] = {"#status": "status"}
        query["ExpressionAttributeValues"][":status"] = {"S": status.value}
    scope = {"customer": customer, "status": status and status.value}
    listing = Listing(query, ("customer", "created_at", "id"), scope)
    response = client().call("Query", **page_tokens().request(listing, size, token))
    items, next_token = page_tokens().page(listing, size, response)
    return [_to_order(item) for item in items], next_token


def read_totals(customer: str) -> Totals:
    """Return the totals of a customer."""
    key = {"customer": {"S": customer}}
    item = client().call("GetItem", TableName=os.environ["TOTALS_TABLE"], Key=key).get("Item")
    return Totals(**to_python(item)) if item else Totals(customer=customer)


def add_to_totals(customer: str, orders: int, amount: Decimal, record_id: str) -> None:
    """Add to the totals of a customer once for each stream record."""
    record = {
        **internal_key(f"record#{record_id}"),
        EXPIRES: {"N": str(int(time.time()) + 2 * STREAM_RETENTION_SECONDS)},
    }
    update = {
        "TableName": os.environ["TOTALS_TABLE"],
        "Key": {"customer": {"S": customer}},
        "UpdateExpression": "ADD orders :orders, amount :amount",
        "ExpressionAttributeValues": {":orders": {"N": str(orders)}, ":amount": {"N": str(amount)}},
    }
    actions = [put_action(os.environ["INTERNAL_TABLE"], record, "attribute_not_exists(id)"), {"Update": update}]
    # The transaction is canceled if an earlier delivery of the record has been counted.
    with suppress(TransactionCanceled):
        client().transact(actions)


def _to_order(item: Item) -> Order:
    return Order.model_validate(to_python(item))
