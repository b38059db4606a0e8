"""Idempotency records."""

from __future__ import annotations

import hashlib

import pytest

from lib.runtime.attributes import Item
from lib.runtime.errors import BadRequest, IdempotencyConflict
from lib.runtime.idempotency import LIFETIME_SECONDS, Idempotency
from lib.runtime.reserved_keys import EXPIRES

NOON = 1_800_000_000.0


def idempotency(key: str = "key", scope: str = "POST /items ann", seconds: float = 0, **body: str) -> Idempotency:
    """Return the idempotency record of a request that arrives some seconds after noon."""
    request: Item = {name: {"S": value} for name, value in body.items()}
    return Idempotency(key, scope, request, lambda name: {"id": {"S": name}}, lambda: NOON + seconds)


@pytest.mark.parametrize("key", ["k", "k" * 255, "a key with spaces", "!~"])
def test_printable_keys_are_accepted(key: str) -> None:
    assert idempotency(key).primary_key["id"]["S"].startswith("tap#idempotency#")


@pytest.mark.parametrize("key", ["", "k" * 256, "tab\t", "line\n", "nul\0", " k", "k ", "Schlüssel", "\ud800"])
def test_other_keys_are_rejected(key: str) -> None:
    with pytest.raises(
        BadRequest, match=r"^Idempotency-Key must be 1 to 255 printable ASCII characters without a space"
    ):
        idempotency(key)


def test_keys_scopes_and_parts_have_separate_records() -> None:
    records = [
        idempotency(),
        idempotency("other"),
        idempotency(scope="POST /items bob"),
        idempotency().part(0),
        idempotency().part(1),
    ]
    assert len({record.primary_key["id"]["S"] for record in records}) == len(records)
    assert idempotency(content="x").primary_key == idempotency(content="y").primary_key
    assert idempotency().part(1).primary_key == idempotency().part(1).primary_key


def test_records_have_the_keys_that_earlier_releases_stored() -> None:
    def key(name: bytes) -> Item:
        return {"id": {"S": f"tap#idempotency#{hashlib.sha256(name).hexdigest()}"}}

    current, earlier = key(b"POST /items ann\0key"), key(b"POST /items\0key")
    assert idempotency().primary_keys == [idempotency().primary_key] == [current]
    assert idempotency().part(1).primary_key == key(b"POST /items ann\0key\x001")
    changed = Idempotency("key", "POST /items ann", {}, lambda name: {"id": {"S": name}}, earlier_scope="POST /items")
    assert changed.primary_keys == [current, earlier]


def test_records_expire() -> None:
    stored = idempotency(name="lamp").put("table", {"id": {"S": "1"}})["Put"]["Item"]
    assert stored[EXPIRES] == {"N": str(int(NOON) + LIFETIME_SECONDS)}
    assert idempotency(name="lamp", seconds=LIFETIME_SECONDS).unexpired_result(stored) == {"id": {"S": "1"}}
    assert idempotency(name="lamp", seconds=LIFETIME_SECONDS + 1).unexpired_result(stored) is None
    assert idempotency(name="lamp").unexpired_result(None) is None


def test_key_of_a_different_request_is_rejected() -> None:
    stored = idempotency(name="lamp").put("table", {})["Put"]["Item"]
    message = r"^This Idempotency-Key was already used with a different request\. Use a new key\.$"
    with pytest.raises(IdempotencyConflict, match=message):
        idempotency(name="desk").unexpired_result(stored)
    with pytest.raises(IdempotencyConflict, match=message):
        idempotency(name="desk").recorded_result(stored)
