"""Transactional outbox: notifications are stored in the transaction that causes them, and published at least once.

An index contains the unpublished notifications: its partition key is constant, and its sort key is the time at which
a notification is due. A sender leases a notification by postponing that time, publishes it, and removes it from the
index.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import islice
from typing import Any, Callable, NamedTuple

from .attributes import Attribute, Item
from .dynamodb import ConditionFailed, DynamoDB
from .errors import ApiError
from .http_client import DEADLINE, AwsError, Call
from .reserved_keys import EXPIRES
from .sns import MAX_ENTRIES, Notification, Sns

LEASE_SECONDS = 60
"""Time after which another sender can lease an unpublished notification."""
PAGE_SIZE = 100
TOPIC_VARIABLE = "ALERTS_TOPIC_ARN"

_Leased = tuple[Item, Notification]
"""Primary key of a leased item, and its notification."""


class Outbox(NamedTuple):
    """The outbox of a table."""

    store: DynamoDB
    sns: Sns
    table: str
    key: tuple[str, ...]
    """Names of the key attributes of the table."""
    index_name: str
    partition: tuple[str, Attribute]
    """Name and value of the partition key attribute of the index."""
    due_at: str
    """Name of the sort key attribute of the index."""
    timestamp: Callable[[float], Attribute]
    """Function from a number of seconds to the value of `due_at` that many seconds from now."""
    notification: Callable[[Item], Notification]
    """Function from an item to its notification."""
    retention_seconds: int = 0
    """Time after publication at which an item expires (TTL). Default (0): never."""
    retries_immediately: bool = False
    """Whether a failed publication ends the lease. Otherwise, the notification is retried after the lease expires."""

    def due(self) -> Iterator[Item]:
        """Yield the primary keys of the notifications that are due."""
        partition, value = self.partition
        pages = self.store.paginate(
            "Query",
            TableName=self.table,
            IndexName=self.index_name,
            KeyConditionExpression=f"{partition} = :partition AND {self.due_at} <= :now",
            ExpressionAttributeValues={":partition": value, ":now": self.timestamp(0)},
            Limit=PAGE_SIZE,
        )
        for items in pages:
            yield from map(self._key_of, items)

    def send(self, keys: Iterable[Item]) -> Iterator[Item]:
        """Lease and publish notifications in batches. Yield the primary keys of the published ones.

        If a batch has errors, publish its other notifications before raising the first error.
        """
        # The import takes milliseconds, and only functions that call `send` need it.
        from concurrent.futures import ThreadPoolExecutor  # pylint: disable=import-outside-toplevel

        remaining = iter(keys)
        with ThreadPoolExecutor(MAX_ENTRIES) as threads:
            while not DEADLINE.is_exceeded() and (batch := [*islice(remaining, MAX_ENTRIES)]):
                yield from self._publish([*threads.map(self._lease, batch)])

    def publish(self, item: Item) -> None:
        """Publish the notification of an item that the caller has stored with a lease."""
        for _ in self._publish([(self._key_of(item), self.notification(item))]):
            pass

    def _lease(self, key: Item) -> _Leased | Exception | None:
        """Lease a notification. Return None if it is not due, because another sender leased or published it.

        Return errors instead of raising them, so that the other notifications of the batch are still published.
        """
        due_at = self.due_at
        times = {":later": self.timestamp(LEASE_SECONDS), ":now": self.timestamp(0)}
        condition = {"ConditionExpression": f"{due_at} <= :now", "ReturnValues": "ALL_NEW"}
        try:
            (response,) = self.store.call_all(self._update(key, f"SET {due_at} = :later", times, **condition))
            return key, self.notification(response["Attributes"])
        except ConditionFailed:
            return None
        except (ApiError, AwsError, KeyError) as exc:
            return exc

    def _publish(self, outcomes: list[_Leased | Exception | None]) -> Iterator[Item]:
        """Publish leased notifications and yield the primary keys of the published ones. Then raise the first error."""
        leased = [outcome for outcome in outcomes if isinstance(outcome, tuple)]
        errors = self.sns.publish_batch(os.environ[TOPIC_VARIABLE], [notification for _, notification in leased])
        if self.retries_immediately:
            now = {":now": self.timestamp(0)}
            failed = [leased[position][0] for position in errors]
            # If these updates fail, the retry waits until the lease expires.
            with suppress(AwsError, ApiError):
                self.store.call_all(*(self._update(key, f"SET {self.due_at} = :now", now) for key in failed))
        published = [key for position, (key, _) in enumerate(leased) if position not in errors]
        self.store.call_all(*map(self._removal, published))
        yield from published
        for error in (*outcomes, *errors.values()):
            if isinstance(error, Exception):
                raise error

    def _removal(self, key: Item) -> Call:
        """Return the update that removes a notification from the index."""
        remove = f"REMOVE {self.partition[0]}, {self.due_at}"
        if not self.retention_seconds:
            return self._update(key, remove)
        expires = {":expires": {"N": str(int(time.time()) + self.retention_seconds)}}
        names = {"ExpressionAttributeNames": {"#expires": EXPIRES}}
        return self._update(key, f"SET #expires = :expires {remove}", expires, **names)

    def _update(self, key: Item, expression: str, values: Item | None = None, **parameters: Any) -> Call:
        request = {"TableName": self.table, "Key": key, "UpdateExpression": expression, **parameters}
        return "UpdateItem", {**request, "ExpressionAttributeValues": values} if values else request

    def _key_of(self, item: Item) -> Item:
        return {name: item[name] for name in self.key}
