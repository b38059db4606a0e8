"""The size of a response, as each runtime sends it."""

from __future__ import annotations

import json

import pytest

from lib.runtime.attributes import Item, to_json
from lib.runtime.payload import MAX_BODY_BYTES, sent_bytes
from lib.services.inventory.handler import items
from lib.services.inventory.schemas import CHANGES
from lib.services.inventory.settings import MAX_PAGE_SIZE

LAMBDA_LIMIT_BYTES = 6_291_556
TEXTS = ["", "pencil", '{"a":"\\"\\\\\\n"}', "\0\x1f\x7f", "Ж" * 9, "日本", "\U0001f600", "é"]


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("environment", ["AWS_Lambda_python3.9", "AWS_Lambda_python3.11", "AWS_Lambda_python3.99", ""])
def test_a_runtime_that_escapes_sends_ascii(monkeypatch: pytest.MonkeyPatch, environment: str, text: str) -> None:
    monkeypatch.setenv("AWS_EXECUTION_ENV", environment)
    assert sent_bytes(text) == len(json.dumps({"body": text})) - len(json.dumps({"body": ""}))


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("environment", ["AWS_Lambda_python3.12", "AWS_Lambda_python3.13"])
def test_a_runtime_that_does_not_escape_sends_utf_8(
    monkeypatch: pytest.MonkeyPatch, environment: str, text: str
) -> None:
    monkeypatch.setenv("AWS_EXECUTION_ENV", environment)
    assert sent_bytes(text) == len(json.dumps(text, ensure_ascii=False).encode()) - 2


def test_line_separators_count_as_escaped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_EXECUTION_ENV", "AWS_Lambda_python3.13")
    assert sent_bytes("a\u2028b\u2029") == len(r"a\u2028b\u2029")


def test_without_an_execution_environment_characters_count_as_escaped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_EXECUTION_ENV", raising=False)
    assert sent_bytes("Ж") == 6


def test_the_largest_body_leaves_room_for_headers() -> None:
    assert MAX_BODY_BYTES + 200_000 < LAMBDA_LIMIT_BYTES


@pytest.mark.parametrize("character", ["\U0001f600", "\x01", "\x7f", "Ж", '"'])
def test_the_largest_page_of_an_items_history_can_be_sent(character: str) -> None:
    lengths = {name: CHANGES[name]["maxLength"] for name in ("name", "description", "category", "sku")}
    old: Item = {name: {"S": character * length} for name, length in lengths.items()}
    new: Item = {name: {"S": character * (length - 1) + "a"} for name, length in lengths.items()}
    numbers: Item = {name: {"N": "9" * 38} for name in ("version", "quantity", "price", "reorderThreshold")}
    texts: Item = {name: {"S": "x" * 40} for name in ("itemId", "status", "createdAt", "lastUpdated")}
    row = items.version_row(
        items.AuditEvent("UPDATE", "x", character * 128), {**old, **numbers, **texts}, {**new, **numbers, **texts}
    )
    assert MAX_PAGE_SIZE * (sent_bytes(to_json(items.version_shown(row))) + 1) < MAX_BODY_BYTES
