"""Low-stock alerts. They are stored with the change that raises them, and published immediately or by a schedule."""

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
    """Outbox of low-stock alerts."""

    def __init__(self, store: DynamoDB, table: str) -> None:
        index = ("listing-index", ("listing", items.UNSENT), "listedAt")
        self._outbox = Outbox(
            store,
            Sns(retries=False),
            table,
            ("itemId", "version"),
            *index,
            items.timestamp,
            _notification,
            RETENTION_SECONDS,
        )
        self.close = self._outbox.sns.close

    def lease(self) -> Attribute:
        """Return the time until which a request leases the alert that it raises."""
        return items.timestamp(LEASE_SECONDS)

    def send(self, row: Item) -> None:
        """Publish a stored alert. If the deadline is exceeded or SNS fails, the schedule publishes the alert later."""
        if DEADLINE.is_exceeded():
            return
        try:
            self._outbox.publish(row)
        except (AwsError, ApiError) as exc:
            logging.write("WARN", "alert not published", itemId=row["alert"]["M"]["itemId"]["S"], error=str(exc))

    def send_due(self) -> None:
        """Publish all alerts that are due. Raise the first error. Failed alerts become due again."""
        for _ in self._outbox.send(self._outbox.due()):
            pass


def _notification(row: Item) -> Notification:
    alert = items.to_plain(row["alert"]["M"])
    return Notification(
        f"Low stock: {alert['quantity']} left of item {alert['itemId']}",
        {"type": "LOW_STOCK", **alert},
        f"{alert['name']}: {alert['quantity']} left, at or below its threshold of {alert['threshold']}.\n"
        f"Item {alert['itemId']}, version {alert['version']}.\n",
        # Alerts of an earlier release have no correlation ID.
        row.get("correlationId", {"S": INVOCATION.correlation_id})["S"],
    )
