"""Invariants of the tables, which concurrent writes and failures must not violate."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import datetime, timedelta
from itertools import pairwise
from operator import itemgetter
from typing import Any

from lib.services.stock.handler.levels import LevelKey, status_of

from .conftest import Shop

Item = dict[str, Any]
MICROSECOND = timedelta(microseconds=1)
ENDINGS = ("RELEASED", "EXPIRED", "FULFILLED")
STATUSES = ("IN_STOCK", "LOW_STOCK", "OUT_OF_STOCK")
REARMED_AFTER = timedelta(minutes=15)
EDITS = ("UPDATED", "ADJUSTED", "REPAIRED")


def key_of(item: Item) -> LevelKey:
    return item["product_id"], item["warehouse_id"]


def check(shop: Shop, *, ignores_alerted: bool = False) -> None:
    """Raise `AssertionError` unless levels, reservations and movements are consistent.

    With `ignores_alerted`, a release without the attribute `alerted` has written levels, so more alerts are allowed.
    """
    levels = {key_of(item): item for item in shop.items("management") if item["warehouse_id"] != "tap#"}
    lines = shop.items("reservations")
    ledger = read_ledger(shop)
    assert levels.keys() == ledger.keys()
    for key, item in levels.items():
        reserved = [line for line in lines if key_of(line) == key and line["state"] == "HELD"]
        _check_level(item, reserved)
        _check_ledger(item, ledger[key])
        _check_alerts(ledger[key], ignores_alerted=ignores_alerted)
    _check_lines(lines, ledger)


def read_ledger(shop: Shop) -> dict[LevelKey, list[Item]]:
    ledger: dict[LevelKey, list[Item]] = defaultdict(list)
    for item in sorted(shop.items("movements"), key=lambda item: int(item["sequence"])):
        ledger[key_of(item)].append(item)
    return ledger


def expected_alerts(shop: Shop) -> list[tuple[str, str, int, str]]:
    """Return level key, sequence and status of each movement that must raise an alert."""
    ledger = read_ledger(shop)
    return sorted((*key, move["sequence"], move["status"]) for key in ledger for move in _alerts(ledger[key]))


def _alerts(moves: list[Item]) -> list[Item]:
    alerts = []
    # Statuses with an alert, and the time when the level recovered from them.
    quiet: dict[str, datetime | None] = {}
    for move in map(itemgetter(-1), _by_transaction(moves)):
        at, status = datetime.fromisoformat(move["at"]), move["status"]
        if move["available"] - move["threshold_level"] > max(1, move["threshold_level"] * 0.1):
            quiet = {}
        quiet = {s: since for s, since in quiet.items() if since is None or at - since < REARMED_AFTER}
        if status != "IN_STOCK" and status not in quiet:
            alerts.append(move)
        for worse in STATUSES[STATUSES.index(status) + 1 :]:
            if worse in quiet:
                quiet[worse] = quiet[worse] or at
        for passed in STATUSES[1 : STATUSES.index(status) + 1]:
            if passed in quiet or passed == status:
                quiet[passed] = None
    return alerts


def _by_transaction(moves: list[Item]) -> list[list[Item]]:
    """Group movements by transaction. Only the release of expired holds has several movements of one level."""
    transactions = [moves[:1]]
    for before, after in pairwise(moves):
        is_consecutive = datetime.fromisoformat(after["at"]) - datetime.fromisoformat(before["at"]) == MICROSECOND
        if is_consecutive and before["type"] == after["type"] == "EXPIRED":
            transactions[-1].append(after)
        else:
            transactions.append([after])
    return transactions


def _check_level(item: Item, reserved: list[Item]) -> None:
    units_by_end: Counter[str] = Counter()
    for line in reserved:
        units_by_end[str(line["ends"])] += line["quantity"]
    assert item["holds"] == dict(units_by_end)
    assert item["reserved_count"] == sum(units_by_end.values())
    available = item["stock_count"] - item["reserved_count"]
    assert available >= 0, "oversold"
    assert item["status"] == status_of(available, item["threshold_level"])
    assert item["listing"] == "levels"
    category = item.get("category")
    assert item.get("category_status") == (f"{item['status']}#{category}" if category else None)
    first = min(map(int, units_by_end), default=None)
    assert (item.get("due"), item.get("due_at")) == (("holds", first) if units_by_end else (None, None))


def _check_ledger(level: Item, moves: list[Item]) -> None:
    first, last = moves[0], moves[-1]
    assert [move["sequence"] for move in moves] == [*range(1, level["sequence"] + 1)]
    assert [move["type"] == "CREATED" for move in moves] == [True, *[False] * len(moves[1:])]
    assert (first["quantity"], first["reserved_count"]) == (first["stock_count"], 0)
    for move in moves:
        assert move["available"] == move["stock_count"] - move["reserved_count"]
        assert move["status"] == status_of(move["available"], move["threshold_level"])
        assert move["movement_id"] == f"{move['at']}#{move['warehouse_id']}"
    for before, after in pairwise(moves):
        assert before["at"] < after["at"]
        _check_step(before, after)
    counts = ("stock_count", "reserved_count", "threshold_level", "status")
    assert {name: level[name] for name in counts} == {name: last[name] for name in counts}
    assert level["moved_at"] == last["at"]
    edits = [move for move in moves if move["type"] in ("CREATED", "FULFILLED", *EDITS)]
    assert (level["version"], level["last_updated"]) == (len(edits), edits[-1]["at"])


def _check_alerts(moves: list[Item], *, ignores_alerted: bool) -> None:
    alerts = [move for move in moves if move["status"] != "IN_STOCK"] if ignores_alerted else _alerts(moves)
    for move in moves:
        assert move in alerts or "due" not in move, "unexpected alert"
        assert move.get("due", "alerts") == "alerts"
        assert ("due" in move) == ("due_at" in move)


def _check_step(before: Item, after: Item) -> None:
    kind, units = after["type"], after["quantity"]
    change = (after["stock_count"] - before["stock_count"], after["reserved_count"] - before["reserved_count"])
    if kind == "REPAIRED":
        return  # The level did not match the previous movement.
    assert kind in EDITS or units > 0
    expected = {
        "UPDATED": (units, 0),
        "ADJUSTED": (units, 0),
        "RESERVED": (0, units),
        "RELEASED": (0, -units),
        "EXPIRED": (0, -units),
        "FULFILLED": (-units, -units if "reservationId" in after else 0),
    }
    assert change == expected[kind], kind
    assert kind in EDITS or before["threshold_level"] == after["threshold_level"]


def _check_lines(lines: list[Item], ledger: dict[LevelKey, list[Item]]) -> None:
    by_line: dict[tuple[str, LevelKey], list[Item]] = defaultdict(list)
    for key, moves in ledger.items():
        for move in moves:
            if "reservationId" in move:
                by_line[move["reservationId"], key].append(move)
    for moves in by_line.values():
        for number, move in enumerate(moves):
            assert (move["type"] == "RESERVED") if number % 2 == 0 else (move["type"] in ENDINGS), "settled once"
        for reserved, ended in zip(moves[::2], moves[1::2], strict=False):
            assert reserved["quantity"] == ended["quantity"]
    active = Counter((line["reservation_id"], key_of(line)) for line in lines if line["state"] == "HELD")
    assert active == Counter(line_key for line_key, moves in by_line.items() if moves[-1]["type"] == "RESERVED")
    for line in lines:
        moves = by_line[line["reservation_id"], key_of(line)]
        assert (line["state"] == "HELD") == ("held_for" in line) == ("settled_at" not in line)
        if line["state"] == "HELD":
            assert moves[-1]["quantity"] == line["quantity"]
        else:
            (ending,) = [move for move in moves if move["at"] == line["settled_at"]]
            assert (ending["type"], ending["quantity"]) == (line["state"], line["quantity"])
