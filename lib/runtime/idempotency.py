"""`Idempotency-Key`: a repeated request gets the answer of the first, and another one under the same key a 409.

A row is written in the transaction that the request makes, with the values the service made up (an id, a time).
An answer is those values and the request's own body, so the row stays small whatever the body's size.
"""

from __future__ import annotations

import copy
import hashlib
import json
import re
import time
from typing import Any, Callable

from .attributes import Item
from .dynamodb import put_action
from .errors import BadRequest, IdempotencyConflict
from .reserved_keys import EXPIRES, PREFIX

LIFETIME_SECONDS = 24 * 3600
MAX_KEY_LENGTH = 255
KEY = re.compile("[!-~]([ -~]*[!-~])?")


class Idempotency:
    """The trace of one keyed request in a table."""

    def __init__(
        self,
        key: str,
        scope: str,
        request: Item,
        row: Callable[[str], Item],
        now: Callable[[], float] = time.time,
        *,
        earlier_scope: str = "",
    ) -> None:
        """`scope` sets callers and routes apart; `row` gives the table's key attributes for a partition key.

        `earlier_scope` is that of the previous release, if it is another one.
        """
        # What lies between can alter other characters, so that different keys would count as the same.
        if len(key) > MAX_KEY_LENGTH or not KEY.fullmatch(key):
            raise BadRequest(
                f"Idempotency-Key must be 1 to {MAX_KEY_LENGTH} printable ASCII characters without a space at either "
                f"end, got {key[:80]!r}"
            )
        self._name = scope + chr(0) + key
        self._row_of = row
        self.row = self._row()
        """The key of the trace's row."""
        names = dict.fromkeys([self._name, earlier_scope + chr(0) + key] if earlier_scope else [self._name])
        self.rows = [self._row_of(_row_name(name)) for name in names]
        """The keys at which a trace can be: first its own, then that of the previous release."""
        self._digest = _digest(json.dumps(request, sort_keys=True))
        self._now = int(now())

    def part(self, number: int) -> Idempotency:
        """The trace of one part of the request."""
        made = copy.copy(self)
        made.row = self._row(f"{chr(0)}{number}")
        return made

    def _row(self, part: str = "") -> Item:
        return self._row_of(_row_name(self._name + part))

    def put(self, table: str, made: Item) -> dict[str, Any]:
        """The transaction's action that leaves the trace, unless one stands."""
        expires = str(self._now + LIFETIME_SECONDS)
        trace = {**self.row, "digest": {"S": self._digest}, "made": {"M": made}, EXPIRES: {"N": expires}}
        return put_unless_recorded(table, trace, self._now, returns_item=True)

    def unexpired_result(self, record: Item | None) -> Item | None:
        """Return the result in a record that was read, None if there is no record or it has expired."""
        return self.recorded_result(record) if record and int(record[EXPIRES]["N"]) >= self._now else None

    def recorded_result(self, record: Item) -> Item:
        """Return the values that the first request recorded; raise `IdempotencyConflict` if its body was another."""
        if record["digest"]["S"] != self._digest:
            raise IdempotencyConflict("this Idempotency-Key came with another request before; use a new key")
        found: Item = record["made"]["M"]
        return found


def put_unless_recorded(table: str, record: Item, now: int, *, returns_item: bool = False) -> dict[str, Any]:
    """Return the action of a transaction that writes a record, unless there is one that has not expired."""
    condition, values = "attribute_not_exists(#expires) OR #expires < :now", {":now": {"N": str(now)}}
    return put_action(table, record, condition, values, names={"#expires": EXPIRES}, returns_item=returns_item)


def _row_name(name: str) -> str:
    return f"{PREFIX}idempotency#{_digest(name)}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
