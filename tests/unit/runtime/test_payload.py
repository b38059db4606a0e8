"""The payload size of a response in each runtime."""

from __future__ import annotations

import json

import pytest

from lib.runtime.attributes import Item, to_json
from lib.runtime.payload import MAX_BODY_BYTES, payload_bytes
from lib.services.inventory.handler import items
from lib.services.inventory.schemas import CHANGES
from lib.services.inventory.settings import MAX_PAGE_SIZE

LAMBDA_LIMIT_BYTES = 6_291_556
BODIES = ["", "pencil", '{"a":"\\"\\\\\\n"}', "\0\x1f\x7f", "Ж" * 9, "日本", "\U0001f600", "é"]


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("environment", ["AWS_Lambda_python3.9", "AWS_Lambda_python3.11", "AWS_Lambda_python3.99", ""])
def test_most_runtimes_escape_characters_that_are_not_ascii(
    monkeypatch: pytest.MonkeyPatch, environment: str, body: str
) -> None:
    monkeypatch.setenv("AWS_EXECUTION_ENV", environment)
    assert payload_bytes(body) == len(json.dumps({"body": body})) - len(json.dumps({"body": ""}))


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("environment", ["AWS_Lambda_python3.12", "AWS_Lambda_python3.13"])
def test_newer_runtimes_encode_payloads_as_utf_8(monkeypatch: pytest.MonkeyPatch, environment: str, body: str) -> None:
    monkeypatch.setenv("AWS_EXECUTION_ENV", environment)
    assert payload_bytes(body) == len(json.dumps(body, ensure_ascii=False).encode()) - 2


def test_line_separators_are_counted_as_escaped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_EXECUTION_ENV", "AWS_Lambda_python3.13")
    assert payload_bytes("a\u2028b\u2029") == len(r"a\u2028b\u2029")


def test_unknown_runtimes_are_counted_as_escaping(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_EXECUTION_ENV", raising=False)
    assert payload_bytes("Ж") == 6


def test_maximum_body_size_reserves_space_for_headers() -> None:
    assert MAX_BODY_BYTES + 200_000 < LAMBDA_LIMIT_BYTES


@pytest.mark.parametrize("character", ["\U0001f600", "\x01", "\x7f", "Ж", '"'])
def test_largest_history_page_fits_into_a_response(character: str) -> None:
    lengths = {name: CHANGES[name]["maxLength"] for name in ("name", "description", "category", "sku")}
    old: Item = {name: {"S": character * length} for name, length in lengths.items()}
    new: Item = {name: {"S": character * (length - 1) + "a"} for name, length in lengths.items()}
    numbers: Item = {name: {"N": "9" * 38} for name in ("version", "quantity", "price", "reorderThreshold")}
    strings: Item = {name: {"S": "x" * 40} for name in ("itemId", "status", "createdAt", "lastUpdated")}
    version = items.version_row(
        items.AuditEvent("UPDATE", "x", character * 128), {**old, **numbers, **strings}, {**new, **numbers, **strings}
    )
    assert MAX_PAGE_SIZE * (payload_bytes(to_json(items.to_history_entry(version))) + 1) < MAX_BODY_BYTES
