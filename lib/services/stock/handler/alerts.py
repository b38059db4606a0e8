"""Tells of movements that crossed a threshold: as they come, and in a sweep those that nobody was told of yet."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import datetime

from ....runtime import metrics
from ....runtime.attributes import Item
from ....runtime.aws import BUDGET, AwsError
from ....runtime.dynamodb import ConditionFailed
from ....runtime.errors import ApiError
from ....runtime.invocation import INVOCATION
from ....runtime.sns import Sns
from . import movements
from .store import Stock

LEASE_SECONDS = 60
"""How long whoever took an alert has to send it before another may."""
PAGE = 100
SUBJECTS = {"LOW_STOCK": "Low stock", "OUT_OF_STOCK": "Out of stock"}


class Alerts:
    """The alerts among the movements."""

    def __init__(self, stock: Stock) -> None:
        self._store = stock.store
        self._table = stock.tables.movements
        self._now = stock.now

    def sweep(self) -> int:
        """Send every alert that is due; how many those were."""
        started = self._now()
        # All of them first: the index is in the order of attempts, so the oldest may be the last.
        due = [*self._due(started)]
        oldest = min([started, *map(_moved_at, due)])
        sent = 0
        try:
            for _ in self._sending(due):
                sent += 1
        finally:
            metrics.emit(AlertAge=(started - oldest, "Seconds"), AlertsSent=(sent, "Count"))
        return sent

    def send(self, keys: Iterable[Item]) -> int:
        """Send the alerts at these keys that are due; how many.  What cannot be sent stays, and is raised."""
        return sum(1 for _ in self._sending(keys))

    def _sending(self, keys: Iterable[Item]) -> Iterator[Item]:
        """The keys of those that were ours to send, once they are sent."""
        sns = Sns()
        try:
            for key in keys:
                if BUDGET.spent():
                    break
                if self._send(sns, key):
                    yield key
        finally:
            sns.close()

    def _send(self, sns: Sns, key: Item) -> bool:
        taken = self._taken(key)
        if taken is None:
            return False
        try:
            _tell(sns, taken)
        except AwsError:
            # Whoever tries again must not wait for the lease to end; if this fails, it does.
            with suppress(AwsError, ApiError):
                self._update(key, "SET due_at = :now", {":now": _number(self._now())})
            raise
        self._update(key, "REMOVE due, due_at")
        return True

    def _due(self, now: float) -> Iterator[Item]:
        """The keys of those that are due."""
        due = self._store.pages(
            "Query",
            TableName=self._table,
            IndexName="due-index",
            KeyConditionExpression="due = :alerts AND due_at <= :now",
            ExpressionAttributeValues={":alerts": {"S": movements.ALERTS}, ":now": _number(now)},
            Limit=PAGE,
        )
        for rows in due:
            for row in rows:
                yield {name: row[name] for name in ("product_id", "movement_id")}

    def _taken(self, key: Item) -> Item | None:
        """The alert, if it is ours to send: two sweeps at once, or an index that lags, must not send it twice."""
        now = self._now()
        try:
            return self._update(
                key,
                "SET due_at = :later",
                {":later": _number(now + LEASE_SECONDS), ":now": _number(now)},
                ConditionExpression="due_at <= :now",
                ReturnValues="ALL_NEW",
            )
        except ConditionFailed:
            return None

    def _update(self, key: Item, expression: str, values: Item | None = None, **more: str) -> Item:
        given = {"ExpressionAttributeValues": values} if values else {}
        answer = self._store.call(
            "UpdateItem", TableName=self._table, Key=key, UpdateExpression=expression, **given, **more
        )
        found: Item = answer.get("Attributes", {})
        return found


def _tell(sns: Sns, movement: Item) -> None:
    told = movements.shown(movement)
    what, where = told["product_id"], told["warehouse_id"]
    sns.publish(
        os.environ["ALERTS_TOPIC_ARN"],
        f"{SUBJECTS[told['status']]}: {what[:40]} in {where[:30]}",
        {name: told[name] for name in ("status", "product_id", "warehouse_id", *movements.COUNTS, "at", "sequence")},
        f"{what} in {where}: {told['available']} available ({told['stock_count']} on hand, {told['reserved_count']} "
        f"reserved), threshold {told['threshold_level']}.\n",
        # A movement of an earlier release does not say what caused it.
        correlation_id=told.get("correlationId", INVOCATION.correlation_id),
    )


def _moved_at(key: Item) -> float:
    """When the movement at a key was, in epoch seconds."""
    at = key["movement_id"]["S"].partition("#")[0]
    return datetime.fromisoformat(at.replace("Z", "+00:00")).timestamp()


def _number(value: float) -> dict[str, str]:
    return {"N": str(int(value))}
