"""Publication of alerts: from the stream of movements, and by a schedule for alerts that were not sent."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import closing
from datetime import datetime

from ....runtime import metrics
from ....runtime.attributes import Item
from ....runtime.logging import INVOCATION
from ....runtime.outbox import Outbox
from ....runtime.sns import Notification, Sns
from . import movements
from .repository import Repository

SUBJECTS = {"LOW_STOCK": "Low stock", "OUT_OF_STOCK": "Out of stock"}


def send_due(repository: Repository) -> int:
    """Publish all alerts that are due and return their number."""
    started = repository.now()
    sent = 0
    with closing(Sns(retries=False)) as sns:
        outbox = _outbox(repository, sns)
        # Read all alerts before sending: the index is sorted by the time of the next attempt, not by age.
        due = [*outbox.due()]
        oldest = min([started, *map(_moved_at, due)])
        try:
            for _ in outbox.send(due):
                sent += 1
        finally:
            metrics.emit(AlertAge=(started - oldest, "Seconds"), AlertsSent=(sent, "Count"))
    return sent


def send(repository: Repository, keys: Iterable[Item]) -> int:
    """Publish the due alerts among the movements with the given keys and return their number."""
    with closing(Sns(retries=False)) as sns:
        return sum(1 for _ in _outbox(repository, sns).send(keys))


def _outbox(repository: Repository, sns: Sns) -> Outbox:
    return Outbox(
        store=repository.store,
        sns=sns,
        table=repository.tables.movements,
        key=("product_id", "movement_id"),
        index_name="due-index",
        partition=("due", {"S": movements.ALERTS_PARTITION}),
        due_at="due_at",
        timestamp=lambda seconds: {"N": str(int(repository.now() + seconds))},
        notification=_notification,
        retries_immediately=True,  # Lambda retries stream events before a lease expires.
    )


def _notification(movement: Item) -> Notification:
    # `alert` contains the counts without expired holds if they differ from those of the movement.
    fields = movements.to_response({**movement, **movement.get("alert", {"M": {}})["M"]})
    product, warehouse = fields["product_id"], fields["warehouse_id"]
    return Notification(
        f"{SUBJECTS[fields['status']]}: {product[:40]} in {warehouse[:30]}",
        {name: fields[name] for name in ("status", "product_id", "warehouse_id", *movements.COUNTS, "at", "sequence")},
        f"{product} in {warehouse}: {fields['available']} available ({fields['stock_count']} on hand, "
        f"{fields['reserved_count']} reserved), threshold {fields['threshold_level']}.\n",
        # Movements of an earlier release have no correlation ID.
        fields.get("correlationId", INVOCATION.correlation_id),
    )


def _moved_at(key: Item) -> float:
    """Return the time of a movement in epoch seconds, by its primary key."""
    at = key["movement_id"]["S"].partition("#")[0]
    return datetime.fromisoformat(at.replace("Z", "+00:00")).timestamp()
