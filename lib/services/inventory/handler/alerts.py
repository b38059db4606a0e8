"""Low-stock alerts: kept with the change that made them, sent at once, and by a sweep if that failed."""

from __future__ import annotations

import os
from collections.abc import Iterator

from ....runtime import logging
from ....runtime.attributes import Item
from ....runtime.dynamodb import ConditionFailed, DynamoDB
from ....runtime.errors import ApiError
from ....runtime.http_client import BUDGET, AwsError
from ....runtime.invocation import INVOCATION
from ....runtime.reserved_keys import EXPIRES
from ....runtime.sns import Sns
from . import items

LEASE_SECONDS = 60
"""How long whoever took an alert has to send it before another may."""
KEPT_SECONDS = 24 * 3600
"""How long a sent one stays."""
PAGE = 25


class Alerts:
    """The alerts in the table of items, and the topic they go to."""

    def __init__(self, store: DynamoDB, table: str) -> None:
        self._store = store
        self._table = table
        self._sns: Sns | None = None

    def send(self, row: Item) -> None:
        """Send an alert that was just written, if there is time.  Where that fails, the sweep will do it."""
        if BUDGET.spent():
            return
        try:
            self._send(row)
        except (AwsError, ApiError) as exc:
            logging.write("WARN", "alert kept", itemId=row["alert"]["M"]["itemId"]["S"], error=str(exc))

    def sweep(self) -> None:
        """Send those that are due; what cannot be sent stays, and is raised."""
        for row in self._due():
            if BUDGET.spent():
                return
            if self._take(row):
                self._send(row)

    def close(self) -> None:
        """Close the connections to SNS."""
        if self._sns:
            self._sns.close()

    def _send(self, row: Item) -> None:
        alert = items.plain(row["alert"]["M"])
        self._sns = self._sns or Sns()
        self._sns.publish(
            os.environ["ALERTS_TOPIC_ARN"],
            f"Low stock: {alert['quantity']} left of item {alert['itemId']}",
            {"type": "LOW_STOCK", **alert},
            f"{alert['name']}: {alert['quantity']} left, at or under its threshold of {alert['threshold']}.\n"
            f"Item {alert['itemId']}, version {alert['version']}.\n",
            # One kept by an earlier release does not say what caused it.
            correlation_id=row.get("correlationId", {"S": INVOCATION.correlation_id})["S"],
        )
        self._store.call(
            "UpdateItem",
            TableName=self._table,
            Key=_key(row),
            UpdateExpression="SET #expires = :expires REMOVE listing, listedAt",
            ExpressionAttributeNames={"#expires": EXPIRES},
            ExpressionAttributeValues={":expires": items.expiry(KEPT_SECONDS)},
        )

    def _due(self) -> Iterator[Item]:
        start: Item | None = None
        while True:
            found = self._store.call(
                "Query",
                TableName=self._table,
                IndexName="listing-index",
                KeyConditionExpression="listing = :unsent AND listedAt <= :now",
                ExpressionAttributeValues={":unsent": items.UNSENT, ":now": items.moment()},
                Limit=PAGE,
                **({"ExclusiveStartKey": start} if start else {}),
            )
            yield from found["Items"]
            start = found.get("LastEvaluatedKey")
            if not start:
                return

    def _take(self, row: Item) -> bool:
        """Whether it is ours to send: two sweeps at once, or an index that lags, must not send it twice."""
        try:
            self._store.call(
                "UpdateItem",
                TableName=self._table,
                Key=_key(row),
                UpdateExpression="SET listedAt = :later",
                ConditionExpression="listedAt = :seen",
                ExpressionAttributeValues={
                    ":later": items.moment(later_seconds=LEASE_SECONDS),
                    ":seen": row["listedAt"],
                },
            )
        except ConditionFailed:
            return False
        return True


def _key(row: Item) -> Item:
    return {name: row[name] for name in ("itemId", "version")}
