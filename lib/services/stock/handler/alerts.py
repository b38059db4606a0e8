"""Tells of movements that crossed a threshold: the sweep of those that nobody was told of yet."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Callable

from ....runtime.attributes import Item
from ....runtime.aws import BUDGET
from ....runtime.dynamodb import ConditionFailed, DynamoDB
from ....runtime.sns import Sns
from . import movements

LEASE_SECONDS = 60
"""How long whoever took an alert has to send it before another may."""
PAGE = 100
SUBJECTS = {"LOW_STOCK": "Low stock", "OUT_OF_STOCK": "Out of stock"}


def send_due(store: DynamoDB, table: str, now: Callable[[], float]) -> int:
    """Send every alert that is due; how many those were.  What cannot be sent stays, and is raised."""
    sent = 0
    sns = Sns()
    try:
        for key in _due(store, table, now):
            if BUDGET.spent():
                break
            movement = _taken(store, table, key, now)
            if movement:
                _tell(sns, movement)
                _note(store, table, key)
                sent += 1
    finally:
        sns.close()
    return sent


def _tell(sns: Sns, movement: Item) -> None:
    told = movements.shown(movement)
    what, where = told["product_id"], told["warehouse_id"]
    sns.publish(
        os.environ["ALERTS_TOPIC_ARN"],
        f"{SUBJECTS[told['status']]}: {what[:40]} in {where[:30]}",
        {name: told[name] for name in ("status", "product_id", "warehouse_id", *movements.COUNTS, "at", "sequence")},
        f"{what} in {where}: {told['available']} available ({told['stock_count']} on hand, {told['reserved_count']} "
        f"reserved), threshold {told['threshold_level']}.\n",
    )


def _due(store: DynamoDB, table: str, now: Callable[[], float]) -> Iterator[Item]:
    """The keys of those that are due."""
    due = store.pages(
        "Query",
        TableName=table,
        IndexName="due-index",
        KeyConditionExpression="due = :alerts AND due_at <= :now",
        ExpressionAttributeValues={":alerts": {"S": movements.ALERTS}, ":now": {"N": str(int(now()))}},
        Limit=PAGE,
    )
    for rows in due:
        for row in rows:
            yield {name: row[name] for name in ("product_id", "movement_id")}


def _taken(store: DynamoDB, table: str, key: Item, now: Callable[[], float]) -> Item | None:
    """The alert, if it is ours to send: two sweeps at once, or an index that lags, must not send it twice."""
    moment = now()
    try:
        found: Item = store.call(
            "UpdateItem",
            TableName=table,
            Key=key,
            UpdateExpression="SET due_at = :later",
            ConditionExpression="due_at <= :now",
            ExpressionAttributeValues={
                ":later": {"N": str(int(moment) + LEASE_SECONDS)},
                ":now": {"N": str(int(moment))},
            },
            ReturnValues="ALL_NEW",
        )["Attributes"]
    except ConditionFailed:
        return None
    return found


def _note(store: DynamoDB, table: str, key: Item) -> None:
    store.call("UpdateItem", TableName=table, Key=key, UpdateExpression="REMOVE due, due_at")
