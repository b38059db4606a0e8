"""Tells of movements that crossed a threshold: as they come, and in a sweep those that nobody was told of yet."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime
from itertools import islice

from ....runtime import metrics
from ....runtime.attributes import Item
from ....runtime.dynamodb import ConditionFailed
from ....runtime.errors import ApiError
from ....runtime.http_client import BUDGET, AwsError, Call
from ....runtime.invocation import INVOCATION
from ....runtime.sns import MAX_ENTRIES, Notification, Sns
from . import movements
from .repository import Repository

LEASE_SECONDS = 60
"""How long whoever took an alert has to send it before another may."""
PAGE = 100
SUBJECTS = {"LOW_STOCK": "Low stock", "OUT_OF_STOCK": "Out of stock"}
Taken = tuple[Item, Notification]
"""The key of a leased alert and its notification."""


class Alerts:
    """The alerts among the movements."""

    def __init__(self, repository: Repository) -> None:
        self._store = repository.store
        self._table = repository.tables.movements
        self._now = repository.now

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
        remaining = iter(keys)
        sns = Sns()
        try:
            with ThreadPoolExecutor(MAX_ENTRIES) as threads:
                while not BUDGET.spent() and (batch := [*islice(remaining, MAX_ENTRIES)]):
                    yield from self._send(sns, [*threads.map(self._taken, batch)])
        finally:
            sns.close()

    def _send(self, sns: Sns, outcomes: list[Taken | Exception | None]) -> Iterator[Item]:
        """Publish the alerts that were taken and yield the keys of those sent; then raise the first error, if any."""
        alerts = [outcome for outcome in outcomes if isinstance(outcome, tuple)]
        errors = sns.publish_batch(os.environ["ALERTS_TOPIC_ARN"], [notification for _, notification in alerts])
        # A retry must not wait until the lease expires. If this fails, it does.
        now = {":now": _number(self._now())}
        with suppress(AwsError, ApiError):
            self._store.together(*(self._update(alerts[position][0], "SET due_at = :now", now) for position in errors))
        sent = [key for position, (key, _) in enumerate(alerts) if position not in errors]
        self._store.together(*(self._update(key, "REMOVE due, due_at") for key in sent))
        yield from sent
        for error in (*outcomes, *errors.values()):
            if isinstance(error, Exception):
                raise error

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

    def _taken(self, key: Item) -> Taken | Exception | None:
        """The alert, if it is ours to send: two sweeps at once, or an index that lags, must not send it twice.

        Return an error instead of raising it: the other alerts of the batch are sent all the same.
        """
        now = self._now()
        times = {":later": _number(now + LEASE_SECONDS), ":now": _number(now)}
        condition = {"ConditionExpression": "due_at <= :now", "ReturnValues": "ALL_NEW"}
        try:
            (answer,) = self._store.together(self._update(key, "SET due_at = :later", times, **condition))
            return key, _notification(answer["Attributes"])
        except ConditionFailed:
            return None
        except (ApiError, AwsError, KeyError) as exc:
            return exc

    def _update(self, key: Item, expression: str, values: Item | None = None, **more: str) -> Call:
        request = {"TableName": self._table, "Key": key, "UpdateExpression": expression, **more}
        return "UpdateItem", {**request, "ExpressionAttributeValues": values} if values else request


def _notification(movement: Item) -> Notification:
    # Where holds had ended that the movement's counts contain, it has those without them, too.
    told = movements.to_response({**movement, **movement.get("alert", {"M": {}})["M"]})
    what, where = told["product_id"], told["warehouse_id"]
    return Notification(
        f"{SUBJECTS[told['status']]}: {what[:40]} in {where[:30]}",
        {name: told[name] for name in ("status", "product_id", "warehouse_id", *movements.COUNTS, "at", "sequence")},
        f"{what} in {where}: {told['available']} available ({told['stock_count']} on hand, {told['reserved_count']} "
        f"reserved), threshold {told['threshold_level']}.\n",
        # A movement of an earlier release does not say what caused it.
        told.get("correlationId", INVOCATION.correlation_id),
    )


def _moved_at(key: Item) -> float:
    """When the movement at a key was, in epoch seconds."""
    at = key["movement_id"]["S"].partition("#")[0]
    return datetime.fromisoformat(at.replace("Z", "+00:00")).timestamp()


def _number(value: float) -> dict[str, str]:
    return {"N": str(int(value))}
