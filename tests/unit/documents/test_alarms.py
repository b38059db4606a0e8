"""Recommended alarms."""

from __future__ import annotations

from typing import Any

import pytest

from lib.documents.alarms import recommended_alarms
from lib.model import Alarm
from lib.services import SERVICES
from lib.settings import AlarmSettings, merge
from lib.settings.environments import BASIS

from ...support.builders import PARCELS, a_function, a_service, an_alarm, an_authorizer, full_service

DURATION_MS = {"desk": 8000, "gate": 8000, "watch": 8000, "sweep": 8000}


def recommended(service: Any, **overrides: Any) -> dict[tuple[str, str], Alarm]:
    """Return the recommended alarms by target and name."""
    settings = merge(BASIS.alarms, AlarmSettings(**overrides))
    return {(alarm.on, alarm.name): alarm for alarm in recommended_alarms(service, settings, DURATION_MS)}


def condition(alarm: Alarm) -> tuple[str, str, float, int]:
    return alarm.metric, alarm.statistic, alarm.threshold, alarm.evaluation_periods


def test_api_has_alarms_on_errors_and_latency() -> None:
    alarms = recommended(a_service())
    assert {name: condition(alarm) for (on, name), alarm in alarms.items() if on == "api"} == {
        "server-errors": ("5XXError", "Average", 0.05, 3),
        "client-errors": ("4XXError", "Average", 0.05, 5),
        "latency": ("Latency", "p90", 2500, 5),
    }


def test_settings_set_thresholds() -> None:
    alarms = recommended(full_service(alarms=()), api_4xx_share=0.5, api_latency_ms=900, iterator_age_seconds=5)
    assert alarms["api", "client-errors"].threshold == 0.5
    assert alarms["api", "latency"].threshold == 900
    assert alarms["lambda watch", "iterator-age"].threshold == 5000


def test_only_functions_with_routes_have_a_p90_duration_alarm() -> None:
    alarms = recommended(PARCELS)
    assert condition(alarms["lambda desk", "duration-p90"]) == ("Duration", "p90", 8000, 15)
    assert ("lambda sweep", "duration-p90") not in alarms


def test_only_stream_consumers_have_an_iterator_age_alarm() -> None:
    assert [on for on, name in recommended(full_service()) if name == "iterator-age"] == ["lambda watch"]


def test_every_table_and_index_has_throttle_alarms() -> None:
    throttled = [on for on, name in recommended(PARCELS) if name == "write-throttles"]
    assert throttled == ["table parcels", "index parcels/by-state", "index parcels/by-owner", "table audit"]
    assert throttled == [on for on, name in recommended(PARCELS) if name == "read-throttles"]


def test_system_errors_are_summed_over_the_operations_granted_on_a_table() -> None:
    alarms = recommended(PARCELS)
    assert alarms["table parcels", "system-errors"].summed == (
        "Operation",
        ("TransactWriteItems", "PutItem", "UpdateItem", "Query"),
    )
    assert alarms["table audit", "system-errors"].summed == ("Operation", ("TransactWriteItems", "PutItem"))
    assert ("table parcels", "system-errors") not in recommended(a_service())


def test_read_only_table_has_no_transactions_in_its_alarm() -> None:
    assert recommended(full_service())["table parcels", "system-errors"].summed == ("Operation", ("Query",))


def test_dead_letter_queue_has_a_depth_alarm() -> None:
    alarms = recommended(full_service(alarms=()))
    assert condition(alarms["dead-letters", "depth"])[:3] == ("ApproximateNumberOfMessagesVisible", "Maximum", 0)


def test_alarm_of_the_service_definition_replaces_the_recommended_alarm() -> None:
    custom = an_alarm(name="own", on="api", metric="5XXError", threshold=0.01)
    assert ("api", "server-errors") not in recommended(a_service(alarms=(custom,)))


@pytest.mark.parametrize("service", SERVICES.values(), ids=SERVICES)
def test_sums_have_at_most_nine_metrics(service: Any) -> None:
    duration_ms = {function.name: 1000 for function in service.functions}
    alarms = recommended_alarms(service, BASIS.alarms, duration_ms)
    assert all(len(alarm.summed[1]) < 10 for alarm in alarms if alarm.summed)


def test_authorizers_have_a_p90_duration_alarm_because_callers_wait() -> None:
    gate = a_function(name="gate", authorizers=(an_authorizer(),), routes=())
    service = a_service(functions=(a_function(), gate))
    assert recommended(service)["lambda gate", "duration-p90"].threshold == DURATION_MS["gate"]
