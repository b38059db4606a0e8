"""Levels, movements and reservations without a database."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from lib.services.stock.handler import levels, movements, reservations
from lib.services.stock.handler.levels import Rearm
from lib.services.stock.handler.movements import Cause
from lib.services.stock.handler.reservations import Booking, Line, RequestedLine
from lib.services.stock.service import stock
from lib.services.stock.settings import StockSettings
from lib.settings import ApiSettings
from lib.stack.args import TapStackArgs

AT = "2027-01-15T08:00:00.000000Z"
NOON = 1_800_000_000
LEVEL = levels.new_level(("lamp", "main"), 10, 4, "light", AT)
LINE = Line("r", 0, "lamp", "main", 2, reservations.HELD, AT, NOON + 60, "me", "digest")


def held(units: int = 2, expiry: int = NOON + 60) -> levels.Level:
    """Return the level with reserved units."""
    return levels.add_hold(LEVEL, units=units, expiry=expiry, at=AT)


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
def test_status_depends_on_the_available_units(available: int, threshold: int, status: str) -> None:
    assert levels.status_of(available, threshold) == status


def test_selling_increments_the_version_and_reserving_does_not() -> None:
    later = {"at": "2027-01-15T08:00:01.000000Z"}
    reserved = held()
    assert (reserved.available, reserved.version, reserved.sequence, reserved.holds) == (8, 1, 2, {NOON + 60: 2})
    freed = levels.release_hold(reserved, units=2, expiry=NOON + 60, **later)
    assert freed == LEVEL._replace(sequence=3, moved_at=later["at"])
    sold = levels.fulfill_hold(reserved, units=2, expiry=NOON + 60, **later)
    assert (sold.stock_count, sold.reserved_count, sold.version, sold.sequence) == (8, 0, 2, 3)
    assert sold.last_updated == sold.moved_at == later["at"]
    assert levels.sell(reserved, units=3, **later).available == 5


def test_holds_with_the_same_expiry_are_merged() -> None:
    merged = levels.add_hold(held(), units=3, expiry=NOON + 60, at=AT)
    assert (merged.holds, merged.reserved_count) == ({NOON + 60: 5}, 5)
    assert levels.release_hold(merged, units=2, expiry=NOON + 60, at=AT).holds == {NOON + 60: 3}


def test_expired_holds_are_not_reserved() -> None:
    level = levels.add_hold(held(), units=3, expiry=NOON + 120, at=AT)
    assert level.as_of(NOON + 59.9) == level
    assert (level.as_of(NOON + 60).reserved_count, level.as_of(NOON + 60).holds) == (3, {NOON + 120: 3})
    assert level.as_of(NOON + 120).available == 10


@pytest.mark.parametrize("level", [LEVEL, LEVEL._replace(category=None), held()])
def test_item_of_a_level_contains_every_field(level: levels.Level) -> None:
    assert levels.from_item(levels.to_item(level)) == level


def test_item_of_a_level_has_the_keys_of_its_indexes() -> None:
    item = levels.to_item(LEVEL)
    assert (item["listing"], item["category_status"]) == ({"S": "levels"}, {"S": "IN_STOCK#light"})
    assert "due" not in item
    assert "due_at" not in item
    assert "category_status" not in levels.to_item(LEVEL._replace(category=None))
    later = levels.add_hold(held(), units=1, expiry=NOON + 30, at=AT)
    assert (levels.to_item(later)["due"], levels.to_item(later)["due_at"]) == ({"S": "holds"}, {"N": str(NOON + 30)})


@pytest.mark.parametrize(
    ("now", "minutes", "expiry"),
    [(0, 1, 60), (0.1, 1, 63), (NOON + 0.1, 30, NOON + 1860), (NOON, 30, NOON + 1800), (1, 1440, 90_000)],
)
def test_expiry_of_a_hold_is_on_the_time_grid(now: float, minutes: int, expiry: int) -> None:
    assert levels.hold_expiry(now, minutes, [LEVEL]) == expiry


def test_hold_lasts_at_most_5_percent_longer_than_its_lifetime() -> None:
    for minutes in range(1, 1441):
        seconds = levels.hold_expiry(NOON + 0.5, minutes, [LEVEL]) - NOON - 0.5
        assert minutes * 60 <= seconds <= minutes * 60 * 1.05


def levels_over_a_day(lifetimes: Callable[[], int], seconds: float) -> Iterator[tuple[float, levels.Level]]:
    """Yield the time and a level that is reserved repeatedly, while the cleanup job releases expired holds."""
    now, level = float(NOON), LEVEL
    while now < NOON + 86_400:
        expiry = levels.hold_expiry(now, lifetimes(), [level])
        level = levels.add_hold(level, units=1, expiry=expiry, at=AT).as_of(now)
        yield now, level
        now += seconds


@pytest.mark.parametrize("minutes", [1, 19, 39, 199, 1440])
@pytest.mark.untraced
@pytest.mark.slow
def test_holds_with_one_lifetime_use_the_same_grid(minutes: int) -> None:
    for now, level in levels_over_a_day(lambda: minutes, minutes * 60 / 97):
        assert max(level.holds) - now <= minutes * 60 * 1.05
        assert len(level.holds) <= levels.MAX_FINE_EXPIRY_TIMES


def test_level_has_at_most_64_expiries_for_any_lifetimes() -> None:
    most = 0
    lifetimes = (min(1440, int(1.01 ** (number * 389 % 731)) + 1) for number in itertools.count())
    for now, level in levels_over_a_day(lambda: next(lifetimes), 7.3):
        most = max(most, len(level.holds))
        assert max(level.holds) - now <= 2 * 86_400
    assert levels.MAX_FINE_EXPIRY_TIMES < most <= levels.MAX_EXPIRY_TIMES


@pytest.fixture(name="eastern_time")
def local_time_five_hours_behind_utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Set the time zone of the process."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "EST5")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("eastern_time")
@pytest.mark.parametrize(
    ("timestamp", "normalized"),
    [
        ("2026-01-01T12:00:00-05:00", "2026-01-01T17:00:00.000000Z"),
        ("2026-01-01T17:00:00.1Z", "2026-01-01T17:00:00.100000Z"),
        ("2026-01-01T17:00:00.123456789Z", "2026-01-01T17:00:00.123456Z"),
    ],
)
def test_timestamps_are_normalized_to_microseconds_in_utc(timestamp: str, normalized: str) -> None:
    assert levels.normalize_timestamp(timestamp) == normalized


def test_timestamp_is_later_than_the_previous_one() -> None:
    assert levels.format_timestamp(NOON) == AT
    assert levels.format_timestamp(NOON, AT) == "2027-01-15T08:00:00.000001Z"
    assert levels.format_timestamp(NOON, "2027-12-31T23:59:59.999999Z") == "2028-01-01T00:00:00.000000Z"
    assert levels.format_timestamp(NOON + 1, AT) == "2027-01-15T08:00:01.000000Z"


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
def test_movement_crosses_a_threshold_if_the_status_gets_worse(before: int | None, after: int, crosses: bool) -> None:
    previous = None if before is None else LEVEL._replace(stock_count=before)
    assert movements.crosses(previous, LEVEL._replace(stock_count=after)) is crosses


REARM = Rearm()


def alerts(*steps: tuple[float, int], rearm: Rearm = REARM, threshold: int = 10) -> list[tuple[float, str]]:
    """Return the minute and the status of each alert. `steps` contains minutes and the available units from then on."""
    level = LEVEL._replace(stock_count=1000, threshold_level=threshold)
    raised = []
    for minute, units in steps:
        now = NOON + minute * 60
        level, raises = levels.update_alerts(level, level._replace(stock_count=units), now, rearm)
        assert levels.from_item(levels.to_item(level)) == level
        if raises:
            raised.append((minute, level.status))
    return raised


LOW, OUT = "LOW_STOCK", "OUT_OF_STOCK"


def test_level_that_hovers_around_its_threshold_raises_one_alert() -> None:
    assert alerts(*((step / 10, 10 + step % 2) for step in range(100))) == [(0, LOW)]
    assert alerts(*((step / 10, step % 2) for step in range(100))) == [(0, OUT), (0.1, LOW)]


@pytest.mark.parametrize(("units", "raised"), [(11, 1), (12, 2)])
def test_alert_is_rearmed_above_the_margin(units: int, raised: int) -> None:
    assert len(alerts((0, 10), (1, units), (2, 10))) == raised


@pytest.mark.parametrize(
    ("threshold", "percent", "units", "raised"),
    [
        (0, 10, 1, 1),
        (0, 10, 2, 2),
        (100, 10, 110, 1),
        (100, 10, 111, 2),
        (15, 10, 16, 1),
        (15, 10, 17, 2),
        (9, 0, 11, 2),
    ],
)
def test_margin_is_a_percentage_of_the_threshold(threshold: int, percent: int, units: int, raised: int) -> None:
    assert len(alerts((0, 0), (1, units), (2, 0), rearm=Rearm(percent, 15), threshold=threshold)) == raised


@pytest.mark.parametrize(("minutes", "raised"), [(15, 1), (16, 2)])
def test_alert_is_rearmed_some_minutes_after_recovery(minutes: int, raised: int) -> None:
    assert len(alerts((0, 10), (1, 11), (minutes, 10))) == raised
    assert len(alerts((0, 0), (1, 1), (minutes, 0))) == raised + 1
    assert len(alerts((0, 10), (1, 11), (minutes + 45, 10), rearm=Rearm(10, 60))) == raised


def test_low_stock_is_no_recovery() -> None:
    assert alerts((0, 10), (20, 9), (40, 0), (60, 0), (61, 9), (80, 8)) == [(0, LOW), (40, OUT)]


def test_each_fall_to_a_worse_status_raises_an_alert_and_each_rise_at_most_one() -> None:
    assert alerts((0, 10), (1, 0), (2, 5), (3, 0), (4, 5)) == [(0, LOW), (1, OUT)]
    assert alerts((0, 0), (1, 5), (2, 4)) == [(0, OUT), (1, LOW)]


@pytest.mark.parametrize(("stock_count", "alerted"), [(5, {}), (4, {LOW: 0}), (0, {OUT: 0})])
def test_item_of_an_earlier_release_counts_as_alerted(stock_count: int, alerted: dict[str, int]) -> None:
    item = levels.to_item(LEVEL._replace(stock_count=stock_count))
    del item["alerted"]
    assert levels.from_item(item).alerted == alerted


def test_alert_is_due_immediately() -> None:
    item = movements.to_item(Cause("UPDATED", "me"), 1, LEVEL, "call-1")
    assert "due" not in item
    due = {**item, "due": {"S": "alerts"}, "due_at": {"N": "0"}}
    assert movements.to_alert(item, LEVEL) == due
    counts = {"stock_count": 10, "reserved_count": 2, "available": 8, "threshold_level": 4}
    attributes = {"status": {"S": "IN_STOCK"}, **{name: {"N": str(value)} for name, value in counts.items()}}
    assert movements.to_alert(item, held()) == {**due, "alert": {"M": attributes}}


def test_response_of_a_movement_omits_missing_attributes() -> None:
    response = movements.to_response(movements.to_item(Cause("SOLD", "me", reason="x"), 2, held(), "call-1"))
    assert response.keys().isdisjoint({"reservationId", "reference"})
    assert (response["reason"], response["quantity"], response["available"], response["correlationId"]) == (
        "x",
        2,
        8,
        "call-1",
    )


def test_item_of_a_reservation_line_contains_every_field() -> None:
    item = reservations.to_item(LINE)
    assert reservations.from_item(item) == LINE
    assert reservations.from_item({**item, "settled_at": {"S": AT}}).settled_at == AT
    assert item["reservation_expiry"] == {"N": str(LINE.expires_at + reservations.RETENTION_SECONDS)}


def test_reservation_line_is_active_until_it_expires() -> None:
    assert LINE.is_active(NOON + 59.9)
    assert not LINE.is_active(NOON + 60)
    assert not LINE._replace(state="RELEASED").is_active(NOON)


def test_merged_lines_with_a_warehouse_come_first() -> None:
    requested = [
        RequestedLine("lamp", None, 1),
        RequestedLine("lamp", "north", 2),
        RequestedLine("lamp", None, 3),
        RequestedLine("desk", "north", 1),
    ]
    assert reservations.merge_lines(requested) == [
        RequestedLine("lamp", "north", 2),
        RequestedLine("desk", "north", 1),
        RequestedLine("lamp", None, 4),
    ]


def test_digest_of_a_request_does_not_depend_on_the_order_of_lines() -> None:
    lamp, desk = RequestedLine("lamp", None, 1), RequestedLine("desk", "None", 2)
    booking = Booking("r", [lamp, desk], 30)
    assert booking.digest == booking._replace(lines=[desk, lamp], reference="order").digest
    others = [([lamp], 30), ([lamp, desk], 31), ([lamp, desk._replace(warehouse_id=None)], 30)]
    assert len({booking.digest, *(Booking("r", *other).digest for other in others)}) == 4


def test_digest_equals_the_digest_of_earlier_releases() -> None:
    assert Booking("r", [RequestedLine("lamp", None, 1)], 30).digest == "03fff1160f2be1053fe0d7ab44d0e2f2"


def test_remaining_lines_of_an_earlier_reservation_are_ignored() -> None:
    old = LINE._replace(line=1, reserved_at="2027-01-14T08:00:00.000000Z")
    items = [reservations.to_item(LINE), reservations.to_item(old)]
    assert reservations.from_items(items) == [LINE]
    assert reservations.from_items([]) == []


@pytest.mark.parametrize(
    "name", ["reservation_minutes", "low_stock_threshold", "alert_rearm_percent", "alert_rearm_minutes"]
)
def test_settings_of_the_service_are_required(name: str) -> None:
    with pytest.raises(ValueError, match=f"stock.{name}"):
        StockSettings(**{name: None})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("settings", "api", "message"),
    [
        (
            {"anonymous_rate_per_second": 10_001},
            {},
            "anonymous_rate_per_second must be at most throttle_rate_per_second, which is 10000, got 10001. "
            "Lower it, or raise throttle_rate_per_second.",
        ),
        (
            {"anonymous_burst": 100},
            {"throttle_burst": 99},
            "anonymous_burst must be at most throttle_burst, which is 99, got 100. Lower it, or raise throttle_burst.",
        ),
    ],
)
def test_throttle_of_the_anonymous_route_above_the_limits_of_the_stage_is_rejected(
    settings: dict[str, Any], api: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=f"^{message}$"):
        TapStackArgs(service=stock(StockSettings(**settings)), api=ApiSettings(**api))
