"""Notifications that are stored with the change that causes them, and published at least once.

A stored notification is in an index until it is published: under a constant partition key, sorted by the time at which
it is due. A sender leases it by moving that time, publishes it, and removes it from the index.
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
from .http_client import BUDGET, AwsError, Call
from .reserved_keys import EXPIRES
from .sns import MAX_ENTRIES, Notification, Sns

LEASE_SECONDS = 60
"""Time after which another sender can lease a notification that was not published."""
PAGE = 100
TOPIC_VARIABLE = "ALERTS_TOPIC_ARN"

_Leased = tuple[Item, Notification]
"""A key and the notification of its item."""


class Outbox(NamedTuple):
    """Stored notifications of a table."""

    store: DynamoDB
    sns: Sns
    table: str
    key: tuple[str, ...]
    """Key attributes of the table."""
    index_name: str
    partition: tuple[str, Attribute]
    """Name and value of the partition key of the index."""
    due_at: str
    """Sort key of the index."""
    timestamp: Callable[[float], Attribute]
    """Returns the time in so many seconds, as a value of `due_at`."""
    notification: Callable[[Item], Notification]
    """Returns the notification of an item."""
    retention_seconds: int = 0
    """Time after its publication at which DynamoDB deletes an item. Default (0): never."""
    retries_immediately: bool = False
    """Whether the lease of a notification ends if it cannot be published."""

    def due(self) -> Iterator[Item]:
        """Yield the keys of notifications that are due."""
        partition, value = self.partition
        pages = self.store.paginate(
            "Query",
            TableName=self.table,
            IndexName=self.index_name,
            KeyConditionExpression=f"{partition} = :partition AND {self.due_at} <= :now",
            ExpressionAttributeValues={":partition": value, ":now": self.timestamp(0)},
            Limit=PAGE,
        )
        for items in pages:
            yield from map(self._key_of, items)

    def send(self, keys: Iterable[Item]) -> Iterator[Item]:
        """Lease and publish the notifications that are due, in batches; yield the keys of the published ones.

        Raise the first error of a batch after the others of the batch are published.
        """
        # Takes milliseconds to load, and functions that publish only their own notifications do not need it.
        from concurrent.futures import ThreadPoolExecutor  # pylint: disable=import-outside-toplevel

        remaining = iter(keys)
        with ThreadPoolExecutor(MAX_ENTRIES) as threads:
            while not BUDGET.spent() and (batch := [*islice(remaining, MAX_ENTRIES)]):
                yield from self._publish([*threads.map(self._lease, batch)])

    def publish(self, item: Item) -> None:
        """Publish a notification that was stored as leased."""
        for _ in self._publish([(self._key_of(item), self.notification(item))]):
            pass

    def _lease(self, key: Item) -> _Leased | Exception | None:
        """Lease a notification; return None if it is not due, as another sender has leased it or an index lags.

        Return an error instead of raising it: the other notifications of the batch are published all the same.
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
        """Publish leased notifications and yield the keys of the published ones; then raise the first error, if any."""
        leased = [outcome for outcome in outcomes if isinstance(outcome, tuple)]
        errors = self.sns.publish_batch(os.environ[TOPIC_VARIABLE], [notification for _, notification in leased])
        if self.retries_immediately:
            now = {":now": self.timestamp(0)}
            failed = [leased[position][0] for position in errors]
            # If this fails, the retry waits until the lease expires.
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

    def _update(self, key: Item, expression: str, values: Item | None = None, **more: Any) -> Call:
        request = {"TableName": self.table, "Key": key, "UpdateExpression": expression, **more}
        return "UpdateItem", {**request, "ExpressionAttributeValues": values} if values else request

    def _key_of(self, item: Item) -> Item:
        return {name: item[name] for name in self.key}
