"""Idempotency keys: a retry gets the response of the first request, and a different request with the same key a 409.

The transaction of the first request also writes an idempotency record with the values that the service generated, such
as an ID and a timestamp. A retry has the same body, so its response takes all other values from there.
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
    """The idempotency record of a request."""

    def __init__(
        self,
        key: str,
        scope: str,
        request: Item,
        to_primary_key: Callable[[str], Item],
        now: Callable[[], float] = time.time,
        *,
        earlier_scope: str = "",
        header: str = "Idempotency-Key",
    ) -> None:
        """Keys are unique within `scope`, which contains the route and the caller.

        `earlier_scope` is the scope in the previous release, if it differs. `to_primary_key` returns the primary key
        of an item with a partition key. `header` is the name of the header with the key, for errors.
        """
        # Proxies can modify other characters, so different keys could become equal.
        if len(key) > MAX_KEY_LENGTH or not KEY.fullmatch(key):
            raise BadRequest(
                f"{header} must be 1 to {MAX_KEY_LENGTH} printable ASCII characters without a space at either "
                f"end, got {key[:80]!r}."
            )
        self.header = header
        """Name of the header with the key."""
        self._scoped_key = scope + chr(0) + key
        self._to_primary_key = to_primary_key
        self.primary_key = self._primary_key(self._scoped_key)
        """Primary key of the record."""
        scopes = dict.fromkeys([scope, earlier_scope] if earlier_scope else [scope])
        self.primary_keys = [self._primary_key(name + chr(0) + key) for name in scopes]
        """Primary keys under which the record can exist in this and in the previous release."""
        self.digest = _digest(json.dumps(request, sort_keys=True))
        """Digest of the request, which must be the same if the key is used again."""
        self._now = int(now())

    def part(self, number: int) -> Idempotency:
        """Return the idempotency record of one part of the request, such as an entry of a batch."""
        part = copy.copy(self)
        part.primary_key = self._primary_key(f"{self._scoped_key}{chr(0)}{number}")
        return part

    def _primary_key(self, name: str) -> Item:
        return self._to_primary_key(f"{PREFIX}idempotency#{_digest(name)}")

    def put(self, table: str, result: Item) -> dict[str, Any]:
        """Return the transaction action that writes the record unless an unexpired one exists."""
        expires = str(self._now + LIFETIME_SECONDS)
        record = {**self.primary_key, "digest": {"S": self.digest}, "made": {"M": result}, EXPIRES: {"N": expires}}
        return put_unless_recorded(table, record, self._now, returns_item=True)

    def unexpired_result(self, record: Item | None) -> Item | None:
        """Return the result in a stored record. Return None if there is no record or it has expired."""
        return self.recorded_result(record) if record and int(record[EXPIRES]["N"]) >= self._now else None

    def recorded_result(self, record: Item) -> Item:
        """Return the result in a stored record. Raise `IdempotencyConflict` if it belongs to a different request."""
        if record["digest"]["S"] != self.digest:
            raise key_reused(self.header)
        result: Item = record["made"]["M"]
        return result


def key_reused(header: str) -> IdempotencyConflict:
    """Return the error for a key that was already used with a different request."""
    return IdempotencyConflict(f"This {header} was already used with a different request. Use a new key.")


def put_unless_recorded(table: str, record: Item, now: int, *, returns_item: bool = False) -> dict[str, Any]:
    """Return the transaction action that writes an idempotency record unless an unexpired one exists."""
    condition, values = "attribute_not_exists(#expires) OR #expires < :now", {":now": {"N": str(now)}}
    return put_action(table, record, condition, values, names={"#expires": EXPIRES}, returns_item=returns_item)


def _digest(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()
