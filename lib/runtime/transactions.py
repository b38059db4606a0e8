"""Transactions with idempotency keys, and their retries after conflicts."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from .attributes import Item
from .dynamodb import DynamoDB, TransactionCanceled, TransactionConflict
from .errors import TooManyRequests
from .http_client import DEADLINE, RANDOM
from .idempotency import Idempotency

MIN_BACKOFF_SECONDS = 0.02
MAX_BACKOFF_SECONDS = 0.4
_RECORD = "idempotency record"
"""Name of the action that writes the idempotency record."""


class WriteConflict(Exception):
    """A condition of a transaction failed, or another transaction was writing one of its items.

    `items` contains the stored items of the actions with failed conditions, by the name of the action, or None for an
    item that does not exist or that the action does not return. It is empty for a conflict with another transaction.
    """

    def __init__(self, message: str, items: dict[Any, Item | None]) -> None:
        super().__init__(message)
        self.items = items


class AlreadyExecuted(Exception):
    """An earlier request with the same idempotency key was executed. `result` is its recorded result."""

    def __init__(self, result: Item) -> None:
        super().__init__("already executed")
        self.result = result


class Transactions:
    """The transactions of a service. `table` contains its idempotency records."""

    def __init__(self, store: DynamoDB, table: str) -> None:
        self._store = store
        self._table = table

    def commit(
        self,
        actions: Mapping[Any, dict[str, Any]],
        idempotency: Idempotency | None = None,
        result: Item | None = None,
        *,
        retries_conflicts: bool = True,
    ) -> None:
        """Execute named actions and record the result for the idempotency key in one transaction.

        Raise `AlreadyExecuted` or `WriteConflict`. Set `retries_conflicts` to False if the actions depend on the state
        of their items: a conflict with another transaction then raises `WriteConflict`.
        """
        if idempotency:
            actions = {**actions, _RECORD: idempotency.put(self._table, result or {})}
        try:
            self._store.transact([*actions.values()], retries_conflicts=retries_conflicts)
        except TransactionConflict as exc:
            raise WriteConflict(str(exc), {}) from exc
        except TransactionCanceled as exc:
            failed = exc.failed_items(actions)
            if idempotency and _RECORD in failed:
                raise AlreadyExecuted(idempotency.recorded_result(failed[_RECORD] or {})) from exc
            raise WriteConflict(str(exc), failed) from exc

    def recorded_result(self, idempotency: Idempotency | None) -> Item | None:
        """Return the recorded result of an earlier request with the same idempotency key, or None."""
        if idempotency is None:
            return None
        records = self._store.batch_get(self._table, idempotency.primary_keys)
        return next(filter(None, map(idempotency.unexpired_result, records)), None)


class Retries:
    """Retries of a transaction after conflicts: the first without a delay, the others with exponential backoff."""

    def __init__(self) -> None:
        self._number = 0

    def wait(self, message: str) -> None:
        """Wait until the next retry. Raise `TooManyRequests` with the message if the deadline is exceeded."""
        check_deadline(message)
        if self._number:
            time.sleep(RANDOM.uniform(0, min(MIN_BACKOFF_SECONDS * 2**self._number, MAX_BACKOFF_SECONDS)))
        self._number += 1


def check_deadline(message: str) -> None:
    """Raise `TooManyRequests` with the message if too little time remains for another attempt."""
    if DEADLINE.is_exceeded():
        raise TooManyRequests(message)
