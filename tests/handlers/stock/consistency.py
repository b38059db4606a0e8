"""What is true of the tables at every moment, whoever writes and whatever fails."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import datetime, timedelta
from itertools import pairwise
from operator import itemgetter
from typing import Any

from lib.services.stock.handler.levels import status_of

from .conftest import Shop

Row = dict[str, Any]
Place = tuple[str, str]
MICROSECOND = timedelta(microseconds=1)
ENDINGS = ("RELEASED", "EXPIRED", "FULFILLED")
STATUSES = ("IN_STOCK", "LOW_STOCK", "OUT_OF_STOCK")
REARMED_AFTER = timedelta(minutes=15)
EDITS = ("UPDATED", "ADJUSTED", "REPAIRED")


def place_of(row: Row) -> Place:
    """A row's product and warehouse."""
    return row["product_id"], row["warehouse_id"]


def check(shop: Shop, *, alerts_forgotten: bool = False) -> None:
    """Raise AssertionError unless levels, reservations and movements say the same.

    With `alerts_forgotten` a release that does not know `alerted` has written levels, so that there can be more alerts.
    """
    levels = {place_of(row): row for row in shop.rows("management") if row["warehouse_id"] != "tap#"}
    lines = shop.rows("reservations")
    ledger = ledger_of(shop)
    assert levels.keys() == ledger.keys()
    for place, row in levels.items():
        held = [line for line in lines if place_of(line) == place and line["state"] == "HELD"]
        _check_level(row, held)
        _check_ledger(row, ledger[place])
        _check_alerts(ledger[place], alerts_forgotten=alerts_forgotten)
    _check_lines(lines, ledger)


def ledger_of(shop: Shop) -> dict[Place, list[Row]]:
    """The movements of each level, in their order."""
    ledger: dict[Place, list[Row]] = defaultdict(list)
    for row in sorted(shop.rows("movements"), key=lambda row: int(row["sequence"])):
        ledger[place_of(row)].append(row)
    return ledger


def alerts(shop: Shop) -> list[tuple[str, str, int, str]]:
    """The movements that are alerts."""
    ledger = ledger_of(shop)
    return sorted((*place, move["sequence"], move["status"]) for place in ledger for move in _alerts(ledger[place]))


def _alerts(moves: list[Row]) -> list[Row]:
    found = []
    # The statuses for which an alert was raised, with the time at which the level recovered.
    quiet: dict[str, datetime | None] = {}
    for move in map(itemgetter(-1), _together(moves)):
        at, status = datetime.fromisoformat(move["at"]), move["status"]
        if move["available"] - move["threshold_level"] > max(1, move["threshold_level"] * 0.1):
            quiet = {}
        quiet = {s: since for s, since in quiet.items() if since is None or at - since < REARMED_AFTER}
        if status != "IN_STOCK" and status not in quiet:
            found.append(move)
        for worse in STATUSES[STATUSES.index(status) + 1 :]:
            if worse in quiet:
                quiet[worse] = quiet[worse] or at
        for passed in STATUSES[1 : STATUSES.index(status) + 1]:
            if passed in quiet or passed == status:
                quiet[passed] = None
    return found


def _together(moves: list[Row]) -> list[list[Row]]:
    """Movements by the transactions that made them: several are what holds that ended came to, at once."""
    found = [moves[:1]]
    for before, after in pairwise(moves):
        at_once = datetime.fromisoformat(after["at"]) - datetime.fromisoformat(before["at"]) == MICROSECOND
        if at_once and before["type"] == after["type"] == "EXPIRED":
            found[-1].append(after)
        else:
            found.append([after])
    return found


def _check_level(row: Row, held: list[Row]) -> None:
    ends: Counter[str] = Counter()
    for line in held:
        ends[str(line["ends"])] += line["quantity"]
    assert row["holds"] == dict(ends)
    assert row["reserved_count"] == sum(ends.values())
    available = row["stock_count"] - row["reserved_count"]
    assert available >= 0, "oversold"
    assert row["status"] == status_of(available, row["threshold_level"])
    assert row["listing"] == "levels"
    category = row.get("category")
    assert row.get("category_status") == (f"{row['status']}#{category}" if category else None)
    first = min(map(int, ends), default=None)
    assert (row.get("due"), row.get("due_at")) == (("holds", first) if ends else (None, None))


def _check_ledger(level: Row, moves: list[Row]) -> None:
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


def _check_alerts(moves: list[Row], *, alerts_forgotten: bool) -> None:
    alerting = [move for move in moves if move["status"] != "IN_STOCK"] if alerts_forgotten else _alerts(moves)
    for move in moves:
        assert move in alerting or "due" not in move, "no alert without a reason"
        assert move.get("due", "alerts") == "alerts"
        assert ("due" in move) == ("due_at" in move)


def _check_step(before: Row, after: Row) -> None:
    kind, units = after["type"], after["quantity"]
    change = (after["stock_count"] - before["stock_count"], after["reserved_count"] - before["reserved_count"])
    if kind == "REPAIRED":
        return  # from a level that did not follow from the movement before
    assert kind in EDITS or units > 0
    wanted = {
        "UPDATED": (units, 0),
        "ADJUSTED": (units, 0),
        "RESERVED": (0, units),
        "RELEASED": (0, -units),
        "EXPIRED": (0, -units),
        "FULFILLED": (-units, -units if "reservationId" in after else 0),
    }
    assert change == wanted[kind], kind
    assert kind in EDITS or before["threshold_level"] == after["threshold_level"]


def _check_lines(lines: list[Row], ledger: dict[Place, list[Row]]) -> None:
    told: dict[tuple[str, Place], list[Row]] = defaultdict(list)
    for place, moves in ledger.items():
        for move in moves:
            if "reservationId" in move:
                told[move["reservationId"], place].append(move)
    for moves in told.values():
        for number, move in enumerate(moves):
            assert (move["type"] == "RESERVED") if number % 2 == 0 else (move["type"] in ENDINGS), "each ends once"
        for begun, ended in zip(moves[::2], moves[1::2], strict=False):
            assert begun["quantity"] == ended["quantity"]
    held = Counter((line["reservation_id"], place_of(line)) for line in lines if line["state"] == "HELD")
    assert held == Counter(key for key, moves in told.items() if moves[-1]["type"] == "RESERVED")
    for line in lines:
        moves = told[line["reservation_id"], place_of(line)]
        assert (line["state"] == "HELD") == ("held_for" in line) == ("settled_at" not in line)
        if line["state"] == "HELD":
            assert moves[-1]["quantity"] == line["quantity"]
        else:
            (ending,) = [move for move in moves if move["at"] == line["settled_at"]]
            assert (ending["type"], ending["quantity"]) == (line["state"], line["quantity"])
