"""Traces of keyed requests."""

from __future__ import annotations

import hashlib

import pytest

from lib.runtime.attributes import Item
from lib.runtime.errors import BadRequest, IdempotencyConflict
from lib.runtime.idempotency import LIFETIME_SECONDS, Idempotency
from lib.runtime.reserved_keys import EXPIRES

NOON = 1_800_000_000.0


def trace(key: str = "key", scope: str = "POST /items ann", seconds: float = 0, **body: str) -> Idempotency:
    """Return the trace of a request at noon, or some seconds later."""
    request: Item = {name: {"S": value} for name, value in body.items()}
    return Idempotency(key, scope, request, lambda name: {"id": {"S": name}}, lambda: NOON + seconds)


@pytest.mark.parametrize("key", ["k", "k" * 255, "a key with spaces", "!~"])
def test_printable_keys_are_accepted(key: str) -> None:
    assert trace(key).row["id"]["S"].startswith("tap#idempotency#")


@pytest.mark.parametrize("key", ["", "k" * 256, "tab\t", "line\n", "nul\0", " k", "k ", "Schlüssel", "\ud800"])
def test_other_keys_are_rejected(key: str) -> None:
    with pytest.raises(
        BadRequest, match=r"^Idempotency-Key must be 1 to 255 printable ASCII characters without a space"
    ):
        trace(key)


def test_keys_scopes_and_parts_have_rows_of_their_own() -> None:
    traces = [trace(), trace("other"), trace(scope="POST /items bob"), trace().part(0), trace().part(1)]
    assert len({found.row["id"]["S"] for found in traces}) == len(traces)
    assert trace(content="x").row == trace(content="y").row
    assert trace().part(1).row == trace().part(1).row


def test_records_have_the_keys_that_earlier_releases_stored() -> None:
    def key(name: bytes) -> Item:
        return {"id": {"S": f"tap#idempotency#{hashlib.sha256(name).hexdigest()}"}}

    own, earlier = key(b"POST /items ann\0key"), key(b"POST /items\0key")
    assert trace().rows == [trace().row] == [own]
    assert trace().part(1).row == key(b"POST /items ann\0key\x001")
    changed = Idempotency("key", "POST /items ann", {}, lambda name: {"id": {"S": name}}, earlier_scope="POST /items")
    assert changed.rows == [own, earlier]


def test_a_trace_counts_until_it_expires() -> None:
    written = trace(name="lamp").put("table", {"id": {"S": "1"}})["Put"]["Item"]
    assert written[EXPIRES] == {"N": str(int(NOON) + LIFETIME_SECONDS)}
    assert trace(name="lamp", seconds=LIFETIME_SECONDS).unexpired_result(written) == {"id": {"S": "1"}}
    assert trace(name="lamp", seconds=LIFETIME_SECONDS + 1).unexpired_result(written) is None
    assert trace(name="lamp").unexpired_result(None) is None


def test_another_request_under_the_same_key_is_rejected() -> None:
    written = trace(name="lamp").put("table", {})["Put"]["Item"]
    message = "^this Idempotency-Key came with another request before; use a new key$"
    with pytest.raises(IdempotencyConflict, match=message):
        trace(name="desk").unexpired_result(written)
    with pytest.raises(IdempotencyConflict, match=message):
        trace(name="desk").recorded_result(written)
