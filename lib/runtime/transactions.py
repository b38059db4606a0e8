"""Transactions that are executed once for each idempotency key, and built again after a conflict."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from .attributes import Item
from .dynamodb import DynamoDB, TransactionCanceled, TransactionConflict
from .errors import TooManyRequests
from .http_client import BUDGET, RANDOM
from .idempotency import Idempotency

PAUSE_SECONDS = 0.02
MAX_PAUSE_SECONDS = 0.4
_RECORD = "idempotency record"
"""Name of the action that records an idempotency key."""


class WriteConflict(Exception):
    """Conditions of a transaction failed, or another transaction was writing one of its items.

    `items` has the stored item of each action whose condition failed, by the name of the action: None if there is none
    or if the action does not return it. It is empty if another transaction was writing an item.
    """

    def __init__(self, message: str, items: dict[Any, Item | None]) -> None:
        super().__init__(message)
        self.items = items


class AlreadyExecuted(Exception):
    """A request with the same idempotency key was executed before; `result` is what it recorded."""

    def __init__(self, result: Item) -> None:
        super().__init__("already executed")
        self.result = result


class Transactions:
    """The transactions of a service, which record idempotency keys in one of its tables."""

    def __init__(self, store: DynamoDB, table: str) -> None:
        self._store = store
        self._table = table

    def commit(
        self,
        actions: Mapping[Any, dict[str, Any]],
        idempotency: Idempotency | None = None,
        result: Item | None = None,
        *,
        stale: bool = False,
    ) -> None:
        """Execute all actions, which have names, and record the result for the idempotency key; or nothing.

        With `stale`, a conflict with another transaction is not retried: the actions depend on items that it changes.
        Raise `AlreadyExecuted` or `WriteConflict`.
        """
        if idempotency:
            actions = {**actions, _RECORD: idempotency.put(self._table, result or {})}
        try:
            self._store.transact([*actions.values()], stale=stale)
        except TransactionConflict as exc:
            raise WriteConflict(str(exc), {}) from exc
        except TransactionCanceled as exc:
            failed = exc.failed_items(actions)
            if idempotency and _RECORD in failed:
                raise AlreadyExecuted(idempotency.recorded_result(failed[_RECORD] or {})) from exc
            raise WriteConflict(str(exc), failed) from exc

    def recorded_result(self, idempotency: Idempotency | None) -> Item | None:
        """Return what an earlier request with the same idempotency key recorded, None if there was none."""
        if idempotency is None:
            return None
        records = self._store.batch_get(self._table, idempotency.rows)
        return next(filter(None, map(idempotency.unexpired_result, records)), None)


class Retries:
    """The retries of a transaction after conflicts: the first immediately, the others after random pauses."""

    def __init__(self) -> None:
        self._number = 0

    def wait(self, message: str) -> None:
        """Wait until the next retry; raise `TooManyRequests` with the message if no time is left for it."""
        check_time(message)
        if self._number:
            time.sleep(RANDOM.uniform(0, min(PAUSE_SECONDS * 2**self._number, MAX_PAUSE_SECONDS)))
        self._number += 1


def check_time(message: str) -> None:
    """Raise `TooManyRequests` with the message if no time is left for another attempt."""
    if BUDGET.spent():
        raise TooManyRequests(message)
