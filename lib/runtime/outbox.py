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


class Index(NamedTuple):
    """The index that has the notifications to publish."""

    table: str
    key: tuple[str, ...]
    """Key attributes of the table."""
    name: str
    partition: tuple[str, Attribute]
    """Name and value of the partition key."""
    due_at: str
    """Name of the sort key."""


class Outbox:
    """Stored notifications of a table."""

    def __init__(
        self,
        store: DynamoDB,
        index: Index,
        timestamp: Callable[[float], Attribute],
        notification: Callable[[Item], Notification],
        *,
        retention_seconds: int = 0,
        retries_immediately: bool = False,
    ) -> None:
        """`timestamp` returns the time in so many seconds as `due_at` has it, `notification` the one of a stored item.

        With `retention_seconds`, DynamoDB deletes an item so long after it was published. With `retries_immediately`,
        the lease of one that could not be published ends at once.
        """
        self._store = store
        self._index = index
        self._timestamp = timestamp
        self._notification = notification
        self._retention_seconds = retention_seconds
        self._retries_immediately = retries_immediately
        self._sns: Sns | None = None

    def due(self) -> Iterator[Item]:
        """Yield the keys of notifications that are due."""
        partition, value = self._index.partition
        pages = self._store.pages(
            "Query",
            TableName=self._index.table,
            IndexName=self._index.name,
            KeyConditionExpression=f"{partition} = :partition AND {self._index.due_at} <= :now",
            ExpressionAttributeValues={":partition": value, ":now": self._timestamp(0)},
            Limit=PAGE,
        )
        for items in pages:
            yield from map(self._key, items)

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
        for _ in self._publish([(self._key(item), self._notification(item))]):
            pass

    def close(self) -> None:
        """Close the connections to SNS."""
        if self._sns:
            self._sns.close()

    def _lease(self, key: Item) -> _Leased | Exception | None:
        """Lease a notification; return None if it is not due, as another sender has leased it or an index lags.

        Return an error instead of raising it: the other notifications of the batch are published all the same.
        """
        due_at = self._index.due_at
        times = {":later": self._timestamp(LEASE_SECONDS), ":now": self._timestamp(0)}
        condition = {"ConditionExpression": f"{due_at} <= :now", "ReturnValues": "ALL_NEW"}
        try:
            (response,) = self._store.together(self._update(key, f"SET {due_at} = :later", times, **condition))
            return key, self._notification(response["Attributes"])
        except ConditionFailed:
            return None
        except (ApiError, AwsError, KeyError) as exc:
            return exc

    def _publish(self, outcomes: list[_Leased | Exception | None]) -> Iterator[Item]:
        """Publish leased notifications and yield the keys of the published ones; then raise the first error, if any."""
        leased = [outcome for outcome in outcomes if isinstance(outcome, tuple)]
        self._sns = self._sns or Sns()
        errors = self._sns.publish_batch(os.environ[TOPIC_VARIABLE], [notification for _, notification in leased])
        if self._retries_immediately:
            now = {":now": self._timestamp(0)}
            failed = [leased[position][0] for position in errors]
            # If this fails, the retry waits until the lease expires.
            with suppress(AwsError, ApiError):
                self._store.together(*(self._update(key, f"SET {self._index.due_at} = :now", now) for key in failed))
        published = [key for position, (key, _) in enumerate(leased) if position not in errors]
        self._store.together(*map(self._removal, published))
        yield from published
        for error in (*outcomes, *errors.values()):
            if isinstance(error, Exception):
                raise error

    def _removal(self, key: Item) -> Call:
        """Return the update that removes a notification from the index."""
        remove = f"REMOVE {self._index.partition[0]}, {self._index.due_at}"
        if not self._retention_seconds:
            return self._update(key, remove)
        expires = {":expires": {"N": str(int(time.time()) + self._retention_seconds)}}
        names = {"ExpressionAttributeNames": {"#expires": EXPIRES}}
        return self._update(key, f"SET #expires = :expires {remove}", expires, **names)

    def _update(self, key: Item, expression: str, values: Item | None = None, **more: Any) -> Call:
        request = {"TableName": self._index.table, "Key": key, "UpdateExpression": expression, **more}
        return "UpdateItem", {**request, "ExpressionAttributeValues": values} if values else request

    def _key(self, item: Item) -> Item:
        return {name: item[name] for name in self._index.key}
