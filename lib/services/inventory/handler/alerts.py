"""Low-stock alerts: stored with the change that raises them, published immediately, or by a schedule if that failed."""

from __future__ import annotations

from ....runtime import logging
from ....runtime.attributes import Attribute, Item
from ....runtime.dynamodb import DynamoDB
from ....runtime.errors import ApiError
from ....runtime.http_client import DEADLINE, AwsError
from ....runtime.logging import INVOCATION
from ....runtime.outbox import LEASE_SECONDS, Outbox
from ....runtime.sns import Notification, Sns
from . import items

RETENTION_SECONDS = 24 * 3600
"""Time for which a published alert is retained."""


class Alerts:
    """The alerts in the table of items, and the topic to which they are published."""

    def __init__(self, store: DynamoDB, table: str) -> None:
        index = ("listing-index", ("listing", items.UNSENT), "listedAt")
        self._outbox = Outbox(
            store, Sns(), table, ("itemId", "version"), *index, items.moment, _notification, RETENTION_SECONDS
        )
        self.close = self._outbox.sns.close

    def lease(self) -> Attribute:
        """Return the time until which a new alert is leased by the request that raises it."""
        return items.moment(later_seconds=LEASE_SECONDS)

    def send(self, row: Item) -> None:
        """Publish an alert that was just stored, if there is time. If that fails, the schedule publishes it."""
        if DEADLINE.is_exceeded():
            return
        try:
            self._outbox.publish(row)
        except (AwsError, ApiError) as exc:
            logging.write("WARN", "alert kept", itemId=row["alert"]["M"]["itemId"]["S"], error=str(exc))

    def sweep(self) -> None:
        """Publish all alerts that are due. One that cannot be published is retained, and its error raised."""
        for _ in self._outbox.send(self._outbox.due()):
            pass


def _notification(row: Item) -> Notification:
    alert = items.plain(row["alert"]["M"])
    return Notification(
        f"Low stock: {alert['quantity']} left of item {alert['itemId']}",
        {"type": "LOW_STOCK", **alert},
        f"{alert['name']}: {alert['quantity']} left, at or under its threshold of {alert['threshold']}.\n"
        f"Item {alert['itemId']}, version {alert['version']}.\n",
        # An alert of an earlier release does not have it.
        row.get("correlationId", {"S": INVOCATION.correlation_id})["S"],
    )
