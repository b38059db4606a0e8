"""Levels, movements and reservations, without tables."""

from __future__ import annotations

import pytest

from lib.services.stock.handler import levels, movements, reservations
from lib.services.stock.handler.movements import Cause
from lib.services.stock.handler.reservations import Line, Wanted
from lib.services.stock.service import StockSettings

AT = "2027-01-15T08:00:00.000000Z"
NOON = 1_800_000_000
LEVEL = levels.created(("lamp", "main"), 10, 4, "light", AT)
LINE = Line("r", 0, "lamp", "main", 2, reservations.HELD, AT, NOON + 60, "me", "digest")


def held(units: int = 2, end: int = NOON + 60) -> levels.Level:
    """The level with units held."""
    return levels.held(LEVEL, units=units, end=end, at=AT)


@pytest.mark.parametrize(
    ("available", "threshold", "status"),
    [
        (5, 4, "IN_STOCK"),
        (4, 4, "LOW_STOCK"),
        (1, 4, "LOW_STOCK"),
        (1, 0, "IN_STOCK"),
        (0, 0, "OUT_OF_STOCK"),
        (-1, 4, "OUT_OF_STOCK"),
    ],
)
def test_a_status_is_of_what_is_available(available: int, threshold: int, status: str) -> None:
    assert levels.status_of(available, threshold) == status


def test_holding_moves_no_version_and_selling_does() -> None:
    later = {"at": "2027-01-15T08:00:01.000000Z"}
    one = held()
    assert (one.available, one.version, one.sequence, one.holds) == (8, 1, 2, {NOON + 60: 2})
    freed = levels.freed(one, units=2, end=NOON + 60, **later)
    assert freed == LEVEL._replace(sequence=3, moved_at=later["at"])
    sold = levels.fulfilled(one, units=2, end=NOON + 60, **later)
    assert (sold.stock_count, sold.reserved_count, sold.version, sold.sequence) == (8, 0, 2, 3)
    assert sold.last_updated == sold.moved_at == later["at"]
    assert levels.sold(one, units=3, **later).available == 5


def test_holds_that_end_together_are_one() -> None:
    two = levels.held(held(), units=3, end=NOON + 60, at=AT)
    assert (two.holds, two.reserved_count) == ({NOON + 60: 5}, 5)
    assert levels.freed(two, units=2, end=NOON + 60, at=AT).holds == {NOON + 60: 3}


def test_nobody_holds_what_was_held_until_now() -> None:
    level = levels.held(held(), units=3, end=NOON + 120, at=AT)
    assert level.at(NOON + 59.9) == level
    assert (level.at(NOON + 60).reserved_count, level.at(NOON + 60).holds) == (3, {NOON + 120: 3})
    assert level.at(NOON + 120).available == 10


@pytest.mark.parametrize("level", [LEVEL, LEVEL._replace(category=None), held()])
def test_a_row_holds_a_level(level: levels.Level) -> None:
    assert levels.level_of(levels.row(level)) == level


def test_a_row_is_in_the_indexes_it_belongs_in() -> None:
    row = levels.row(LEVEL)
    assert (row["listing"], row["category_status"]) == ({"S": "levels"}, {"S": "IN_STOCK#light"})
    assert "due" not in row
    assert "due_at" not in row
    assert "category_status" not in levels.row(LEVEL._replace(category=None))
    later = levels.held(held(), units=1, end=NOON + 30, at=AT)
    assert (levels.row(later)["due"], levels.row(later)["due_at"]) == ({"S": "holds"}, {"N": str(NOON + 30)})


@pytest.mark.parametrize(
    ("now", "minutes", "end"), [(0, 1, 60), (0.1, 1, 120), (59.9, 1, 120), (60, 1, 120), (1, 1440, 86_460)]
)
def test_a_hold_ends_with_a_minute(now: float, minutes: int, end: int) -> None:
    assert levels.end_of_hold(now, minutes) == end


def test_a_moment_is_later_than_the_one_before() -> None:
    assert levels.moment(NOON) == AT
    assert levels.moment(NOON, AT) == "2027-01-15T08:00:00.000001Z"
    assert levels.moment(NOON, "2027-12-31T23:59:59.999999Z") == "2028-01-01T00:00:00.000000Z"
    assert levels.moment(NOON + 1, AT) == "2027-01-15T08:00:01.000000Z"


@pytest.mark.parametrize(
    ("before", "after", "crosses"),
    [
        (None, 10, False),
        (None, 4, True),
        (None, 0, True),
        (5, 4, True),
        (4, 3, False),
        (4, 0, True),
        (0, 4, True),
        (0, 10, False),
    ],
)
def test_a_movement_that_crosses_a_threshold_is_told(before: int | None, after: int, crosses: bool) -> None:
    was = None if before is None else LEVEL._replace(stock_count=before)
    assert movements.crosses(was, LEVEL._replace(stock_count=after)) is crosses


def test_an_alert_is_due_at_once() -> None:
    row = movements.row(Cause("UPDATED", "me"), 1, LEVEL, "call-1")
    assert "due" not in row
    assert movements.alert(row) == {**row, "due": {"S": "alerts"}, "due_at": {"N": "0"}}


def test_a_movement_tells_what_is_known() -> None:
    told = movements.shown(movements.row(Cause("SOLD", "me", reason="x"), 2, held(), "call-1"))
    assert told.keys().isdisjoint({"reservationId", "reference"})
    assert (told["reason"], told["quantity"], told["available"], told["correlationId"]) == ("x", 2, 8, "call-1")


def test_a_row_holds_a_line() -> None:
    row = reservations.row(LINE)
    assert reservations.line_of(row) == LINE
    assert reservations.line_of({**row, "settled_at": {"S": AT}}).settled_at == AT
    assert row["reservation_expiry"] == {"N": str(LINE.end + reservations.KEPT_SECONDS)}


def test_a_line_is_live_until_it_ends() -> None:
    assert LINE.live(NOON + 59.9)
    assert not LINE.live(NOON + 60)
    assert not LINE._replace(state="RELEASED").live(NOON)


def test_lines_are_added_up_those_of_a_certain_warehouse_first() -> None:
    asked = [Wanted("lamp", None, 1), Wanted("lamp", "north", 2), Wanted("lamp", None, 3), Wanted("desk", "north", 1)]
    assert reservations.added_up(asked) == [
        Wanted("lamp", "north", 2),
        Wanted("desk", "north", 1),
        Wanted("lamp", None, 4),
    ]


def test_the_same_request_has_the_same_digest_in_any_order() -> None:
    one, two = Wanted("lamp", None, 1), Wanted("desk", "None", 2)
    assert reservations.digest([one, two], 30) == reservations.digest([two, one], 30)
    others = [([one], 30), ([one, two], 31), ([one, two._replace(warehouse_id=None)], 30)]
    assert len({reservations.digest(*other) for other in [*others, ([one, two], 30)]}) == 4


def test_lines_that_an_earlier_reservation_has_left_are_not_its_own() -> None:
    old = LINE._replace(line=1, reserved_at="2027-01-14T08:00:00.000000Z")
    rows = [reservations.row(LINE), reservations.row(old)]
    assert reservations.lines_of(rows) == [LINE]
    assert reservations.lines_of([]) == []


@pytest.mark.parametrize("name", ["reservation_minutes", "low_stock_threshold"])
def test_a_shop_cannot_do_without_its_settings(name: str) -> None:
    with pytest.raises(ValueError, match=f"stock.{name}"):
        StockSettings(**{name: None})  # type: ignore[arg-type]
