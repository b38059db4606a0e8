"""The alarms that AWS recommends, for what a service is made of."""

from __future__ import annotations

from typing import Any

import pytest

from lib.documents.alarms import alarms
from lib.model import Alarm
from lib.services import SERVICES
from lib.settings import AlarmSettings, merge
from lib.settings.environments import BASIS

from ...support.builders import PARCELS, a_service, a_yard, an_alarm

LONG = {"desk": 8000, "watch": 8000, "sweep": 8000}


def recommended(service: Any, **said: Any) -> dict[tuple[str, str], Alarm]:
    """By what they are on and their names."""
    settings = merge(BASIS.alarms, AlarmSettings(**said))
    return {(alarm.on, alarm.name): alarm for alarm in alarms(service, settings, LONG)}


def watched(alarm: Alarm) -> tuple[str, str, float, int]:
    return alarm.metric, alarm.statistic, alarm.threshold, alarm.evaluation_periods


def test_api_is_watched_for_errors_refusals_and_latency() -> None:
    found = recommended(a_service())
    assert {name: watched(alarm) for (on, name), alarm in found.items() if on == "api"} == {
        "server-errors": ("5XXError", "Average", 0.05, 3),
        "client-errors": ("4XXError", "Average", 0.05, 5),
        "latency": ("Latency", "p90", 2500, 5),
    }


def test_thresholds_are_what_the_settings_say() -> None:
    found = recommended(a_yard(alarms=()), api_4xx_share=0.5, api_latency_ms=900, iterator_age_seconds=5)
    assert found["api", "client-errors"].threshold == 0.5
    assert found["api", "latency"].threshold == 900
    assert found["lambda watch", "iterator-age"].threshold == 5000


def test_only_functions_that_somebody_waits_for_are_watched_for_their_slowest_runs() -> None:
    found = recommended(PARCELS)
    assert watched(found["lambda desk", "duration-p90"]) == ("Duration", "p90", 8000, 15)
    assert ("lambda sweep", "duration-p90") not in found


def test_only_functions_that_are_told_of_changes_are_watched_for_their_age() -> None:
    assert [on for on, name in recommended(a_yard()) if name == "iterator-age"] == ["lambda watch"]


def test_every_table_and_index_is_watched_for_throttles() -> None:
    throttled = [on for on, name in recommended(PARCELS) if name == "write-throttles"]
    assert throttled == ["table parcels", "index parcels/by-state", "index parcels/by-owner", "table audit"]
    assert throttled == [on for on, name in recommended(PARCELS) if name == "read-throttles"]


def test_dynamodbs_own_errors_are_summed_over_what_functions_ask_of_a_table() -> None:
    found = recommended(PARCELS)
    assert found["table parcels", "system-errors"].summed == (
        "Operation",
        ("TransactWriteItems", "PutItem", "UpdateItem", "Query"),
    )
    assert found["table audit", "system-errors"].summed == ("Operation", ("TransactWriteItems", "PutItem"))
    assert ("table parcels", "system-errors") not in recommended(a_service())


def test_a_table_that_is_only_read_has_no_transactions() -> None:
    assert recommended(a_yard())["table parcels", "system-errors"].summed == ("Operation", ("Query",))


def test_queue_is_watched_for_what_failed() -> None:
    found = recommended(a_yard(alarms=()))
    assert watched(found["dead-letters", "depth"])[:3] == ("ApproximateNumberOfMessagesVisible", "Maximum", 0)


def test_what_a_service_watches_by_itself_is_left_to_it() -> None:
    own = an_alarm(name="own", on="api", metric="5XXError", threshold=0.01)
    assert ("api", "server-errors") not in recommended(a_service(alarms=(own,)))


@pytest.mark.parametrize("service", SERVICES.values(), ids=SERVICES)
def test_sums_stay_within_what_an_alarm_can_hold(service: Any) -> None:
    long = {function.name: 1000 for function in service.functions}
    assert all(len(alarm.summed[1]) < 10 for alarm in alarms(service, BASIS.alarms, long) if alarm.summed)
